/* Kernels of linear systems: dx/dt = A x + b between events, threshold on a linear form of x.
 *
 * Generated C describes the system, then includes this file, which makes the kernel table of it:
 *
 *   STATES, COEFFICIENTS, PARAMETERS, HAS_THRESHOLD, IS_FOLDABLE, IS_UNIFORM
 *   IS_OVER(g)                          whether the form's value g is a spike: g > 0 or g >= 0
 *   struct system, system_load          the coefficients of one neuron
 *   rates, rates_clamped(sys, x, y)     y = A x, in units of one piece of the window
 *   drive, drive_clamped(sys, y)        y += b, in the same units
 *   form_linear(sys, x), form_constant(sys)
 *   is_clamped(s)                       whether state s stands still while the neuron is refractory
 *   fold, advance, reset                as in kernel.h, with kernel/fold.h between them
 *
 * Inside a piece the solution is its Taylor polynomial: no exponentials, no eigenvalues, so equal
 * time constants and oscillations are nothing special. The degree is chosen so that the remainder
 * stays below rounding. The threshold form is then a polynomial too, and its first root is found by
 * proof: Bernstein coefficients exclude roots or isolate them.
 */
#include <math.h>
#include <string.h>

#define MAX_DEGREE 24   /* of the Taylor polynomials */
#define NOT_FINITE (-2) /* EVSIM_NOT_FINITE */
/* a loop over the states, unrolled: there are few */
#define EACH_STATE _Pragma("GCC unroll 16") for (int s = 0; s < STATES; s++)

#include <kernel/deliver.h>
#include <kernel/roots.h>

/* Moves x by `length` pieces, or to the first crossing before that. Returns the pieces moved; less
 * than `length` means a crossing. */
static double segment(const struct system *sys, double *x, double length, int degree,
                      int is_refractory) {
    double y[MAX_DEGREE + 1][STATES]; /* Taylor coefficients, in parts of `length` */
    double now[STATES], next[STATES], scale = length;
    memcpy(now, x, sizeof now);
    if (degree < 1)
        __builtin_unreachable();
#if HAS_THRESHOLD
    double form[MAX_DEGREE + 1];
    form[0] = form_linear(sys, now) + form_constant(sys);
#endif
    for (int k = 1; k <= degree; k++) {
        if (is_refractory) {
            rates_clamped(sys, now, next);
            if (k == 1)
                drive_clamped(sys, next);
        } else {
            rates(sys, now, next);
            if (k == 1)
                drive(sys, next);
        }
        EACH_STATE y[k][s] = now[s] = next[s] * scale;
#if HAS_THRESHOLD
        form[k] = form_linear(sys, now);
#endif
        scale = length / (k + 1);
    }
    double u = 1.0;
#if HAS_THRESHOLD
    if (!is_refractory) {
        const double root = first_root(form, degree);
        if (root < 1.0)
            u = root;
    }
#endif
    double change[STATES]; /* side by side, so that they need not wait for each other */
    EACH_STATE change[s] = y[degree][s];
    for (int k = degree - 1; k >= 1; k--)
        EACH_STATE change[s] = change[s] * u + y[k][s];
    EACH_STATE x[s] += change[s] * u;
    return u == 1.0 ? length : u * length;
}

static inline int is_finite_state(const double *x) {
    double sum = 0.0;
    EACH_STATE sum += x[s] * 0.0;
    return sum == 0.0;
}

static int is_over(const struct evsim_cells *cells, int64_t i, const double *x, double offset) {
    (void)offset;
#if HAS_THRESHOLD
    struct system sys;
    system_load(cells, i, &sys);
    return IS_OVER(form_linear(&sys, x) + form_constant(&sys));
#else
    (void)cells, (void)i, (void)x;
    return 0;
#endif
}

static int walk(const struct evsim_cells *cells, int64_t i, struct evsim_walk *w,
                const struct evsim_event *events, int64_t n_events, double end) {
    struct system sys;
    system_load(cells, i, &sys);
    const double piece = cells->window / cells->pieces;
    while (w->offset < end) {
        while (w->next < n_events && events[w->next].offset <= w->offset &&
               events[w->next].round <= w->round)
            deliver(cells, i, w, &events[w->next++]);
        if (!is_finite_state(w->x))
            return NOT_FINITE;
        const int is_refractory = w->offset < w->release;
#if HAS_THRESHOLD
        if (!is_refractory && IS_OVER(form_linear(&sys, w->x) + form_constant(&sys)))
            return EVSIM_WALK_SPIKE;
#endif
        double stop = end;
        if (w->next < n_events && events[w->next].offset < stop) {
            if (events[w->next].offset <= w->offset) {
                w->round = events[w->next].round;
                continue;
            }
            stop = events[w->next].offset;
            fetch(&events[w->next]);
        }
        if (is_refractory && w->release < stop)
            stop = w->release;
        double length = (stop - w->offset) / piece;
        const int is_whole = length <= 1.0;
        if (!is_whole)
            length = 1.0;
        const int quick = length <= 0.25 ? length > 0.125 : 2 + (length > 0.5);
        const double moved = segment(&sys, w->x, length, cells->degrees[quick], is_refractory);
        w->round = 0;
        if (moved < length) {
            const double crossing = w->offset + moved * piece;
            if (crossing < stop) {
                w->offset = crossing;
                return is_finite_state(w->x) ? EVSIM_WALK_SPIKE : NOT_FINITE;
            }
        }
        w->offset = is_whole ? stop : w->offset + piece;
    }
    return EVSIM_WALK_END;
}

static void unfold(const struct evsim_cells *cells, int64_t i, int32_t port, double amount,
                   double offset, double *x) {
    double factor[STATES];
    fold_factors(cells, i, port, offset * (1.0 / cells->window), factor);
    const int is_dormant = EVSIM_IS_DORMANT(cells->slack[i]);
    EACH_STATE if (!(is_dormant && is_clamped(s))) x[s] -= amount * factor[s];
}

static const struct evsim_kernel kernel = {
    .abi = EVSIM_KERNEL_ABI,
    .n_states = STATES,
    .n_coefficients = COEFFICIENTS,
    .n_parameters = PARAMETERS,
    .has_threshold = HAS_THRESHOLD,
    .is_foldable = IS_FOLDABLE,
    .fold = fold,
    .unfold = unfold,
    .advance = advance,
    .walk = walk,
    .reset = reset,
    .is_over = is_over,
    .add = add,
};

const struct evsim_kernel *evsim_kernel(void);
const struct evsim_kernel *evsim_kernel(void) { return &kernel; }
