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
                                (uint32_t)((k * 17) % 1000), 0};
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
        const struct spike s = {k, 0.0, 0, 0, 0};
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

/* Two spikes of one neuron at one instant keep the order in which they were made. */
static void test_states_stay_with_their_spikes_when_these_are_sorted(void) {
    struct spikes list = {0};
    for (int k = 0; k < 1000; k++) {
        const double x[2] = {k, -0.5 * k};
        struct spike s = {0, ((k / 2) * 7919 % 500) * 0.125, 0, (uint32_t)(k / 2), 0};
        CHECK_EQUAL(spikes_see(&list, x, 2, &s.seen), EVSIM_OK);
        CHECK_EQUAL(spikes_add(&list, &s), EVSIM_OK);
    }
    spikes_sort(&list);
    int wrong = 0;
    for (int k = 0; k < 1000; k++) {
        const double *x = list.seen + list.all[k].seen;
        wrong += x[0] != 2.0 * list.all[k].index + k % 2 || x[1] != -0.5 * x[0];
        wrong += k % 2 && list.all[k].index != list.all[k - 1].index;
    }
    CHECK_EQUAL(wrong, 0);
    CHECK_EQUAL(list.n_seen, 2000);
    spikes_clear(&list);
    CHECK_EQUAL(list.n + list.n_seen, 0);
    int64_t seen;
    const double x[2] = {1, 2};
    spikes_free(&list);
    list = (struct spikes){0};
    allocations_left = 0;
    CHECK_EQUAL(spikes_see(&list, x, 2, &seen), EVSIM_NO_MEMORY);
    allocations_left = -1;
    CHECK_EQUAL(list.n_seen, 0);
    spikes_free(&list);
}

/* ---- Poisson ---- */

static struct clock clock_of(uint64_t seed, int64_t steps, int64_t parts) {
    const double dt = 1e-3;
    return (struct clock){seed, dt, dt * (double)steps / (double)parts, steps, parts};
}

static void test_poisson_spikes_have_their_mean_and_stay_in_the_window(void) {
    struct poisson_source s = {.emitter = 3, .n = 40};
    struct spikes out = {0};
    const struct clock clock = clock_of(1, 1, 1);
    const double rate = 100.0;
    int wrong = 0, seen[40] = {0};
    CHECK_EQUAL(poisson_set_rates(&s, &rate, 1), EVSIM_OK);
    for (int64_t tick = 0; tick < 5000; tick++)
        CHECK_EQUAL(poisson_draw(&s, &clock, tick, &out), EVSIM_OK);
    CHECK_NEAR((double)out.n, 20000.0, 5 * 141.4);
    for (int64_t k = 0; k < out.n; k++) {
        wrong += out.all[k].offset <= 0.0 || out.all[k].offset >= clock.window;
        wrong += out.all[k].emitter != 3 || out.all[k].index >= 40;
        seen[out.all[k].index % 40]++;
    }
    CHECK_EQUAL(wrong, 0);
    for (int i = 0; i < 40; i++)
        CHECK_NEAR(seen[i], 500.0, 5 * 22.4);
    free(out.all), poisson_clear(&s);
}

static void test_elements_spike_in_proportion_to_their_rates(void) {
    struct poisson_source s = {.n = 5};
    struct spikes out = {0};
    const struct clock clock = clock_of(2, 1, 1);
    const double rates[5] = {0.0, 300.0, 0.0, 100.0, 0.0};
    int seen[5] = {0};
    CHECK_EQUAL(poisson_set_rates(&s, rates, 5), EVSIM_OK);
    CHECK(s.total[0] == 400.0);
    for (int64_t tick = 0; tick < 50000; tick++)
        poisson_draw(&s, &clock, tick, &out);
    for (int64_t k = 0; k < out.n; k++)
        seen[out.all[k].index]++;
    CHECK_EQUAL(seen[0] + seen[2] + seen[4], 0);
    CHECK_NEAR(seen[1], 15000.0, 5 * 122.5);
    CHECK_NEAR(seen[3], 5000.0, 5 * 70.7);
    free(out.all), poisson_clear(&s);
}

static void test_a_window_is_drawn_the_same_whenever_it_is_drawn(void) {
    struct poisson_source s = {.emitter = 1, .n = 10};
    struct spikes first = {0}, again = {0}, other = {0};
    const struct clock clock = clock_of(7, 1, 1), other_clock = clock_of(8, 1, 1);
    const double rate = 5000.0;
    poisson_set_rates(&s, &rate, 1);
    poisson_draw(&s, &clock, 11, &first);
    poisson_draw(&s, &clock, 10, &again);
    again.n = 0;
    poisson_draw(&s, &clock, 11, &again);
    poisson_draw(&s, &other_clock, 11, &other);
    CHECK(first.n > 20 && first.n == again.n);
    CHECK(memcmp(first.all, again.all, (size_t)first.n * sizeof *first.all) == 0);
    CHECK(other.n != first.n || other.all[0].offset != first.all[0].offset);
    free(first.all), free(again.all), free(other.all), poisson_clear(&s);
}

/* Steps of the clock key the draws: windows of any length cut the same spikes out of time. */
static void test_windows_of_any_length_see_the_same_spikes(void) {
    struct poisson_source s = {.emitter = 1, .object = 77, .n = 10};
    const struct clock clocks[3] = {clock_of(7, 1, 1), clock_of(7, 4, 1), clock_of(7, 1, 4)};
    const struct drive d = {.object = 5, .rate = 3000.0};
    const double rate = 300.0;
    struct spikes out[3] = {{0}};
    double drives[3][512], *offsets = NULL;
    int64_t room = 0, n_drives[3] = {0};
    poisson_set_rates(&s, &rate, 1);
    for (int c = 0; c < 3; c++)
        for (int64_t tick = 0; (double)tick * clocks[c].window < 39.9e-3; tick++) {
            const double start = (double)tick * clocks[c].window;
            CHECK_EQUAL(poisson_draw(&s, &clocks[c], tick, &out[c]), EVSIM_OK);
            const int64_t n = drive_draw(&d, 9, &clocks[c], 3, tick, &offsets, &room);
            for (int64_t k = 0; k < n; k++)
                drives[c][n_drives[c]++] = start + offsets[k];
        }
    CHECK(out[0].n > 60 && n_drives[0] > 60);
    for (int c = 0; c < 3; c++) {
        CHECK_EQUAL(out[c].n, out[0].n);
        CHECK_EQUAL(n_drives[c], n_drives[0]);
        double sum = 0.0, first_sum = 0.0, driven = 0.0, first_driven = 0.0;
        for (int64_t k = 0; k < out[0].n; k++) {
            const struct spike *a = &out[c].all[k], *b = &out[0].all[k];
            sum += ((double)a->tick * clocks[c].window + a->offset) * (1 + a->index);
            first_sum += ((double)b->tick * clocks[0].window + b->offset) * (1 + b->index);
        }
        for (int64_t k = 0; k < n_drives[0]; k++)
            driven += drives[c][k], first_driven += drives[0][k];
        CHECK_NEAR(sum, first_sum, 1e-12);
        CHECK_NEAR(driven, first_driven, 1e-12);
    }
    for (int c = 0; c < 3; c++)
        free(out[c].all);
    free(offsets), poisson_clear(&s);
}

/* Element 0 spikes at 3 kHz from a quarter of every tenth step on, element 1 at 1 kHz from half of
 * it to three quarters, nothing spikes else: what is drawn says so in windows of any length. */
static void test_rates_change_inside_a_step_where_a_piece_begins(void) {
    struct poisson_source s = {.n = 2};
    const struct clock clocks[3] = {clock_of(3, 1, 1), clock_of(3, 5, 1), clock_of(3, 1, 4)};
    struct spikes out[3] = {{0}};
    const double parts[4] = {0.0, 0.25, 0.5, 0.75};
    const double given[4][2] = {{0.0, 0.0}, {3000.0, 0.0}, {0.0, 1000.0}, {0.0, 0.0}};
    int64_t step[4000];
    double part[4000], rates[4000][2];
    for (int k = 0; k < 4000; k++) {
        step[k] = 10 * (k / 4), part[k] = parts[k % 4];
        rates[k][0] = given[k % 4][0], rates[k][1] = given[k % 4][1];
    }
    CHECK_EQUAL(poisson_set_course(&s, 4000, step, part, &rates[0][0], 2), EVSIM_OK);
    for (int c = 0; c < 3; c++)
        for (int64_t tick = 0; (double)tick * clocks[c].window < 9.9999; tick++)
            CHECK_EQUAL(poisson_draw(&s, &clocks[c], tick, &out[c]), EVSIM_OK);
    int wrong = 0, seen[2] = {0};
    for (int64_t k = 0; k < out[0].n; k++) {
        const struct spike *a = &out[0].all[k];
        const double u = a->offset / 1e-3, from = a->index ? 0.5 : 0.25;
        wrong += a->tick % 10 != 0 || u < from || u > from + 0.25;
        seen[a->index]++;
    }
    CHECK_EQUAL(wrong, 0);
    CHECK_NEAR(seen[0], 750.0, 5 * 27.4);
    CHECK_NEAR(seen[1], 250.0, 5 * 15.8);
    for (int c = 1; c < 3; c++) {
        CHECK_EQUAL(out[c].n, out[0].n);
        double sum = 0.0, first_sum = 0.0;
        for (int64_t k = 0; k < out[0].n && k < out[c].n; k++) {
            sum += (double)out[c].all[k].tick * clocks[c].window + out[c].all[k].offset;
            first_sum += (double)out[0].all[k].tick * clocks[0].window + out[0].all[k].offset;
        }
        CHECK_NEAR(sum, first_sum, 1e-9);
    }
    for (int c = 0; c < 3; c++)
        free(out[c].all);
    poisson_clear(&s);
}

/* Pieces with one rate draw what that rate draws, bit for bit where they begin with steps. */
static void test_equal_pieces_draw_what_one_rate_draws(void) {
    struct poisson_source one = {.n = 7, .object = 2}, pieces = {.n = 7, .object = 2};
    struct spikes first = {0}, again = {0};
    const struct clock clock = clock_of(5, 1, 1);
    const double rate = 400.0, zeros[3] = {0.0, 0.0, 0.0}, rates[3] = {400.0, 400.0, 400.0};
    const int64_t steps[3] = {3, 7, 8};
    poisson_set_rates(&one, &rate, 1);
    CHECK_EQUAL(poisson_set_course(&pieces, 3, steps, zeros, rates, 1), EVSIM_OK);
    for (int64_t tick = 0; tick < 50; tick++) {
        poisson_draw(&one, &clock, tick, &first);
        poisson_draw(&pieces, &clock, tick, &again);
    }
    CHECK(first.n > 50 && first.n == again.n);
    CHECK(memcmp(first.all, again.all, (size_t)first.n * sizeof *first.all) == 0);
    free(first.all), free(again.all), poisson_clear(&one), poisson_clear(&pieces);
}

static void test_rates_without_memory_stay_as_they_were(void) {
    struct poisson_source s = {.n = 3};
    const double rates[3] = {1.0, 2.0, 3.0}, others[3] = {5.0, 5.0, 5.0};
    CHECK_EQUAL(poisson_set_rates(&s, rates, 3), EVSIM_OK);
    allocations_left = 1;
    CHECK_EQUAL(poisson_set_rates(&s, others, 3), EVSIM_NO_MEMORY);
    allocations_left = -1;
    CHECK(s.total[0] == 6.0 && s.cumulative[1] == 3.0);
    CHECK_EQUAL(poisson_set_rates(&s, others, 1), EVSIM_OK);
    CHECK(s.total[0] == 15.0 && s.cumulative == NULL);
    poisson_clear(&s);
    struct poisson_source *on_heap = calloc(1, sizeof *on_heap);
    poisson_set_rates(on_heap, rates, 3);
    poisson_free(on_heap);
    poisson_free(NULL);
}

static void test_a_draw_without_memory_is_told(void) {
    struct poisson_source s = {.n = 3};
    struct spikes out = {0};
    const double rate = 1e6;
    const struct clock clock = clock_of(1, 1, 1);
    poisson_set_rates(&s, &rate, 1);
    allocations_left = 2;
    CHECK_EQUAL(poisson_draw(&s, &clock, 0, &out), EVSIM_NO_MEMORY);
    allocations_left = -1;
    free(out.all), poisson_clear(&s);
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
    const struct clock clock = clock_of(1, 1, 1);
    const uint64_t key = random_object_key(1, 5);
    double *offsets = NULL, first[64];
    int64_t room = 0, total = 0;
    int wrong = 0;
    for (int64_t tick = 0; tick < 3000; tick++)
        for (int64_t i = 0; i < 3; i++) {
            const int64_t n = drive_draw(&d, key, &clock, i, tick, &offsets, &room);
            for (int64_t k = 0; k < n; k++)
                wrong += offsets[k] <= 0.0 || offsets[k] >= 1e-3;
            total += n;
        }
    CHECK_EQUAL(wrong, 0);
    CHECK_NEAR((double)total, 27000.0, 5 * 164.4);
    const int64_t n = drive_draw(&d, key, &clock, 2, 77, &offsets, &room);
    CHECK(n > 0 && n < 64);
    memcpy(first, offsets, (size_t)n * sizeof *first);
    drive_draw(&d, key, &clock, 1, 77, &offsets, &room);
    CHECK_EQUAL(drive_draw(&d, key, &clock, 2, 77, &offsets, &room), n);
    CHECK(memcmp(first, offsets, (size_t)n * sizeof *first) == 0);
    free(offsets);
}

static void test_a_drive_without_memory_is_told(void) {
    const struct drive d = {.rate = 1e5};
    const struct clock clock = clock_of(1, 1, 1);
    double *offsets = NULL;
    int64_t room = 0;
    allocations_left = 1;
    CHECK_EQUAL(drive_draw(&d, 1, &clock, 0, 0, &offsets, &room), EVSIM_NO_MEMORY);
    allocations_left = -1;
    CHECK(offsets == NULL && room == 0);
}

int main(void) {
    test_a_list_grows_and_sorts_by_time_emitter_and_element();
    test_a_list_without_memory_keeps_what_it_has();
    test_states_stay_with_their_spikes_when_these_are_sorted();
    test_poisson_spikes_have_their_mean_and_stay_in_the_window();
    test_elements_spike_in_proportion_to_their_rates();
    test_a_window_is_drawn_the_same_whenever_it_is_drawn();
    test_windows_of_any_length_see_the_same_spikes();
    test_rates_change_inside_a_step_where_a_piece_begins();
    test_equal_pieces_draw_what_one_rate_draws();
    test_rates_without_memory_stay_as_they_were();
    test_a_draw_without_memory_is_told();
    test_a_train_gives_the_spikes_of_a_tick_in_order();
    test_a_train_without_memory_stays_as_it_was();
    test_a_drive_has_its_mean_and_is_drawn_the_same_again();
    test_a_drive_without_memory_is_told();
    return check_report("sources");
}
