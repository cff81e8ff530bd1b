/* exp, without branches, below 0.7 units in the last place. */
#ifndef EVSIM_KERNEL_EXP_H
#define EVSIM_KERNEL_EXP_H

#include "bits.h"

#define EVSIM_LOG2_E 0x1.71547652b82fep+0
/* log(2) in two parts: multiples up to 2^20 of the first are exact. */
#define EVSIM_LN2_HIGH 0x1.62e42fefp-1
#define EVSIM_LN2_LOW 0x1.473de6af278edp-34

/* exp(r) - 1 - r for |r| <= log(2)/2: r^2/2 + r^3 times a best polynomial of degree 8. */
EVSIM_INLINE double evsim_exp_tail(double r) {
    const double r2 = r * r, r4 = r2 * r2;
    const double c01 = 0x1.5555555555501p-3 + 0x1.5555555553207p-5 * r;
    const double c23 = 0x1.1111111128899p-7 + 0x1.6c16c17cc2f59p-10 * r;
    const double c45 = 0x1.a01a011c18143p-13 + 0x1.a019ab2dfe07ep-16 * r;
    const double c67 = 0x1.71df555bcdabdp-19 + 0x1.289f8a07b1f23p-22 * r;
    const double low = c01 + c23 * r2;
    const double high = c45 + c67 * r2 + 0x1.ad1fea1fd16d8p-26 * r4;
    return r2 * (0.5 + r * (low + r4 * high));
}

/* x = k log(2) + (high - low). exp(x) = 2^k exp(high - low) = 2^k (sum + rest), where the sum is
 * 1 + high, rounded. The scale comes in two halves: results may overflow, or be subnormal. */
EVSIM_INLINE double evsim_exp(double x) {
    const double less = 710.0 < x ? 710.0 : x; /* a NaN stays */
    const double inside = -746.0 > less ? -746.0 : less;
    const double bias = EVSIM_ROUNDING + 2046.0; /* twice that of exponents */
    const double shifted = inside * EVSIM_LOG2_E + bias;
    const double k = shifted - bias;
    const double high = inside - k * EVSIM_LN2_HIGH, low = k * EVSIM_LN2_LOW;
    const double sum = 1.0 + high;
    const double rest = ((1.0 - sum) + high) - low;
    const uint64_t exponent = evsim_bits(shifted), half = exponent >> 1;
    const double scale = evsim_from_bits(half << 52);
    const double other = evsim_from_bits((exponent - half) << 52);
    return (sum + (rest + evsim_exp_tail(high - low))) * scale * other;
}

#endif
