/* Logarithms without branches, below 0.7 units in the last place: evsim_log, evsim_log1p. */
#ifndef EVSIM_KERNEL_LOG_H
#define EVSIM_KERNEL_LOG_H

#include "exp.h"

/* x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2); for 0 < x < inf. */
struct evsim_octave {
    double k, f;
};

EVSIM_INLINE struct evsim_octave evsim_octave_of(double x) {
    const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd), one = UINT64_C(0x3ff0000000000000);
    const uint64_t fraction = UINT64_C(0x000fffffffffffff);
    const int is_small = x < 0x1p-1022;
    const uint64_t bits = evsim_bits(is_small ? x * 0x1p54 : x) + (one - root_half);
    const double exponent = evsim_from_bits((bits >> 52) | UINT64_C(0x4330000000000000));
    const double k = exponent - (is_small ? 0x1p52 + 1023.0 + 54.0 : 0x1p52 + 1023.0);
    return (struct evsim_octave){k, evsim_from_bits((bits & fraction) + root_half) - 1.0};
}

/* k log(2) + log(1 + f) + more, for a small `more`.
 *
 * With s = f/(2 + f): log(1 + f) = log((1 + s)/(1 - s)) = 2s + s r, where r is s^2 times a best
 * polynomial in s^2. And 2s = f - f^2/2 + s f^2/2, the leading terms as pairs. */
EVSIM_INLINE double evsim_log_of_octave(struct evsim_octave x, double more) {
    const double s = x.f / (2.0 + x.f), z = s * s, z2 = z * z;
    const double c01 = 0x1.5555555555592p-1 + 0x1.999999997fe6dp-2 * z;
    const double c23 = 0x1.24924941e843ap-2 + 0x1.c71c520fbde34p-3 * z;
    const double c45 = 0x1.74663dc22e6e2p-3 + 0x1.39a1d48a6a8fbp-3 * z;
    const double r = z * (c01 + z2 * (c23 + z2 * (c45 + z2 * 0x1.2f048396824ffp-3)));
    const struct evsim_pair half = evsim_half_square(x.f);
    const struct evsim_pair line = evsim_pair_of(x.k * EVSIM_LN2_HIGH, x.f);
    const struct evsim_pair sum = evsim_pair_of(line.high, -half.high);
    const double rest = s * (half.high + (half.low + r)) + (x.k * EVSIM_LN2_LOW + more);
    return sum.high + (sum.low + (line.low + (rest - half.low)));
}

/* What a logarithm is where there is no octave: infinite at 0 and infinity, else NaN. */
EVSIM_INLINE double evsim_log_beyond(double x) {
    const double at_most_zero = x < 0.0 ? NAN : -INFINITY;
    return x <= 0.0 ? at_most_zero : x;
}

EVSIM_INLINE double evsim_log(double x) {
    const double value = evsim_log_of_octave(evsim_octave_of(x), 0.0);
    const double beyond = evsim_log_beyond(x);
    return x > 0.0 && x < INFINITY ? value : beyond;
}

/* log(1 + x): what rounding takes from the sum is brought back, or x is f. */
EVSIM_INLINE double evsim_log1p(double x) {
    const double sum = 1.0 + x, rest = (1.0 - (sum - (sum - 1.0))) + (x - (sum - 1.0));
    const struct evsim_octave octave = evsim_octave_of(sum);
    const struct evsim_octave near = {octave.k, octave.k == 0.0 ? x : octave.f};
    const double value = evsim_log_of_octave(near, octave.k == 0.0 ? 0.0 : rest / sum);
    const double beyond = evsim_log_beyond(sum);
    const double inside = sum > 0.0 && sum < INFINITY ? value : beyond;
    return fabs(x) < 0x1p-54 ? x : inside;
}

#endif
