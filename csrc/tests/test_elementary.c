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
    enum { N = 400000 };
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

int main(void) {
    if (LDBL_MANT_DIG < 64) {
        printf("elementary: long double tells nothing here\n");
        return 0;
    }
    test_exp_is_nearly_rounded_right();
    test_exp_at_the_edges();
    test_exp_underflows_gradually();
    return check_report("elementary");
}
