/* Noise of a batch: standard normal numbers for every process, neuron and step.
 *
 * Included between batch.h and methods.h. NOISES processes; IS_SHARED(n): one for all neurons.
 * A number is keyed by the population, the process, the neuron and the instant at which the step
 * begins (window and offset), so it is the same however the run is cut and shared out. What follows
 * a crossing, a delivery or the end of a window is drawn anew: the future of a diffusion does not
 * depend on its past.
 *
 * Where links join neurons, what happens to one cuts the step of all: there every neuron has a path
 * for the rest of the window, which its own spike draws anew and those of others leave as it is.
 *
 * A shared process cannot be drawn anew for one neuron. Its path in a window is refined by halves
 * (Levy's construction): a point is known to all neurons, to within a part 2^-20 of the window.
 */
#include <kernel/random.h>

#if NOISES > 0

#define ALL_NEURONS 0xffffffffu
#define DEEPEST_HALF 20

/* The key of what is drawn at an instant. */
static inline void instant_key(const struct evsim_cells *cells, uint64_t instant, uint32_t key[2]) {
    key[0] = (uint32_t)cells->key, key[1] = (uint32_t)(cells->key >> 32);
    if (!instant)
        return;
    const uint32_t counter[4] = {(uint32_t)instant, (uint32_t)(instant >> 32), 0x6e6f6973u, 0};
    uint32_t out[4];
    random_block(key, counter, out);
    key[0] = out[0], key[1] = out[1];
}

static inline double normal_of(const struct evsim_cells *cells, const uint32_t key[2],
                               uint32_t neuron, uint32_t number) {
    const uint64_t tick = (uint64_t)cells->tick;
    const uint32_t counter[4] = {neuron, number, (uint32_t)tick, (uint32_t)(tick >> 32)};
    uint32_t out[4];
    random_block(key, counter, out);
    return random_normal(out);
}

/* Where shared process n is at a part of the window, starting from 0. */
static double shared_path(const struct evsim_cells *cells, uint32_t n, double part) {
    uint32_t key[2];
    instant_key(cells, 0, key);
    double low = 0.0, high = 1.0, at_low = 0.0;
    double at_high = sqrt(cells->window) * normal_of(cells, key, ALL_NEURONS, n);
    uint64_t place = 1;
    for (int k = 0; k < DEEPEST_HALF && part > low && part < high; k++) {
        const double middle = 0.5 * (low + high);
        instant_key(cells, place, key);
        const double bend = 0.5 * sqrt((high - low) * cells->window);
        const double at = 0.5 * (at_low + at_high) + bend * normal_of(cells, key, ALL_NEURONS, n);
        const int is_above = part >= middle;
        place = 2 * place + (uint64_t)is_above;
        if (is_above)
            low = middle, at_low = at;
        else
            high = middle, at_high = at;
    }
    return at_low + (at_high - at_low) * ((part - low) / (high - low));
}

/* A key of what a neuron's own path, that begins at `origin`, has at one of its places. */
static inline void place_key(const struct evsim_cells *cells, double origin, uint64_t place,
                             uint32_t key[2]) {
    uint32_t out[4];
    instant_key(cells, evsim_bits(origin), key);
    const uint32_t counter[4] = {(uint32_t)place, (uint32_t)(place >> 32), 0x70617468u, 0};
    random_block(key, counter, out);
    key[0] = out[0], key[1] = out[1];
}

/* Where process n of a neuron is at an offset, on its path from `origin` to the window's end; it
 * starts from 0, and is refined as those that are shared. */
static inline double own_path(const struct evsim_cells *cells, uint32_t neuron, uint32_t n,
                              double origin, double offset) {
    const double length = cells->window - origin, part = (offset - origin) / length;
    if (!(part > 0.0))
        return 0.0;
    uint32_t key[2];
    place_key(cells, origin, 0, key);
    double low = 0.0, high = 1.0, at_low = 0.0;
    double at_high = sqrt(length) * normal_of(cells, key, neuron, n);
    uint64_t place = 1;
    for (int k = 0; k < DEEPEST_HALF && part > low && part < high; k++) {
        const double middle = 0.5 * (low + high);
        place_key(cells, origin, place, key);
        const double bend = 0.5 * sqrt((high - low) * length);
        const double at = 0.5 * (at_low + at_high) + bend * normal_of(cells, key, neuron, n);
        const int is_above = part >= middle;
        place = 2 * place + (uint64_t)is_above;
        if (is_above)
            low = middle, at_low = at;
        else
            high = middle, at_high = at;
    }
    return part < 1.0 ? at_low + (at_high - at_low) * ((part - low) / (high - low)) : at_high;
}

/* What shared process n adds between two offsets. */
static double shared_step(const struct evsim_cells *cells, uint32_t n, double offset, double h) {
    const double per_window = 1.0 / cells->window, end = (offset + h) * per_window;
    const double after = shared_path(cells, n, end < 1.0 ? end : 1.0);
    return offset > 0.0 ? after - shared_path(cells, n, offset * per_window) : after;
}

/* Fills b->z of a lane whose step of length b->h begins at `offset`. */
static void draw_lane(struct batch *b, int l, double offset) {
    const struct evsim_cells *cells = b->cells;
    uint32_t key[2];
    instant_key(cells, evsim_bits(offset), key);
    const double root = sqrt(b->h[l]);
    for (uint32_t n = 0; n < NORMALS; n++) {
#if METHOD == ORNSTEIN_UHLENBECK
        b->z[n][l] = normal_of(cells, key, (uint32_t)(b->first + l), n);
        (void)root;
#else
        b->z[n][l] = IS_SHARED(n) ? shared_step(cells, n, offset, b->h[l])
                                  : root * normal_of(cells, key, (uint32_t)(b->first + l), n);
#endif
    }
}

/* The same for a whole batch at the start of the window. */
static void draw_batch(struct batch *b) {
    uint32_t key[2];
    instant_key(b->cells, 0, key);
    const uint64_t tick = (uint64_t)b->cells->tick;
    for (uint32_t n = 0; n < NORMALS; n++) {
        _Pragma("GCC ivdep") for (uint32_t l = 0; l < LANES; l++) {
            const uint32_t counter[4] = {(uint32_t)b->first + l, n, (uint32_t)tick,
                                         (uint32_t)(tick >> 32)};
            uint32_t out[4];
            random_block(key, counter, out);
            b->z[n][l] = random_normal(out);
        }
#if METHOD != ORNSTEIN_UHLENBECK
        for (int l = 0; l < LANES; l++)
            b->z[n][l] =
                IS_SHARED(n) ? shared_step(b->cells, n, 0.0, b->h[l]) : b->z[n][l] * sqrt(b->h[l]);
#endif
    }
}

/* A number between 0 and 1 for whether the path has crossed inside the step. */
static double draw_crossing(const struct batch *b, int l, double offset) {
    uint32_t key[2], out[4];
    instant_key(b->cells, evsim_bits(offset), key);
    const uint64_t tick = (uint64_t)b->cells->tick;
    const uint32_t counter[4] = {(uint32_t)(b->first + l), 0xffffu, (uint32_t)tick,
                                 (uint32_t)(tick >> 32)};
    random_block(key, counter, out);
    return random_unit(out[0], out[1]);
}

#endif
