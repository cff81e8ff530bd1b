/* Poisson counts of any mean, exact in distribution up to the rounding of doubles.
 *
 * Small means: inversion, one uniform, adding up probabilities from zero. Large means: the
 * transformed rejection PTRS (Hoermann 1993, "The transformed rejection method for generating
 * Poisson random variables"), with log probabilities in the saddle-point form of Loader 2000, which
 * does not cancel however large the mean. exp, log and sqrt come from the C library: where two
 * libraries differ in the last bit, one draw in about 1e15 may differ. */
#ifndef EVSIM_KERNEL_POISSON_H
#define EVSIM_KERNEL_POISSON_H

#include <math.h>

#include "random.h"

#define EVSIM_LARGEST_MEAN 0x1p50
#define EVSIM_INVERSION_BELOW 10.0
#define EVSIM_HALF_LOG_2_PI 0.91893853320467274178

/* For mean < 10. Where the terms are below 2^-60 a double u has nothing left to tell apart. */
static inline int64_t poisson_by_inversion(struct random_stream *s, double mean) {
    double u = random_unit_next(s);
    double probability = exp(-mean);
    int64_t k = 0;
    while (u > probability && probability > 0x1p-60) {
        u -= probability;
        k++;
        probability *= mean / (double)k;
    }
    return k;
}

/* log(k!) for k < 16, where k! is exact. */
static inline double log_small_factorial(double k) {
    double product = 1;
    for (double i = 2; i <= k; i++)
        product *= i;
    return log(product);
}

/* log(k!) - log(sqrt(2 pi k) (k/e)^k) for k >= 16: Stirling's series. */
static inline double stirling_rest(double k) {
    double q = 1 / (k * k);
    return (1 / 12.0 - (1 / 360.0 - (1 / 1260.0 - (1 / 1680.0 - q / 1188) * q) * q) * q) / k;
}

/* k log(k/mean) + mean - k >= 0, without cancellation where k is near the mean. */
static inline double deviance(double k, double mean) {
    double difference = k - mean;
    if (fabs(difference) >= 0.1 * (k + mean))
        return k * log(k / mean) - difference;
    double v = difference / (k + mean);
    double sum = difference * v, term = 2 * k * v, before = -1;
    for (int j = 1; sum != before; j++) {
        before = sum;
        term *= v * v;
        sum += term / (2 * j + 1);
    }
    return sum;
}

static inline double log_poisson(double k, double mean) {
    if (k < 16)
        return k * log(mean) - mean - log_small_factorial(k);
    return -deviance(k, mean) - stirling_rest(k) - EVSIM_HALF_LOG_2_PI - 0.5 * log(k);
}

/* For mean >= 10. `k` is a double until it is accepted: a rare proposal is too large for an
 * integer. */
static inline int64_t poisson_by_rejection(struct random_stream *s, double mean) {
    double b = 0.931 + 2.53 * sqrt(mean);
    double a = -0.059 + 0.02483 * b;
    double log_inverse_alpha = log(1.1239 + 1.1328 / (b - 3.4));
    double sure = 0.9277 - 3.6224 / (b - 2);
    for (;;) {
        double u = random_unit_next(s) - 0.5;
        double v = random_unit_next(s);
        double edge = 0.5 - fabs(u);
        double k = floor((2 * a / edge + b) * u + mean + 0.43);
        if (edge >= 0.07 && v <= sure)
            return (int64_t)k;
        if (k < 0 || (edge < 0.013 && v > edge))
            continue;
        if (log(v) + log_inverse_alpha - log(a / (edge * edge) + b) <= log_poisson(k, mean))
            return (int64_t)k;
    }
}

/* A Poisson count of the given mean; -1 for a mean that is not in 0 ... 2^50. */
static inline int64_t poisson_count(struct random_stream *s, double mean) {
    if (!(mean >= 0 && mean <= EVSIM_LARGEST_MEAN))
        return -1;
    return mean < EVSIM_INVERSION_BELOW ? poisson_by_inversion(s, mean)
                                        : poisson_by_rejection(s, mean);
}

#endif
