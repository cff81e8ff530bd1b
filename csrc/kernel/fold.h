/* Folding for linear kernels: what an addition at u, a part of the window, is worth at its start.
 *
 * Included by generated C after `struct system` and `rates`, before its fold loops. IS_UNIFORM: all
 * neurons have the same system, so the factors are polynomials with stored coefficients.
 */
#include <math.h>
#include <string.h>

#define BATCH 64  /* deliveries whose factors are computed together; a multiple of eight */
#define BLOCK 128 /* neurons that are advanced together */

#if IS_UNIFORM

static inline const double *factor_polynomial(const struct evsim_cells *cells, int port, int row) {
    return cells->fold + (int64_t)(port * STATES + row) * (cells->degree + 1);
}

static inline void fold_factors(const struct evsim_cells *cells, int64_t i, int32_t port, double u,
                                double *factor) {
    (void)i;
    for (int s = 0; s < STATES; s++) {
        const double *c = factor_polynomial(cells, port, s);
        double value = c[cells->degree];
        for (int k = cells->degree - 1; k >= 0; k--)
            value = value * u + c[k];
        factor[s] = value;
    }
}

/* As many doubles as a register holds. */
#if defined(__AVX512F__)
#define LANES 8
#elif defined(__AVX__)
#define LANES 4
#else
#define LANES 2
#endif
typedef double lanes __attribute__((vector_size(LANES * sizeof(double)), aligned(8)));

/* Parts of the window at which n additions are made; filled up to whole lanes. */
static inline void batch_parts(const struct evsim_cells *cells, int64_t n, const double *offset,
                               double *u) {
    const double per_window = 1.0 / cells->window;
    for (int64_t e = 0; e < n; e++)
        u[e] = offset[e] * per_window;
    for (int64_t e = n; e % LANES; e++)
        u[e] = 0.0;
}

/* Factors on state `row` of n additions to `port` at the parts u, or all at u[0]. */
static inline void batch_factors(const struct evsim_cells *cells, int port, int row, int64_t n,
                                 const double *u, int is_one, double *f) {
    const double *c = factor_polynomial(cells, port, row);
    for (int64_t e = 0; e < (is_one ? 1 : n); e += LANES) {
        lanes at, value;
        memcpy(&at, u + e, sizeof at);
        value = at * 0.0 + c[cells->degree];
        for (int k = cells->degree - 1; k >= 0; k--)
            value = value * at + c[k];
        memcpy(f + e, &value, sizeof value);
    }
    for (int64_t e = 1; e < n && is_one; e++)
        f[e] = f[0];
}

#else

static inline void fold_factors(const struct evsim_cells *cells, int64_t i, int32_t port, double u,
                                double *factor) {
    struct system sys;
    system_load(cells, i, &sys);
    double term[STATES] = {0}, next[STATES];
    term[port] = 1.0;
    memcpy(factor, term, sizeof term);
    for (int k = 1; k <= cells->degree; k++) {
        rates(&sys, term, next);
        for (int s = 0; s < STATES; s++)
            factor[s] += term[s] = next[s] * (-u / k);
    }
}

#endif
