/* Kernels of any system dx/dt = f(x, t) with any threshold condition.
 *
 * Generated C describes the equations, with the other headers in between, then includes this file:
 *
 *   USES_LAST                                   whether equations name the time of the last spike
 *   STATES, ONE, EACH, TABLES, NOISES, INPUTS,  numbers; FORMS counts comparisons of conditions
 *   ASKS_INPUTS, IS_LINKED, FORMS, PARAMETERS,
 *   COEFFICIENTS, METHOD, HAS_THRESHOLD,
 *   HAS_HOLD, SWITCHES, EVENTS
 *   <kernel/batch.h>
 *   load_each(lanes, b, first)                  the numbers of lanes that differ between neurons
 *   load_one(b)                                 those that do not
 *   load_tables(lanes, b, t)                    functions of time, at a time between their switches
 *   next_switch_of(lanes, b, t)                 the first switch of one after t, or infinity
 *   rates(lanes, b, t, x, y)                    y = f(x, t)
 *   <kernel/methods.h>
 *   forms(lanes, b, t, x, g)                    the forms of all comparisons
 *   is_over_lane, holds_lane(b, l, t, x)        the threshold, the condition that holds refractory
 *   conditions_lane(b, l, t, x)                 those of custom events, one bit each
 *   upper(b, l, low, high)                      a bound: below zero, nothing happens in the lane
 *   <kernel/roots.h>, <kernel/watch.h>
 *   rest_lane(b, l, t, x)                       how long a neuron rests after a spike
 *   is_clamped(s), reset, react                 as in kernel.h
 *
 * A neuron whose step could not be proven silent goes alone, from event to event.
 */
#include <kernel/deliver.h>

#define NOT_FINITE (-2) /* EVSIM_NOT_FINITE */
#define MOST_ROUNDS 100000
#define MOST_STEPS 10000000 /* of one neuron alone, between two events */
#define SMALLEST_STEP 1e-14 /* of a window, in a batch */
#define NO_STEP 1e-290      /* seconds; alone, a runaway is followed to its threshold */

static int is_finite_state(double x[][LANES]) {
    double sum = 0.0;
    EACH_STATE sum += x[s][0] * 0.0;
    return sum == 0.0;
}

/* When neuron i spiked last, where the equations ask for it. */
static inline double last_of(const struct evsim_cells *cells, int64_t i) {
    if (!USES_LAST)
        return -HUGE_VAL;
    const int64_t tick = cells->last_tick[i];
    const double since = (double)(tick - cells->tick) * cells->window;
    return tick < 0 ? -HUGE_VAL : cells->begin + since + cells->last_offset[i];
}

/* Neurons first, first + 1, ... in the lanes. */
ALWAYS void load(const int lanes, struct batch *b, const struct evsim_cells *cells, int64_t first) {
    b->cells = cells, b->first = first, b->is_on_grid = 0;
    load_each(lanes, b, first);
    for (int l = 0; l < lanes; l++) {
        b->neuron[l] = first + l;
        for (int k = 0; k < INPUTS; k++)
            hold_input(b, k, l, cells->input ? cells->input[k][first + l] : 0.0);
        b->holding[l] = EVENTS ? cells->holding[first + l] : 0;
        b->last[l] = last_of(cells, first + l);
    }
}

/* Neuron i in lane l. */
static inline void load_lane(struct batch *b, int l, int64_t i) {
    const struct evsim_cells *cells = b->cells;
    load_each_at(b, l, i);
    b->neuron[l] = i;
    for (int k = 0; k < INPUTS; k++)
        hold_input(b, k, l, cells->input ? cells->input[k][i] : 0.0);
    b->holding[l] = 0;
}

/* A batch of one neuron, for what is asked about it alone. */
static void load_alone(struct batch *b, const struct evsim_cells *cells, int64_t i, const double *x,
                       double offset) {
    load_one(b, cells);
    load(1, b, cells, i);
    b->active[0] = 1.0;
    b->t[0] = cells->begin + offset;
    EACH_STATE b->x[s][0] = x[s];
    load_tables(1, b, b->t);
}

static int is_over(const struct evsim_cells *cells, int64_t i, const double *x, double offset) {
#if HAS_THRESHOLD
    struct batch b;
    load_alone(&b, cells, i, x, offset);
    return is_over_lane(&b, 0, b.t, b.x);
#else
    (void)cells, (void)i, (void)x, (void)offset;
    return 0;
#endif
}

#if HAS_REST
static double rest(const struct evsim_cells *cells, int64_t i, const double *x, double offset) {
    struct batch b;
    load_alone(&b, cells, i, x, offset);
    return rest_lane(&b, 0, b.t, b.x);
}
#endif

#if HAS_HOLD
static int holds(const struct evsim_cells *cells, int64_t i, const double *x, double offset) {
    struct batch b;
    load_alone(&b, cells, i, x, offset);
    return holds_lane(&b, 0, b.t, b.x);
}
#endif

#if EVENTS
static uint32_t conditions(const struct evsim_cells *cells, int64_t i, const double *x,
                           double offset) {
    struct batch b;
    load_alone(&b, cells, i, x, offset);
    return conditions_lane(&b, 0, b.t, b.x);
}
#endif

#if !IS_SERIES

/* ---- many neurons, over a window without events ---- */

/* Steps all lanes from `from` to `to`; those in `left` are given up where something may happen. */
static void step_lanes(struct batch *b, double from, double to, double *h, int *left,
                       int is_watched) {
    const int lanes = LANES;
    double offset[LANES], highest[LANES];
    int is_going[LANES], any = 1;
    for (int l = 0; l < LANES; l++) {
        offset[l] = from, is_going[l] = !left[l];
        if (!(h[l] > 0.0))
            h[l] = to - from;
    }
    for (int round = 0; any; round++) {
        for (int l = 0; l < LANES; l++) {
            const double rest = to - offset[l];
            b->t[l] = b->cells->begin + offset[l];
            b->h[l] = is_going[l] ? next_step(b->cells, rest, h[l]) : 0.0;
        }
#if NOISES > 0
        if (round == 0 && from == 0.0)
            draw_batch(b);
        else
            for (int l = 0; l < LANES; l++)
                draw_lane(b, l, offset[l]);
#endif
        step(LANES, b);
        for (int l = 0; l < LANES; l++)
            highest[l] = -1.0;
#if FORMS > 0
        if (is_watched) {
            dense(LANES, b);
            watch(LANES, b, highest);
#if NOISES > 0
            watch_bridge(LANES, b, offset, highest);
#endif
        }
#endif
        any = 0;
        for (int l = 0; l < LANES; l++) {
            if (!is_going[l])
                continue;
            const int is_good = b->error[l] <= 1.0;
            double sum = 0.0;
            EACH_STATE sum += b->next[s][l] * 0.0;
            if ((is_good && !(highest[l] < 0.0)) || round == MOST_ROUNDS ||
                !(sum == 0.0 || !is_good) ||
                (!is_good && !(b->h[l] > SMALLEST_STEP * (to - from)))) {
                left[l] = 1, is_going[l] = 0;
                continue;
            }
            if (is_good) {
                const double rest = to - offset[l];
                EACH_STATE b->x[s][l] = b->next[s][l];
                offset[l] = b->h[l] < rest ? offset[l] + b->h[l] : to;
            }
#if METHOD == ADAPTIVE
            const double factor = b->error[l] < HUGE_VAL ? pair_growth(b->error[l]) : 0.15;
            h[l] = b->h[l] * factor;
#else
            h[l] = to - from;
#endif
            is_going[l] = offset[l] < to;
            any |= is_going[l];
        }
    }
    (void)lanes;
}

/* Whether a lane is over its threshold, or no number, at the end of a step on the grid. */
static int is_found_on_grid(struct batch *b, int l, double *t) {
    double sum = 0.0;
    EACH_STATE sum += b->x[s][l] * 0.0;
#if EVENTS
    if (conditions_lane(b, l, t, b->x))
        return 1;
#endif
#if HAS_THRESHOLD
    return sum != 0.0 || (b->active[l] != 0.0 && is_over_lane(b, l, t, b->x));
#else
    (void)t;
    return sum != 0.0;
#endif
}

static int64_t advance(const struct evsim_cells *cells, int64_t first, int64_t last, int is_grid,
                       uint32_t *found, double *start) {
    struct batch b;
    int64_t n = 0;
    load_one(&b, cells);
    for (int64_t from = first; from < last; from += LANES) {
        double h[LANES] = {0}, old[STATES][LANES], t[LANES];
        int left[LANES];
        load(LANES, &b, cells, from);
        for (int l = 0; l < LANES; l++) {
            left[l] = from + l >= cells->n;
            b.active[l] = EVSIM_IS_DORMANT(cells->slack[from + l]) ? 0.0 : 1.0;
            EACH_STATE old[s][l] = b.x[s][l] = cells->state[s][from + l];
            t[l] = cells->begin;
        }
#if HAS_HOLD
        for (int l = 0; l < LANES && is_grid; l++)
            if (b.active[l] == 0.0 && !left[l] && !holds_lane(&b, l, t, b.x))
                b.active[l] = 1.0, cells->slack[from + l] = 0.0;
#endif
        double begin = 0.0;
        while (begin < cells->window) {
            double end = cells->window;
#if INPUTS
            const double piece = next_piece(cells, begin);
            end = piece < end ? piece : end;
#endif
#if SWITCHES
            const double next = next_switch_of(LANES, &b, cells->begin + begin) - cells->begin;
            end = next < end && !is_grid ? next : end;
            for (int l = 0; l < LANES; l++)
                t[l] = cells->begin + (is_grid ? 1e-3 * end : 0.5 * (begin + end));
#endif
            load_tables(LANES, &b, t);
#if INPUTS
            load_courses(&b, 0, LANES, 0.5 * (begin + end));
#endif
            b.is_on_grid = is_grid;
            step_lanes(&b, begin, end, h, left, !is_grid);
            begin = end;
        }
        if (SWITCHES && is_grid)
            load_tables(LANES, &b, t);
        for (int l = 0; l < LANES; l++) {
            const int64_t i = from + l;
            t[l] = cells->begin; /* on the grid, conditions take the time of the step */
            if (i >= cells->n)
                continue;
            if (!left[l] || is_grid)
                EACH_STATE cells->state[s][i] = b.x[s][l];
            if (is_grid ? !(left[l] || is_found_on_grid(&b, l, t)) : !left[l])
                continue;
            found[n] = (uint32_t)i;
            EACH_STATE start[n * STATES + s] = old[s][l];
            n++;
        }
    }
    return n;
}

/* ---- one neuron, from event to event ---- */

enum { HAPPENED = 1, FAILED = NOT_FINITE };

/* Takes lane 0 from w->offset to `stop`, where nothing arrives in between, or to the instant at
 * which what it is watched for happens. */
static int follow(struct batch *b, struct evsim_walk *w, double stop) {
    for (int64_t steps = 0; w->offset < stop; steps++) {
        const double rest = stop - w->offset;
        if (steps == MOST_STEPS)
            return FAILED;
        const double h = next_step(b->cells, rest, w->step);
        b->t[0] = b->cells->begin + w->offset, b->h[0] = h;
#if NOISES > 0
        draw_lane(b, 0, w->offset);
#endif
        step(1, b);
#if METHOD == ADAPTIVE
        const double factor = b->error[0] < HUGE_VAL ? pair_growth(b->error[0]) : 0.15;
        w->step = h * factor;
        if (!(b->error[0] <= 1.0)) {
            if (!(h > NO_STEP))
                return FAILED;
            continue;
        }
#endif
#if METHOD != ADAPTIVE && !NOISES
        w->step = is_finite_state(b->next) ? 2.0 * h : 0.5 * h;
        if (!is_finite_state(b->next) && h > NO_STEP)
            continue; /* a runaway, which shorter steps may follow to its threshold */
#endif
        if (!is_finite_state(b->next))
            return FAILED;
#if FORMS > 0
        double highest[LANES], slope = 0.0;
        int form = -1;
        dense(1, b);
        watch(1, b, highest);
        double part = highest[0] >= 0.0 ? first_part(b, &form, &slope) : NO_ROOT;
#if NOISES > 0
        const int was_above = highest[0] >= 0.0;
        watch_bridge(1, b, &w->offset, highest);
        if (!was_above && highest[0] >= 0.0)
            part = bridge_part(b);
#endif
        if (part <= 1.0 && cut_step(b, part, form, slope)) {
            EACH_STATE b->x[s][0] = b->next[s][0];
            const double instant = w->offset + b->h[0];
            w->offset = instant < stop ? instant : stop;
            return HAPPENED;
        }
#endif
        EACH_STATE b->x[s][0] = b->next[s][0];
        w->offset = h < rest ? w->offset + h : stop;
    }
    return EVSIM_WALK_END;
}

#endif

enum { GO = 2 };

/* What happens to lane l at the instant w->offset: deliveries, the end of rests, tests. GO with the
 * place up to which nothing else is due, or the result of the walk. */
static int begin_leg(struct batch *b, int l, int64_t i, struct evsim_walk *w,
                     const struct evsim_event *events, int64_t n_events, double end, double *stop) {
    const struct evsim_cells *cells = b->cells;
    for (;;) {
        while (w->next < n_events && events[w->next].offset <= w->offset &&
               events[w->next].round <= w->round)
            deliver(cells, i, w, &events[w->next++]);
        double sum = 0.0;
        EACH_STATE b->x[s][l] = w->x[s], sum += w->x[s] * 0.0;
        if (sum != 0.0)
            return NOT_FINITE;
        b->last[l] = w->last;
        b->active[l] = w->offset < w->release ? 0.0 : 1.0;
        b->t[l] = cells->begin + w->offset;
        *stop = end;
#if INPUTS
        const double piece = next_piece(cells, w->offset);
        *stop = end = piece < end ? piece : end;
        load_courses(b, l, l + 1, w->offset);
#endif
#if SWITCHES
        const double next = next_switch_of(1, b, b->t[l]) - cells->begin;
        *stop = next > w->offset && next < end ? next : end;
        double middle[LANES] = {cells->begin + 0.5 * (w->offset + *stop)};
        load_tables(1, b, middle);
#else
        load_tables(1, b, b->t);
#endif
#if HAS_HOLD
        if (b->active[l] == 0.0 && w->release == HUGE_VAL && !holds_lane(b, l, b->t, b->x))
            w->release = -1.0, b->active[l] = 1.0;
#endif
#if EVENTS
        b->holding[l] = conditions_lane(b, l, b->t, b->x);
        w->happened = b->holding[l] & ~w->holding;
        w->holding = b->holding[l];
        if (HAS_THRESHOLD && b->active[l] != 0.0 && is_over_lane(b, l, b->t, b->x))
            w->happened |= EVSIM_HAPPENED_SPIKE;
        if (w->happened)
            return EVSIM_WALK_SPIKE;
#elif HAS_THRESHOLD
        if (b->active[l] != 0.0 && is_over_lane(b, l, b->t, b->x))
            return EVSIM_WALK_SPIKE;
#endif
        if (b->active[l] == 0.0 && w->release < *stop)
            *stop = w->release;
        if (w->next == n_events || events[w->next].offset >= *stop)
            return GO;
        *stop = events[w->next].offset;
        if (*stop > w->offset)
            return GO;
        w->round = events[w->next].round;
    }
}

#if IS_SERIES
#include <kernel/journeys.h>
#else

static int walk(const struct evsim_cells *cells, int64_t i, struct evsim_walk *w,
                const struct evsim_event *events, int64_t n_events, double end) {
    struct batch b;
    load_one(&b, cells);
    load(1, &b, cells, i);
    while (w->offset < end) {
        double stop;
        const int begun = begin_leg(&b, 0, i, w, events, n_events, end, &stop);
        if (begun != GO)
            return begun;
        const int was_active = b.active[0] != 0.0, result = follow(&b, w, stop);
        EACH_STATE w->x[s] = b.x[s][0];
        w->round = 0;
        if (result < 0)
            return result;
        if (EVENTS)
            continue; /* what has happened shows in the state */
        if (result == HAPPENED && was_active && w->offset < end)
            return EVSIM_WALK_SPIKE;
        if (result == HAPPENED && !was_active)
            w->release = -1.0;
    }
    return EVSIM_WALK_END;
}

#if METHOD != ORNSTEIN_UHLENBECK && !NOISES && !EVENTS && !SWITCHES
#define HAS_PACKS 1

/* Several neurons, each from event to event, side by side. One to which something may happen is
 * left where it is, for `walk` to go on with. */
static void walk_eight(const struct evsim_cells *cells, int n, const int64_t *i,
                       struct evsim_walk *walk, const struct evsim_event *const *events,
                       const int64_t *n_events, double end, int *result) {
    struct batch b;
    double stop[LANES] = {0}, highest[LANES];
    int is_going[LANES] = {0}, any = n;
    load_one(&b, cells);
    b.cells = cells;
    for (int l = 0; l < LANES; l++) {
        const int m = l < n ? l : 0; /* lanes without a neuron go along with the first */
        load_lane(&b, l, i[m]);
        EACH_STATE b.x[s][l] = walk[m].x[s];
        b.t[l] = cells->begin, b.active[l] = 0.0;
    }
    for (int l = 0; l < n; l++)
        is_going[l] = 1, result[l] = EVSIM_WALK_END;
    while (any) {
        any = 0;
        for (int l = 0; l < n; l++) {
            struct evsim_walk *w = &walk[l];
            if (is_going[l] && w->offset >= stop[l]) { /* a new leg, or the end */
                is_going[l] = w->offset < end;
                if (is_going[l] &&
                    begin_leg(&b, l, i[l], w, events[l], n_events[l], end, &stop[l]) != GO)
                    is_going[l] = 0, result[l] = EVSIM_WALK_ALONE;
            }
            any |= is_going[l];
        }
        for (int l = 0; l < LANES; l++) {
            const double rest = l < n ? stop[l] - walk[l].offset : 0.0;
            b.h[l] = l < n && is_going[l] ? next_step(cells, rest, walk[l].step) : 0.0;
            b.t[l] = cells->begin + (l < n ? walk[l].offset : 0.0);
            highest[l] = -1.0;
        }
        if (!any)
            break;
        step(LANES, &b);
#if FORMS > 0
        dense(LANES, &b);
        watch(LANES, &b, highest);
#endif
        for (int l = 0; l < n; l++) {
            struct evsim_walk *w = &walk[l];
            if (!is_going[l])
                continue;
#if METHOD == ADAPTIVE
            w->step = b.h[l] * (b.error[l] < HUGE_VAL ? pair_growth(b.error[l]) : 0.15);
#endif
            double sum = 0.0;
            EACH_STATE sum += b.next[s][l] * 0.0;
            const int is_good = b.error[l] <= 1.0;
            if ((is_good && (!(highest[l] < 0.0) || sum != 0.0)) ||
                (!is_good && !(b.h[l] > SMALLEST_STEP * cells->window))) {
                is_going[l] = 0, result[l] = EVSIM_WALK_ALONE;
                w->step = b.h[l];
                continue;
            }
            if (!is_good)
                continue;
            EACH_STATE b.x[s][l] = w->x[s] = b.next[s][l];
            w->round = 0;
            w->offset = b.h[l] < stop[l] - w->offset ? w->offset + b.h[l] : stop[l];
        }
    }
}

static void walk_pack(const struct evsim_cells *cells, int n, const int64_t *i,
                      struct evsim_walk *walk, const struct evsim_event *const *events,
                      const int64_t *n_events, double end, int *result) {
    for (int k = 0; k < n; k += LANES) {
        const int count = n - k < LANES ? n - k : LANES;
        walk_eight(cells, count, i + k, walk + k, events + k, n_events + k, end, result + k);
    }
}
#endif
#endif

#if IS_LINKED
#include <kernel/coupled.h>
#endif

static const struct evsim_kernel kernel = {
    .abi = EVSIM_KERNEL_ABI,
    .n_states = STATES,
    .n_coefficients = COEFFICIENTS,
    .n_parameters = PARAMETERS,
    .has_threshold = HAS_THRESHOLD,
    .advance = advance,
    .walk = walk,
#if HAS_PACKS
    .walk_pack = walk_pack,
#endif
    .reset = reset,
    .is_over = is_over,
    .n_inputs = INPUTS,
    .asks_inputs = ASKS_INPUTS,
#if IS_LINKED
    .rates = all_rates,
    .stage = stage_states,
    .error = step_error,
    .bend = make_bend,
    .is_silent = IS_SILENT,
#if FORMS > 0
    .watch = watch_all,
    .find = find,
    .value = value,
#endif
#if NOISES > 0
    .diffuse = diffuse,
#endif
#if SWITCHES
    .next_switch = next_switch,
#endif
#endif
    .add = add,
#if HAS_REST
    .rest = rest,
#endif
#if HAS_HOLD
    .holds = holds,
#endif
#if EVENTS
    .n_events = EVENTS,
    .conditions = conditions,
    .react = react,
#endif
};

const struct evsim_kernel *evsim_kernel(void);
const struct evsim_kernel *evsim_kernel(void) { return &kernel; }
