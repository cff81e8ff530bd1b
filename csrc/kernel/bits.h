/* Doubles as their 64 bits, for functions that compilers turn into vector instructions.
 *
 * What is built on this keeps to operations that every instruction set has for vectors from SSE2
 * on: no branches, no conversions between integers and doubles, no comparisons of integers. They
 * round to nearest and are compiled without contraction, so the bits of their results are the same
 * in vectors of every width and in single numbers. */
#ifndef EVSIM_KERNEL_BITS_H
#define EVSIM_KERNEL_BITS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define EVSIM_INLINE static inline __attribute__((always_inline))

/* Adding this rounds |x| <= 2^51 to an integer, which is then in the low bits of the sum, in two's
 * complement; subtracting it again gives the integer as a double. */
#define EVSIM_ROUNDING 0x1.8p52

EVSIM_INLINE uint64_t evsim_bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

EVSIM_INLINE double evsim_from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The first 26 bits of x, for products that are exact. */
EVSIM_INLINE double evsim_first_26(double x) {
    return evsim_from_bits(evsim_bits(x) & ~((UINT64_C(1) << 27) - 1));
}

/* The first 27 bits: their product with the first 26 of another is exact. */
EVSIM_INLINE double evsim_first_27(double x) {
    return evsim_from_bits(evsim_bits(x) & ~((UINT64_C(1) << 26) - 1));
}

/* A number as the sum of two doubles, the first the larger. */
struct evsim_pair {
    double high, low;
};

/* a + b, for |a| >= |b|, or where the sum is exact: a + b rounded, and what that leaves over. */
EVSIM_INLINE struct evsim_pair evsim_pair_of(double a, double b) {
    const double sum = a + b;
    return (struct evsim_pair){sum, (a - sum) + b};
}

/* a b, to some 75 bits. */
EVSIM_INLINE struct evsim_pair evsim_product(struct evsim_pair a, struct evsim_pair b) {
    const double a_head = evsim_first_26(a.high), a_tail = (a.high - a_head) + a.low;
    const double b_head = evsim_first_26(b.high), b_tail = (b.high - b_head) + b.low;
    return evsim_pair_of(a_head * b_head, a_head * b_tail + a_tail * b.high);
}

/* a^2/2, to some 75 bits; the first part is exact in 52. */
EVSIM_INLINE struct evsim_pair evsim_half_square(double a) {
    const double head = evsim_first_26(a);
    return (struct evsim_pair){0.5 * head * head, 0.5 * (a + head) * (a - head)};
}

/* above/below, to some 75 bits; the first part has 26 of them. */
EVSIM_INLINE struct evsim_pair evsim_ratio(struct evsim_pair above, struct evsim_pair below) {
    const double inverse = 1.0 / below.high;
    const double first = evsim_first_26(above.high * inverse);
    const double head = evsim_first_27(below.high), tail = (below.high - head) + below.low;
    const double left = (above.high - first * head) + (above.low - first * tail);
    return (struct evsim_pair){first, left * inverse};
}

#endif
