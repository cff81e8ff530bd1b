/* The smallest test frame: checks that count and say where they fail, and allocations that fail on
 * demand. */
#ifndef EVSIM_CHECK_H
#define EVSIM_CHECK_H

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#ifndef EVSIM_TEST_ALLOCATION
#error "compile the core and its tests with -DEVSIM_TEST_ALLOCATION: they let allocations fail"
#endif

static int checks_passed, checks_failed;

static inline int check_count(int holds, const char *file, int line, const char *text) {
    if (holds)
        checks_passed++;
    else if (++checks_failed <= 20)
        printf("%s:%d: %s\n", file, line, text);
    return holds;
}

static inline void check_equal(int64_t a, int64_t b, const char *file, int line, const char *text) {
    if (!check_count(a == b, file, line, text) && checks_failed <= 20)
        printf("    %" PRId64 " is not %" PRId64 "\n", a, b);
}

static inline void check_near(double a, double b, double tolerance, const char *file, int line,
                              const char *text) {
    if (!check_count(fabs(a - b) <= tolerance, file, line, text) && checks_failed <= 20)
        printf("    %.17g is not %.17g within %g\n", a, b, tolerance);
}

#define CHECK(condition) check_count(!!(condition), __FILE__, __LINE__, #condition)
#define CHECK_EQUAL(a, b) check_equal((int64_t)(a), (int64_t)(b), __FILE__, __LINE__, #a " == " #b)
#define CHECK_NEAR(a, b, tolerance) check_near(a, b, tolerance, __FILE__, __LINE__, #a " ~ " #b)

/* For the end of main: prints the counts; the exit code. A test without checks fails. */
static inline int check_report(const char *name) {
    printf("%s: %d passed, %d failed\n", name, checks_passed, checks_failed);
    return checks_failed > 0 || checks_passed == 0;
}

/* The allocation after `allocations_left` more ones fails, and all after it; -1: none fails. */
static int64_t allocations_left = -1;

int test_allocation_fails(void); /* for allocation.h */
int test_allocation_fails(void) {
    if (allocations_left > 0)
        allocations_left--;
    return allocations_left == 0;
}

#endif
