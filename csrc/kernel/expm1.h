/* exp(x) - 1 and what is made of it, without branches, below 0.65 units in the last place:
 * evsim_expm1, evsim_exprel, evsim_tanh. */
#ifndef EVSIM_KERNEL_EXPM1_H
#define EVSIM_KERNEL_EXPM1_H

#include "exp.h"

/* 2^-12 (exp(x) - 1) for -44 <= x <= 717; scaled, for exprel(x) may be finite where exp(x) is not.
 *
 * As in evsim_exp, with the leading terms 2^k, 1, 2^k r and 2^k r^2/2 added up in pairs. Where the
 * 1 is less than the last place of 2^k, it comes late. */
EVSIM_INLINE struct evsim_pair evsim_expm1_scaled(double x) {
    const double bias = EVSIM_ROUNDING + 1023.0 - 12.0;
    const double shifted = x * EVSIM_LOG2_E + bias;
    const double k = shifted - bias;
    const double high = x - k * EVSIM_LN2_HIGH, low = k * EVSIM_LN2_LOW, r = high - low;
    const double scale = evsim_from_bits(evsim_bits(shifted) << 52);
    const double early = x < 30.0 ? 0x1p-12 : 0.0, late = 0x1p-12 - early;
    const struct evsim_pair half = evsim_half_square(r);
    const struct evsim_pair base = evsim_pair_of(-early, scale);
    const struct evsim_pair line = evsim_pair_of(base.high, scale * high);
    const struct evsim_pair sum = evsim_pair_of(line.high, scale * half.high);
    const double tail = half.low + r * ((high - r) - low) + r * r * r * evsim_exp_tail(r);
    return evsim_pair_of(sum.high,
                         sum.low + (line.low + (base.low + (scale * (tail - low) - late))));
}

EVSIM_INLINE double evsim_expm1(double x) {
    const double less = 710.0 < x ? 710.0 : x;
    const double value = evsim_expm1_scaled(-40.0 > less ? -40.0 : less).high * 0x1p12;
    return fabs(x) < 0x1p-54 ? x : value;
}

/* (exp(x) - 1)/x, and 1 at 0. */
EVSIM_INLINE double evsim_exprel(double x) {
    const double less = 717.0 < x ? 717.0 : x;
    const struct evsim_pair change = evsim_expm1_scaled(-40.0 > less ? -40.0 : less);
    const struct evsim_pair ratio = evsim_ratio(change, (struct evsim_pair){less, 0.0});
    const double value = x < -1e3 ? -1.0 / x : (ratio.high + ratio.low) * 0x1p12;
    return fabs(x) < 0x1p-54 ? 1.0 : value;
}

/* tanh |x| = -c/(2 + c) with c = exp(-2 |x|) - 1. */
EVSIM_INLINE double evsim_tanh(double x) {
    const double size = fabs(x);
    const struct evsim_pair change = evsim_expm1_scaled(-2.0 * (20.0 < size ? 20.0 : size));
    const double sum = 0x1p-11 + change.high;
    const struct evsim_pair below = {sum, ((0x1p-11 - sum) + change.high) + change.low};
    const struct evsim_pair ratio = evsim_ratio(change, below); /* negative */
    return size < 0x1p-28 ? x : copysign(ratio.high + ratio.low, x);
}

#endif
