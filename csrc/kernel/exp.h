/* exp, without branches, below 0.7 units in the last place. */
#ifndef EVSIM_KERNEL_EXP_H
#define EVSIM_KERNEL_EXP_H

#include "bits.h"

#define EVSIM_LOG2_E 0x1.71547652b82fep+0
/* log(2) in two parts: multiples of the first up to 2^20 are exact. */
#define EVSIM_LN2_HIGH 0x1.62e42fefp-1
#define EVSIM_LN2_LOW 0x1.473de6af278edp-34

/* (exp(r) - 1 - r - r^2/2)/r^3 for |r| <= log(2)/2, a best polynomial of degree 9. */
EVSIM_INLINE double evsim_exp_tail(double r) {
    const double r2 = r * r, r4 = r2 * r2;
    const double c01 = 0x1.5555555555559p-3 + 0x1.5555555555549p-5 * r;
    const double c23 = 0x1.111111110f7e8p-7 + 0x1.6c16c16c1cd06p-10 * r;
    const double c45 = 0x1.a01a01af77abap-13 + 0x1.a01a0182fd233p-16 * r;
    const double c67 = 0x1.71ddf94df27f4p-19 + 0x1.27e52b3abf55p-22 * r;
    const double c89 = 0x1.af5d2bb321e2dp-26 + 0x1.1ef514ddd64c4p-29 * r;
    return (c01 + c23 * r2) + r4 * ((c45 + c67 * r2) + c89 * r4);
}

/* exp(x + more), where `more` is at most the rounding error of x.
 *
 * x = k log(2) + (high - low). exp(x) = 2^k exp(high - low) = 2^k (sum + rest), where the sum is
 * 1 + high, rounded. The scale comes in two halves: results may overflow, or be subnormal. */
EVSIM_INLINE double evsim_exp_of_sum(double x, double more) {
    const double less = 710.0 < x ? 710.0 : x; /* a NaN stays */
    const double inside = -746.0 > less ? -746.0 : less;
    const double bias = EVSIM_ROUNDING + 2046.0; /* twice that of exponents */
    const double shifted = inside * EVSIM_LOG2_E + bias;
    const double k = shifted - bias;
    const double high = inside - k * EVSIM_LN2_HIGH, low = k * EVSIM_LN2_LOW - more;
    const double sum = 1.0 + high;
    const double rest = ((1.0 - sum) + high) - low;
    const uint64_t exponent = evsim_bits(shifted), half = exponent >> 1;
    const double scale = evsim_from_bits(half << 52);
    const double other = evsim_from_bits((exponent - half) << 52);
    const double r = high - low, tail = r * r * (0.5 + r * evsim_exp_tail(r));
    return (sum + (rest + tail)) * scale * other;
}

EVSIM_INLINE double evsim_exp(double x) { return evsim_exp_of_sum(x, 0.0); }

#endif
