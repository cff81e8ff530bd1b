/* Taylor series of a batch over its steps: how far they are good, and what happens on the way.
 *
 * Coefficients are added until two that follow each other are below the tolerance. Where the
 * highest order does not get there, the series is good up to the part of the step at which its last
 * terms are: no step is tried in vain. Forms of conditions have series of their own, so a crossing
 * is as good as the solution; Bernstein coefficients exclude it or find it, see roots.h.
 *
 *   series_first, series_later(b, from, x, q, now, h, k, y)   rates, order 0 and k, from states so
 * far form_first, form_later                                    forms of conditions
 */
#include <kernel/tableau.h>

#define RTOL 0 /* option[RTOL], option[ATOL + state] */
#define ATOL 1
#define LEAST_ORDER 5
#define IS_TESTED(k) ((k) > LEAST_ORDER && !((k) & 1)) /* whether it is good enough */

/* How far a series goes whose terms of the two highest orders have these sizes. */
static double part_of(double last, double before, int order) {
    if (!(last < HUGE_VAL && before < HUGE_VAL))
        return 0.0;
    const double a = last > 1.0 ? evsim_exp(-evsim_log(last) / order) : 1.0;
    const double b = before > 1.0 ? evsim_exp(-evsim_log(before) / (order - 1)) : 1.0;
    return a < b ? a : b;
}

/* A chunk of lanes while its series grows. */
struct growing {
    vec h, now, size, before, y[STATES], weight[STATES];
    mask left; /* lanes that are not good enough yet */
};

ALWAYS void grow_begin(struct growing *c, struct batch *b, int from, struct parts *q) {
    vec(*const x)[SERIES_ROOM] = b->series[from / WIDTH].x;
    const vec none = {0.0};
    const double *option = b->cells->option;
    c->h = vec_load(b->h + from), c->now = vec_load(b->t + from);
    c->left = c->h != none;
    c->size = none;
    EACH_STATE {
        x[s][0] = vec_load(b->x[s] + from);
        c->weight[s] = vec_about_inverse(option[ATOL + s] + option[RTOL] * vec_size(x[s][0]));
    }
    series_first(b, from, x, q, c->now, c->h, c->y);
}

/* The coefficients of order k, from rates of order k - 1. */
ALWAYS void grow(struct growing *c, struct batch *b, int from, int k) {
    vec(*const x)[SERIES_ROOM] = b->series[from / WIDTH].x;
    const vec scale = c->h * SERIES_INVERSE[k], none = {0.0};
    c->before = c->size, c->size = none;
    EACH_STATE {
        vec term = c->y[s] * scale;
        if (k > LEAST_ORDER)
            term = (vec)((mask)term & c->left);
        x[s][k] = term;
        if (IS_TESTED(k) || IS_TESTED(k + 1))
            c->size += vec_size(term) * c->weight[s];
    }
    if (IS_TESTED(k))
        c->left &= ~((c->size <= none + 1.0) & (c->before <= none + 1.0));
}

/* How far the series of order k is good, and the states there. */
ALWAYS void grow_end(struct growing *c, struct batch *b, int from, int k) {
    vec(*const x)[SERIES_ROOM] = b->series[from / WIDTH].x;
    vec part = {0.0};
    part += 1.0;
    if (!is_any(c->left)) {
        vec_store(b->part + from, part);
        EACH_STATE {
            vec sum = x[s][k];
            for (int m = k - 1; m >= 0; m--)
                sum += x[s][m];
            vec_store(b->next[s] + from, sum);
        }
    } else {
        for (int l = 0; l < WIDTH; l++)
            b->part[from + l] = c->left[l] ? part_of(c->size[l], c->before[l], k) : 1.0;
        part = vec_load(b->part + from);
        EACH_STATE {
            vec sum = x[s][k];
            for (int m = k - 1; m >= 0; m--)
                sum = sum * part + x[s][m];
            vec_store(b->next[s] + from, sum);
        }
    }
    for (int m = k + 1; m <= MOST_ORDER && GROUP < CHUNKS; m++)
        EACH_STATE x[s][m] = (vec){0.0};
}

#define EACH_OF_GROUP _Pragma("GCC unroll 4") for (int g = 0; g < GROUP; g++)

/* The series of a group of chunks over their steps; returns the highest order. The chunks grow side
 * by side, since each order waits for the one before. */
ALWAYS int expand_group(struct batch *b, int from, struct parts *q) {
    struct growing c[GROUP];
    int k = 1;
    EACH_OF_GROUP grow_begin(&c[g], b, from + g * WIDTH, &q[g]);
    for (;; k++) {
        mask left = {0};
        EACH_OF_GROUP {
            grow(&c[g], b, from + g * WIDTH, k);
            left |= c[g].left;
        }
        if (k == MOST_ORDER || (IS_TESTED(k) && !is_any(left)))
            break;
        EACH_OF_GROUP {
            const int at = from + g * WIDTH;
            series_later(b, at, b->series[at / WIDTH].x, &q[g], c[g].now, c[g].h, k, c[g].y);
        }
    }
    EACH_OF_GROUP grow_end(&c[g], b, from + g * WIDTH, k);
    return k;
}

#if FORMS > 0

/* The series of the forms of a chunk, order by order. */
ALWAYS void form_term(const struct batch *b, int from, struct parts *q, int k, vec *g) {
    vec(*const x)[SERIES_ROOM] = (vec(*)[SERIES_ROOM])b->series[from / WIDTH].x;
    const vec h = vec_load(b->h + from), now = vec_load(b->t + from);
    if (k == 0)
        form_first(b, from, x, q, now, h, g);
    else
        form_later(b, from, x, q, now, h, k, g);
}

/* Bounds of the forms of a chunk over the parts of its steps. */
ALWAYS void bound_chunk(struct batch *b, int from, struct parts *q, int order, int is_whole,
                        double low[FORMS][LANES], double high[FORMS][LANES]) {
    const vec part = vec_load(b->part + from), none = {0.0};
    vec g[FORMS], c[4][FORMS], rest[FORMS], power = none + 1.0;
    for (int k = 0; k < 4; k++) {
        form_term(b, from, q, k, g);
        for (int f = 0; f < FORMS; f++)
            c[k][f] = is_whole ? g[f] : g[f] * power, rest[f] = none;
        power *= part;
    }
    for (int k = 4; k <= order; k++) {
        form_term(b, from, q, k, g);
        for (int f = 0; f < FORMS; f++)
            rest[f] += vec_size(is_whole ? g[f] : g[f] * power);
        power *= part;
    }
    for (int f = 0; f < FORMS; f++) {
        const vec third = c[1][f] * (1.0 / 3), b0 = c[0][f], b1 = b0 + third;
        const vec b2 = b1 + third + c[2][f] * (1.0 / 3), b3 = b0 + c[1][f] + c[2][f] + c[3][f];
        const vec most = vec_larger(vec_larger(b0, b1), vec_larger(b2, b3));
        const vec least = -vec_larger(vec_larger(-b0, -b1), vec_larger(-b2, -b3));
        vec_store(high[f] + from, most + rest[f]);
        vec_store(low[f] + from, least - rest[f]);
    }
}

#endif

/* The series of all lanes over their steps b->h: b->part, b->next and, where they are watched,
 * whether something may happen in a lane. A lane whose next state is not finite has part 0. */
ONCE void expand(struct batch *b, int is_watched, int *may) {
    const int lanes = LANES;
    struct parts q[GROUP];
    double highest[LANES], unknown[LANES];
#if FORMS > 0
    double low[FORMS][LANES], high[FORMS][LANES];
#endif
    b->order = 0;
    for (int from = 0; from < LANES; from += GROUP * WIDTH) {
        const int order = expand_group(b, from, q);
        b->order = order > b->order ? order : b->order;
#if FORMS > 0
        int is_whole = 1;
        for (int l = from; l < from + GROUP * WIDTH; l++)
            is_whole &= b->part[l] == 1.0;
        for (int g = 0; g < GROUP && is_watched; g++)
            if (is_whole)
                bound_chunk(b, from + g * WIDTH, &q[g], order, 1, low, high);
            else
                bound_chunk(b, from + g * WIDTH, &q[g], order, 0, low, high);
#endif
    }
    EACH_LANE unknown[l] = 0.0;
    EACH_STATE EACH_LANE unknown[l] += b->next[s][l] * 0.0;
    EACH_LANE b->part[l] = unknown[l] == 0.0 ? b->part[l] : 0.0;
    EACH_LANE highest[l] = -1.0;
#if FORMS > 0
    if (is_watched)
        EACH_LANE highest[l] = upper(b, l, low, high);
#endif
    EACH_LANE may[l] = !(highest[l] < 0.0);
    (void)is_watched;
}

#define LANE_OF(b, l, row) ((b)->series[(l) / WIDTH].row[(l) % WIDTH])

/* The states of lane l at the part u of its step. */
static void lane_at(const struct batch *b, int l, double u, double y[][LANES]) {
    EACH_STATE {
        double sum = LANE_OF(b, l, x[s][b->order]);
        for (int m = b->order - 1; m >= 0; m--)
            sum = sum * u + LANE_OF(b, l, x[s][m]);
        y[s][l] = sum;
    }
}

#if FORMS > 0

/* Whether what lane l is watched for has happened at the part u; the states there. */
static int happens_by(const struct batch *b, int l, double u, double y[][LANES]) {
    double t[LANES];
    t[l] = b->t[l] + u * b->h[l];
    lane_at(b, l, u, y);
    if (EVENTS && conditions_lane(b, l, t, y) != b->holding[l])
        return 1;
    return b->active[l] != 0.0 ? is_over_lane(b, l, t, y) : !holds_lane(b, l, t, y);
}

/* Coefficients of all forms of lane l. */
static void forms_of(const struct batch *b, int l, double c[][SERIES_ROOM]) {
    struct parts q;
    for (int k = 0; k <= b->order; k++) {
        vec g[FORMS];
        form_term(b, l / WIDTH * WIDTH, &q, k, g);
        for (int f = 0; f < FORMS; f++)
            c[f][k] = g[f][l % WIDTH];
    }
}

/* From those of a form in the whole step those in its part from `from` to `to`. */
static void shift(const struct batch *b, double from, double to, double *c) {
    for (int k = 0; k < b->order && from > 0.0; k++)
        for (int m = b->order - 1; m >= k; m--)
            c[m] += from * c[m + 1];
    double power = 1.0;
    for (int k = 0; k <= b->order; k++, power *= to - from)
        c[k] *= power;
}

/* The first part from `part` on at which it has happened, which it has at `end`. */
static double settle(const struct batch *b, int l, double part, double end, double y[][LANES]) {
    double silent = part;
    double push = 0x1p-53;
    for (int has = happens_by(b, l, part, y); !has; push *= 2.0) {
        silent = part;
        part = push < 1e-3 && part + push < end ? part + push : end;
        has = part >= end || happens_by(b, l, part, y);
    }
    while (part - silent > 1e-12) {
        const double middle = 0.5 * (silent + part);
        if (happens_by(b, l, middle, y))
            part = middle;
        else
            silent = middle;
    }
    lane_at(b, l, part, y);
    return part;
}

/* Whether it happens in the step of lane l; if so the first part at which it does, and the states
 * there. */
static int lane_crosses(const struct batch *b, int l, double *part, double y[][LANES]) {
    const double end = b->part[l];
    double from = 0.0, form[FORMS][SERIES_ROOM];
    if (happens_by(b, l, 0.0, y)) {
        *part = 0.0;
        return 1;
    }
    forms_of(b, l, form);
    for (int tries = 0; tries < 64; tries++) {
        double first = NO_ROOT;
        for (int f = 0; f < FORMS; f++) {
            double c[SERIES_ROOM];
            memcpy(c, form[f], sizeof c);
            shift(b, from, end, c);
            const double sign = c[0] > 0.0 ? -1.0 : 1.0;
            for (int k = 0; k <= b->order; k++)
                c[k] *= sign;
            const double root = first_root(c, b->order);
            first = root < first ? root : first;
        }
        const int is_found = first <= 1.0;
        const double root = is_found ? from + (end - from) * first : end;
        const double after = is_found ? root + 1e-9 * (end - root) : end;
        if (happens_by(b, l, after, y)) {
            *part = settle(b, l, root, after > root ? after : end, y);
            return 1;
        }
        if (!is_found || after >= end)
            return 0;
        from = after;
    }
    return 0;
}

#else

static int lane_crosses(const struct batch *b, int l, double *part, double y[][LANES]) {
    (void)b, (void)l, (void)part, (void)y;
    return 0;
}

#endif
