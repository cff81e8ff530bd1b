/* Sources: lists in order, Poisson counts and elements as they should be spread, trains by tick. */
#include "../sources.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "../random.h"
#include "check.h"

/* ---- lists ---- */

static void test_a_list_grows_and_sorts_by_time_emitter_and_element(void) {
    struct spikes list = {0};
    for (int k = 0; k < 5000; k++) {
        const struct spike s = {(k * 7919) % 13, ((k * 104729) % 7) * 0.125, (k * 31) % 3,
                                (uint32_t)((k * 17) % 1000)};
        CHECK_EQUAL(spikes_add(&list, &s), EVSIM_OK);
    }
    spikes_sort(&list);
    int wrong = 0;
    for (int k = 1; k < 5000; k++) {
        const struct spike *a = &list.all[k - 1], *b = &list.all[k];
        if (a->tick != b->tick)
            wrong += a->tick > b->tick;
        else if (a->offset != b->offset)
            wrong += a->offset > b->offset;
        else if (a->emitter != b->emitter)
            wrong += a->emitter > b->emitter;
        else
            wrong += a->index > b->index;
    }
    CHECK_EQUAL(list.n, 5000);
    CHECK_EQUAL(wrong, 0);
    free(list.all);
}

static void test_a_list_without_memory_keeps_what_it_has(void) {
    struct spikes list = {0};
    int refused = 0;
    for (int64_t k = 0; k < 500; k++) {
        const struct spike s = {k, 0.0, 0, 0};
        allocations_left = 1;
        const int code = spikes_add(&list, &s);
        allocations_left = -1;
        if (code == EVSIM_OK)
            continue;
        refused++;
        CHECK_EQUAL(code, EVSIM_NO_MEMORY);
        CHECK_EQUAL(list.n, k);
        CHECK_EQUAL(spikes_add(&list, &s), EVSIM_OK);
    }
    CHECK_EQUAL(refused, 4); /* at 0, 64, 128 and 256 */
    for (int64_t k = 0; k < 500; k++)
        CHECK_EQUAL(list.all[k].tick, k);
    free(list.all);
}

/* ---- Poisson ---- */

static void test_poisson_spikes_have_their_mean_and_stay_in_the_window(void) {
    struct poisson_source s = {.emitter = 3, .n = 40};
    struct spikes out = {0};
    const double rate = 100.0, window = 1e-3;
    int wrong = 0, seen[40] = {0};
    CHECK_EQUAL(poisson_set_rates(&s, &rate, 1), EVSIM_OK);
    for (int64_t tick = 0; tick < 5000; tick++)
        CHECK_EQUAL(poisson_draw(&s, 1, tick, window, &out), EVSIM_OK);
    CHECK_NEAR((double)out.n, 20000.0, 5 * 141.4);
    for (int64_t k = 0; k < out.n; k++) {
        wrong += out.all[k].offset <= 0.0 || out.all[k].offset >= window;
        wrong += out.all[k].emitter != 3 || out.all[k].index >= 40;
        seen[out.all[k].index % 40]++;
    }
    CHECK_EQUAL(wrong, 0);
    for (int i = 0; i < 40; i++)
        CHECK_NEAR(seen[i], 500.0, 5 * 22.4);
    free(out.all), free(s.cumulative);
}

static void test_elements_spike_in_proportion_to_their_rates(void) {
    struct poisson_source s = {.n = 5};
    struct spikes out = {0};
    const double rates[5] = {0.0, 300.0, 0.0, 100.0, 0.0};
    int seen[5] = {0};
    CHECK_EQUAL(poisson_set_rates(&s, rates, 5), EVSIM_OK);
    CHECK(s.total == 400.0);
    for (int64_t tick = 0; tick < 50000; tick++)
        poisson_draw(&s, 2, tick, 1e-3, &out);
    for (int64_t k = 0; k < out.n; k++)
        seen[out.all[k].index]++;
    CHECK_EQUAL(seen[0] + seen[2] + seen[4], 0);
    CHECK_NEAR(seen[1], 15000.0, 5 * 122.5);
    CHECK_NEAR(seen[3], 5000.0, 5 * 70.7);
    free(out.all), free(s.cumulative);
}

static void test_a_window_is_drawn_the_same_whenever_it_is_drawn(void) {
    struct poisson_source s = {.emitter = 1, .n = 10};
    struct spikes first = {0}, again = {0}, other = {0};
    const double rate = 5000.0;
    poisson_set_rates(&s, &rate, 1);
    poisson_draw(&s, 7, 11, 1e-3, &first);
    poisson_draw(&s, 7, 10, 1e-3, &again);
    again.n = 0;
    poisson_draw(&s, 7, 11, 1e-3, &again);
    poisson_draw(&s, 8, 11, 1e-3, &other);
    CHECK(first.n > 20 && first.n == again.n);
    CHECK(memcmp(first.all, again.all, (size_t)first.n * sizeof *first.all) == 0);
    CHECK(other.n != first.n || other.all[0].offset != first.all[0].offset);
    free(first.all), free(again.all), free(other.all);
}

static void test_rates_without_memory_stay_as_they_were(void) {
    struct poisson_source s = {.n = 3};
    const double rates[3] = {1.0, 2.0, 3.0}, others[3] = {5.0, 5.0, 5.0};
    CHECK_EQUAL(poisson_set_rates(&s, rates, 3), EVSIM_OK);
    allocations_left = 1;
    CHECK_EQUAL(poisson_set_rates(&s, others, 3), EVSIM_NO_MEMORY);
    allocations_left = -1;
    CHECK(s.total == 6.0 && s.cumulative[1] == 3.0);
    CHECK_EQUAL(poisson_set_rates(&s, others, 1), EVSIM_OK);
    CHECK(s.total == 15.0 && s.cumulative == NULL);
    struct poisson_source *on_heap = calloc(1, sizeof *on_heap);
    poisson_set_rates(on_heap, rates, 3);
    poisson_free(on_heap);
    poisson_free(NULL);
}

static void test_a_draw_without_memory_is_told(void) {
    struct poisson_source s = {.n = 3};
    struct spikes out = {0};
    const double rate = 1e6;
    poisson_set_rates(&s, &rate, 1);
    allocations_left = 2;
    CHECK_EQUAL(poisson_draw(&s, 1, 0, 1e-3, &out), EVSIM_NO_MEMORY);
    allocations_left = -1;
    free(out.all);
}

/* ---- trains ---- */

static const int64_t TICK[6] = {2, 2, 2, 5, 9, 9};
static const double OFFSET[6] = {0.0, 0.5, 0.5, 0.25, 0.0, 0.75};
static const uint32_t INDEX[6] = {4, 1, 3, 4, 0, 0};

static void test_a_train_gives_the_spikes_of_a_tick_in_order(void) {
    struct train_source *s = calloc(1, sizeof *s);
    struct spikes out = {0};
    s->emitter = 6;
    CHECK_EQUAL(train_set(s, 6, TICK, OFFSET, INDEX), EVSIM_OK);
    for (int64_t tick = 0; tick < 12; tick++)
        CHECK_EQUAL(train_draw(s, tick, &out), EVSIM_OK);
    CHECK_EQUAL(out.n, 6);
    for (int k = 0; k < 6; k++) {
        CHECK_EQUAL(out.all[k].tick, TICK[k]);
        CHECK(out.all[k].offset == OFFSET[k]);
        CHECK_EQUAL(out.all[k].index, INDEX[k]);
        CHECK_EQUAL(out.all[k].emitter, 6);
    }
    out.n = 0;
    CHECK_EQUAL(train_draw(s, 9, &out), EVSIM_OK);
    CHECK_EQUAL(out.n, 2);
    CHECK_EQUAL(train_set(s, 0, NULL, NULL, NULL), EVSIM_OK);
    CHECK_EQUAL(train_draw(s, 9, &out), EVSIM_OK);
    CHECK_EQUAL(out.n, 2);
    free(out.all);
    train_free(s);
    train_free(NULL);
}

static void test_a_train_without_memory_stays_as_it_was(void) {
    struct train_source *s = calloc(1, sizeof *s);
    train_set(s, 6, TICK, OFFSET, INDEX);
    for (int64_t k = 1; k <= 3; k++) {
        allocations_left = k;
        CHECK_EQUAL(train_set(s, 2, TICK, OFFSET, INDEX), EVSIM_NO_MEMORY);
        allocations_left = -1;
        CHECK_EQUAL(s->n_spikes, 6);
        CHECK_EQUAL(s->tick[5], 9);
    }
    train_free(s);
}

/* ---- drives ---- */

static void test_a_drive_has_its_mean_and_is_drawn_the_same_again(void) {
    const struct drive d = {.object = 5, .rate = 3000.0};
    const uint64_t key = random_object_key(1, 5);
    double *offsets = NULL, first[64];
    int64_t room = 0, total = 0;
    int wrong = 0;
    for (int64_t tick = 0; tick < 3000; tick++)
        for (int64_t i = 0; i < 3; i++) {
            const int64_t n = drive_draw(&d, key, i, tick, 1e-3, &offsets, &room);
            for (int64_t k = 0; k < n; k++)
                wrong += offsets[k] <= 0.0 || offsets[k] >= 1e-3;
            total += n;
        }
    CHECK_EQUAL(wrong, 0);
    CHECK_NEAR((double)total, 27000.0, 5 * 164.4);
    const int64_t n = drive_draw(&d, key, 2, 77, 1e-3, &offsets, &room);
    CHECK(n > 0 && n < 64);
    memcpy(first, offsets, (size_t)n * sizeof *first);
    drive_draw(&d, key, 1, 77, 1e-3, &offsets, &room);
    CHECK_EQUAL(drive_draw(&d, key, 2, 77, 1e-3, &offsets, &room), n);
    CHECK(memcmp(first, offsets, (size_t)n * sizeof *first) == 0);
    free(offsets);
}

static void test_a_drive_without_memory_is_told(void) {
    const struct drive d = {.rate = 1e5};
    double *offsets = NULL;
    int64_t room = 0;
    allocations_left = 1;
    CHECK_EQUAL(drive_draw(&d, 1, 0, 0, 1e-3, &offsets, &room), EVSIM_NO_MEMORY);
    allocations_left = -1;
    CHECK(offsets == NULL && room == 0);
}

int main(void) {
    test_a_list_grows_and_sorts_by_time_emitter_and_element();
    test_a_list_without_memory_keeps_what_it_has();
    test_poisson_spikes_have_their_mean_and_stay_in_the_window();
    test_elements_spike_in_proportion_to_their_rates();
    test_a_window_is_drawn_the_same_whenever_it_is_drawn();
    test_rates_without_memory_stay_as_they_were();
    test_a_draw_without_memory_is_told();
    test_a_train_gives_the_spikes_of_a_tick_in_order();
    test_a_train_without_memory_stays_as_it_was();
    test_a_drive_has_its_mean_and_is_drawn_the_same_again();
    test_a_drive_without_memory_is_told();
    return check_report("sources");
}
