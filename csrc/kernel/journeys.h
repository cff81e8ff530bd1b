/* Neurons on their way by Taylor series: over a window without events, and from event to event.
 *
 * A pack is eight neurons side by side, each at its own offset. One that is done makes room for the
 * next, so lanes stay full whatever the neurons are like.
 */

/* Neurons whose series did not reach the end of the window, side by side. */
struct pending {
    struct batch b;
    int n;
    int64_t of[LANES]; /* neuron in a lane; negative: it is free */
    double offset[LANES], limit[LANES], start[STATES][LANES];
};

/* What `advance` gives back. */
struct listed {
    uint32_t *found;
    double *start;
    int64_t n;
    int is_grid;
};

static void list(struct listed *out, int64_t i, double start[][LANES], int l) {
    out->found[out->n] = (uint32_t)i;
    EACH_STATE out->start[out->n * STATES + s] = start[s][l];
    out->n++;
}

/* Whether a neuron is over its threshold, or no number, at the end of a step on the grid. */
static int is_found_on_grid(struct batch *b, int l, double y[][LANES]) {
    double sum = 0.0, t[LANES];
    EACH_STATE sum += y[s][l] * 0.0;
    t[l] = b->cells->begin; /* on the grid, conditions take the time of the step */
    (void)t;
#if EVENTS
    if (conditions_lane(b, l, t, y))
        return 1;
#endif
#if HAS_THRESHOLD
    return sum != 0.0 || (b->active[l] != 0.0 && is_over_lane(b, l, t, y));
#else
    return sum != 0.0;
#endif
}

/* A neuron at the end of the window. */
static void finish(struct batch *b, int l, int64_t i, double start[][LANES], struct listed *out) {
    EACH_STATE b->cells->state[s][i] = b->next[s][l];
    if (out->is_grid && is_found_on_grid(b, l, b->next))
        list(out, i, start, l);
}

/* Steps the pending neurons until at most `most` are left. */
static void run_pending(struct pending *p, int most, struct listed *out) {
    struct batch *b = &p->b;
    const double window = b->cells->window;
    int may[LANES];
    while (p->n > most) {
        for (int l = 0; l < LANES; l++) {
            const double rest = window - p->offset[l];
            b->h[l] = p->of[l] < 0 ? 0.0 : rest < p->limit[l] ? rest : p->limit[l];
            b->t[l] = b->cells->begin + p->offset[l];
        }
        expand(b, !out->is_grid, may);
        for (int l = 0; l < LANES; l++) {
            double part, y[STATES][LANES];
            if (p->of[l] < 0)
                continue;
            const int is_last = b->part[l] == 1.0 && b->h[l] == window - p->offset[l];
            const int is_stuck = !(b->h[l] * b->part[l] > SMALLEST_STEP * window);
            if (is_stuck || (may[l] && lane_crosses(b, l, &part, y))) {
                if (out->is_grid)
                    EACH_STATE b->cells->state[s][p->of[l]] = HUGE_VAL;
                list(out, p->of[l], p->start, l);
                p->of[l] = -1, p->n--;
                continue;
            }
            p->limit[l] = HUGE_VAL;
            p->offset[l] += b->h[l] * b->part[l];
            if (is_last)
                finish(b, l, p->of[l], p->start, out), p->of[l] = -1, p->n--;
            else
                EACH_STATE b->x[s][l] = b->next[s][l];
        }
    }
}

/* Lane l of a batch goes on among the pending. */
static void pend(struct pending *p, const struct batch *b, int l, struct listed *out) {
    if (p->n == LANES)
        run_pending(p, LANES - 1, out);
    int free = 0;
    while (p->of[free] >= 0)
        free++;
    const int64_t i = b->first + l;
    load_lane(&p->b, free, i);
    p->b.holding[free] = b->holding[l];
    p->b.active[free] = b->active[l], p->b.last[free] = b->last[l];
    p->of[free] = i, p->n++;
    p->offset[free] = b->h[l] * b->part[l];
    p->limit[free] = b->part[l] > 0.0 ? HUGE_VAL : 0.1 * b->h[l];
    EACH_STATE {
        p->start[s][free] = b->x[s][l];
        p->b.x[s][free] = b->part[l] > 0.0 ? b->next[s][l] : b->x[s][l];
    }
}

/* Lanes of which something is to be said. */
static void look_at_lanes(struct batch *b, const int *may, struct pending *p, struct listed *out) {
    double part, y[STATES][LANES];
    for (int l = 0; l < LANES && b->first + l < b->cells->n; l++) {
        if (may[l] && b->part[l] > 0.0 && lane_crosses(b, l, &part, y))
            list(out, b->first + l, b->x, l);
        else if (b->part[l] == 1.0)
            finish(b, l, b->first + l, b->x, out);
        else
            pend(p, b, l, out);
    }
}

static int64_t advance(const struct evsim_cells *cells, int64_t first, int64_t last, int is_grid,
                       uint32_t *found, double *start) {
    const int lanes = LANES;
    struct batch b;
    struct pending p = {.n = 0};
    struct listed out = {found, start, 0, is_grid};
    load_one(&b, cells);
    load_one(&p.b, cells);
    p.b.cells = cells;
    for (int l = 0; l < LANES; l++)
        p.of[l] = -1;
    for (int64_t from = first; from < last; from += LANES) {
        int may[LANES], any = is_grid;
        load(LANES, &b, cells, from);
        EACH_STATE EACH_LANE b.x[s][l] = cells->state[s][from + l];
        EACH_LANE b.active[l] = EVSIM_IS_DORMANT(cells->slack[from + l]) ? 0.0 : 1.0;
        EACH_LANE b.h[l] = from + l < cells->n ? cells->window : 0.0;
        EACH_LANE b.t[l] = cells->begin;
#if HAS_HOLD
        for (int l = 0; l < LANES && is_grid; l++)
            if (b.active[l] == 0.0 && from + l < cells->n && !holds_lane(&b, l, b.t, b.x))
                b.active[l] = 1.0, cells->slack[from + l] = 0.0;
#endif
        expand(&b, !is_grid, may);
        EACH_LANE any |= may[l] | (b.part[l] != 1.0);
        if (any || from + LANES > cells->n)
            look_at_lanes(&b, may, &p, &out);
        else
            EACH_STATE EACH_LANE cells->state[s][from + l] = b.next[s][l];
    }
    run_pending(&p, 0, &out);
    return out.n;
}

/* ---- from event to event ---- */

/* A neuron of a pack on its way. */
struct traveller {
    int m;        /* which of the walks; negative: the lane is free */
    double stop;  /* nothing arrives before */
    double limit; /* of its next step */
    int64_t steps;
};

/* Brings lane l to a place from which it can step, with the next walk when one is done. */
static void board(struct batch *b, int l, struct traveller *v, int *next, int n, const int64_t *i,
                  struct evsim_walk *walk, const struct evsim_event *const *events,
                  const int64_t *n_events, double end, int *result) {
    for (;;) {
        if (v->m < 0) {
            if (*next == n)
                return;
            *v = (struct traveller){.m = (*next)++, .stop = -1.0, .limit = HUGE_VAL};
            load_lane(b, l, i[v->m]);
        }
        struct evsim_walk *w = &walk[v->m];
        int code = EVSIM_WALK_END;
        if (w->offset < v->stop)
            return;
        if (w->offset < end) {
            code = begin_leg(b, l, i[v->m], w, events[v->m], n_events[v->m], end, &v->stop);
            v->limit = HUGE_VAL, v->steps = 0;
            if (code == GO)
                return;
        }
        result[v->m] = code;
        v->m = -1;
    }
}

/* What a step has brought to lane l. */
static void arrive(struct batch *b, int l, struct traveller *v, struct evsim_walk *w, int may,
                   double end, int *result) {
    const double rest = v->stop - w->offset;
    double part, y[STATES][LANES];
    if (b->part[l] == 0.0) {
        v->limit = 0.1 * b->h[l];
        if (!(v->limit > NO_STEP))
            result[v->m] = NOT_FINITE, v->m = -1;
        return;
    }
    v->limit = HUGE_VAL;
    w->round = 0;
    if (may && lane_crosses(b, l, &part, y)) {
        const double instant = w->offset + part * b->h[l];
        EACH_STATE w->x[s] = y[s][l];
        w->offset = v->stop = instant < v->stop ? instant : v->stop;
        if (EVENTS)
            return; /* what has happened shows in the state */
        if (b->active[l] == 0.0)
            w->release = -1.0;
        else if (w->offset < end)
            result[v->m] = EVSIM_WALK_SPIKE, v->m = -1;
        return;
    }
    EACH_STATE b->x[s][l] = w->x[s] = b->next[s][l];
    if (b->part[l] == 1.0 && !(b->h[l] < rest)) {
        w->offset = v->stop;
        return;
    }
    w->offset += b->h[l] * b->part[l];
    if (++v->steps == MOST_STEPS)
        result[v->m] = NOT_FINITE, v->m = -1;
}

#define HAS_PACKS 1

static void walk_pack(const struct evsim_cells *cells, int n, const int64_t *i,
                      struct evsim_walk *walk, const struct evsim_event *const *events,
                      const int64_t *n_events, double end, int *result) {
    struct batch b;
    struct traveller v[LANES];
    int next = 0, may[LANES];
    load_one(&b, cells);
    b.cells = cells;
    for (int l = 0; l < LANES; l++) {
        v[l].m = -1, b.active[l] = 0.0, b.last[l] = 0.0;
        EACH_STATE b.x[s][l] = 0.0;
        load_lane(&b, l, i[0]);
    }
    for (;;) {
        int any = 0;
        for (int l = 0; l < LANES; l++) {
            board(&b, l, &v[l], &next, n, i, walk, events, n_events, end, result);
            const struct evsim_walk *w = &walk[v[l].m < 0 ? 0 : v[l].m];
            const double rest = v[l].stop - w->offset;
            b.h[l] = v[l].m < 0 ? 0.0 : rest < v[l].limit ? rest : v[l].limit;
            b.t[l] = cells->begin + w->offset;
            any |= v[l].m >= 0;
        }
        if (!any)
            return;
        expand(&b, 1, may);
        for (int l = 0; l < LANES; l++)
            if (v[l].m >= 0)
                arrive(&b, l, &v[l], &walk[v[l].m], may[l], end, result);
    }
}

static int walk(const struct evsim_cells *cells, int64_t i, struct evsim_walk *w,
                const struct evsim_event *events, int64_t n_events, double end) {
    int result = EVSIM_WALK_END;
    walk_pack(cells, 1, &i, w, &events, &n_events, end, &result);
    return result;
}
