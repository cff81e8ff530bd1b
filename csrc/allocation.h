/* All memory of the core comes from these three functions, so that tests can let the n-th call
 * fail.
 *
 * Sizes are a count times the size of one; a product that does not fit is a failed allocation.
 * Whatever they return ends with free(). Compiled with -DEVSIM_TEST_ALLOCATION, every call first
 * asks the test. */
#ifndef EVSIM_ALLOCATION_H
#define EVSIM_ALLOCATION_H

#include <stdint.h>
#include <stdlib.h>

#ifdef EVSIM_TEST_ALLOCATION
int test_allocation_fails(void); /* the test defines it; see tests/check.h */
#else
static inline int test_allocation_fails(void) { return 0; }
#endif

static inline int allocation_refused(size_t n, size_t size) {
    return (size != 0 && n > SIZE_MAX / size) || test_allocation_fails();
}

/* Uninitialised room for n objects; NULL when there is none, never for n = 0. */
static inline void *allocate(size_t n, size_t size) {
    if (allocation_refused(n, size))
        return NULL;
    return malloc(n * size + (n * size == 0));
}

/* Zeroed room for n objects. */
static inline void *allocate_zeroed(size_t n, size_t size) {
    if (allocation_refused(n, size))
        return NULL;
    return calloc(n + (n == 0), size + (size == 0));
}

/* Room for n objects that begins with what `old` held; on failure NULL, and `old` is as it was. */
static inline void *reallocate(void *old, size_t n, size_t size) {
    if (allocation_refused(n, size))
        return NULL;
    return realloc(old, n * size + (n * size == 0));
}

#endif
