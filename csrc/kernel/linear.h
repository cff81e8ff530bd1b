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
#define DEEPEST 56      /* halvings after which two roots are one touch */
/* a loop over the states, unrolled: there are few */
#define EACH_STATE _Pragma("GCC unroll 16") for (int s = 0; s < STATES; s++)
#define NO_ROOT 2.0

/* The only root of c in [low, high], with the values `below` < 0 at low and `above` > 0 at high:
 * Newton, kept in its bracket. Newton's steps shrink like their squares; it ends when the next one
 * would be nothing. */
static double single_root(const double *c, int degree, double low, double high, double below,
                          double above) {
    double u = low + (high - low) * (below / (below - above)), before = 1.0;
    for (int i = 0; i < 200; i++) {
        double value = c[degree], slope = 0.0;
        for (int k = degree - 1; k >= 0; k--) {
            slope = slope * u + value;
            value = value * u + c[k];
        }
        if (value == 0.0)
            return u;
        if (value < 0.0)
            low = u;
        else
            high = u;
        double next = u - value / slope;
        if (!(next > low && next < high))
            next = low + 0.5 * (high - low);
        const double step = fabs(next - u);
        if (next <= low || next >= high || step <= 1e-17 + 1e-16 * u ||
            step * step * step <= 1e-18 * before * before)
            return next;
        u = next;
        before = step;
    }
    return u;
}

/* First upward root in [low, high] of c, given its Bernstein coefficients b on that interval. */
static double root_between(const double *c, int degree, double *b, double low, double high,
                           int depth) {
    int k = 0;
    while (k <= degree && b[k] == 0.0)
        k++;
    if (k > degree)
        return NO_ROOT;
    if (b[k] > 0.0)
        return low;
    int changes = 0;
    for (; k < degree; k++)
        changes += (b[k] < 0.0) != (b[k + 1] < 0.0);
    if (changes == 0)
        return NO_ROOT;
    if (changes == 1 && b[0] < 0.0 && b[degree] > 0.0)
        return single_root(c, degree, low, high, b[0], b[degree]);
    if (depth == DEEPEST)
        return IS_OVER(0.0) ? low : NO_ROOT;
    double left[MAX_DEGREE + 1]; /* de Casteljau at the middle; b becomes the right half */
    left[0] = b[0];
    for (int l = 1; l <= degree; l++) {
        for (int j = 0; j <= degree - l; j++)
            b[j] = 0.5 * (b[j] + b[j + 1]);
        left[l] = b[0];
    }
    const double middle = low + 0.5 * (high - low);
    const double root = root_between(c, degree, left, low, middle, depth + 1);
    return root == NO_ROOT ? root_between(c, degree, b, middle, high, depth + 1) : root;
}

/* First u in [0, 1] where the polynomial c, not over at 0, comes from below to zero. */
static double first_root(const double *c, int degree) {
    double rest = 0.0;
    for (int k = 4; k <= degree; k++)
        rest += fabs(c[k]);
    const double c3 = degree >= 3 ? c[3] : 0.0, c2 = degree >= 2 ? c[2] : 0.0;
    const double third = c[1] / 3.0;
    const double b1 = c[0] + third, b2 = c[0] + 2.0 * third + c2 / 3.0;
    const double b3 = c[0] + c[1] + c2 + c3;
    if (c[0] + rest < 0.0 && b1 + rest < 0.0 && b2 + rest < 0.0 && b3 + rest < 0.0)
        return NO_ROOT;

    double end = c[0] + c[1], slope = c[1]; /* at 1; at least, anywhere */
    for (int k = 2; k <= degree; k++) {
        end += c[k];
        slope -= k * fabs(c[k]);
    }
    if (slope > 0.0 && c[0] < 0.0)
        return end > 0.0 ? single_root(c, degree, 0.0, 1.0, c[0], end) : NO_ROOT;

    double b[MAX_DEGREE + 1], binomial = 1.0;
    for (int k = 0; k <= degree; k++) {
        b[k] = c[k] / binomial;
        binomial = binomial * (degree - k) / (k + 1);
    }
    for (int l = degree - 1; l >= 0; l--)
        for (int j = l; j < degree; j++)
            b[j + 1] += b[j];
    return root_between(c, degree, b, 0.0, 1.0, 0);
}

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

static void add(double *x, int32_t port, double amount, int is_refractory) {
    if (!(is_refractory && is_clamped(port)))
        x[port] += amount;
}

static void deliver(const struct evsim_cells *cells, int64_t i, struct evsim_walk *w,
                    const struct evsim_event *e) {
    const int is_refractory = w->offset < w->release;
    if (e->port >= 0)
        add(w->x, e->port, e->amount, is_refractory);
    else {
        const struct evsim_now now = {w->offset, w->last, is_refractory};
        e->code->run(w->x, cells, i, &now, e->variable, e->step, e->synapse);
    }
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
