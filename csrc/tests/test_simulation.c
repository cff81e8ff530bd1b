/* Simulations as Python drives them: spikes where closed forms put them, the same bits in any shape
 * of run, and nothing lost or leaked when memory runs out. */
#include "../evsim.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "check.h"
#include "lif.h"

static const double WINDOW = 1e-3, TAU_M = 20e-3, TAU_S = 5e-3;

enum { CELLS = 70, SYNAPSES = 600 };

/* ---- building ---- */

#define TRY(call)                                                                                  \
    do {                                                                                           \
        const int code_of_call = (call);                                                           \
        if (code_of_call < 0)                                                                      \
            return code_of_call;                                                                   \
    } while (0)

static int add_cells(evsim_simulation *sim, int64_t n, double e, double v_th, int32_t rest_ticks,
                     double rest_offset, int is_foldable) {
    double c[COEFFICIENTS], reset = 0.0;
    const double cost[2 * STATES] = {0};
    const int32_t degrees[4] = {18, 18, 18, 18};
    lif_coefficients(c, WINDOW, TAU_M, TAU_S, e, v_th);
    const int p = evsim_add_population(sim, n, evsim_kernel());
    TRY(p);
    for (int k = 0; k < COEFFICIENTS; k++)
        TRY(evsim_set_coefficient(sim, p, k, &c[k], 1));
    TRY(evsim_set_parameter(sim, p, 0, &reset, 1));
    TRY(evsim_set_refractory(sim, p, &rest_ticks, &rest_offset, 1));
    TRY(evsim_set_propagator(sim, p, 1, degrees, is_foldable, 0, NULL, 0, cost));
    return p;
}

static int add_synapses(evsim_simulation *sim, int emitter, int population, int64_t n,
                        int64_t n_sources, const uint32_t *i, const uint32_t *j, int32_t tick,
                        double offset, int32_t port, double amount) {
    const int p = evsim_add_projection(sim, emitter, population, n, n_sources, i, j);
    TRY(p);
    TRY(evsim_set_ports(sim, p, 1, &port));
    TRY(evsim_set_delay(sim, p, &tick, &offset, 1));
    TRY(evsim_set_amount(sim, p, 0, &amount, 1));
    return p;
}

struct network {
    evsim_simulation *sim;
    int cells, record, given_record, trace;
    int has_trace, shortest; /* delay in ticks */
};

/* Driven cells with random synapses and real delays, a train, Poisson sources, a drive. */
static int build(struct network *net) {
    uint32_t i[SYNAPSES], j[SYNAPSES], z = 99;
    int32_t tick[SYNAPSES];
    double offset[SYNAPSES], amount[SYNAPSES];
    for (int k = 0; k < SYNAPSES; k++) {
        i[k] = (z = z * 1664525u + 1013904223u, (z >> 16) % CELLS);
        j[k] = (z = z * 1664525u + 1013904223u, (z >> 16) % CELLS);
        tick[k] = net->shortest + (int32_t)(z >> 28) % 5;
        offset[k] = (z = z * 1664525u + 1013904223u, (z >> 8) * 0x1p-24 * WINDOW);
        amount[k] = (z = z * 1664525u + 1013904223u, (double)(z >> 8) * 0x1p-24 * 12.0 - 5.0);
    }
    evsim_simulation *sim = net->sim;
    net->cells = add_cells(sim, CELLS, 1.3, 1.0, 2, 0.3e-3, 1);
    TRY(net->cells);
    double *v = evsim_state(sim, net->cells, 0);
    for (int k = 0; k < CELLS; k++)
        v[k] = k / (double)CELLS;
    const int emitter = evsim_population_emitter(sim, net->cells);
    const int32_t ports[1] = {1};
    const int p = evsim_add_projection(sim, emitter, net->cells, SYNAPSES, CELLS, i, j);
    TRY(p);
    TRY(evsim_set_delay(sim, p, tick, offset, SYNAPSES));
    TRY(evsim_set_ports(sim, p, 1, ports));
    TRY(evsim_set_amount(sim, p, 0, amount, SYNAPSES));
    const int64_t at[3] = {3, 3, 90};
    const double in[3] = {0.1e-3, 0.4e-3, 0.0};
    const uint32_t who[3] = {0, 1, 0}, targets[2] = {5, 60}, both[2] = {0, 1};
    const int train = evsim_add_train(sim, 2, 3, at, in, who);
    TRY(train);
    TRY(add_synapses(sim, train, net->cells, 2, 2, both, targets, 0, 0.25e-3, 0, 0.5));
    const double rates[2] = {40.0, 60.0};
    const int poisson = evsim_add_poisson(sim, 7, 2, rates, 2);
    TRY(poisson);
    TRY(add_synapses(sim, poisson, net->cells, 2, 2, both, targets, 1, 0.0, 0, 0.1));
    TRY(evsim_add_drive(sim, 1u << 31, 1 << 20, net->cells, 1, 0, 30, 500.0, 0.5));
    TRY(net->record = evsim_record_spikes(sim, emitter, 0, CELLS));
    TRY(net->given_record = evsim_record_spikes(sim, train, 0, 2));
    const int32_t states[2] = {0, 1};
    const uint32_t indices[3] = {0, 5, 60};
    if (net->has_trace)
        TRY(net->trace = evsim_record_states(sim, net->cells, 2, states, 3, indices, 0.7e-3, 0));
    return EVSIM_OK;
}

static int run_to(evsim_simulation *sim, int64_t tick, double offset, int n_threads, int is_grid) {
    int code;
    while ((code = evsim_run(sim, tick, offset, n_threads, is_grid, 1e6)) == 0)
        continue;
    return code;
}

struct spike_list {
    int64_t n, tick[4000], index[4000];
    double offset[4000];
};

static struct spike_list spikes_of(evsim_simulation *sim, int record) {
    static struct spike_list list;
    memset(&list, 0, sizeof list);
    list.n = evsim_spike_count(sim, record);
    CHECK(list.n < 4000);
    CHECK_EQUAL(evsim_spikes(sim, record, 0, list.n, list.tick, list.offset, list.index), 0);
    return list;
}

/* ---- what comes out ---- */

static void test_one_neuron_spikes_when_the_logarithm_says(void) {
    evsim_simulation *sim = evsim_new(WINDOW, 1, 1, 1);
    const int p = add_cells(sim, 1, 2.0, 1.0, 3, 0.7e-3, 0);
    const int record = evsim_record_spikes(sim, evsim_population_emitter(sim, p), 0, 1);
    CHECK_EQUAL(run_to(sim, 1000, 0.0, 1, 0), 1);
    const struct spike_list s = spikes_of(sim, record);
    const long double first = TAU_M * logl(2.0L), period = first + 3.7e-3L;
    CHECK_EQUAL(s.n, (int64_t)((1.0L - first) / period) + 1);
    for (int64_t k = 0; k < s.n; k++) {
        const long double expected = first + k * period;
        CHECK_NEAR((double)(s.tick[k] * 1e-3L + s.offset[k] - expected), 0.0, 1e-17 * (k + 2));
    }
    CHECK_EQUAL(evsim_last_tick(sim, p)[0], s.tick[s.n - 1]);
    CHECK(evsim_last_offset(sim, p)[0] == s.offset[s.n - 1]);
    evsim_free(sim);
}

static void test_a_jump_arrives_exactly_after_its_delay(void) {
    evsim_simulation *sim = evsim_new(WINDOW, 1, 1, 1);
    const int64_t tick = 4;
    const double offset = 0.75e-3;
    const uint32_t zero = 0;
    const int p = add_cells(sim, 1, 0.0, 1.0, 0, 0.0, 0);
    const int train = evsim_add_train(sim, 1, 1, &tick, &offset, &zero);
    CHECK(add_synapses(sim, train, p, 1, 1, &zero, &zero, 2, 0.5e-3, 0, 3.0) >= 0);
    const int record = evsim_record_spikes(sim, evsim_population_emitter(sim, p), 0, 1);
    CHECK_EQUAL(run_to(sim, 20, 0.0, 1, 0), 1);
    const struct spike_list s = spikes_of(sim, record);
    CHECK_EQUAL(s.n, 1);
    CHECK_EQUAL(s.tick[0], 7);
    CHECK_NEAR(s.offset[0], 0.25e-3, 1e-19);
    evsim_free(sim);
}

static void test_a_threshold_that_holds_after_the_reset_is_told(void) {
    evsim_simulation *sim = evsim_new(WINDOW, 1, 1, 1);
    const int p = add_cells(sim, 3, 2.0, 1.0, 0, 0.0, 0);
    const double reset = 1.5;
    int population;
    int64_t neuron, tick;
    double offset;
    evsim_set_parameter(sim, p, 0, &reset, 1);
    evsim_state(sim, p, 0)[2] = 0.9;
    CHECK_EQUAL(run_to(sim, 100, 0.0, 1, 0), EVSIM_STUCK);
    CHECK_EQUAL(evsim_failure(sim, &population, &neuron, &tick, &offset), EVSIM_STUCK);
    CHECK_EQUAL(population, p);
    CHECK_EQUAL(neuron, 2);
    CHECK_NEAR((double)tick * WINDOW + offset, TAU_M * log(1.1), 1e-16);
    evsim_free(sim);
}

static void test_a_kernel_of_another_version_is_refused(void) {
    struct evsim_kernel other = *evsim_kernel();
    int32_t abi, n_states, n_coefficients, n_parameters;
    CHECK_EQUAL(evsim_kernel_numbers(&other, &abi, &n_states, &n_coefficients, &n_parameters), 0);
    CHECK_EQUAL(n_states, STATES);
    CHECK_EQUAL(n_coefficients, COEFFICIENTS);
    CHECK_EQUAL(n_parameters, PARAMETERS);
    other.abi++;
    CHECK_EQUAL(evsim_kernel_numbers(&other, &abi, &n_states, &n_coefficients, &n_parameters),
                EVSIM_BAD_ARGUMENT);
}

/* ---- the same bits ---- */

static struct network network_of(int has_trace, int shortest) {
    struct network net = {.sim = evsim_new(WINDOW, 1, 1, 42), .has_trace = has_trace};
    net.shortest = shortest;
    CHECK_EQUAL(build(&net), EVSIM_OK);
    return net;
}

static int is_same(const struct spike_list *a, const struct spike_list *b) {
    return a->n == b->n && !memcmp(a->tick, b->tick, (size_t)a->n * 8) &&
           !memcmp(a->index, b->index, (size_t)a->n * 8) &&
           !memcmp(a->offset, b->offset, (size_t)a->n * 8);
}

static void check_same(int shortest, int has_trace, int most_threads) {
    struct network one = network_of(0, shortest);
    CHECK_EQUAL(run_to(one.sim, 300, 0.0, 1, 0), 1);
    const struct spike_list expected = spikes_of(one.sim, one.record);
    CHECK(expected.n > 500);
    CHECK_EQUAL(evsim_spike_count(one.sim, one.given_record), 3);
    for (int threads = 1; threads <= most_threads; threads++) {
        struct network net = network_of(has_trace, shortest);
        CHECK_EQUAL(run_to(net.sim, 300, 0.0, threads, 0), 1);
        const struct spike_list found = spikes_of(net.sim, net.record);
        CHECK(is_same(&found, &expected));
        CHECK(!memcmp(evsim_state(net.sim, net.cells, 0), evsim_state(one.sim, one.cells, 0),
                      CELLS * sizeof(double)));
        if (has_trace)
            CHECK_EQUAL(evsim_sample_count(net.sim, net.trace), 429); /* k * 0.7 < 300 */
        evsim_free(net.sim);
    }
    evsim_free(one.sim);
}

static void test_threads_change_nothing(void) {
    check_same(0, 0, 4);
    check_same(1, 0, 4);
}

static void test_monitors_change_nothing(void) {
    check_same(0, 1, 2);
    check_same(1, 1, 2);
}

static void test_runs_in_pieces_and_with_other_threads_are_one_run(void) {
    for (int shortest = 0; shortest < 2; shortest++) {
        struct network one = network_of(0, shortest), net = network_of(0, shortest);
        CHECK_EQUAL(run_to(one.sim, 300, 0.0, 1, 0), 1);
        for (int64_t tick = 0; tick < 300; tick += 20)
            CHECK_EQUAL(run_to(net.sim, tick + 20, 0.0, 1 + (int)(tick / 20) % 4, 0), 1);
        const struct spike_list expected = spikes_of(one.sim, one.record);
        const struct spike_list found = spikes_of(net.sim, net.record);
        CHECK(is_same(&found, &expected));
        evsim_free(one.sim), evsim_free(net.sim);
    }
}

/* Pieces that end off the grid cut the states' polynomials elsewhere: equal to rounding. */
static void check_off_grid(int shortest, int other_threads) {
    struct network one = network_of(0, shortest), net = network_of(0, shortest);
    CHECK_EQUAL(run_to(one.sim, 100, 0.0, 1, 0), 1);
    for (int64_t tick = 0; tick < 100; tick += 10) {
        CHECK_EQUAL(run_to(net.sim, tick + 3, 0.2e-3, 1, 0), 1);
        CHECK_EQUAL(run_to(net.sim, tick + 3, 0.6e-3, other_threads, 0), 1);
        CHECK_EQUAL(run_to(net.sim, tick + 10, 0.0, 1, 0), 1);
    }
    const struct spike_list expected = spikes_of(one.sim, one.record);
    const struct spike_list found = spikes_of(net.sim, net.record);
    CHECK(expected.n > 100 && found.n == expected.n);
    for (int64_t k = 0; k < found.n && found.n == expected.n; k++) {
        CHECK_EQUAL(found.index[k], expected.index[k]);
        CHECK_NEAR((double)(found.tick[k] - expected.tick[k]) * WINDOW + found.offset[k],
                   expected.offset[k], 1e-15);
    }
    evsim_free(one.sim), evsim_free(net.sim);
}

static void test_runs_that_end_off_the_grid_are_one_run(void) {
    check_off_grid(0, 1);
    check_off_grid(1, 1);
}

static void test_threads_may_change_off_the_grid(void) { check_off_grid(1, 3); }

static void test_objects_may_be_added_off_the_grid(void) {
    struct network one = network_of(0, 1), net = network_of(0, 1);
    const uint32_t zero = 0;
    CHECK_EQUAL(run_to(one.sim, 60, 0.0, 1, 0), 1);
    CHECK_EQUAL(run_to(net.sim, 20, 0.4e-3, 1, 0), 1);
    const int p = add_cells(net.sim, 100, 0.0, 1.0, 0, 0.0, 0);
    const int emitter = evsim_population_emitter(net.sim, p);
    CHECK(add_synapses(net.sim, emitter, net.cells, 1, 100, &zero, &zero, 3, 0.0, 0, 1.0) >= 0);
    CHECK_EQUAL(run_to(net.sim, 20, 0.7e-3, 1, 0), 1);
    CHECK_EQUAL(run_to(net.sim, 60, 0.0, 1, 0), 1);
    CHECK_EQUAL(evsim_spike_count(net.sim, net.record), evsim_spike_count(one.sim, one.record));
    evsim_free(one.sim), evsim_free(net.sim);
}

/* What is on its way when delays change reaches its own target, and once. */
static void test_new_delays_leave_what_is_on_its_way_to_its_target(void) {
    evsim_simulation *sim = evsim_new(WINDOW, 1, 1, 1);
    const uint32_t zeros[4] = {0}, targets[4] = {0, 1, 2, 3};
    const int32_t before[4] = {4, 5, 6, 7}, after[4] = {9, 8, 7, 6}, port = 1;
    const double offsets[4] = {0.0}, amounts[4] = {1.0, 2.0, 4.0, 8.0}, offset = 0.5e-3;
    const int64_t tick = 1;
    const int p = add_cells(sim, 4, 0.0, 1e9, 0, 0.0, 1);
    const int train = evsim_add_train(sim, 1, 1, &tick, &offset, zeros);
    const int s = evsim_add_projection(sim, train, p, 4, 1, zeros, targets);
    CHECK_EQUAL(evsim_set_delay(sim, s, before, offsets, 4), EVSIM_OK);
    CHECK_EQUAL(evsim_set_ports(sim, s, 1, &port), EVSIM_OK);
    CHECK_EQUAL(evsim_set_amount(sim, s, 0, amounts, 4), EVSIM_OK);
    CHECK_EQUAL(run_to(sim, 3, 0.0, 1, 0), 1);
    CHECK_EQUAL(evsim_set_delay(sim, s, after, offsets, 4), EVSIM_OK);
    CHECK_EQUAL(run_to(sim, 20, 0.0, 1, 0), 1);
    for (int k = 0; k < 4; k++) {
        const double x = evsim_state(sim, p, 1)[k] / amounts[k];
        const double kept = exp(-(18.5 - before[k]) / 5.0);
        CHECK_NEAR(x, kept, 1e-14);
    }
    evsim_free(sim);
}

static void test_grid_steps_and_windows_may_alternate(void) {
    struct network net = network_of(1, 0);
    for (int64_t tick = 0; tick < 300; tick += 15)
        CHECK_EQUAL(run_to(net.sim, tick + 15, 0.0, 3, (tick / 15) % 2), 1);
    const struct spike_list s = spikes_of(net.sim, net.record);
    int on_grid = 0, wrong = 0;
    for (int64_t k = 0; k < s.n; k++) {
        const int is_grid = (s.tick[k] / 15) % 2;
        on_grid += is_grid;
        wrong += is_grid && s.offset[k] != 0.0;
        wrong += k && s.tick[k] < s.tick[k - 1];
    }
    CHECK(on_grid > 100 && s.n - on_grid > 100);
    CHECK_EQUAL(wrong, 0);
    evsim_free(net.sim);
}

static void test_a_run_stops_at_its_deadline_and_goes_on(void) {
    struct network one = network_of(0, 1), net = network_of(0, 1);
    CHECK_EQUAL(run_to(one.sim, 300, 0.0, 1, 0), 1);
    int code, calls = 0;
    while ((code = evsim_run(net.sim, 300, 0.0, 2, 0, 0.0)) == 0) { /* no time: a window each */
        double offset;
        CHECK_EQUAL(evsim_now(net.sim, &offset), ++calls);
    }
    CHECK_EQUAL(code, 1);
    CHECK(calls > 200);
    const struct spike_list expected = spikes_of(one.sim, one.record);
    const struct spike_list found = spikes_of(net.sim, net.record);
    CHECK(is_same(&found, &expected));
    evsim_free(one.sim), evsim_free(net.sim);
}

/* ---- memory ---- */

static int build_and_run(struct network *net, int is_grid) {
    TRY(build(net));
    TRY(run_to(net->sim, 12, 0.5e-3, 1, is_grid));
    TRY(run_to(net->sim, 30, 0.0, 1, is_grid));
    return EVSIM_OK;
}

static void test_a_simulation_without_memory_can_be_freed(int is_grid, int shortest) {
    int failures = 0;
    for (int64_t k = 1; k < 20000; k += 1 + k / 200) {
        struct network net = {.has_trace = 1, .shortest = shortest};
        allocations_left = k;
        net.sim = evsim_new(WINDOW, 1, 1, 42);
        const int code = net.sim ? build_and_run(&net, is_grid) : EVSIM_NO_MEMORY;
        allocations_left = -1;
        evsim_free(net.sim);
        if (code == EVSIM_OK) {
            CHECK(failures > 100);
            return;
        }
        failures++;
        CHECK_EQUAL(code, EVSIM_NO_MEMORY);
    }
    CHECK(!"there is enough memory in the end");
}

/* Without memory for a while: what the run then lacked is made up for, unless nothing could be put
 * right any more, which is told. */
static void test_a_run_that_found_no_memory_goes_on_with_memory(int shortest, int threads) {
    struct network one = network_of(1, shortest);
    CHECK_EQUAL(run_to(one.sim, 60, 0.0, 1, 0), 1);
    const struct spike_list expected = spikes_of(one.sim, one.record);
    int code = 0, failures = 0, broken = 0;
    for (int64_t k = 1; k < 20000 && code != 1; k += 1 + k / 50) {
        struct network net = network_of(1, shortest);
        CHECK_EQUAL(run_to(net.sim, 7, 0.0, threads, 0), 1);
        allocations_left = k;
        code = run_to(net.sim, 60, 0.0, threads, 0);
        allocations_left = -1;
        CHECK(code == 1 || code == EVSIM_NO_MEMORY);
        failures += code < 0;
        broken += evsim_is_broken(net.sim);
        if (evsim_is_broken(net.sim)) {
            CHECK_EQUAL(run_to(net.sim, 60, 0.0, threads, 0), EVSIM_BAD_ARGUMENT);
        } else {
            CHECK_EQUAL(run_to(net.sim, 60, 0.0, threads, 0), 1);
            const struct spike_list found = spikes_of(net.sim, net.record);
            CHECK(is_same(&found, &expected));
            CHECK_EQUAL(evsim_sample_count(net.sim, net.trace),
                        evsim_sample_count(one.sim, one.trace));
        }
        evsim_free(net.sim);
    }
    CHECK_EQUAL(code, 1);
    CHECK(failures > 10);
    CHECK(broken < failures || shortest);
    evsim_free(one.sim);
}

static void test_what_is_refused_leaves_the_simulation_as_it_was(void) {
    struct network one = network_of(1, 1);
    CHECK_EQUAL(run_to(one.sim, 50, 0.0, 1, 0), 1);
    const struct spike_list expected = spikes_of(one.sim, one.record);
    const uint32_t zero = 0;
    const int32_t state = 0, tick = 1;
    const double offset = 0.0;
    int refused = 0;
    for (int64_t k = 1; k <= 3; k++) {
        struct network net = network_of(1, 1);
        const int emitter = evsim_population_emitter(net.sim, net.cells);
        const int silent =
            evsim_add_projection(net.sim, emitter, net.cells, 1, CELLS, &zero, &zero);
        for (int call = 0; call < 6; call++) {
            int code = 0;
            allocations_left = k;
            if (call == 0)
                code = evsim_add_population(net.sim, 5, evsim_kernel());
            if (call == 1)
                code = evsim_record_states(net.sim, 0, 1, &state, 1, &zero, 1e-3, 0);
            if (call == 2)
                code = evsim_record_spikes(net.sim, 0, 0, 1);
            if (call == 3)
                code = evsim_set_delay(net.sim, silent, &tick, &offset, 1);
            if (call == 4)
                code = evsim_add_projection(net.sim, emitter, net.cells, 1, CELLS, &zero, &zero);
            if (call == 5)
                code = evsim_add_drive(net.sim, 0, 0, 0, 0, 0, 1, 0.0, 0.0);
            allocations_left = -1;
            refused += code == EVSIM_NO_MEMORY;
            CHECK(code >= 0 || code == EVSIM_NO_MEMORY);
        }
        CHECK_EQUAL(run_to(net.sim, 50, 0.0, 1, 0), 1);
        const struct spike_list found = spikes_of(net.sim, net.record);
        CHECK(is_same(&found, &expected));
        evsim_free(net.sim);
    }
    CHECK(refused >= 15);
    evsim_free(one.sim);
    evsim_free(NULL);
}

int main(void) {
    test_one_neuron_spikes_when_the_logarithm_says();
    test_a_jump_arrives_exactly_after_its_delay();
    test_a_threshold_that_holds_after_the_reset_is_told();
    test_a_kernel_of_another_version_is_refused();
    test_threads_change_nothing();
    test_monitors_change_nothing();
    test_runs_in_pieces_and_with_other_threads_are_one_run();
    test_runs_that_end_off_the_grid_are_one_run();
    test_threads_may_change_off_the_grid();
    test_objects_may_be_added_off_the_grid();
    test_new_delays_leave_what_is_on_its_way_to_its_target();
    test_grid_steps_and_windows_may_alternate();
    test_a_run_stops_at_its_deadline_and_goes_on();
    for (int shortest = 0; shortest < 2; shortest++) {
        test_a_simulation_without_memory_can_be_freed(0, shortest);
        test_a_simulation_without_memory_can_be_freed(1, shortest);
    }
    test_a_run_that_found_no_memory_goes_on_with_memory(1, 1);
    test_a_run_that_found_no_memory_goes_on_with_memory(0, 1);
    test_what_is_refused_leaves_the_simulation_as_it_was();
    return check_report("simulation");
}
