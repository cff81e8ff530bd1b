/* Watching conditions over a step: whether one may become true in it, and the first instant.
 *
 * A condition is made of comparisons; each is a form, positive where the comparison holds. Over a
 * step a form is taken as the polynomial of degree 4 through its values at five points of the
 * solution in between, which is exact for forms that are linear in the states. Bernstein
 * coefficients bound the polynomial, and the bounds of a condition follow from those of its forms.
 *
 * A neuron that is not refractory is watched for its threshold becoming true; one that a condition
 * holds refractory, for that becoming false; all are watched for conditions of custom events that
 * become true or false.
 */
#define NODES 5

#if FORMS > 0

/* What links add up to at the part u of the step: the polynomial through five values. */
ALWAYS void inputs_at(const int lanes, struct batch *b, double u);

/* Values of the forms at the parts from, ..., 1 of the step. */
ALWAYS void form_nodes(const int lanes, struct batch *b, double from,
                       double g[NODES][FORMS][LANES]) {
    for (int n = 0; n < NODES; n++) {
        double t[LANES], y[STATES][LANES];
        const double u = from + (1.0 - from) * n / (NODES - 1);
        between(lanes, b, u, y);
        inputs_at(lanes, b, u);
        at_part(lanes, b, u, t);
        forms(lanes, b, t, y, g[n]);
    }
}

/* Coefficients of the powers of the polynomial through five values at 0, 1/4, ..., 1. */
static inline void powers(double p0, double p1, double p2, double p3, double p4, double *c) {
    c[0] = p0;
    c[1] = (-25.0 * p0 + 48.0 * p1 - 36.0 * p2 + 16.0 * p3 - 3.0 * p4) * (1.0 / 3.0);
    c[2] = (70.0 * p0 - 208.0 * p1 + 228.0 * p2 - 112.0 * p3 + 22.0 * p4) * (1.0 / 3.0);
    c[3] = (-80.0 * p0 + 288.0 * p1 - 384.0 * p2 + 224.0 * p3 - 48.0 * p4) * (1.0 / 3.0);
    c[4] = (32.0 * p0 - 128.0 * p1 + 192.0 * p2 - 128.0 * p3 + 32.0 * p4) * (1.0 / 3.0);
}

ALWAYS void inputs_at(const int lanes, struct batch *b, double u) {
    for (int k = 0; k < INPUTS && ASKS_INPUTS; k++)
        EACH_LANE {
            double c[NODES];
            powers(b->input_node[0][k][l], b->input_node[1][k][l], b->input_node[2][k][l],
                   b->input_node[3][k][l], b->input_node[4][k][l], c);
            b->input[k][l] = c[0] + u * (c[1] + u * (c[2] + u * (c[3] + u * c[4])));
        }
    (void)lanes, (void)b, (void)u;
}

/* Above or at zero where what a lane is watched for may happen in the step; not a number where the
 * state is none. */
ALWAYS void watch(const int lanes, struct batch *b, double *highest) {
    double g[NODES][FORMS][LANES], low[FORMS][LANES], high[FORMS][LANES];
    form_nodes(lanes, b, 0.0, g);
    for (int f = 0; f < FORMS; f++) {
        EACH_LANE {
            double c[NODES];
            powers(g[0][f][l], g[1][f][l], g[2][f][l], g[3][f][l], g[4][f][l], c);
            const double b1 = c[0] + 0.25 * c[1], b2 = c[0] + 0.5 * c[1] + c[2] * (1.0 / 6.0);
            const double b3 = c[0] + 0.75 * c[1] + 0.5 * c[2] + 0.25 * c[3], b4 = g[4][f][l];
            const double bent_low = lower_of(b1, lower_of(b2, b3));
            const double bent_high = higher_of(b1, higher_of(b2, b3));
            low[f][l] = lower_of(bent_low, lower_of(c[0], b4));
            high[f][l] = higher_of(bent_high, higher_of(c[0], b4));
        }
    }
    EACH_LANE highest[l] = upper(b, l, low, high);
}

/* Whether what lane 0 is watched for has happened. */
static inline int has_happened(const struct batch *b, const double *t, double x[][LANES]) {
    if (EVENTS && conditions_lane(b, 0, t, x) != b->holding[0])
        return 1;
    return b->active[0] != 0.0 ? is_over_lane(b, 0, t, x) : !holds_lane(b, 0, t, x);
}

/* The first part of the step of lane 0 after the part `from` at which it happens, from polynomials;
 * `form` crosses there with `slope` per step. NO_ROOT where it does not happen. */
static double first_part_after(struct batch *b, double from, int *form, double *slope) {
    for (int tries = 0; tries < 64; tries++) {
        double g[NODES][FORMS][LANES], first = NO_ROOT, steep = 0.0;
        form_nodes(1, b, from, g);
        for (int f = 0; f < FORMS; f++) {
            double c[NODES];
            powers(g[0][f][0], g[1][f][0], g[2][f][0], g[3][f][0], g[4][f][0], c);
            const double sign = c[0] > 0.0 ? -1.0 : 1.0;
            for (int k = 0; k < NODES; k++)
                c[k] *= sign;
            const double root = first_root(c, NODES - 1);
            if (root >= first)
                continue;
            first = root, *form = f, steep = 0.0;
            for (int k = NODES - 1; k >= 1; k--)
                steep = steep * root + k * c[k] * sign;
        }
        double t[LANES], y[STATES][LANES];
        const int is_found = first <= 1.0;
        const double root = from + (1.0 - from) * first;
        const double after = is_found ? root + 1e-9 * (1.0 - root) : 1.0;
        between(1, b, after, y);
        inputs_at(1, b, after);
        at_part(1, b, after, t);
        if (has_happened(b, t, y)) {
            *slope = steep / (1.0 - from);
            if (!is_found)
                *form = -1;
            return is_found ? root : 1.0;
        }
        if (!is_found || after >= 1.0)
            return NO_ROOT;
        from = after;
    }
    return NO_ROOT;
}

static double first_part(struct batch *b, int *form, double *slope) {
    return first_part_after(b, 0.0, form, slope);
}

#if NOISES > 0

/* How likely it is that a diffusion has crossed, between two points below: Brownian bridge of the
 * threshold's form, with the noise as at the start of the step. Lanes that have, by their draw, are
 * given a bound above zero. */
ALWAYS void watch_bridge(const int lanes, const struct batch *b, const double *offset,
                         double *highest) {
    if (FORMS > 1 || !HAS_THRESHOLD || EVENTS)
        return;
    double start[FORMS][LANES], end[FORMS][LANES], side[FORMS][LANES], variance[LANES];
    double kick[STATES][LANES], z[NOISES][LANES], t[LANES];
    double x[STATES][LANES];
    EACH_STATE EACH_LANE x[s][l] = b->x[s][l];
    at_part(lanes, b, 0.0, t);
    forms(lanes, b, t, x, start);
    EACH_LANE variance[l] = 0.0;
    for (int n = 0; n < NOISES; n++) {
        for (int m = 0; m < NOISES; m++)
            EACH_LANE z[m][l] = m == n ? sqrt(b->h[l]) : 0.0;
        noise(lanes, b, z, t, x, kick);
        EACH_STATE EACH_LANE kick[s][l] += x[s][l];
        forms(lanes, b, t, kick, side);
        EACH_LANE variance[l] += (side[0][l] - start[0][l]) * (side[0][l] - start[0][l]);
    }
    EACH_STATE EACH_LANE x[s][l] = b->next[s][l];
    at_part(lanes, b, 1.0, t);
    forms(lanes, b, t, x, end);
    for (int l = 0; l < lanes; l++) {
        const double product = 2.0 * start[0][l] * end[0][l];
        if (b->active[l] == 0.0 || !(highest[l] < 0.0) || product >= 40.0 * variance[l])
            continue;
        if (draw_crossing(b, l, offset[l]) < evsim_exp(-product / variance[l]))
            highest[l] = HUGE_VAL;
    }
}

/* Where a bridge between two values below zero is taken to have crossed. */
static double bridge_part(const struct batch *b) {
    double start[FORMS][LANES], end[FORMS][LANES], t[LANES], x[STATES][LANES];
    EACH_STATE x[s][0] = b->x[s][0];
    forms(1, b, b->t, x, start);
    EACH_STATE x[s][0] = b->next[s][0];
    at_part(1, b, 1.0, t);
    forms(1, b, t, x, end);
    return start[0][0] / (start[0][0] + end[0][0]);
}

/* Takes lane 0 back along the line to `part` of its step. */
static int cut_step(struct batch *b, double part, int form, double slope) {
    double end[STATES], t[LANES];
    const double whole = b->h[0];
    const int is_bridge = form < 0;
    (void)slope;
    EACH_STATE end[s] = b->next[s][0];
    for (double push = 0x1p-53;; push *= 2.0) {
        b->h[0] = part * whole;
        EACH_STATE b->next[s][0] = b->x[s][0] + part * (end[s] - b->x[s][0]);
        at_part(1, b, 1.0, t);
        if (is_bridge || push > 1e-3 || has_happened(b, t, b->next))
            return 1;
        part += push;
    }
}

#else

/* Takes lane 0 to a part of its step, by a step of the method itself; whether it has happened. */
static int happens_by(struct batch *b, double whole, double part) {
    double t[LANES];
    b->h[0] = part * whole;
    step(1, b);
    at_part(1, b, 1.0, t);
    return has_happened(b, t, b->next);
}

/* Takes lane 0 to the instant near `part` of its step: the step is cut, `next` is the state just
 * after it has happened. Steps of the method end there, not the polynomial, so that the instant is
 * as good as the method. Where the method does not confirm it, the step is whole again: returns 0.
 */
static int cut_step(struct batch *b, double part, int form, double slope) {
    const double whole = b->h[0];
    double t[LANES], g[FORMS][LANES], before = HUGE_VAL;
    int has = happens_by(b, whole, part);
    for (int k = 0; k < 8 && form >= 0; k++) {
        at_part(1, b, 1.0, t);
        forms(1, b, t, b->next, g);
        const double change = g[form][0] / slope;
        if (!(fabs(change) < before) || part - change <= 0.0 || part - change > 1.0)
            break;
        before = 0.5 * fabs(change);
        part -= change;
        has = happens_by(b, whole, part);
        if (fabs(change) < 1e-16)
            break;
    }
    double silent = part;
    for (double push = 0x1p-53; !has && part < 1.0; push *= 2.0) {
        silent = part;
        part = push < 1e-3 && part + push < 1.0 ? part + push : 1.0;
        has = happens_by(b, whole, part);
    }
    if (!has)
        return 0;
    const double far = part - silent; /* from where the polynomial has it */
    while (part - silent > 1e-12) {
        const double middle = 0.5 * (silent + part);
        if (happens_by(b, whole, middle))
            part = middle;
        else
            silent = middle;
    }
    return far > 1e-12 ? happens_by(b, whole, part) : 1;
}

#endif

#endif
