/* Projections: rows sorted by shard, source and delay, and what belongs to a synapse stays with it.
 */
#include "../synapses.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "check.h"

enum { N = 500, SOURCES = 7, TARGETS = 64 };

static uint32_t sources[N], targets[N];
static int32_t ticks[N];
static double offsets[N], amounts[N];

static void draw_all(void) {
    uint32_t z = 12345;
    for (int k = 0; k < N; k++) {
        z = z * 1664525u + 1013904223u;
        sources[k] = (z >> 16) % SOURCES;
        z = z * 1664525u + 1013904223u;
        targets[k] = (z >> 16) % TARGETS;
        z = z * 1664525u + 1013904223u;
        ticks[k] = (int32_t)((z >> 16) % 4);
        offsets[k] = ((z >> 24) % 3) * 0.25;
        amounts[k] = 1000.0 + k;
    }
}

static struct projection *projection_of_all(int is_one, int n_shards, const int64_t *bounds) {
    struct projection *p;
    const int32_t states[2] = {0, 1};
    const double same = 7.5;
    CHECK_EQUAL(projection_new(&p, 3, 1, 2, N, SOURCES, sources, NULL, targets), EVSIM_OK);
    CHECK_EQUAL(projection_arrange(p, ticks, offsets, is_one, n_shards, bounds), EVSIM_OK);
    CHECK_EQUAL(projection_set_ports(p, 2, states), EVSIM_OK);
    CHECK_EQUAL(projection_set_amount(p, 0, amounts, 0), EVSIM_OK);
    CHECK_EQUAL(projection_set_amount(p, 1, &same, 1), EVSIM_OK);
    return p;
}

static int is_sorted(const struct projection *p, int64_t k) { /* positions k and k + 1 */
    if (!p->delay_tick)
        return p->synapse_of[k] < p->synapse_of[k + 1];
    if (p->delay_tick[k] != p->delay_tick[k + 1])
        return p->delay_tick[k] < p->delay_tick[k + 1];
    if (p->delay_offset[k] != p->delay_offset[k + 1])
        return p->delay_offset[k] < p->delay_offset[k + 1];
    return p->synapse_of[k] < p->synapse_of[k + 1];
}

/* Checks that every synapse stands once in its row, with its own target, delay and amount. */
static void check_rows(const struct projection *p, const int64_t *bounds) {
    char seen[N] = {0};
    int wrong = 0;
    CHECK_EQUAL(p->start[0], 0);
    CHECK_EQUAL(p->start[p->n_shards * SOURCES], N);
    for (int64_t r = 0; r < p->n_shards * SOURCES; r++) {
        const int64_t shard = r / SOURCES;
        for (int64_t k = p->start[r]; k < p->start[r + 1]; k++) {
            const uint32_t s = p->synapse_of[k];
            wrong += seen[s]++ || sources[s] != r % SOURCES || targets[s] != p->target_of[k];
            wrong += targets[s] < bounds[shard] || targets[s] >= bounds[shard + 1];
            if (p->delay_tick)
                wrong += p->delay_tick[k] != ticks[s] || p->delay_offset[k] != offsets[s];
            wrong += p->port[0].amount[k] != amounts[s];
            wrong += k + 1 < p->start[r + 1] && !is_sorted(p, k);
        }
    }
    CHECK_EQUAL(wrong, 0);
    CHECK_EQUAL(p->port[1].step, 0);
    CHECK(p->port[1].amount[0] == 7.5);
}

static const int64_t WHOLE[2] = {0, TARGETS}, THREE[4] = {0, 16, 48, TARGETS};

static void test_rows_are_sorted_by_delay_then_creation(void) {
    struct projection *p = projection_of_all(0, 1, WHOLE);
    check_rows(p, WHOLE);
    CHECK(p->is_short);
    CHECK_EQUAL(p->shortest, 0);
    CHECK_EQUAL(p->longest, 3);
    projection_free(p);
}

static void test_one_delay_for_all_keeps_the_order_of_creation(void) {
    struct projection *p = projection_of_all(1, 3, THREE);
    CHECK(p->delay_tick == NULL && p->delay_offset == NULL);
    CHECK_EQUAL(p->one_tick, ticks[0]);
    CHECK(p->one_offset == offsets[0]);
    check_rows(p, THREE);
    projection_free(p);
}

static void test_cutting_for_other_shards_keeps_delays_and_amounts(void) {
    for (int is_one = 0; is_one < 2; is_one++) {
        struct projection *p = projection_of_all(is_one, 1, WHOLE);
        CHECK_EQUAL(projection_cut(p, 3, THREE), EVSIM_OK);
        CHECK_EQUAL(p->n_shards, 3);
        check_rows(p, THREE);
        CHECK_EQUAL(projection_cut(p, 1, WHOLE), EVSIM_OK);
        check_rows(p, WHOLE);
        projection_free(p);
    }
}

static void test_new_delays_leave_the_amounts_with_their_synapses(void) {
    struct projection *p = projection_of_all(1, 3, THREE);
    CHECK_EQUAL(projection_arrange(p, ticks, offsets, 0, 3, THREE), EVSIM_OK);
    check_rows(p, THREE);
    projection_free(p);
}

static void test_a_shard_without_targets_has_empty_rows(void) {
    const int64_t bounds[4] = {0, 0, TARGETS, TARGETS};
    struct projection *p = projection_of_all(0, 3, bounds);
    CHECK_EQUAL(p->start[SOURCES], 0);
    CHECK_EQUAL(p->start[2 * SOURCES], N);
    check_rows(p, bounds);
    projection_free(p);
}

static void test_a_projection_may_have_no_synapses(void) {
    struct projection *p;
    const int32_t tick = 1;
    const double offset = 0.5;
    CHECK_EQUAL(projection_new(&p, 0, 0, 0, 0, SOURCES, NULL, NULL, NULL), EVSIM_OK);
    CHECK_EQUAL(projection_arrange(p, &tick, &offset, 1, 1, WHOLE), EVSIM_OK);
    for (int s = 0; s <= SOURCES; s++)
        CHECK_EQUAL(p->start[s], 0);
    CHECK(!p->is_short);
    CHECK_EQUAL(projection_cut(p, 3, THREE), EVSIM_OK);
    projection_free(p);
    projection_free(NULL);
}

static void test_arrivals_carry_over_into_the_next_tick(void) {
    const uint32_t one = 0;
    const int32_t tick = 2;
    const double delay = 0.75;
    double offset;
    struct projection *p;
    CHECK_EQUAL(projection_new(&p, 0, 0, 0, 1, 1, &one, NULL, &one), EVSIM_OK);
    CHECK_EQUAL(projection_arrange(p, &tick, &delay, 1, 1, WHOLE), EVSIM_OK);
    CHECK_EQUAL(projection_arrival(p, 0, 10, 0.125, 1.0, &offset), 12);
    CHECK(offset == 0.875);
    CHECK_EQUAL(projection_arrival(p, 0, 10, 0.25, 1.0, &offset), 13);
    CHECK(offset == 0.0);
    CHECK_EQUAL(projection_arrival(p, 0, 10, 0.5, 1.0, &offset), 13);
    CHECK(offset == 0.25);
    projection_free(p);
}

/* 3 sources; the targets of the first two ascend. */
static const int64_t created[4] = {0, 3, 3, 7};
static const uint32_t in_rows[7] = {1, 40, 63, 0, 20, 41, 60};
static const double own[7] = {0, 1, 2, 3, 4, 5, 6};

static struct projection *projection_of_rows(int n_shards, const int64_t *bounds,
                                             const uint32_t *j) {
    const int32_t tick = 2, state = 0;
    const double offset = 0.5;
    struct projection *p;
    CHECK_EQUAL(projection_new(&p, 0, 0, 0, 7, 3, NULL, created, j), EVSIM_OK);
    CHECK_EQUAL(projection_arrange(p, &tick, &offset, 1, n_shards, bounds), EVSIM_OK);
    CHECK_EQUAL(projection_set_ports(p, 1, &state), EVSIM_OK);
    CHECK_EQUAL(projection_set_amount(p, 0, own, 0), 1);
    return p;
}

/* Every synapse stands once in its row, with its own target and amount. */
static void check_created(const struct projection *p, const int64_t *bounds, const uint32_t *j) {
    int64_t found = 0;
    for (int shard = 0; shard < p->n_shards; shard++)
        for (int64_t s = 0; s < 3; s++)
            for (int64_t at = row_begin(p, shard, s); at < row_end(p, shard, s); at++) {
                const uint32_t k = projection_synapse(p, at);
                CHECK(projection_source(p, k) == s && p->target_of[at] == j[k]);
                CHECK(j[k] >= bounds[shard] && j[k] < bounds[shard + 1]);
                CHECK(p->port[0].amount[at] == own[k]);
                found++;
            }
    CHECK_EQUAL(found, 7);
}

static void test_rows_stay_where_the_caller_has_them(void) {
    struct projection *p = projection_of_rows(1, WHOLE, in_rows);
    check_created(p, WHOLE, in_rows);
    CHECK(p->target_of == in_rows && p->port[0].amount == own && !p->synapse_of);
    CHECK_EQUAL(projection_cut(p, 3, THREE), EVSIM_OK);
    check_created(p, THREE, in_rows);
    CHECK(p->target_of == in_rows && p->port[0].amount == own);
    projection_free(p);
}

static void test_rows_are_sorted_when_their_delays_differ(void) {
    const int32_t tick[7] = {3, 2, 1, 1, 2, 3, 0};
    const double offset[7] = {0};
    struct projection *p = projection_of_rows(1, WHOLE, in_rows);
    CHECK_EQUAL(projection_arrange(p, tick, offset, 0, 1, WHOLE), EVSIM_OK);
    check_created(p, WHOLE, in_rows);
    CHECK(p->target_of[0] == 63 && p->target_of[2] == 1 && p->target_of[3] == 60);
    CHECK_EQUAL(projection_arrange(p, tick, offset, 1, 3, THREE), EVSIM_OK);
    check_created(p, THREE, in_rows);
    projection_free(p);
}

static void test_rows_whose_targets_do_not_ascend_are_sorted_for_shards(void) {
    const uint32_t mixed[7] = {63, 1, 40, 60, 0, 41, 20};
    struct projection *p = projection_of_rows(1, WHOLE, mixed);
    check_created(p, WHOLE, mixed);
    CHECK(p->target_of == mixed);
    CHECK_EQUAL(projection_cut(p, 3, THREE), EVSIM_OK);
    check_created(p, THREE, mixed);
    CHECK(p->target_of != mixed);
    projection_free(p);
}

static void test_variables_are_copied_one_or_one_each(void) {
    const struct evsim_code code = {0};
    const double same = 2.5;
    struct projection *p = projection_of_all(0, 1, WHOLE);
    CHECK_EQUAL(projection_set_code(p, &code, 2), EVSIM_OK);
    CHECK(p->variable[0][0] == 0.0 && p->step[0] == 0);
    CHECK_EQUAL(projection_set_variable(p, 0, amounts, 0), EVSIM_OK);
    CHECK_EQUAL(projection_set_variable(p, 1, &same, 1), EVSIM_OK);
    CHECK_EQUAL(p->step[0], 1);
    CHECK_EQUAL(p->step[1], 0);
    CHECK(memcmp(p->variable[0], amounts, sizeof amounts) == 0); /* by synapse, not by row */
    CHECK(p->variable[1][0] == 2.5);
    CHECK_EQUAL(projection_set_variable(p, 0, &same, 1), EVSIM_OK);
    CHECK(p->step[0] == 0 && p->variable[0][0] == 2.5);
    projection_free(p);
}

static int change_all(struct projection *p) {
    static const struct evsim_code code = {0};
    const int32_t states[3] = {1, 0, 2};
    int result = projection_cut(p, 3, THREE);
    if (result >= 0)
        result = projection_arrange(p, ticks, offsets, 0, 1, WHOLE);
    if (result >= 0)
        result = projection_set_code(p, &code, 3);
    if (result >= 0)
        result = projection_set_variable(p, 1, amounts, 0);
    return result < 0 ? result : projection_set_ports(p, 3, states);
}

static void test_what_runs_out_of_memory_stays_as_it_was(void) {
    int failures = 0;
    for (int64_t k = 1;; k++) {
        struct projection *p = projection_of_all(0, 1, WHOLE);
        allocations_left = k;
        const int result = change_all(p);
        allocations_left = -1;
        if (result == EVSIM_OK) {
            CHECK_EQUAL(p->n_ports, 3);
            projection_free(p);
            break;
        }
        failures++;
        CHECK_EQUAL(result, EVSIM_NO_MEMORY);
        CHECK_EQUAL(p->n_ports, 2);
        check_rows(p, p->n_shards == 1 ? WHOLE : THREE);
        projection_free(p);
    }
    CHECK(failures > 20);
}

static void test_a_projection_that_cannot_be_made_can_be_freed(void) {
    for (int64_t k = 1; k <= 3; k++) {
        struct projection *p;
        allocations_left = k;
        CHECK_EQUAL(projection_new(&p, 0, 0, 0, N, SOURCES, sources, NULL, targets),
                    EVSIM_NO_MEMORY);
        allocations_left = -1;
        projection_free(p);
    }
}

int main(void) {
    draw_all();
    test_rows_are_sorted_by_delay_then_creation();
    test_one_delay_for_all_keeps_the_order_of_creation();
    test_cutting_for_other_shards_keeps_delays_and_amounts();
    test_new_delays_leave_the_amounts_with_their_synapses();
    test_a_shard_without_targets_has_empty_rows();
    test_a_projection_may_have_no_synapses();
    test_arrivals_carry_over_into_the_next_tick();
    test_rows_stay_where_the_caller_has_them();
    test_rows_are_sorted_when_their_delays_differ();
    test_rows_whose_targets_do_not_ascend_are_sorted_for_shards();
    test_variables_are_copied_one_or_one_each();
    test_what_runs_out_of_memory_stays_as_it_was();
    test_a_projection_that_cannot_be_made_can_be_freed();
    return check_report("synapses");
}
