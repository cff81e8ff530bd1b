/* sin and cos without branches, below 0.9 units in the last place, for |x| <= 2^30, where doubles
 * are 2^-22 apart; NaN beyond. */
#ifndef EVSIM_KERNEL_SIN_H
#define EVSIM_KERNEL_SIN_H

#include "bits.h"

#define EVSIM_SIN_LIMIT 0x1p30
#define EVSIM_TWO_OVER_PI 0x1.45f306dc9c883p-1
#define EVSIM_HALF_PI 0x1.921fb54442d18p+0

/* An angle as quarters of the circle, counted modulo 4 in the low bits, and at most an eighth more
 * or less. */
struct evsim_angle {
    struct evsim_pair rest;
    uint64_t quarters;
};

/* Takes off k pi/2 in five parts (Cody and Waite). Products with the first four, of 23 bits each,
 * are exact, and so are the differences as pairs: where one cancels, it has few bits. */
EVSIM_INLINE struct evsim_angle evsim_angle_of(double x) {
    const double shifted = x * EVSIM_TWO_OVER_PI + EVSIM_ROUNDING, k = shifted - EVSIM_ROUNDING;
    const double second = (x - k * 0x1.921fb4p+0) - k * 0x1.4442dp-24;
    const struct evsim_pair third = evsim_pair_of(second, k * -0x1.84698p-48);
    const struct evsim_pair fourth = evsim_pair_of(third.high, k * -0x1.3198ap-69);
    const double low = (third.low + fourth.low) - k * 0x1.701b839a25205p-92;
    return (struct evsim_angle){evsim_pair_of(fourth.high, low), evsim_bits(shifted)};
}

/* The sine of at most an eighth of the circle. */
EVSIM_INLINE double evsim_sin_of_rest(struct evsim_pair r) {
    const double z = r.high * r.high, z2 = z * z;
    const double c01 = -0x1.5555555555548p-3 + 0x1.111111110f7cap-7 * z;
    const double c23 = -0x1.a01a019bfd18dp-13 + 0x1.71de35671439bp-19 * z;
    const double c45 = -0x1.ae5e59f7a3c68p-26 + 0x1.5d8fa3d6494d1p-33 * z;
    const double tail = z * (c01 + z2 * (c23 + z2 * c45));
    return r.high + (r.high * tail + (r.low - r.low * (0.5 * z)));
}

/* The cosine of at most an eighth of the circle: 1 - r^2/2 + ..., with r^2 as a pair. */
EVSIM_INLINE double evsim_cos_of_rest(struct evsim_pair r) {
    const double z = r.high * r.high, z2 = z * z;
    const double c01 = 0x1.555555555554bp-5 - 0x1.6c16c16c14f8ap-10 * z;
    const double c23 = 0x1.a01a019c8399p-16 - 0x1.27e4f7ea3cf96p-22 * z;
    const double c45 = 0x1.1ee9d756048b5p-29 - 0x1.8fa467a131ccp-37 * z;
    const double tail = z2 * (c01 + z2 * (c23 + z2 * c45));
    const double head = evsim_first_26(r.high), more = r.high - head;
    const struct evsim_pair sum = evsim_pair_of(1.0, -0.5 * head * head);
    return sum.high + (sum.low + (tail - (0.5 * (r.high + head) * more + r.high * r.low)));
}

/* The sine after so many quarters of the circle, given sine and cosine of the rest. */
EVSIM_INLINE double evsim_after_quarters(double sine, double cosine, uint64_t quarters) {
    const uint64_t is_odd = 0 - (quarters & 1);
    const uint64_t chosen = (evsim_bits(sine) & ~is_odd) | (evsim_bits(cosine) & is_odd);
    return evsim_from_bits(chosen ^ ((quarters & 2) << 62));
}

EVSIM_INLINE double evsim_sin(double x) {
    const struct evsim_angle a = evsim_angle_of(x);
    const double sine = evsim_sin_of_rest(a.rest), cosine = evsim_cos_of_rest(a.rest);
    const double value = evsim_after_quarters(sine, cosine, a.quarters);
    const double inside = fabs(x) < 0x1p-27 ? x : value;
    return fabs(x) <= EVSIM_SIN_LIMIT ? inside : NAN;
}

EVSIM_INLINE double evsim_cos(double x) {
    const struct evsim_angle a = evsim_angle_of(x);
    const double sine = evsim_sin_of_rest(a.rest), cosine = evsim_cos_of_rest(a.rest);
    const double value = evsim_after_quarters(sine, cosine, a.quarters + 1);
    return fabs(x) <= EVSIM_SIN_LIMIT ? value : NAN;
}

#endif
