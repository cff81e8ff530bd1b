/* A kernel for tests, as generated C would describe it, but short: every live neuron is taken
 * through its window alone, so that nothing depends on bounds.
 *
 *   dV/dt = (E - V)/tau_m + I   (unless refractory), spike at V > V_th (or V >= V_th), V = V_reset
 *   dI/dt = -I/tau_s
 */
#ifndef EVSIM_TEST_LIF_H
#define EVSIM_TEST_LIF_H

#include "../kernel.h"

#define STATES 2
#define COEFFICIENTS 5
#define PARAMETERS 1
#define HAS_THRESHOLD 1
#define IS_FOLDABLE 1
#define IS_UNIFORM 0
static int is_strict = 1;
#define IS_OVER(g) (is_strict ? (g) > 0.0 : (g) >= 0.0)
#define is_clamped(s) ((s) == 0)

struct system {
    double v_v, v_i, i_i, drive, threshold; /* the first four in units of one piece */
};

static inline void system_load(const struct evsim_cells *cells, int64_t i, struct system *sys) {
    (void)i;
    const double *const *c = cells->coefficient;
    *sys = (struct system){c[0][0], c[1][0], c[2][0], c[3][0], c[4][0]};
}

static inline void rates(const struct system *sys, const double *x, double *y) {
    y[0] = sys->v_v * x[0] + sys->v_i * x[1];
    y[1] = sys->i_i * x[1];
}
static inline void rates_clamped(const struct system *sys, const double *x, double *y) {
    y[0] = 0.0;
    y[1] = sys->i_i * x[1];
}
static inline void drive(const struct system *sys, double *y) { y[0] += sys->drive; }
static inline void drive_clamped(const struct system *sys, double *y) { (void)sys, (void)y; }
static inline double form_linear(const struct system *sys, const double *x) {
    (void)sys;
    return x[0];
}
static inline double form_constant(const struct system *sys) { return -sys->threshold; }

#include "../kernel/fold.h"

static void fold(const struct evsim_cells *cells, int32_t port, int64_t n, const uint32_t *target,
                 const double *amount, int64_t amount_step, const double *offset,
                 int64_t offset_step, const double cost[2]) {
    (void)cost;
    for (int64_t e = 0; e < n; e++) {
        const uint32_t i = target[e];
        const double w = amount[e * amount_step];
        double factor[STATES];
        fold_factors(cells, i, port, offset[e * offset_step] / cells->window, factor);
        for (int s = 0; s < STATES; s++)
            if (!(EVSIM_IS_DORMANT(cells->slack[i]) && is_clamped(s)))
                cells->state[s][i] += w * factor[s];
    }
}

static int64_t advance(const struct evsim_cells *cells, int64_t first, int64_t last, int is_grid,
                       uint32_t *found, double *start);

static void reset(const struct evsim_cells *cells, int64_t i, double *x, double offset) {
    (void)offset;
    x[0] = cells->parameter[0][i * cells->parameter_step[0]];
}

#include "../kernel/linear.h"

/* Lists every live neuron, with its state untouched unless on the grid. */
static int64_t advance(const struct evsim_cells *cells, int64_t first, int64_t last, int is_grid,
                       uint32_t *found, double *start) {
    struct system sys;
    int64_t n = 0;
    system_load(cells, 0, &sys);
    sys.threshold = 1e300;
    for (int64_t i = first; i < last; i++) {
        double x[STATES] = {cells->state[0][i], cells->state[1][i]};
        const int is_dormant = EVSIM_IS_DORMANT(cells->slack[i]);
        if (!is_dormant || is_grid) {
            memcpy(start + n * STATES, x, sizeof x);
            found[n++] = (uint32_t)i;
        }
        for (int k = 0; k < cells->pieces; k++)
            segment(&sys, x, 1.0, cells->degree, is_dormant);
        for (int s = 0; s < STATES; s++)
            cells->state[s][i] = x[s];
    }
    return n;
}

/* The coefficients for tau_m, tau_s, E and V_th. */
static inline void lif_coefficients(double out[COEFFICIENTS], double piece, double tau_m,
                                    double tau_s, double e, double v_th) {
    out[0] = -piece / tau_m, out[1] = piece, out[2] = -piece / tau_s;
    out[3] = piece * e / tau_m, out[4] = v_th;
}

#endif
