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

/* Series of x^2, x^4, x^6, x^8, and of parts of the sum over EVEN_PART. */
struct near_zero {
    int is_near; /* some lane is */
    mask which;
    vec power[4][SERIES_ROOM], middle[SERIES_ROOM], high[SERIES_ROOM], memo[3];
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

/* sum(a[m]*b[k - m]) for m = 1 ... k. Loads are what it costs, so an odd order also adds up what
 * is known of the next one, which `memo` keeps for it. */
ALWAYS vec series_from_first(const vec *a, const vec *b, vec *memo, int k) {
    if (!(k & 1))
        return *memo + (a[1] * b[k - 1] + a[k] * b[0]);
    vec even = {0.0}, odd = a[1] * b[k - 1], next_even = {0.0}, next_odd = {0.0}, last = b[k - 1];
    for (int m = 2; m < k; m += 2) {
        const vec am = a[m], an = a[m + 1], bm = b[k - m], bn = b[k - m - 1];
        even += am * bm;
        next_even += am * last;
        odd += an * bn;
        next_odd += an * bm;
        last = bn;
    }
    *memo = next_even + next_odd;
    return even + odd;
}

ALWAYS vec series_product(const vec *a, const vec *b, vec *memo, int k) {
    return a[0] * b[k] + series_from_first(a, b, memo, k);
}

ALWAYS vec series_square(const vec *a, int k) {
    vec sum = a[0] * a[k];
    int m = 1;
    for (; 2 * m < k; m++)
        sum += a[m] * a[k - m];
    sum += sum;
    return 2 * m == k ? sum + a[m] * a[m] : sum;
}

/* x/(exp(x) - 1), where `inverse` is 1/(exp(x[0]) - 1). Near zero, with w = x^2, it is
 * A + w^4 (B + w^4 C) - x/2, where A, B, C are of degree 3 in w. */
ALWAYS vec bernoulli_first(struct near_zero *n, const vec *x, vec inverse) {
    const vec quotient = x[0] * inverse, limit = {0.0};
    const double *e = EVEN_PART;
    n->which = vec_size(x[0]) < limit + NEAR;
    n->is_near = is_any(n->which);
    if (!n->is_near)
        return quotient;
    const vec w = n->power[0][0] = x[0] * x[0], w2 = n->power[1][0] = w * w;
    const vec w3 = n->power[2][0] = w * w2, w4 = n->power[3][0] = w2 * w2;
    const vec high = n->high[0] = e[8] + e[9] * w + e[10] * w2;
    const vec middle = n->middle[0] = e[4] + e[5] * w + e[6] * w2 + e[7] * w3 + w4 * high;
    const vec low = e[0] + e[1] * w + e[2] * w2 + e[3] * w3;
    return vec_choose(n->which, low + w4 * middle - 0.5 * x[0], quotient);
}

ALWAYS vec bernoulli_later(struct near_zero *n, const vec *x, const vec *power, const vec *own,
                           vec inverse, vec *memo, int k) {
    const vec quotient = (x[k] - series_from_first(power, own, memo, k)) * inverse;
    const double *e = EVEN_PART;
    if (!n->is_near)
        return quotient;
    const vec w = n->power[0][k] = series_square(x, k);
    const vec w2 = n->power[1][k] = series_square(n->power[0], k);
    const vec w3 = n->power[2][k] = series_product(n->power[0], n->power[1], &n->memo[0], k);
    n->power[3][k] = series_square(n->power[1], k);
    n->high[k] = e[9] * w + e[10] * w2;
    n->middle[k] =
        e[5] * w + e[6] * w2 + e[7] * w3 + series_product(n->power[3], n->high, &n->memo[1], k);
    const vec low = e[1] * w + e[2] * w2 + e[3] * w3;
    const vec even = low + series_product(n->power[3], n->middle, &n->memo[2], k);
    return vec_choose(n->which, even - 0.5 * x[k], quotient);
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
    vec memo_of_series[MEMOS + 1], memo_of_form[MEMOS_OF_FORMS + 1]; /* see series_from_first */
    struct near_zero near[NEARS + 1];
};
