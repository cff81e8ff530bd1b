/* Poisson counts for the core; see kernel/poisson.h. */
#include "random.h"

#include "error.h"
#include "kernel/poisson.h"

int64_t random_poisson(struct random_stream *s, double mean) {
    const int64_t count = poisson_count(s, mean);
    return count < 0 ? EVSIM_BAD_ARGUMENT : count;
}
