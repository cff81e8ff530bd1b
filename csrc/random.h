/* Random numbers of the core: those of kernel/random.h, and Poisson counts. */
#ifndef EVSIM_RANDOM_H
#define EVSIM_RANDOM_H

#include "kernel/random.h"

/* A Poisson count of the given mean, for 0 <= mean <= 2^50; EVSIM_BAD_ARGUMENT for any other mean,
 * also NaN. */
int64_t random_poisson(struct random_stream *s, double mean);

#endif
