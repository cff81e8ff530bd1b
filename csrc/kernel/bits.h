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

#endif
