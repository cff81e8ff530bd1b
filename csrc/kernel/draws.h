/* Random numbers in event code: the same for the same seed, pathway and synapse, or event and
 * neuron, instant and call. */
#ifndef EVSIM_KERNEL_DRAWS_H
#define EVSIM_KERNEL_DRAWS_H

#include "../kernel.h"
#include "poisson.h"

/* What the draws of one run of the code have in common. */
struct evsim_draws {
    uint64_t key;
    uint32_t element;
    int64_t step;
};

/* What `element` of an object draws at an instant. */
static inline struct evsim_draws evsim_draws_of(uint64_t object_key, int64_t element, int64_t tick,
                                                double offset) {
    const uint64_t bits = evsim_bits(offset);
    const uint32_t key[2] = {(uint32_t)object_key, (uint32_t)(object_key >> 32)};
    const uint32_t instant[4] = {(uint32_t)tick, (uint32_t)((uint64_t)tick >> 32), (uint32_t)bits,
                                 (uint32_t)(bits >> 32)};
    uint32_t out[4];
    random_block(key, instant, out);
    return (struct evsim_draws){.key = (uint64_t)out[1] << 32 | out[0],
                                .element = (uint32_t)element,
                                .step = (int64_t)((uint64_t)out[3] << 32 | out[2])};
}

/* `seed` and `object` are those of the network and of the pathway. */
static inline struct evsim_draws evsim_draws_at(double seed_high, double seed_low, double object,
                                                int64_t synapse, int64_t tick, double offset) {
    const uint64_t seed = (uint64_t)seed_high << 32 | (uint64_t)seed_low;
    return evsim_draws_of(random_object_key(seed, (uint32_t)object), synapse, tick, offset);
}

/* What neuron i draws in the code of one of its own events: 0 is its spike. */
static inline struct evsim_draws evsim_own_draws(const struct evsim_cells *cells, int64_t i,
                                                 double offset, uint32_t event) {
    return evsim_draws_of(random_object_key(cells->key, 0x6f776e00u + event), i, cells->tick,
                          offset);
}

/* Calls are numbered in the text of the code; each has 2^16 blocks. */
static inline struct random_stream evsim_draws_stream(const struct evsim_draws *d, uint32_t call) {
    struct random_stream s;
    random_stream_open(&s, d->key, d->element, d->step);
    s.counter[1] = call << 16;
    return s;
}

static inline double evsim_draw_unit(const struct evsim_draws *d, uint32_t call) {
    struct random_stream s = evsim_draws_stream(d, call);
    return random_unit_next(&s);
}

static inline double evsim_draw_normal(const struct evsim_draws *d, uint32_t call) {
    const struct random_stream s = evsim_draws_stream(d, call);
    uint32_t block[4];
    random_block(s.key, s.counter, block);
    return random_normal(block);
}

static inline double evsim_draw_poisson(const struct evsim_draws *d, uint32_t call, double mean) {
    struct random_stream s = evsim_draws_stream(d, call);
    const int64_t count = poisson_count(&s, mean);
    return count < 0 ? NAN : (double)count;
}

#endif
