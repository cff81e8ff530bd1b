/* Populations: arrays padded with dormant neurons, numbers copied in, nothing lost without memory.
 */
#include "../population.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "check.h"
#include "lif.h"

static struct population *population_of(int64_t n) {
    struct population *p;
    CHECK_EQUAL(population_new(&p, 4, 9, n, evsim_kernel()), EVSIM_OK);
    return p;
}

static void test_padding_is_dormant_and_neurons_are_not(void) {
    for (int64_t n = 1; n < 50; n++) {
        struct population *p = population_of(n);
        int wrong = 0;
        CHECK_EQUAL(p->n_padded % EVSIM_PAD, 0);
        CHECK(p->n_padded >= n && p->n_padded < n + EVSIM_PAD);
        for (int64_t i = 0; i < p->n_padded; i++)
            wrong += EVSIM_IS_DORMANT(p->cells.slack[i]) != (i >= n);
        CHECK_EQUAL(wrong, 0);
        population_free(p);
    }
    population_free(NULL);
}

static void test_a_new_neuron_is_zero_and_has_never_spiked(void) {
    struct population *p = population_of(20);
    CHECK_EQUAL(p->number, 4);
    CHECK_EQUAL(p->emitter, 9);
    CHECK_EQUAL(p->cells.n, 20);
    for (int i = 0; i < 20; i++) {
        CHECK(p->state[0][i] == 0.0 && p->state[1][i] == 0.0);
        CHECK_EQUAL(p->last_tick[i], -1);
        CHECK(!population_is_refractory(p, i, 0, 0.0));
    }
    CHECK(p->cells.state[1] == p->state[1]);
    population_free(p);
}

static void test_arrays_begin_on_a_cache_line(void) {
    struct population *p = population_of(33);
    for (int s = 0; s < STATES; s++)
        CHECK_EQUAL((uintptr_t)p->state[s] % 64, 0);
    CHECK_EQUAL((uintptr_t)p->cells.slack % 64, 0);
    population_free(p);
}

static void test_a_neuron_is_refractory_until_its_release_and_not_at_it(void) {
    struct population *p = population_of(1);
    p->release_tick[0] = 5, p->release_offset[0] = 0.25;
    CHECK(population_is_refractory(p, 0, 4, 0.9));
    CHECK(population_is_refractory(p, 0, 5, 0.2));
    CHECK(!population_is_refractory(p, 0, 5, 0.25));
    CHECK(!population_is_refractory(p, 0, 6, 0.0));
    population_free(p);
}

static void test_numbers_are_copied_one_or_one_each(void) {
    struct population *p = population_of(3);
    double values[3] = {1.5, 2.5, 3.5};
    const int32_t tick[3] = {1, 2, 3};
    CHECK_EQUAL(population_set_parameter(p, 0, values, 3), EVSIM_OK);
    CHECK_EQUAL(population_set_coefficient(p, 1, values, 3), EVSIM_OK);
    CHECK_EQUAL(population_set_refractory(p, tick, values, 3), EVSIM_OK);
    values[2] = 0.0;
    CHECK_EQUAL(p->cells.parameter_step[0], 1);
    CHECK(p->cells.parameter[0][2] == 3.5);
    CHECK(p->cells.coefficient[1][2] == 3.5);
    CHECK_EQUAL(p->refractory_step, 1);
    CHECK_EQUAL(p->refractory_tick[2], 3);
    CHECK(p->refractory_offset[2] == 3.5);
    CHECK_EQUAL(population_set_parameter(p, 0, values, 1), EVSIM_OK);
    CHECK_EQUAL(population_set_refractory(p, tick, values, 1), EVSIM_OK);
    CHECK_EQUAL(p->cells.parameter_step[0], 0);
    CHECK_EQUAL(p->refractory_step, 0);
    population_free(p);
}

static void test_the_propagator_is_copied(void) {
    struct population *p = population_of(3);
    const int32_t degrees[4] = {2, 3, 5, 7};
    double fold[4] = {1, 2, 3, 4}, cost[4] = {0.1, 0.2, 0.3, 0.4};
    CHECK_EQUAL(population_set_propagator(p, 1e-3, 2, degrees, 1, 1, fold, 4, cost), EVSIM_OK);
    fold[3] = cost[3] = 0.0;
    CHECK(p->cells.fold[3] == 4.0 && p->cost[1][1] == 0.4 && p->cost[0][1] == 0.2);
    CHECK(p->cells.window == 1e-3);
    CHECK_EQUAL(p->cells.pieces, 2);
    CHECK_EQUAL(p->cells.degree, 7);
    CHECK_EQUAL(p->cells.degrees[1], 3);
    CHECK(p->is_foldable && p->is_coupled);
    CHECK_EQUAL(population_set_propagator(p, 1e-3, 2, degrees, 0, 0, NULL, 0, cost), EVSIM_OK);
    CHECK(!p->is_foldable && !p->is_coupled);
    population_free(p);
}

static void test_the_copy_of_the_states_is_made_once(void) {
    struct population *p = population_of(3);
    CHECK(p->begin == NULL);
    CHECK_EQUAL(population_keep_begin(p), EVSIM_OK);
    double **const begin = p->begin;
    CHECK_EQUAL(population_keep_begin(p), EVSIM_OK);
    CHECK(p->begin == begin);
    population_free(p);
}

static void test_a_population_that_cannot_be_made_can_be_freed(void) {
    int failures = 0;
    for (int64_t k = 1;; k++) {
        struct population *p = NULL;
        allocations_left = k;
        const int code = population_new(&p, 0, 0, 40, evsim_kernel());
        allocations_left = -1;
        population_free(p);
        if (code == EVSIM_OK)
            break;
        failures++;
        CHECK_EQUAL(code, EVSIM_NO_MEMORY);
    }
    CHECK(failures >= 15);
}

static int change_all(struct population *p) {
    const double one = 9.0, cost[4] = {9, 9, 9, 9};
    const int32_t tick = 9, degrees[4] = {9, 9, 9, 9};
    int code = population_set_parameter(p, 0, &one, 1);
    if (code >= 0)
        code = population_set_coefficient(p, 0, &one, 1);
    if (code >= 0)
        code = population_set_refractory(p, &tick, &one, 1);
    if (code >= 0)
        code = population_set_propagator(p, 9.0, 9, degrees, 1, 1, &one, 1, cost);
    if (code >= 0)
        code = population_index_deliveries(p);
    return code < 0 ? code : population_keep_begin(p);
}

static void test_what_runs_out_of_memory_stays_as_it_was(void) {
    const double values[3] = {1.5, 2.5, 3.5}, cost[4] = {0.1, 0.2, 0.3, 0.4};
    const int32_t tick[3] = {1, 2, 3}, degrees[4] = {1, 1, 1, 1};
    int failures = 0;
    for (int64_t k = 1; k < 100; k++) {
        struct population *p = population_of(3);
        population_set_parameter(p, 0, values, 3);
        population_set_coefficient(p, 0, values, 3);
        population_set_refractory(p, tick, values, 3);
        population_set_propagator(p, 1.0, 1, degrees, 0, 0, values, 3, cost);
        allocations_left = k;
        const int code = change_all(p);
        allocations_left = -1;
        const double parameter = p->cells.parameter[0][2 * p->cells.parameter_step[0]];
        CHECK(parameter == (p->cells.parameter_step[0] ? 3.5 : 9.0));
        CHECK(p->refractory_step ? p->refractory_tick[2] == 3 : p->refractory_offset[0] == 9.0);
        CHECK(p->cells.window == 1.0 ? p->cells.fold[2] == 3.5 : p->cells.fold[0] == 9.0);
        if (code != EVSIM_OK)
            CHECK(p->begin == NULL);
        population_free(p);
        if (code == EVSIM_OK)
            break;
        failures++;
        CHECK_EQUAL(code, EVSIM_NO_MEMORY);
    }
    CHECK(failures >= 8 && failures < 99);
}

int main(void) {
    test_padding_is_dormant_and_neurons_are_not();
    test_a_new_neuron_is_zero_and_has_never_spiked();
    test_arrays_begin_on_a_cache_line();
    test_a_neuron_is_refractory_until_its_release_and_not_at_it();
    test_numbers_are_copied_one_or_one_each();
    test_the_propagator_is_copied();
    test_the_copy_of_the_states_is_made_once();
    test_a_population_that_cannot_be_made_can_be_freed();
    test_what_runs_out_of_memory_stays_as_it_was();
    return check_report("population");
}
