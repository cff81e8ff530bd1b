/* Kernels of populations that links join: many neurons in one state of the whole.
 *
 * Included by general.h where IS_LINKED. The core integrates; here are the rates, and the watching
 * of its steps.
 */

#define NOISY_TOLERANCE 1e-8 /* of the drift, where the first option is the length of a step */

/* ---- one step of the pair ---- */

/* The loops over all neurons take the padding along. */
#define EACH_NEURON                                                                                \
    _Pragma("GCC ivdep") for (int64_t i = 0; i < (cells->n + LANES - 1) / LANES * LANES; i++)

static void stage_states(const struct evsim_cells *cells, const struct evsim_piece *piece,
                         int stage) {
    const double h = piece->h;
    for (int s = 0; s < STATES; s++) {
        const double *x = piece->x[s], *k0 = piece->k[0][s], *k1 = piece->k[1][s];
        const double *k2 = piece->k[2][s], *k3 = piece->k[3][s], *k4 = piece->k[4][s];
        const double *k5 = piece->k[5][s];
        double *y = stage < 6 ? piece->y[s] : piece->next[s];
#define W(number) (PAIR_WEIGHT[STAGE][number] * k##number[i])
        switch (stage) {
#define STAGE 1
        case 1:
            EACH_NEURON y[i] = x[i] + h * W(0);
            break;
#undef STAGE
#define STAGE 2
        case 2:
            EACH_NEURON y[i] = x[i] + h * (W(0) + W(1));
            break;
#undef STAGE
#define STAGE 3
        case 3:
            EACH_NEURON y[i] = x[i] + h * (W(0) + W(1) + W(2));
            break;
#undef STAGE
#define STAGE 4
        case 4:
            EACH_NEURON y[i] = x[i] + h * (W(0) + W(1) + W(2) + W(3));
            break;
#undef STAGE
#define STAGE 5
        case 5:
            EACH_NEURON y[i] = x[i] + h * (W(0) + W(1) + W(2) + W(3) + W(4));
            break;
#undef STAGE
#define STAGE 6
        default:
            EACH_NEURON y[i] = x[i] + h * (W(0) + W(2) + W(3) + W(4) + W(5));
#undef STAGE
#undef W
        }
    }
}

static double step_error(const struct evsim_cells *cells, const struct evsim_piece *piece) {
    double largest = 0.0, unknown = 0.0;
    for (int s = 0; s < STATES; s++) {
        const double rtol = NOISES > 0 ? NOISY_TOLERANCE : cells->option[1 + STATES],
                     atol = cells->option[1 + s], h = piece->h;
        const double *x = piece->x[s], *next = piece->next[s], *k0 = piece->k[0][s];
        const double *k2 = piece->k[2][s], *k3 = piece->k[3][s], *k4 = piece->k[4][s];
        const double *k5 = piece->k[5][s], *k6 = piece->k[6][s];
        double high[LANES] = {0.0}, lost[LANES] = {0.0};
        for (int64_t first = 0; first < cells->n; first += LANES)
            for (int l = 0; l < LANES; l++) {
                const int64_t i = first + l;
#define E(number) (PAIR_ERROR[number] * k##number[i])
                const double e = h * (E(0) + E(2) + E(3) + E(4) + E(5) + E(6));
#undef E
                const double before = fabs(x[i]), after = fabs(next[i]);
                const double part = fabs(e) / (atol + rtol * (before > after ? before : after));
                high[l] = part > high[l] ? part : high[l];
                lost[l] += part * 0.0; /* not a number where any error is none */
            }
        for (int l = 0; l < LANES; l++)
            largest = high[l] > largest ? high[l] : largest, unknown += lost[l];
    }
    return largest + unknown;
}

static void make_bend(const struct evsim_cells *cells, const struct evsim_piece *piece) {
    const double h = piece->h;
    for (int s = 0; s < STATES; s++) {
        const double *x = piece->x[s], *next = piece->next[s], *k0 = piece->k[0][s];
        const double *k2 = piece->k[2][s], *k3 = piece->k[3][s], *k4 = piece->k[4][s];
        const double *k5 = piece->k[5][s], *k6 = piece->k[6][s];
        double *b0 = piece->bend[0][s], *b1 = piece->bend[1][s], *b2 = piece->bend[2][s];
        EACH_NEURON {
            const double y = next[i] - x[i], bend = h * k0[i] - y;
#define B(number) (PAIR_BEND[number] * k##number[i])
            b0[i] = bend;
            b1[i] = y - h * k6[i] - bend;
            b2[i] = h * (B(0) + B(2) + B(3) + B(4) + B(5) + B(6));
#undef B
        }
    }
}

/* ---- rates ---- */

static void load_block(struct batch *b, const struct evsim_cells *cells,
                       const struct evsim_piece *piece, int64_t first, double *const *x) {
    b->cells = cells, b->first = first, b->is_on_grid = 0;
    load_each(LANES, b, first);
    for (int k = 0; k < INPUTS; k++)
        for (int l = 0; l < LANES; l++)
            b->input[k][l] = b->course[k][0][l] = piece->input[k][first + l];
    for (int l = 0; l < LANES; l++) {
        b->active[l] = piece->active[first + l];
        b->last[l] = last_of(cells, first + l);
        EACH_STATE b->x[s][l] = x[s][first + l];
    }
}

/* Before the blocks: what all neurons share. */
static void load_first(struct batch *b, const struct evsim_cells *cells,
                       const struct evsim_piece *piece, double t, double *times, double *middle) {
    load_one(b, cells);
    for (int l = 0; l < LANES; l++) {
        times[l] = t, middle[l] = piece->middle;
        for (int k = 0; k < INPUTS; k++)
            hold_input(b, k, l, 0.0);
    }
}

static void all_rates(const struct evsim_cells *cells, const struct evsim_piece *piece, double t,
                      double *const *x, double *const *y) {
    struct batch b;
    double times[LANES], middle[LANES];
    load_first(&b, cells, piece, t, times, middle);
    for (int64_t first = 0; first < cells->n; first += LANES) {
        load_block(&b, cells, piece, first, x);
        load_tables(LANES, &b, middle);
        rates(LANES, &b, times, b.x, b.next);
        for (int l = 0; l < LANES; l++)
            EACH_STATE y[s][first + l] = first + l < cells->n ? b.next[s][l] : 0.0;
    }
}

#if NOISES > 0

/* Half of the noise, in the sense of Stratonovich: the factors are the mean of both ends. */
static void diffuse(const struct evsim_cells *cells, const struct evsim_piece *piece,
                    const double *origin, double from, double to, double *const *x,
                    double *const *next) {
    struct batch b;
    double times[LANES], middle[LANES], z[NOISES][LANES];
    double before[STATES][LANES], after[STATES][LANES];
    load_first(&b, cells, piece, cells->begin + from, times, middle);
    for (int64_t first = 0; first < cells->n; first += LANES) {
        load_block(&b, cells, piece, first, x);
        load_tables(LANES, &b, middle);
        for (uint32_t n = 0; n < NOISES; n++)
            for (int l = 0; l < LANES; l++) {
                const uint32_t i = (uint32_t)(first + l);
                z[n][l] = 0.5 * (IS_SHARED(n) ? shared_step(cells, n, from, to - from)
                                              : own_path(cells, i, n, origin[i], to) -
                                                    own_path(cells, i, n, origin[i], from));
            }
        noise(LANES, &b, z, times, b.x, before);
        for (int l = 0; l < LANES; l++)
            EACH_STATE b.next[s][l] = b.x[s][l] + before[s][l];
        noise(LANES, &b, z, times, b.next, after);
        for (int l = 0; l < LANES; l++)
            EACH_STATE next[s][first + l] = b.x[s][l] + 0.5 * (before[s][l] + after[s][l]);
    }
}

#endif

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
            if (!IS_WATCHED(s))
                continue;
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
#if NOISES > 0
        double offset[LANES];
        for (int l = 0; l < LANES; l++)
            offset[l] = piece->offset;
        watch_bridge(LANES, &b, offset, highest);
#endif
        for (int l = 0; l < LANES && first + l < cells->n; l++)
            if (!(highest[l] < 0.0))
                found[n++] = (uint32_t)(first + l);
    }
    return n;
}

static double find(const struct evsim_cells *cells, int64_t i, const struct evsim_piece *piece,
                   double from, int32_t *form, double *slope) {
    struct batch b;
    int which = -1;
    load_one(&b, cells);
    load_piece(&b, cells, piece, i, 1);
    inputs_at(1, &b, 0.0);
    if (from == 0.0 && has_happened(&b, b.t, b.x)) {
        *form = -1, *slope = 0.0;
        return 0.0;
    }
#if NOISES > 0
    double highest[LANES];
    watch(1, &b, highest);
    if (highest[0] < 0.0) { /* a bridge has crossed, or nothing has */
        watch_bridge(1, &b, &piece->offset, highest);
        *form = -1, *slope = 0.0;
        return highest[0] < 0.0 ? NO_ROOT : bridge_part(&b);
    }
#endif
    const double part = first_part_after(&b, from, &which, slope);
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
