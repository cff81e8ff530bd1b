/* Recorders: what comes out is what went in, across chunks, in slices, and after memory ran out. */
#include "../record.h"

#include <stdlib.h>

#include "../error.h"
#include "check.h"

/* --- spikes --- */

static int append_spike(struct spike_record *r, int64_t k) {
    return record_spikes_append(r, k / 3, 1e-6 * (double)k, (uint32_t)(k * 2654435761u));
}

/* Checks the slice [start, start + n) of a record filled by append_spike. */
static void check_spikes(const struct spike_record *r, int64_t start, int64_t n) {
    int64_t *tick = malloc((size_t)n * 8 + 1), *index = malloc((size_t)n * 8 + 1);
    double *offset = malloc((size_t)n * 8 + 1);
    int wrong = 0;
    CHECK_EQUAL(record_spikes_copy(r, start, n, tick, offset, index), EVSIM_OK);
    for (int64_t k = start; k < start + n; k++)
        wrong += tick[k - start] != k / 3 || offset[k - start] != 1e-6 * (double)k ||
                 index[k - start] != (uint32_t)(k * 2654435761u);
    CHECK_EQUAL(wrong, 0);
    free(tick);
    free(offset);
    free(index);
}

static void test_spikes_come_out_as_they_went_in(void) {
    enum { N = 300000 }; /* several chunks of the largest size */
    struct spike_record *r = record_spikes_new();
    for (int64_t k = 0; k < N; k++)
        CHECK_EQUAL(append_spike(r, k), EVSIM_OK);
    CHECK_EQUAL(record_spikes_count(r), N);
    check_spikes(r, 0, N);
    check_spikes(r, N - 1, 1);
    check_spikes(r, 65535, 131072);
    for (int64_t start = 0; start < 500; start += 7) /* chunks end at 64, 192, 448 */
        for (int64_t n = 0; n < 300; n += 41)
            check_spikes(r, start, n);
    record_spikes_free(r);
}

static void test_an_array_not_asked_for_is_left_out(void) {
    struct spike_record *r = record_spikes_new();
    int64_t tick = -1, index = -1;
    double offset = -1;
    record_spikes_append(r, 12, 0.5, UINT32_MAX);
    CHECK_EQUAL(record_spikes_copy(r, 0, 1, &tick, NULL, NULL), EVSIM_OK);
    CHECK_EQUAL(record_spikes_copy(r, 0, 1, NULL, &offset, NULL), EVSIM_OK);
    CHECK_EQUAL(record_spikes_copy(r, 0, 1, NULL, NULL, &index), EVSIM_OK);
    CHECK_EQUAL(tick, 12);
    CHECK(offset == 0.5);
    CHECK_EQUAL(index, 4294967295);
    record_spikes_free(r);
}

static void test_spikes_outside_the_record_are_refused(void) {
    struct spike_record *r = record_spikes_new();
    int64_t tick[3] = {-7, -7, -7};
    CHECK_EQUAL(record_spikes_copy(r, 0, 0, tick, NULL, NULL), EVSIM_OK);
    CHECK_EQUAL(record_spikes_copy(r, 0, 1, tick, NULL, NULL), EVSIM_BAD_ARGUMENT);
    append_spike(r, 0), append_spike(r, 1);
    CHECK_EQUAL(record_spikes_copy(r, 2, 0, tick, NULL, NULL), EVSIM_OK);
    CHECK_EQUAL(record_spikes_copy(r, 0, 3, tick, NULL, NULL), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(record_spikes_copy(r, 3, 0, tick, NULL, NULL), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(record_spikes_copy(r, -1, 1, tick, NULL, NULL), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(record_spikes_copy(r, 1, -1, tick, NULL, NULL), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(record_spikes_copy(r, 1, INT64_MAX, tick, NULL, NULL), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(tick[0], -7);
    record_spikes_free(r);
    record_spikes_free(NULL);
}

/* Chunks begin at spikes 0, 64, 192, 448 and 960. */
static void test_a_spike_without_memory_is_refused_and_the_others_stay(void) {
    struct spike_record *r = record_spikes_new();
    int refused = 0;
    for (int64_t k = 0; k < 1000; k++) {
        allocations_left = 1;
        int code = append_spike(r, k);
        allocations_left = -1;
        if (code == EVSIM_OK)
            continue;
        refused++;
        CHECK_EQUAL(code, EVSIM_NO_MEMORY);
        CHECK_EQUAL(record_spikes_count(r), k);
        CHECK_EQUAL(append_spike(r, k), EVSIM_OK);
    }
    CHECK_EQUAL(refused, 5);
    check_spikes(r, 0, 1000);
    record_spikes_free(r);
}

/* --- samples --- */

static double number(int64_t sample, uint32_t column) { return (double)sample + 1e-6 * column; }

static int append_sample(struct sample_record *r, uint32_t width, int64_t k) {
    double *place = record_samples_append(r);
    if (place == NULL)
        return EVSIM_NO_MEMORY;
    for (uint32_t c = 0; c < width; c++)
        place[c] = number(k, c);
    return EVSIM_OK;
}

static void check_samples(const struct sample_record *r, int64_t start, int64_t n, uint32_t column,
                          uint32_t n_columns) {
    double *out = malloc((size_t)n * n_columns * sizeof(double) + 1);
    int wrong = 0;
    CHECK_EQUAL(record_samples_copy(r, start, n, column, n_columns, out), EVSIM_OK);
    for (uint32_t c = 0; c < n_columns; c++)
        for (int64_t k = 0; k < n; k++)
            wrong += out[c * n + k] != number(start + k, column + c);
    CHECK_EQUAL(wrong, 0);
    free(out);
}

static void test_samples_come_out_one_row_per_column(void) {
    struct sample_record *r = record_samples_new(3);
    for (int64_t k = 0; k < 40000; k++)
        CHECK_EQUAL(append_sample(r, 3, k), EVSIM_OK);
    CHECK_EQUAL(record_samples_count(r), 40000);
    check_samples(r, 0, 40000, 0, 3);
    check_samples(r, 12345, 20000, 1, 2);
    check_samples(r, 39999, 1, 2, 1);
    for (int64_t start = 0; start < 130; start++) /* chunks end at 8, 24, 56, 120 */
        check_samples(r, start, 70, 0, 2);
    record_samples_free(r);
}

static void test_a_sample_may_be_wider_than_a_chunk(void) {
    enum { WIDTH = 100000 };
    struct sample_record *r = record_samples_new(WIDTH);
    for (int64_t k = 0; k < 20; k++)
        append_sample(r, WIDTH, k);
    check_samples(r, 0, 20, 0, WIDTH);
    check_samples(r, 7, 9, 99990, 10);
    record_samples_free(r);
}

static void test_the_place_of_a_sample_holds_as_long_as_the_record(void) {
    struct sample_record *r = record_samples_new(1);
    double *first = record_samples_append(r), out;
    for (int64_t k = 1; k < 100000; k++)
        append_sample(r, 1, k);
    *first = 42;
    CHECK_EQUAL(record_samples_copy(r, 0, 1, 0, 1, &out), EVSIM_OK);
    CHECK(out == 42);
    record_samples_free(r);
}

static void test_samples_of_no_numbers_are_counted(void) {
    struct sample_record *r = record_samples_new(0);
    for (int64_t k = 0; k < 1000; k++)
        CHECK(record_samples_append(r) != NULL);
    CHECK_EQUAL(record_samples_count(r), 1000);
    check_samples(r, 0, 1000, 0, 0);
    record_samples_free(r);
}

static void test_samples_outside_the_record_are_refused(void) {
    struct sample_record *r = record_samples_new(2);
    double out[8] = {-7};
    append_sample(r, 2, 0), append_sample(r, 2, 1);
    CHECK_EQUAL(record_samples_copy(r, 0, 3, 0, 1, out), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(record_samples_copy(r, -1, 1, 0, 1, out), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(record_samples_copy(r, 0, 2, 1, 2, out), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(record_samples_copy(r, 0, 2, 3, 0, out), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(record_samples_copy(r, 0, 2, 1, UINT32_MAX, out), EVSIM_BAD_ARGUMENT);
    CHECK(out[0] == -7);
    CHECK_EQUAL(record_samples_copy(r, 2, 0, 2, 0, out), EVSIM_OK);
    record_samples_free(r);
    record_samples_free(NULL);
}

/* Chunks begin at samples 0, 8, 24, 56 and 120. */
static void test_a_sample_without_memory_is_refused_and_the_others_stay(void) {
    struct sample_record *r = record_samples_new(2);
    int refused = 0;
    for (int64_t k = 0; k < 200; k++) {
        allocations_left = 1;
        int code = append_sample(r, 2, k);
        allocations_left = -1;
        if (code == EVSIM_OK)
            continue;
        refused++;
        CHECK_EQUAL(record_samples_count(r), k);
        CHECK_EQUAL(append_sample(r, 2, k), EVSIM_OK);
    }
    CHECK_EQUAL(refused, 5);
    check_samples(r, 0, 200, 0, 2);
    record_samples_free(r);
}

static void test_records_that_cannot_be_made_are_null(void) {
    allocations_left = 1;
    CHECK(record_spikes_new() == NULL);
    CHECK(record_samples_new(5) == NULL);
    allocations_left = -1;
}

static void test_what_is_forgotten_leaves_the_rest_and_room(void) {
    for (int64_t kept = 0; kept <= 300; kept += 25) {
        struct spike_record *r = record_spikes_new();
        struct sample_record *s = record_samples_new(1);
        int64_t tick[400];
        double out[400];
        for (int64_t k = 0; k < 300; k++) {
            CHECK_EQUAL(record_spikes_append(r, k, 0.0, 0), EVSIM_OK);
            *record_samples_append(s) = (double)k;
        }
        record_spikes_truncate(r, kept), record_samples_truncate(s, kept);
        record_spikes_truncate(r, 1000), record_samples_truncate(s, 1000);
        CHECK_EQUAL(record_spikes_count(r), kept);
        CHECK_EQUAL(record_samples_count(s), kept);
        for (int64_t k = kept; k < 400; k++) {
            CHECK_EQUAL(record_spikes_append(r, k, 0.0, 0), EVSIM_OK);
            *record_samples_append(s) = (double)k;
        }
        CHECK_EQUAL(record_spikes_copy(r, 0, 400, tick, NULL, NULL), EVSIM_OK);
        CHECK_EQUAL(record_samples_copy(s, 0, 400, 0, 1, out), EVSIM_OK);
        for (int64_t k = 0; k < 400; k++)
            CHECK(tick[k] == k && out[k] == (double)k);
        record_spikes_free(r), record_samples_free(s);
    }
}

int main(void) {
    test_what_is_forgotten_leaves_the_rest_and_room();
    test_spikes_come_out_as_they_went_in();
    test_an_array_not_asked_for_is_left_out();
    test_spikes_outside_the_record_are_refused();
    test_a_spike_without_memory_is_refused_and_the_others_stay();
    test_samples_come_out_one_row_per_column();
    test_a_sample_may_be_wider_than_a_chunk();
    test_the_place_of_a_sample_holds_as_long_as_the_record();
    test_samples_of_no_numbers_are_counted();
    test_samples_outside_the_record_are_refused();
    test_a_sample_without_memory_is_refused_and_the_others_stay();
    test_records_that_cannot_be_made_are_null();
    return check_report("record");
}
