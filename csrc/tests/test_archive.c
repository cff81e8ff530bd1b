/* Archives: what is saved goes on with the same bits elsewhere, and nothing damaged is taken in. */
#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "../evsim.h"
#include "check.h"
#include "lif.h"

static const double WINDOW = 1e-3, TAU_M = 20e-3, TAU_S = 5e-3;

enum { CELLS = 70, SYNAPSES = 600, MOST = 4000 };

#define TRY(call)                                                                                  \
    do {                                                                                           \
        const int code_of_call = (call);                                                           \
        if (code_of_call < 0)                                                                      \
            return code_of_call;                                                                   \
    } while (0)

struct network {
    evsim_simulation *sim;
    int cells, record, trace, projection;
};

static int add_cells(evsim_simulation *sim) {
    double c[COEFFICIENTS], reset = 0.0;
    const double rest = 0.3e-3, cost[2 * STATES] = {0};
    const int32_t degrees[4] = {18, 18, 18, 18}, ticks = 2;
    lif_coefficients(c, WINDOW, TAU_M, TAU_S, 1.3, 1.0);
    const int p = evsim_add_population(sim, CELLS, evsim_kernel());
    TRY(p);
    for (int k = 0; k < COEFFICIENTS; k++)
        TRY(evsim_set_coefficient(sim, p, k, &c[k], 1));
    TRY(evsim_set_parameter(sim, p, 0, &reset, 1));
    TRY(evsim_set_refractory(sim, p, &ticks, &rest, 1));
    TRY(evsim_set_propagator(sim, p, 1, degrees, 1, 0, NULL, 0, cost));
    return p;
}

/* Driven cells with random synapses, of which some are shorter than a window with shortest 0. */
static int build(struct network *net, int shortest) {
    uint32_t i[SYNAPSES], j[SYNAPSES], z = 99;
    int32_t tick[SYNAPSES];
    double offset[SYNAPSES], amount[SYNAPSES];
    for (int k = 0; k < SYNAPSES; k++) {
        i[k] = (z = z * 1664525u + 1013904223u, (z >> 16) % CELLS);
        j[k] = (z = z * 1664525u + 1013904223u, (z >> 16) % CELLS);
        tick[k] = shortest + (int32_t)(z >> 28) % 5;
        offset[k] = (z = z * 1664525u + 1013904223u, (z >> 8) * 0x1p-24 * WINDOW);
        amount[k] = (z = z * 1664525u + 1013904223u, (double)(z >> 8) * 0x1p-24 * 12.0 - 5.0);
    }
    evsim_simulation *sim = net->sim;
    TRY(net->cells = add_cells(sim));
    double *v = evsim_state(sim, net->cells, 0);
    for (int k = 0; k < CELLS; k++)
        v[k] = k / (double)CELLS;
    const int emitter = evsim_population_emitter(sim, net->cells);
    const int32_t ports[1] = {1}, states[2] = {0, 1};
    TRY(net->projection = evsim_add_projection(sim, emitter, net->cells, SYNAPSES, CELLS, i, j));
    TRY(evsim_set_delay(sim, net->projection, tick, offset, SYNAPSES));
    TRY(evsim_set_ports(sim, net->projection, 1, ports));
    TRY(evsim_set_amount(sim, net->projection, 0, amount, SYNAPSES));
    TRY(evsim_add_drive(sim, 1u << 31, 1 << 20, net->cells, 1, 0, 30, 500.0, 0.5));
    TRY(net->record = evsim_record_spikes(sim, emitter, 0, CELLS));
    const uint32_t indices[3] = {0, 5, 60};
    return net->trace = evsim_record_states(sim, net->cells, 2, states, 3, indices, 0.7e-3, 0);
}

static struct network built(int shortest) {
    struct network net = {.sim = evsim_new(WINDOW, 1, 1, 1)};
    CHECK(net.sim && build(&net, shortest) >= 0);
    return net;
}

static int run_to(evsim_simulation *sim, int64_t tick, double offset, int n_threads) {
    int code;
    while ((code = evsim_run(sim, tick, offset, n_threads, 0, 1e6)) == 0)
        continue;
    return code;
}

struct archive {
    char *memory;
    int64_t size;
};

static struct archive archive_of(evsim_simulation *sim) {
    struct archive a = {.size = evsim_archive_size(sim)};
    a.memory = malloc((size_t)(a.size > 0 ? a.size : 1));
    CHECK(a.size > 0 && a.memory);
    CHECK_EQUAL(evsim_archive_save(sim, a.memory, a.size), EVSIM_OK);
    return a;
}

static int load(evsim_simulation *sim, const struct archive *a) {
    double shown, offset;
    const int code = evsim_archive_load(sim, a->memory, a->size, &shown);
    if (code < 0)
        return code;
    const int64_t tick = evsim_now(sim, &offset);
    return offset == shown ? 1 : run_to(sim, tick, shown, 1);
}

static void check_same(struct network *a, struct network *b) {
    static int64_t tick[2][MOST], index[2][MOST];
    static double offset[2][MOST], samples[2][MOST];
    struct network *each[2] = {a, b};
    int64_t n[2], n_samples[2];
    for (int k = 0; k < 2; k++) {
        n[k] = evsim_spike_count(each[k]->sim, each[k]->record);
        n_samples[k] = evsim_sample_count(each[k]->sim, each[k]->trace);
        CHECK(n[k] > 50 && n[k] < MOST && 6 * n_samples[k] < MOST);
        CHECK_EQUAL(
            evsim_spikes(each[k]->sim, each[k]->record, 0, n[k], tick[k], offset[k], index[k]),
            EVSIM_OK);
        CHECK_EQUAL(evsim_samples(each[k]->sim, each[k]->trace, 0, n_samples[k], 0, 6, samples[k]),
                    EVSIM_OK);
    }
    CHECK_EQUAL(n[0], n[1]);
    CHECK_EQUAL(n_samples[0], n_samples[1]);
    CHECK(!memcmp(tick[0], tick[1], (size_t)n[0] * sizeof tick[0][0]));
    CHECK(!memcmp(index[0], index[1], (size_t)n[0] * sizeof index[0][0]));
    CHECK(!memcmp(offset[0], offset[1], (size_t)n[0] * sizeof offset[0][0]));
    CHECK(!memcmp(samples[0], samples[1], (size_t)n_samples[0] * 6 * sizeof samples[0][0]));
    for (int s = 0; s < STATES; s++)
        CHECK(!memcmp(evsim_state(a->sim, a->cells, s), evsim_state(b->sim, b->cells, s),
                      CELLS * sizeof(double)));
}

static void test_a_run_goes_on_elsewhere(int shortest, int64_t tick, double offset, int threads) {
    struct network first = built(shortest), other = built(shortest);
    CHECK_EQUAL(run_to(first.sim, tick, offset, threads), 1);
    struct archive a = archive_of(first.sim);
    CHECK_EQUAL(run_to(first.sim, 120, 0.3e-3, threads), 1);
    CHECK_EQUAL(load(other.sim, &a), 1);
    CHECK_EQUAL(run_to(other.sim, 120, 0.3e-3, 3 - threads), 1);
    check_same(&first, &other);
    CHECK_EQUAL(load(other.sim, &a), 1); /* back, in the same simulation */
    CHECK_EQUAL(run_to(other.sim, 120, 0.3e-3, threads), 1);
    check_same(&first, &other);
    free(a.memory);
    evsim_free(first.sim), evsim_free(other.sim);
}

static void test_from_inside_a_window_that_was_changed(void) {
    struct network first = built(0), other = built(0);
    CHECK_EQUAL(run_to(first.sim, 30, 0.2e-3, 1), 1);
    evsim_state(first.sim, first.cells, 0)[3] = 0.99;
    evsim_touch(first.sim);
    CHECK_EQUAL(run_to(first.sim, 30, 0.5e-3, 1), 1);
    struct archive a = archive_of(first.sim);
    CHECK_EQUAL(run_to(first.sim, 120, 0.0, 1), 1);
    CHECK_EQUAL(load(other.sim, &a), 1);
    CHECK_EQUAL(run_to(other.sim, 120, 0.0, 2), 1);
    check_same(&first, &other);
    free(a.memory);
    evsim_free(first.sim), evsim_free(other.sim);
}

static void test_what_is_damaged_or_does_not_fit_is_refused(void) {
    struct network net = built(1);
    CHECK_EQUAL(run_to(net.sim, 30, 0.2e-3, 1), 1);
    struct archive a = archive_of(net.sim);
    for (int64_t size = 0; size < a.size; size += 1 + a.size / 40) {
        const struct archive part = {a.memory, size};
        CHECK_EQUAL(load(net.sim, &part), EVSIM_BAD_ARGUMENT);
    }
    for (int64_t at = 0; at < a.size; at += 1 + a.size / 40) {
        a.memory[at] ^= 1;
        CHECK_EQUAL(load(net.sim, &a), EVSIM_BAD_ARGUMENT);
        a.memory[at] ^= 1;
    }
    evsim_simulation *empty = evsim_new(WINDOW, 1, 1, 1);
    CHECK_EQUAL(load(empty, &a), EVSIM_BAD_ARGUMENT);
    CHECK(!evsim_is_broken(net.sim) && !evsim_is_broken(empty));
    CHECK_EQUAL(load(net.sim, &a), 1);
    free(a.memory);
    evsim_free(empty), evsim_free(net.sim);
}

static void test_without_memory_nothing_is_lost_but_what_is_told(void) {
    struct network first = built(1), other = built(1);
    CHECK_EQUAL(run_to(first.sim, 30, 0.2e-3, 2), 1);
    struct archive a = archive_of(first.sim);
    struct evsim_delivery next[20];
    for (int64_t left = 1, code = -1; code < 0 && left < 100000; left++) {
        allocations_left = left;
        code = evsim_archive_save(first.sim, a.memory, a.size);
        allocations_left = -1;
        CHECK(code == EVSIM_OK || code == EVSIM_NO_MEMORY);
    }
    for (int64_t left = 1, code = -1; code < 0 && left < 100000; left++) {
        allocations_left = left;
        code = evsim_peek(first.sim, 20, next);
        allocations_left = -1;
        CHECK(code == 20 || code == EVSIM_NO_MEMORY);
    }
    for (int64_t left = 1, code = -1; code < 0 && left < 100000; left += 1 + left / 8) {
        double shown;
        allocations_left = left;
        code = evsim_archive_load(other.sim, a.memory, a.size, &shown);
        allocations_left = -1;
        CHECK(code == EVSIM_OK || code == EVSIM_NO_MEMORY);
        CHECK_EQUAL(evsim_is_broken(other.sim), code < 0);
    }
    CHECK_EQUAL(load(other.sim, &a), 1); /* all is well again */
    CHECK_EQUAL(run_to(first.sim, 120, 0.0, 1), 1);
    CHECK_EQUAL(run_to(other.sim, 120, 0.0, 1), 1);
    check_same(&first, &other);
    free(a.memory);
    evsim_free(first.sim), evsim_free(other.sim);
}

static void test_the_next_deliveries_are_those_that_come(void) {
    struct network net = built(1);
    struct evsim_delivery next[3000];
    CHECK_EQUAL(run_to(net.sim, 30, 0.2e-3, 2), 1);
    const int64_t n = evsim_peek(net.sim, 3000, next);
    CHECK(n > 20 && n < 3000);
    for (int64_t k = 0; k < n; k++) {
        CHECK(next[k].tick > 30 || (next[k].tick == 30 && next[k].offset >= 0.2e-3));
        CHECK(k == 0 || next[k - 1].tick < next[k].tick ||
              (next[k - 1].tick == next[k].tick && next[k - 1].offset <= next[k].offset));
    }
    struct evsim_delivery first[5];
    CHECK_EQUAL(evsim_peek(net.sim, 5, first), 5);
    for (int k = 0; k < 5; k++)
        CHECK(first[k].tick == next[k].tick && first[k].synapse == next[k].synapse);
    CHECK_EQUAL(evsim_activate_projection(net.sim, net.projection, 0), EVSIM_OK);
    CHECK_EQUAL(evsim_peek(net.sim, 3000, next), n); /* what is under way stays so */
    CHECK_EQUAL(run_to(net.sim, 60, 0.0, 1), 1);
    CHECK_EQUAL(evsim_peek(net.sim, 3000, next), 0);
    evsim_free(net.sim);
}

int main(void) {
    for (int shortest = 0; shortest < 2; shortest++)
        for (int threads = 1; threads < 3; threads++) {
            test_a_run_goes_on_elsewhere(shortest, 0, 0.0, threads);
            test_a_run_goes_on_elsewhere(shortest, 40, 0.0, threads);
            test_a_run_goes_on_elsewhere(shortest, 40, 0.6e-3, threads);
        }
    test_from_inside_a_window_that_was_changed();
    test_what_is_damaged_or_does_not_fit_is_refused();
    test_without_memory_nothing_is_lost_but_what_is_told();
    test_the_next_deliveries_are_those_that_come();
    return check_report("archive");
}
