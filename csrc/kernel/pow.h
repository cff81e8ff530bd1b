/* Real powers without branches, below 0.7 units in the last place, with the edges of <math.h>. */
#ifndef EVSIM_KERNEL_POW_H
#define EVSIM_KERNEL_POW_H

#include "log.h"

/* log(1 + f) to some 68 bits.
 *
 * With s = f/(2 + f) as a pair: 2s + s w, where w = s^2 g, and g = 2/3 + s^2 (2/5 + ...), two terms
 * and a best polynomial. First parts of 26 bits make the leading products exact. */
EVSIM_INLINE struct evsim_pair evsim_log_pair(double f) {
    const struct evsim_pair s = evsim_ratio((struct evsim_pair){f, 0.0}, evsim_pair_of(2.0, f));
    const double square = s.high * s.high;
    const struct evsim_pair z = evsim_pair_of(square, (s.high + s.high + s.low) * s.low);
    const double z2 = z.high * z.high;
    const double c01 = 0x1.24924924927cbp-2 + 0x1.c71c71c65a657p-3 * z.high;
    const double c23 = 0x1.745d17d72f2dfp-3 + 0x1.3b1378434e76p-3 * z.high;
    const double c45 = 0x1.111dcc097107dp-3 + 0x1.de9ee769fbfa6p-4 * z.high;
    const double tail = z.high * (c01 + z2 * (c23 + z2 * (c45 + z2 * 0x1.e7dc9c4339bdap-4)));
    const struct evsim_pair g =
        evsim_pair_of(0x1.5555555555555p-1, z.high * (0x1.999999999999ap-2 + tail));
    const struct evsim_pair w =
        evsim_product(z, (struct evsim_pair){g.high, g.low + 0x1.5555555555555p-55});
    const double head = evsim_first_26(w.high), more = (w.high - head) + w.low;
    const struct evsim_pair sum = evsim_pair_of(2.0 * s.high, s.high * head);
    return evsim_pair_of(sum.high, sum.low + (2.0 * s.low + (s.high * more + s.low * w.high)));
}

/* x^a for 0 < x < inf. An `a` beyond 2^70 does what 2^70 does. */
EVSIM_INLINE double evsim_pow_inside(double x, double a) {
    const struct evsim_octave octave = evsim_octave_of(x);
    const struct evsim_pair log_1f = evsim_log_pair(octave.f);
    const struct evsim_pair sum = evsim_pair_of(octave.k * EVSIM_LN2_HIGH, log_1f.high);
    const struct evsim_pair log_x =
        evsim_pair_of(sum.high, sum.low + (log_1f.low + octave.k * EVSIM_LN2_LOW));
    const double less = 0x1p70 < a ? 0x1p70 : a, power = -0x1p70 > less ? -0x1p70 : less;
    const struct evsim_pair product = evsim_product((struct evsim_pair){power, 0.0}, log_x);
    return evsim_exp_of_sum(product.high, fabs(product.high) < 800.0 ? product.low : 0.0);
}

/* -1 for odd integers, 1 for even ones, NaN for all else; doubles from 2^53 on are even. */
EVSIM_INLINE double evsim_parity(double a) {
    const double size = fabs(a), half = 0.5 * size;
    const int is_integer = size >= 0x1p52 || (size + 0x1p52) - 0x1p52 == size;
    const int is_even = half >= 0x1p52 || (half + 0x1p52) - 0x1p52 == half;
    const double sign = is_even ? 1.0 : -1.0;
    return is_integer ? sign : NAN;
}

EVSIM_INLINE double evsim_pow(double x, double a) {
    const double size = fabs(x), inside = evsim_pow_inside(size, a);
    const double at_edge = (size > 1.0) == (a > 0.0) ? INFINITY : 0.0;
    const double value = size > 0.0 && size < INFINITY ? inside : at_edge;
    const double parity = evsim_parity(a);
    const double turned = parity < 0.0 ? -value : value;
    const double at_ends = size > 0.0 && size < INFINITY && parity != parity ? NAN : turned;
    const double is_signed = copysign(1.0, x) < 0.0 ? at_ends : value;
    const double number = x == x && a == a ? is_signed : NAN;
    return a == 0.0 || x == 1.0 ? 1.0 : number;
}

#endif
