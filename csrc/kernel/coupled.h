/* Kernels of populations that links join: many neurons in one state of the whole.
 *
 * Included by general.h where IS_LINKED. The core integrates; here are the rates, and the watching
 * of its steps.
 */

static void load_block(struct batch *b, const struct evsim_cells *cells,
                       const struct evsim_piece *piece, int64_t first, double *const *x) {
    load(LANES, b, cells, first);
    for (int l = 0; l < LANES; l++) {
        b->active[l] = piece->active[first + l];
        EACH_STATE b->x[s][l] = x[s][first + l];
        for (int k = 0; k < INPUTS; k++)
            hold_input(b, k, l, piece->input[k][first + l]);
    }
}

static void all_rates(const struct evsim_cells *cells, const struct evsim_piece *piece, double t,
                      double *const *x, double *const *y) {
    struct batch b;
    load_one(&b, cells);
    for (int64_t first = 0; first < cells->n; first += LANES) {
        double times[LANES], middle[LANES];
        for (int l = 0; l < LANES; l++)
            times[l] = t, middle[l] = piece->middle;
        load_block(&b, cells, piece, first, x);
        load_tables(LANES, &b, middle);
        rates(LANES, &b, times, b.x, b.next);
        for (int l = 0; l < LANES; l++)
            EACH_STATE y[s][first + l] = first + l < cells->n ? b.next[s][l] : 0.0;
    }
}

#if SWITCHES

static double next_switch(const struct evsim_cells *cells, double t) {
    struct batch b;
    double next = HUGE_VAL;
    load_one(&b, cells);
    for (int64_t first = 0; first < cells->n; first += LANES) {
        load(LANES, &b, cells, first);
        for (int l = 0; l < LANES; l++)
            b.active[l] = 1.0;
        const double here = next_switch_of(LANES, &b, t);
        next = here < next ? here : next;
    }
    return next;
}

#endif

#if FORMS > 0

/* Puts `count` neurons of a step into the lanes. */
static void load_piece(struct batch *b, const struct evsim_cells *cells,
                       const struct evsim_piece *piece, int64_t first, int count) {
    double middle[LANES];
    load(count == 1 ? 1 : LANES, b, cells, first);
    for (int l = 0; l < count; l++) {
        b->active[l] = piece->active[first + l];
        b->t[l] = piece->t, b->h[l] = piece->h, middle[l] = piece->middle;
        EACH_STATE {
            b->x[s][l] = piece->x[s][first + l], b->next[s][l] = piece->next[s][first + l];
            for (int k = 0; k < 3; k++)
                b->bend[k][s][l] = piece->bend[k][s][first + l];
        }
        for (int k = 0; k < INPUTS && ASKS_INPUTS; k++)
            for (int node = 0; node < 5; node++)
                b->input_node[node][k][l] = piece->input_node[node][k][first + l];
    }
    load_tables(count == 1 ? 1 : LANES, b, middle);
}

static int64_t watch_all(const struct evsim_cells *cells, const struct evsim_piece *piece,
                         uint32_t *found) {
    struct batch b;
    int64_t n = 0;
    load_one(&b, cells);
    for (int64_t first = 0; first < cells->n; first += LANES) {
        double highest[LANES];
        load_piece(&b, cells, piece, first, LANES);
        watch(LANES, &b, highest);
        for (int l = 0; l < LANES && first + l < cells->n; l++)
            if (!(highest[l] < 0.0))
                found[n++] = (uint32_t)(first + l);
    }
    return n;
}

static double find(const struct evsim_cells *cells, int64_t i, const struct evsim_piece *piece,
                   int32_t *form, double *slope) {
    struct batch b;
    int which = -1;
    load_one(&b, cells);
    load_piece(&b, cells, piece, i, 1);
    inputs_at(1, &b, 0.0);
    if (has_happened(&b, b.t, b.x)) {
        *form = -1, *slope = 0.0;
        return 0.0;
    }
    const double part = first_part(&b, &which, slope);
    *form = which;
    return part;
}

static double value(const struct evsim_cells *cells, int64_t i, const struct evsim_piece *piece,
                    const double *x, double t, int32_t form) {
    struct batch b;
    double g[FORMS][LANES], times[LANES] = {t};
    load_one(&b, cells);
    load_piece(&b, cells, piece, i, 1);
    EACH_STATE b.x[s][0] = x[s];
    forms(1, &b, times, b.x, g);
    return g[form][0];
}

#endif
