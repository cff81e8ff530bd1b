/* Taylor coefficients of a batch: rules for products, quotients and elementary functions.
 *
 * A series is an array of coefficients, one for each order, in powers of the part u of a step. Each
 * coefficient holds so many lanes as the machine has in a register; a lane's numbers do not depend
 * on the others, nor on how many there are. Orders of a sum are added in one order.
 */
#define MOST_ORDER 14
#define SERIES_ROOM (MOST_ORDER + 1)

#if defined(__AVX512F__)
#define WIDTH 8
#elif defined(__AVX__)
#define WIDTH 4
#else
#define WIDTH 2
#endif

typedef double vec __attribute__((vector_size(WIDTH * 8)));
typedef int64_t mask __attribute__((vector_size(WIDTH * 8)));

static const double SERIES_INVERSE[SERIES_ROOM + 1] = {
    0.0,     1.0,     1.0 / 2,  1.0 / 3,  1.0 / 4,  1.0 / 5,  1.0 / 6,  1.0 / 7,
    1.0 / 8, 1.0 / 9, 1.0 / 10, 1.0 / 11, 1.0 / 12, 1.0 / 13, 1.0 / 14, 1.0 / 15};

/* x/(exp(x) - 1) = 1 - x/2 + sum(EVEN_PART[m] x^(2 m)), good to 1e-13 for |x| < 1.6. */
#define EVEN_TERMS 11
static const double EVEN_PART[EVEN_TERMS] = {1.0,
                                             1.0 / 12,
                                             -1.0 / 720,
                                             1.0 / 30240,
                                             -1.0 / 1209600,
                                             1.0 / 47900160,
                                             -691.0 / 1307674368000,
                                             1.0 / 74724249600,
                                             -3617.0 / 10670622842880000,
                                             43867.0 / 5109094217170944000,
                                             -174611.0 / 802857662698291200000.0};
#define NEAR 0.75 /* to zero: below it the quotient loses digits */

/* Series of x^2 and of the Horner scheme over EVEN_PART. */
struct near_zero {
    int is_near; /* some lane is */
    mask which;
    vec square[SERIES_ROOM], sum[EVEN_TERMS][SERIES_ROOM];
};

ALWAYS vec vec_load(const double *from) {
    vec v;
    memcpy(&v, from, sizeof v);
    return v;
}

ALWAYS void vec_store(double *to, vec v) { memcpy(to, &v, sizeof v); }

ALWAYS int is_any(mask m) {
    int64_t any = 0;
    for (int l = 0; l < WIDTH; l++)
        any |= m[l];
    return any != 0;
}

ALWAYS vec vec_choose(mask m, vec yes, vec no) { return (vec)((m & (mask)yes) | (~m & (mask)no)); }

ALWAYS vec vec_size(vec a) { return (vec)((mask)a & INT64_MAX); }

/* 1/a within an eighth, for a > 0, by the difference of exponents. */
ALWAYS vec vec_about_inverse(vec a) { return (vec)(INT64_C(0x7fde000000000000) - (mask)a); }

ALWAYS vec vec_larger(vec a, vec b) { return vec_choose(a > b, a, b); }

#define VEC_FUNCTION(name)                                                                         \
    ONCE vec vec_##name(vec x) {                                                                   \
        double a[WIDTH];                                                                           \
        vec_store(a, x);                                                                           \
        _Pragma("GCC ivdep") for (int l = 0; l < WIDTH; l++) a[l] = evsim_##name(a[l]);            \
        return vec_load(a);                                                                        \
    }

/* sum(a[m]*b[k - m]) for m = 1 ... k */
ALWAYS vec series_from_first(const vec *a, const vec *b, int k) {
    vec even = a[1] * b[k - 1], odd = {0.0};
    int m = 2;
    for (; m < k; m += 2) {
        odd += a[m] * b[k - m];
        even += a[m + 1] * b[k - m - 1];
    }
    if (m == k)
        odd += a[m] * b[0];
    return even + odd;
}

ALWAYS vec series_product(const vec *a, const vec *b, int k) {
    return a[0] * b[k] + series_from_first(a, b, k);
}

ALWAYS vec series_square(const vec *a, int k) {
    vec sum = a[0] * a[k];
    int m = 1;
    for (; 2 * m < k; m++)
        sum += a[m] * a[k - m];
    sum += sum;
    return 2 * m == k ? sum + a[m] * a[m] : sum;
}

/* x/(exp(x) - 1), where `inverse` is 1/(exp(x[0]) - 1). */
ALWAYS vec bernoulli_first(struct near_zero *n, const vec *x, vec inverse) {
    const vec quotient = x[0] * inverse, limit = {0.0};
    n->which = vec_size(x[0]) < limit + NEAR;
    n->is_near = is_any(n->which);
    if (!n->is_near)
        return quotient;
    n->square[0] = x[0] * x[0];
    n->sum[EVEN_TERMS - 1][0] = limit + EVEN_PART[EVEN_TERMS - 1];
    for (int m = EVEN_TERMS - 2; m >= 0; m--)
        n->sum[m][0] = EVEN_PART[m] + n->square[0] * n->sum[m + 1][0];
    return vec_choose(n->which, n->sum[0][0] - 0.5 * x[0], quotient);
}

ALWAYS vec bernoulli_later(struct near_zero *n, const vec *x, const vec *power, const vec *own,
                           vec inverse, int k) {
    const vec quotient = (x[k] - series_from_first(power, own, k)) * inverse;
    if (!n->is_near)
        return quotient;
    n->square[k] = series_square(x, k);
    n->sum[EVEN_TERMS - 1][k] = (vec){0.0};
    for (int m = EVEN_TERMS - 2; m >= 0; m--)
        n->sum[m][k] = series_product(n->square, n->sum[m + 1], k);
    return vec_choose(n->which, n->sum[0][k] - 0.5 * x[k], quotient);
}

VEC_FUNCTION(exp)
VEC_FUNCTION(sin)
VEC_FUNCTION(cos)

/* The series of the states of a chunk of lanes. */
#define CHUNKS (LANES / WIDTH)
#define GROUP (KEPT > FEW_KEPT ? 1 : 2) /* chunks that grow side by side */
struct series {
    vec x[STATES][SERIES_ROOM];
};

/* Series of parts of formulas, while they are worked out. */
struct parts {
    vec j[KEPT + 1][SERIES_ROOM], g[KEPT_OF_FORMS + 1][SERIES_ROOM];
    struct near_zero near[NEARS + 1];
};
