/* Random numbers as a function of what they are for: Philox4x32-10 keyed by (seed, object, element,
 * step).
 *
 * Nothing here has a history: the same four numbers give the same stream, on every thread, in every
 * order, in one run or in pieces. A block is four words out of a key and a counter (Salmon, Moraes,
 * Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"; the generator is that of
 * Random123). The words of one stream are
 *
 *     seed, object --philox--> key                            once for each object
 *     key, (element, block, step low, step high) --philox--> two doubles, for block = 0, 1, 2, ...
 *
 * so streams of one object never share a counter. Integer arithmetic and exact scaling throughout:
 * the same bits under every compiler and level of optimisation, and for normal numbers too, whose
 * logarithm, sine and cosine are the kernels' own. */
#ifndef EVSIM_KERNEL_RANDOM_H
#define EVSIM_KERNEL_RANDOM_H

#include <stdint.h>

#include "bits.h"
#include "log.h"
#include "sin.h"

EVSIM_INLINE void random_block(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]) {
    uint32_t k0 = key[0], k1 = key[1];
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    _Pragma("GCC unroll 10") for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)0xD2511F53u * c0;
        uint64_t b = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)b;
        c2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* 53 random bits as a double in (0, 1): a multiple of 2^-53; 2^-54 where all of them are zero. */
static inline double random_unit(uint32_t hi, uint32_t lo) {
    uint64_t bits = ((uint64_t)hi << 21) | (lo >> 11);
    return (bits == 0 ? 0.5 : (double)bits) * 0x1p-53;
}

/* The same number, slower alone, but fast in vectors. */
EVSIM_INLINE double random_unit_in_vector(uint32_t hi, uint32_t lo) {
    const uint64_t exponent = UINT64_C(0x4330000000000000); /* of 2^52 */
    const double high = evsim_from_bits(exponent | hi) - 0x1p52;
    const double low = evsim_from_bits(exponent | (lo >> 11)) - 0x1p52;
    const double bits = high * 0x1p21 + low;
    return (bits + (bits == 0.0 ? 0.5 : 0.0)) * 0x1p-53;
}

/* One stream of doubles; a plain value, to be copied at will. It lasts for 2^33 doubles. */
struct random_stream {
    uint32_t key[2];
    uint32_t counter[4]; /* element, next block, step low, step high */
    uint32_t block[4];
    uint32_t position; /* words of the block used: 4 when the next one is due */
};

/* The key of an object's streams; compute it once where many streams are opened. */
static inline uint64_t random_object_key(uint64_t seed, uint32_t object) {
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    const uint32_t counter[4] = {object, 0, 0, 0};
    uint32_t out[4];
    random_block(key, counter, out);
    return ((uint64_t)out[1] << 32) | out[0];
}

/* The stream of (element, step) of the object whose key is given. */
static inline void random_stream_open(struct random_stream *s, uint64_t object_key,
                                      uint32_t element, int64_t step) {
    s->key[0] = (uint32_t)object_key;
    s->key[1] = (uint32_t)(object_key >> 32);
    s->counter[0] = element;
    s->counter[1] = 0;
    s->counter[2] = (uint32_t)(uint64_t)step;
    s->counter[3] = (uint32_t)((uint64_t)step >> 32);
    s->position = 4;
}

/* The stream of (seed, object, element, step). */
static inline void random_stream_start(struct random_stream *s, uint64_t seed, uint32_t object,
                                       uint32_t element, int64_t step) {
    random_stream_open(s, random_object_key(seed, object), element, step);
}

/* The next double of the stream, in (0, 1). */
static inline double random_unit_next(struct random_stream *s) {
    if (s->position == 4) {
        random_block(s->key, s->counter, s->block);
        s->counter[1]++;
        s->position = 0;
    }
    double u = random_unit(s->block[s->position], s->block[s->position + 1]);
    s->position += 2;
    return u;
}

/* Two independent standard normal numbers out of a block, without branches: a radius from two words
 * and an angle from two (Box and Muller 1958). Probabilities are right to 2^-53, up to a radius of
 * 8.65 = sqrt(2 log 2^54), which 1e-16 of them reach. */
EVSIM_INLINE void random_normal_pair(const uint32_t block[4], double out[2]) {
    const double radius = sqrt(-2.0 * evsim_log(random_unit_in_vector(block[0], block[1])));
    const double quarters = 4.0 * random_unit_in_vector(block[2], block[3]);
    const double shifted = quarters + EVSIM_ROUNDING;
    const double rest = (quarters - (shifted - EVSIM_ROUNDING)) * EVSIM_HALF_PI;
    const double sine = evsim_sin_of_rest((struct evsim_pair){rest, 0.0});
    const double cosine = evsim_cos_of_rest((struct evsim_pair){rest, 0.0});
    out[0] = radius * evsim_after_quarters(sine, cosine, evsim_bits(shifted) + 1);
    out[1] = radius * evsim_after_quarters(sine, cosine, evsim_bits(shifted));
}

/* The first of them. */
EVSIM_INLINE double random_normal(const uint32_t block[4]) {
    double pair[2];
    random_normal_pair(block, pair);
    return pair[0];
}

#endif
