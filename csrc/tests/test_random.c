/* Philox against its published vectors, streams against another implementation, normal numbers and
 * Poisson counts against their laws. */
#include "../random.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "check.h"

/* --- the generator --- */

/* From the file kat_vectors of Random123: philox4x32 10. */
static const struct {
    uint32_t counter[4], key[2], out[4];
} known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void test_philox_gives_the_published_blocks(void) {
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t out[4];
        random_block(known[i].key, known[i].counter, out);
        CHECK(memcmp(out, known[i].out, sizeof out) == 0);
    }
}

static void test_units_lie_strictly_between_zero_and_one(void) {
    CHECK(random_unit(0, 0) == 0x1p-54);
    CHECK(random_unit(0, 1u << 11) == 0x1p-53);
    CHECK(random_unit(0x80000000u, 0) == 0.5);
    CHECK(random_unit(UINT32_MAX, UINT32_MAX) == 1 - 0x1p-53);
}

static void test_units_in_vectors_are_the_same(void) {
    uint32_t hi = 1, lo = 2;
    for (int i = 0; i < 100000; i++) {
        hi = hi * 1664525u + 1013904223u;
        lo = lo * 22695477u + 1u;
        CHECK(random_unit_in_vector(hi >> i % 33 % 32, lo) == random_unit(hi >> i % 33 % 32, lo));
    }
    CHECK(random_unit_in_vector(0, 0) == random_unit(0, 0));
    CHECK(random_unit_in_vector(0, 2047) == random_unit(0, 2047));
    CHECK(random_unit_in_vector(UINT32_MAX, UINT32_MAX) == random_unit(UINT32_MAX, UINT32_MAX));
}

/* --- streams --- */

/* The figures are from an implementation in Python integers. */
static void test_a_stream_gives_the_doubles_of_another_implementation(void) {
    const double expected[5] = {0x1.859470662c70dp-1, 0x1.a015b16623748p-3, 0x1.5eaacd26bd400p-9,
                                0x1.c7ec98d650040p-2, 0x1.778c659f5fff1p-1};
    struct random_stream s;
    random_stream_start(&s, 0x123456789ABCDEF0u, 7, 42, -3);
    for (int i = 0; i < 5; i++)
        CHECK(random_unit_next(&s) == expected[i]);
}

static void test_ten_thousand_doubles_have_the_sum_of_another_implementation(void) {
    struct random_stream s;
    uint64_t sum = 0;
    random_stream_start(&s, 1, 2, 3, 4);
    for (int i = 0; i < 10000; i++)
        sum += (uint64_t)(random_unit_next(&s) * 0x1p53);
    CHECK(sum == UINT64_C(8533434070555150255));
}

static void test_every_key_number_makes_another_stream(void) {
    static const struct {
        uint64_t seed;
        uint32_t object, element;
        int64_t step;
    } keys[] = {
        {1, 1, 1, 1}, {2, 1, 1, 1},  {1 + (UINT64_C(1) << 32), 1, 1, 1}, {1, 2, 1, 1}, {1, 1, 2, 1},
        {1, 1, 1, 2}, {1, 1, 1, -1}, {1, 1, 1, 1 + (INT64_C(1) << 32)}};
    enum { N = sizeof keys / sizeof keys[0] };
    double first[N];
    for (int i = 0; i < N; i++) {
        struct random_stream s;
        random_stream_start(&s, keys[i].seed, keys[i].object, keys[i].element, keys[i].step);
        first[i] = random_unit_next(&s);
        for (int j = 0; j < i; j++)
            CHECK(first[i] != first[j]);
    }
}

static void test_a_copied_stream_goes_on_like_its_original(void) {
    struct random_stream a, b;
    random_stream_start(&a, 9, 8, 7, 6);
    for (int i = 0; i < 3; i++)
        random_unit_next(&a);
    b = a;
    for (int i = 0; i < 10; i++)
        CHECK(random_unit_next(&a) == random_unit_next(&b));
}

/* --- distributions --- */

/* A chi-square value as a number that is nearly standard normal (Wilson and Hilferty 1931). */
static double normal_score(double chi_square, double freedom) {
    double c = 2 / (9 * freedom);
    return (cbrt(chi_square / freedom) - (1 - c)) / sqrt(c);
}

static void test_first_doubles_of_many_streams_are_uniform(void) {
    enum { N = 100000, BINS = 100 };
    int count[BINS] = {0};
    double chi_square = 0;
    for (int64_t i = 0; i < N; i++) { /* neighbouring elements and steps */
        struct random_stream s;
        random_stream_start(&s, 5, 1, (uint32_t)(i % 100), i / 100);
        count[(int)(random_unit_next(&s) * BINS)]++;
    }
    for (int k = 0; k < BINS; k++)
        chi_square += pow(count[k] - N / BINS, 2) / (N / BINS);
    CHECK_NEAR(normal_score(chi_square, BINS - 1), 0, 4);
}

/* --- normal numbers --- */

enum { NORMALS = 1000000 };

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Both numbers of neighbouring elements. */
static double *normals(void) {
    double *x = malloc(NORMALS * sizeof *x);
    const uint32_t key[2] = {17, 4};
    for (uint32_t i = 0; x != NULL && i < NORMALS / 2; i++) {
        const uint32_t counter[4] = {i, 0, 3, 0};
        uint32_t block[4];
        random_block(key, counter, block);
        random_normal_pair(block, x + 2 * i);
    }
    return x;
}

/* The moments of the normal law are 0, 1, 0, 3, 0, 15, 0, 105; a mean of the k-th powers has the
 * variance (moment 2k - square of moment k)/n. */
static void test_normal_numbers_have_the_moments_of_their_law(void) {
    static const double moments[] = {1, 0, 1, 0, 3, 0, 15, 0, 105, 0, 945, 0, 10395};
    double *x = normals(), sums[7] = {0}, product = 0;
    for (int i = 0; x != NULL && i < NORMALS; i++) {
        double power = 1;
        for (int k = 1; k <= 6; k++)
            sums[k] += power *= x[i];
        product += i % 2 ? x[i] * x[i - 1] : 0;
    }
    for (int k = 1; k <= 6; k++) {
        const double variance = moments[2 * k] - moments[k] * moments[k];
        CHECK_NEAR(sums[k] / NORMALS, moments[k], 4 * sqrt(variance / NORMALS));
    }
    CHECK_NEAR(product / (NORMALS / 2), 0, 4 / sqrt(NORMALS / 2));
    free(x);
}

/* Kolmogorov's distance is above 1.95/sqrt(n) once in a thousand trials; tails are counted. */
static void test_normal_numbers_follow_their_law(void) {
    double *x = normals(), distance = 0;
    CHECK(x != NULL);
    qsort(x, NORMALS, sizeof *x, ascending);
    for (int i = 0; i < NORMALS; i++) {
        const double below = 0.5 * erfc(-x[i] / sqrt(2.0));
        distance =
            fmax(distance, fmax(below - i / (double)NORMALS, (i + 1) / (double)NORMALS - below));
    }
    CHECK(distance > 0 && distance < 1.95 / sqrt(NORMALS));
    for (double edge = 1; edge < 4.5; edge += 0.5) {
        int beyond[2] = {0};
        for (int i = 0; i < NORMALS; i++)
            beyond[x[i] > 0] += fabs(x[i]) > edge;
        const double expected = NORMALS * 0.5 * erfc(edge / sqrt(2.0));
        CHECK_NEAR(beyond[0], expected, 4 * sqrt(expected));
        CHECK_NEAR(beyond[1], expected, 4 * sqrt(expected));
    }
    free(x);
}

/* The radius r is exceeded with probability exp(-r^2/2), to the last of 53 bits. */
static void test_the_far_tail_of_normal_numbers(void) {
    for (int bits = 1; bits <= 53; bits++) {
        const uint64_t first = UINT64_C(1) << (64 - bits); /* the unit is 2^-bits */
        const uint32_t block[4] = {(uint32_t)(first >> 32), (uint32_t)first, 0, 0};
        double pair[2];
        random_normal_pair(block, pair);
        CHECK_NEAR(pair[0] / sqrt(2 * bits * log(2)), 1, 3e-16);
        CHECK(random_normal(block) == pair[0]);
    }
    const uint32_t zero[4] = {0}, last[4] = {UINT32_MAX, UINT32_MAX, 0, 0};
    CHECK_NEAR(random_normal(zero), sqrt(108 * log(2)), 1e-14);
    CHECK_NEAR(random_normal(last), sqrt(2 * 0x1p-53), 1e-23);
}

static void test_normal_numbers_turn_with_the_angle(void) {
    for (uint32_t i = 0; i < 1024; i++) {
        const uint32_t block[4] = {UINT32_C(0x9B4597E3), 0, i << 22, 0}; /* exp(-1/2) in 32 bits */
        const double angle = 6.283185307179586477 * (i == 0 ? 0x1p-54 : i / 1024.0);
        double pair[2];
        random_normal_pair(block, pair);
        CHECK_NEAR(pair[0], cos(angle), 1e-9);
        CHECK_NEAR(pair[1], sin(angle), 1e-9);
    }
}

/* --- Poisson counts --- */

static void test_poisson_mean_and_variance(void) {
    static const double means[] = {0.01, 0.5, 1, 9.99, 10, 30, 1e4, 1e9, 1e15};
    enum { N = 100000 };
    for (size_t i = 0; i < sizeof means / sizeof means[0]; i++) {
        double mean = means[i], sum = 0, squares = 0;
        struct random_stream s;
        random_stream_start(&s, 2024, 1, (uint32_t)i, 0);
        for (int k = 0; k < N; k++) {
            double d = (double)random_poisson(&s, mean) - mean;
            sum += d;
            squares += d * d;
        }
        double variance = squares / N - (sum / N) * (sum / N);
        CHECK_NEAR(sum / N, 0, 4 * sqrt(mean / N));
        CHECK_NEAR(variance, mean, 4 * sqrt((mean + 2 * mean * mean) / N));
    }
}

/* Draws against lgamma probabilities; neighbouring counts are pooled until 20 draws are expected.
 */
static void check_poisson_law(double mean, int n) {
    double sd = sqrt(mean);
    int64_t low = mean > 60 ? (int64_t)(mean - 8 * sd) : 0, high = (int64_t)(mean + 9 * sd + 30);
    int *count = calloc((size_t)(high - low + 1), sizeof *count);
    struct random_stream s;
    random_stream_start(&s, 11, 22, 33, (int64_t)(mean * 1000));
    for (int k = 0; k < n; k++) {
        int64_t draw = random_poisson(&s, mean);
        if (CHECK(draw >= low && draw <= high))
            count[draw - low]++;
    }
    double chi_square = 0, expected = 0, observed = 0, left = n;
    int bins = 0;
    for (int64_t k = low; k <= high; k++) {
        expected += n * exp((double)k * log(mean) - mean - lgamma((double)k + 1));
        observed += count[k - low];
        if ((expected < 20 || left - expected < 20) && k < high)
            continue;
        chi_square += (observed - expected) * (observed - expected) / expected;
        left -= expected;
        expected = observed = 0;
        bins++;
    }
    free(count);
    CHECK(bins >= 2);
    CHECK_NEAR(normal_score(chi_square, bins - 1), 0, 4);
}

static void test_poisson_counts_follow_their_law(void) {
    static const double means[] = {0.01, 1, 9.99, 10, 30, 300, 1e4};
    for (size_t i = 0; i < sizeof means / sizeof means[0]; i++)
        check_poisson_law(means[i], 300000);
}

/* Zero has probability 4.54e-5 at mean 10: rare enough to hide in a pooled bin, so it is counted
 * alone. */
static void test_rejection_reaches_zero_as_often_as_it_should(void) {
    enum { N = 2000000 };
    struct random_stream s;
    int zeros = 0;
    random_stream_start(&s, 6, 1, 6, 1);
    for (int k = 0; k < N; k++)
        zeros += random_poisson(&s, 10) == 0;
    CHECK_NEAR(zeros, N * exp(-10.0), 4 * sqrt(N * exp(-10.0)));
}

static void test_poisson_of_mean_zero_is_zero_and_bad_means_are_refused(void) {
    struct random_stream s;
    random_stream_start(&s, 1, 1, 1, 1);
    for (int i = 0; i < 100; i++)
        CHECK_EQUAL(random_poisson(&s, 0.0), 0);
    CHECK_EQUAL(random_poisson(&s, -1e-300), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(random_poisson(&s, 0x1p50 * 1.01), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(random_poisson(&s, INFINITY), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(random_poisson(&s, NAN), EVSIM_BAD_ARGUMENT);
}

/* The figure is what evsim gave once; it must not depend on how this is compiled, and the tests run
 * at two levels. */
static void test_poisson_draws_are_the_same_at_every_level_of_optimisation(void) {
    struct random_stream s;
    int64_t sum = 0;
    random_stream_start(&s, 3, 1, 4, 1);
    for (int i = 1; i <= 10000; i++)
        sum += i * random_poisson(&s, 0.01 * i);
    CHECK_EQUAL(sum, 3341911959);
}

int main(void) {
    test_philox_gives_the_published_blocks();
    test_units_lie_strictly_between_zero_and_one();
    test_units_in_vectors_are_the_same();
    test_a_stream_gives_the_doubles_of_another_implementation();
    test_ten_thousand_doubles_have_the_sum_of_another_implementation();
    test_every_key_number_makes_another_stream();
    test_a_copied_stream_goes_on_like_its_original();
    test_first_doubles_of_many_streams_are_uniform();
    test_normal_numbers_have_the_moments_of_their_law();
    test_normal_numbers_follow_their_law();
    test_the_far_tail_of_normal_numbers();
    test_normal_numbers_turn_with_the_angle();
    test_poisson_mean_and_variance();
    test_poisson_counts_follow_their_law();
    test_rejection_reaches_zero_as_often_as_it_should();
    test_poisson_of_mean_zero_is_zero_and_bad_means_are_refused();
    test_poisson_draws_are_the_same_at_every_level_of_optimisation();
    return check_report("random");
}
