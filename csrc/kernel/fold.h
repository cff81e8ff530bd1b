/* Folding for linear kernels: what an addition at u, a part of the window, is worth at its start.
 *
 * Included by generated C after `struct system` and `rates`, before its fold loops. IS_UNIFORM: all
 * neurons have the same system, so the factors are polynomials with stored coefficients.
 */
#include <math.h>
#include <string.h>

#define BATCH 64  /* deliveries whose factors are computed together */
#define BLOCK 256 /* neurons that are advanced together */

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
        for (int k = cells->degree - 1; k >= 0; k--) value = value * u + c[k];
        factor[s] = value;
    }
}

/* Factors on state `row` of n additions to `port`, at offset[e*step]. */
static inline void batch_factors(const struct evsim_cells *cells, int port, int row, int64_t n,
                                 const double *offset, int64_t step, double *f) {
    const double *c = factor_polynomial(cells, port, row);
    const int64_t different = step ? n : 1;
    double u[BATCH];
    for (int64_t e = 0; e < different; e++) u[e] = offset[e * step] / cells->window;
    for (int64_t e = 0; e < different; e++) f[e] = c[cells->degree];
    for (int k = cells->degree - 1; k >= 0; k--)
        for (int64_t e = 0; e < different; e++) f[e] = f[e] * u[e] + c[k];
    for (int64_t e = different; e < n; e++) f[e] = f[0];
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
        for (int s = 0; s < STATES; s++) factor[s] += term[s] = next[s] * (-u / k);
    }
}

#endif
