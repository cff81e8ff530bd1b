/* The elementary functions of generated C against the C library's in long double: their largest
 * errors, in units in the last place, and what they give at the edges. */
#include "../kernel/elementary.h"

#include <float.h>

#include "check.h"

typedef double function(double);
typedef long double reference(long double);

/* Numbers in a row without pattern, in [0, 1): multiples of 2^-53. */
static double next_unit(uint64_t *state) {
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)((*state >> 11)) * 0x1p-53;
}

/* The distance from the true value in units of the last place of a double next to it. */
static double error_in_ulps(double found, long double wanted) {
    if (isnan(found) || isinf(found))
        return found == (double)wanted || (isnan(found) && isnan(wanted)) ? 0.0 : HUGE_VAL;
    int exponent;
    frexpl(wanted, &exponent);
    const int last = exponent - 53 < -1074 ? -1074 : exponent - 53;
    return (double)(fabsl((long double)found - wanted) / ldexpl(1.0L, last));
}

struct worst {
    double error, at;
};

static void look(struct worst *worst, double x, double found, long double wanted) {
    const double error = error_in_ulps(found, wanted);
    if (error > worst->error)
        *worst = (struct worst){error, x};
}

/* Uniform numbers in [low, high], and where they are of one sign, also numbers with uniform
 * logarithms. */
static void check_function(const char *name, function f, reference wanted, double low, double high,
                           double bound) {
    enum { N = 100000 };
    struct worst worst = {0};
    uint64_t state = 1;
    for (int i = 0; i < N; i++) {
        const double x = low + (high - low) * next_unit(&state);
        look(&worst, x, f(x), wanted(x));
    }
    for (int i = 0; low > 0 && i < N; i++) {
        const double x = low * (double)powl((long double)high / low, next_unit(&state));
        look(&worst, x, f(x), wanted(x));
    }
    printf("%-8s [%g, %g]: %.3f ulp at %a\n", name, low, high, worst.error, worst.at);
    CHECK(worst.error > 0.4 && worst.error <= bound);
}

/* --- exp --- */

static double own_exp(double x) { return evsim_exp(x); }

static void test_exp_is_nearly_rounded_right(void) {
    check_function("exp", own_exp, expl, -0.3466, 0.3466, 0.7);
    check_function("exp", own_exp, expl, -3, 3, 0.7);
    check_function("exp", own_exp, expl, -708.3, 709.78, 0.7);
    check_function("exp", own_exp, expl, 1e-20, 1, 0.7);
}

static void test_exp_at_the_edges(void) {
    CHECK(evsim_exp(0.0) == 1.0);
    CHECK(evsim_exp(-0.0) == 1.0);
    CHECK(evsim_exp(1e-17) == 1.0);
    CHECK(evsim_exp(1.0) == 0x1.5bf0a8b145769p+1);
    CHECK(evsim_exp(0x1.62e42fefa39efp+9) == 0x1.fffffffffff2ap+1023); /* the last that is finite */
    CHECK(evsim_exp(0x1.62e42fefa39f0p+9) == INFINITY);
    CHECK(evsim_exp(1e300) == INFINITY);
    CHECK(evsim_exp(INFINITY) == INFINITY);
    CHECK(evsim_exp(-745.13) == 0x1p-1074);
    CHECK(evsim_exp(-745.14) == 0.0);
    CHECK(evsim_exp(-INFINITY) == 0.0);
    CHECK(isnan(evsim_exp(NAN)));
}

static void test_exp_underflows_gradually(void) {
    struct worst worst = {0};
    for (double x = -708.3; x > -745.2; x -= 0.001)
        look(&worst, x, evsim_exp(x), expl(x));
    CHECK(worst.error > 0.4 && worst.error <= 1.0);
}

/* --- expm1, exprel, tanh --- */

static double own_expm1(double x) { return evsim_expm1(x); }
static double own_exprel(double x) { return evsim_exprel(x); }
static double own_tanh(double x) { return evsim_tanh(x); }

static long double exprel(long double x) { return expm1l(x) / x; }

static void test_expm1_is_nearly_rounded_right(void) {
    check_function("expm1", own_expm1, expm1l, -1.1, 1.1, 0.65);
    check_function("expm1", own_expm1, expm1l, -40, 709.78, 0.65);
    check_function("expm1", own_expm1, expm1l, 15, 45, 0.65);
    check_function("expm1", own_expm1, expm1l, 1e-20, 1, 0.65);
}

static void test_exprel_is_nearly_rounded_right(void) {
    check_function("exprel", own_exprel, exprel, -1.1, 1.1, 0.65);
    check_function("exprel", own_exprel, exprel, -2000, 716, 0.65);
    check_function("exprel", own_exprel, exprel, 15, 45, 0.65);
    check_function("exprel", own_exprel, exprel, 1e-20, 1, 0.65);
}

static void test_tanh_is_nearly_rounded_right(void) {
    check_function("tanh", own_tanh, tanhl, -0.3, 0.3, 0.65);
    check_function("tanh", own_tanh, tanhl, -3, 3, 0.65);
    check_function("tanh", own_tanh, tanhl, 1e-12, 22, 0.65);
}

static void test_expm1_exprel_and_tanh_at_the_edges(void) {
    CHECK(evsim_expm1(0.0) == 0.0 && !signbit(evsim_expm1(0.0)));
    CHECK(evsim_expm1(-0.0) == 0.0 && signbit(evsim_expm1(-0.0)));
    CHECK(evsim_expm1(0x1p-1074) == 0x1p-1074);
    CHECK(evsim_expm1(-1e-300) == -1e-300);
    CHECK(evsim_expm1(-50.0) == -1.0);
    CHECK(evsim_expm1(-INFINITY) == -1.0);
    CHECK(evsim_expm1(709.79) == INFINITY);
    CHECK(evsim_expm1(INFINITY) == INFINITY);
    CHECK(isnan(evsim_expm1(NAN)));

    CHECK(evsim_exprel(0.0) == 1.0);
    CHECK(evsim_exprel(-0.0) == 1.0);
    CHECK(evsim_exprel(0x1p-1074) == 1.0);
    CHECK(evsim_exprel(1e-9) == 1.0000000005);
    CHECK(isfinite(evsim_exprel(716.0))); /* exp is infinite there */
    CHECK(evsim_exprel(717.0) == INFINITY);
    CHECK(evsim_exprel(INFINITY) == INFINITY);
    CHECK(evsim_exprel(-1e300) == 1e-300);
    CHECK(evsim_exprel(-INFINITY) == 0.0);
    CHECK(isnan(evsim_exprel(NAN)));

    CHECK(evsim_tanh(0.0) == 0.0 && !signbit(evsim_tanh(0.0)));
    CHECK(evsim_tanh(-0.0) == 0.0 && signbit(evsim_tanh(-0.0)));
    CHECK(evsim_tanh(0x1p-1074) == 0x1p-1074);
    CHECK(evsim_tanh(-20.0) == -1.0);
    CHECK(evsim_tanh(1e300) == 1.0);
    CHECK(evsim_tanh(-INFINITY) == -1.0);
    CHECK(isnan(evsim_tanh(NAN)));
}

/* --- logarithms --- */

static double own_log(double x) { return evsim_log(x); }
static double own_log1p(double x) { return evsim_log1p(x); }

static void test_log_is_nearly_rounded_right(void) {
    check_function("log", own_log, logl, 0.7, 1.42, 0.7);
    check_function("log", own_log, logl, 0.4, 4, 0.7);
    check_function("log", own_log, logl, 1e-307, 1.7e308, 0.7);
    check_function("log", own_log, logl, 0x1p-1074, 0x1p-1022, 0.7);
    check_function("log", own_log, logl, 1 - 1e-9, 1 + 1e-9, 0.7);
}

static void test_log1p_is_nearly_rounded_right(void) {
    check_function("log1p", own_log1p, log1pl, -0.5, 1, 0.7);
    check_function("log1p", own_log1p, log1pl, -1 + 1e-9, 10, 0.7);
    check_function("log1p", own_log1p, log1pl, 1e-20, 1.7e308, 0.7);
}

static void test_logarithms_at_the_edges(void) {
    CHECK(evsim_log(1.0) == 0.0);
    CHECK(evsim_log(0.0) == -INFINITY);
    CHECK(evsim_log(-0.0) == -INFINITY);
    CHECK(isnan(evsim_log(-0x1p-1074)));
    CHECK(isnan(evsim_log(-INFINITY)));
    CHECK(evsim_log(INFINITY) == INFINITY);
    CHECK(isnan(evsim_log(NAN)));
    CHECK(evsim_log1p(0.0) == 0.0 && !signbit(evsim_log1p(0.0)));
    CHECK(evsim_log1p(-0.0) == 0.0 && signbit(evsim_log1p(-0.0)));
    CHECK(evsim_log1p(0x1p-1074) == 0x1p-1074);
    CHECK(evsim_log1p(-1.0) == -INFINITY);
    CHECK(isnan(evsim_log1p(-1.5)));
    CHECK(evsim_log1p(INFINITY) == INFINITY);
    CHECK(isnan(evsim_log1p(NAN)));
}

/* --- sin, cos --- */

static double own_sin(double x) { return evsim_sin(x); }
static double own_cos(double x) { return evsim_cos(x); }

static void test_sin_and_cos_are_nearly_rounded_right(void) {
    static const double ends[] = {0.8, 10, 1e5, EVSIM_SIN_LIMIT};
    for (int i = 0; i < 4; i++) {
        check_function("sin", own_sin, sinl, -ends[i], ends[i], 0.9);
        check_function("cos", own_cos, cosl, -ends[i], ends[i], 0.9);
    }
    check_function("sin", own_sin, sinl, 1e-12, 1e9, 0.9);
}

/* The doubles next to multiples of pi/2, where nearly all digits of the angle cancel. */
static void test_sin_and_cos_are_accurate_next_to_their_zeros(void) {
    struct worst worst = {0};
    const long double half_pi = 1.570796326794896619231321691639751442L;
    for (int64_t k = 1; k < 683565275; k += 1 + k / 1000) {
        const double x = (double)((long double)k * half_pi);
        look(&worst, x, evsim_sin(x), sinl(x));
        look(&worst, x, evsim_cos(x), cosl(x));
    }
    printf("sin, cos at zeros: %.3f ulp at %a\n", worst.error, worst.at);
    CHECK(worst.error > 0.4 && worst.error <= 0.9);
}

static void test_sin_and_cos_at_the_edges(void) {
    CHECK(evsim_sin(0.0) == 0.0 && !signbit(evsim_sin(0.0)));
    CHECK(evsim_sin(-0.0) == 0.0 && signbit(evsim_sin(-0.0)));
    CHECK(evsim_sin(0x1p-1074) == 0x1p-1074);
    CHECK(evsim_cos(0.0) == 1.0);
    CHECK(evsim_sin(0x1.921fb54442d18p+0) == 1.0);
    CHECK(evsim_cos(0x1.921fb54442d18p+1) == -1.0);
    CHECK(evsim_sin(EVSIM_SIN_LIMIT) == sin(EVSIM_SIN_LIMIT));
    CHECK(isnan(evsim_sin(EVSIM_SIN_LIMIT * 1.01)) && isnan(evsim_cos(-EVSIM_SIN_LIMIT * 1.01)));
    CHECK(isnan(evsim_sin(INFINITY)) && isnan(evsim_cos(INFINITY)));
    CHECK(isnan(evsim_sin(NAN)) && isnan(evsim_cos(NAN)));
}

/* --- powers --- */

static void check_powers(double low, double high, double largest) {
    enum { N = 100000 };
    struct worst worst = {0};
    uint64_t state = 2;
    for (int i = 0; i < N; i++) {
        const double x = low * (double)powl((long double)high / low, next_unit(&state));
        const double a = (2 * next_unit(&state) - 1) * largest;
        const long double wanted = powl(x, a);
        if (wanted > 0x1p-1022L && wanted < 0x1.fffffffffffff8p1023L)
            look(&worst, x, evsim_pow(x, a), wanted);
    }
    printf("%-8s [%g, %g], up to %g: %.3f ulp at %a\n", "pow", low, high, largest, worst.error,
           worst.at);
    CHECK(worst.error > 0.4 && worst.error <= 0.7);
}

static void test_pow_is_nearly_rounded_right(void) {
    check_powers(0.5, 2, 5);
    check_powers(0.01, 100, 5);
    check_powers(0.5, 2, 1020);
    check_powers(0.99, 1.01, 70000);
    check_powers(1e-300, 1e300, 1);
    check_powers(0x1p-1074, 0x1p-1022, 0.9);
}

static void test_pow_at_the_edges_is_that_of_the_c_library(void) {
    static const double xs[] = {0.0,         0x1p-1074, 1e-310, 0.3,   1 - 0x1p-53, 1.0,
                                1 + 0x1p-52, 1.75,      2.0,    1e300, INFINITY};
    static const double as[] = {0.0,  0x1p-1074, 0.5,        1.0,    2.0,   2.5,     3.0,
                                1e15, 1e15 + 1,  0x1p52 + 1, 0x1p53, 1e300, INFINITY};
    for (size_t i = 0; i < 2 * sizeof xs / sizeof xs[0]; i++)
        for (size_t j = 0; j < 2 * sizeof as / sizeof as[0]; j++) {
            const double x = i % 2 ? -xs[i / 2] : xs[i / 2], a = j % 2 ? -as[j / 2] : as[j / 2];
            const double wanted = pow(x, a), found = evsim_pow(x, a);
            if (isnan(wanted))
                CHECK(isnan(found));
            else if (!CHECK((found == wanted || fabs(found / wanted - 1) < 2.3e-16) &&
                            signbit(found) == signbit(wanted)))
                printf("    pow(%g, %g) = %g, not %g\n", x, a, found, wanted);
        }
    CHECK(evsim_pow(NAN, 0.0) == 1.0 && evsim_pow(1.0, NAN) == 1.0);
    CHECK(isnan(evsim_pow(NAN, 1.0)) && isnan(evsim_pow(2.0, NAN)) && isnan(evsim_pow(0.0, NAN)));
}

int main(void) {
    if (LDBL_MANT_DIG < 64) {
        printf("elementary: long double tells nothing here\n");
        return 0;
    }
    test_exp_is_nearly_rounded_right();
    test_exp_at_the_edges();
    test_exp_underflows_gradually();
    test_expm1_is_nearly_rounded_right();
    test_exprel_is_nearly_rounded_right();
    test_tanh_is_nearly_rounded_right();
    test_expm1_exprel_and_tanh_at_the_edges();
    test_log_is_nearly_rounded_right();
    test_log1p_is_nearly_rounded_right();
    test_logarithms_at_the_edges();
    test_sin_and_cos_are_nearly_rounded_right();
    test_sin_and_cos_are_accurate_next_to_their_zeros();
    test_sin_and_cos_at_the_edges();
    test_pow_is_nearly_rounded_right();
    test_pow_at_the_edges_is_that_of_the_c_library();
    return check_report("elementary");
}
