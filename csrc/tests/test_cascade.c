/* Cascades with event code that writes synapses: once per delivery, whatever walks are repeated,
 * whether states are recorded or not, and nothing lost or leaked when memory runs out. */
#include "../evsim.h"

#include <string.h>

#include "../error.h"
#include "check.h"
#include "lif.h"

static const double WINDOW = 0x1p-10;

/* Element k of the train kicks relay k; both deliver to the target without delay, each through a
 * synapse that halves its weight and then adds it to state 1. */
enum { RELAYS = 8, TARGET = RELAYS, CELLS, WINDOWS = 3 };

#define TRY(call)                                                                                  \
    do {                                                                                           \
        const int code_of_call = (call);                                                           \
        if (code_of_call < 0)                                                                      \
            return code_of_call;                                                                   \
    } while (0)

static void halve_and_add(double *x, const struct evsim_cells *cells, int64_t i,
                          const struct evsim_now *now, double *const *variable, const int64_t *step,
                          int64_t synapse) {
    (void)cells, (void)i, (void)now;
    double *w = &variable[0][synapse * step[0]];
    *w *= 0.5;
    x[1] += *w;
}

static const int32_t first_variable = 0;
static const struct evsim_code halving = {
    .abi = EVSIM_KERNEL_ABI, .run = halve_and_add, .n_written = 1, .written = &first_variable};

struct network {
    evsim_simulation *sim;
    int has_trace, cells, direct, relayed, record, trace;
};

/* Neurons that stand still between events, but for the target, which must be followed. */
static int add_cells(evsim_simulation *sim) {
    const double c[COEFFICIENTS] = {0.0, 0.0, 0.0, 0.0, 1.0}, reset = 0.0, rest_offset = 0.0;
    const double cost[2 * STATES] = {0};
    const int32_t degrees[4] = {2, 2, 2, 2}, rest_ticks = 0;
    const int p = evsim_add_population(sim, CELLS, evsim_kernel());
    TRY(p);
    for (int k = 0; k < COEFFICIENTS; k++)
        TRY(evsim_set_coefficient(sim, p, k, &c[k], 1));
    TRY(evsim_set_parameter(sim, p, 0, &reset, 1));
    TRY(evsim_set_refractory(sim, p, &rest_ticks, &rest_offset, 1));
    TRY(evsim_set_propagator(sim, p, 1, degrees, 1, 0, NULL, 0, cost));
    return p;
}

static int add_halving(struct network *net, int emitter, int64_t n_sources) {
    uint32_t i[RELAYS], j[RELAYS];
    double w[RELAYS];
    for (uint32_t k = 0; k < RELAYS; k++)
        i[k] = k, j[k] = TARGET, w[k] = 1.0;
    const int p = evsim_add_projection(net->sim, emitter, net->cells, RELAYS, n_sources, i, j);
    const int32_t tick = 0;
    const double offset = 0.0;
    TRY(p);
    TRY(evsim_set_delay(net->sim, p, &tick, &offset, 1));
    TRY(evsim_set_code(net->sim, p, &halving, 1));
    TRY(evsim_set_variable(net->sim, p, 0, w, RELAYS));
    return p;
}

static int add_kicks(struct network *net, int train) {
    uint32_t i[RELAYS];
    for (uint32_t k = 0; k < RELAYS; k++)
        i[k] = k;
    const int32_t port = 0, tick = 0;
    const double offset = 0.0, amount = 2.0;
    const int p = evsim_add_projection(net->sim, train, net->cells, RELAYS, RELAYS, i, i);
    TRY(p);
    TRY(evsim_set_ports(net->sim, p, 1, &port));
    TRY(evsim_set_delay(net->sim, p, &tick, &offset, 1));
    return evsim_set_amount(net->sim, p, 0, &amount, 1);
}

static int build(struct network *net) {
    int64_t tick[RELAYS * WINDOWS];
    double offset[RELAYS * WINDOWS];
    uint32_t index[RELAYS * WINDOWS];
    for (int k = 0; k < RELAYS * WINDOWS; k++) {
        tick[k] = k / RELAYS, index[k] = (uint32_t)(k % RELAYS);
        offset[k] = (index[k] + 0.5) / RELAYS * WINDOW;
    }
    TRY(net->cells = add_cells(net->sim));
    const int emitter = evsim_population_emitter(net->sim, net->cells);
    const int train = evsim_add_train(net->sim, RELAYS, RELAYS * WINDOWS, tick, offset, index);
    TRY(train);
    TRY(add_kicks(net, train));
    TRY(net->direct = add_halving(net, train, RELAYS));
    TRY(net->relayed = add_halving(net, emitter, CELLS));
    TRY(net->record = evsim_record_spikes(net->sim, emitter, 0, CELLS));
    const int32_t state = 1;
    const uint32_t target = TARGET;
    if (net->has_trace)
        TRY(net->trace =
                evsim_record_states(net->sim, net->cells, 1, &state, 1, &target, WINDOW / 4, 0));
    return EVSIM_OK;
}

static int build_and_run(struct network *net, int64_t tick, double offset) {
    net->sim = evsim_new(WINDOW, 1, 1, 5);
    if (!net->sim)
        return EVSIM_NO_MEMORY;
    TRY(build(net));
    int code;
    while ((code = evsim_run(net->sim, tick, offset, 1, 0, 1e6)) == 0)
        continue;
    return code;
}

static double weight(struct network *net, int projection, int synapse) {
    double w[RELAYS];
    evsim_variable(net->sim, projection, 0, w);
    return w[synapse];
}

static void check_weights(struct network *net, double w) {
    for (int k = 0; k < RELAYS; k++) {
        CHECK(weight(net, net->direct, k) == w);
        CHECK(weight(net, net->relayed, k) == w);
    }
}

static void test_every_delivery_halves_its_weight_once(int has_trace) {
    struct network net = {.has_trace = has_trace};
    CHECK_EQUAL(build_and_run(&net, WINDOWS, 0.0), 1);
    CHECK_EQUAL(evsim_spike_count(net.sim, net.record), RELAYS * WINDOWS);
    check_weights(&net, 0.125);
    CHECK(evsim_state(net.sim, net.cells, 1)[TARGET] == 2 * RELAYS * (0.5 + 0.25 + 0.125));
    evsim_free(net.sim);
}

/* Two deliveries to the target for each of the instants at 1/16, 3/16 ... of a window. */
static void test_samples_show_every_delivery_so_far(void) {
    struct network net = {.has_trace = 1};
    CHECK_EQUAL(build_and_run(&net, WINDOWS, 0.0), 1);
    double found[4 * WINDOWS], expected = 0.0;
    CHECK_EQUAL(evsim_sample_count(net.sim, net.trace), 4 * WINDOWS);
    CHECK(evsim_samples(net.sim, net.trace, 0, 4 * WINDOWS, 0, 1, found) >= 0);
    for (int k = 0; k < 4 * WINDOWS; k++) {
        CHECK(found[k] == expected);
        expected += 4 * ldexp(0.5, -(k / 4));
    }
    evsim_free(net.sim);
}

static void test_a_run_may_end_inside_a_window_and_go_on(void) {
    struct network net = {.has_trace = 1};
    CHECK_EQUAL(build_and_run(&net, 1, 0.5 * WINDOW), 1);
    CHECK(weight(&net, net.relayed, 3) == 0.25);
    CHECK(weight(&net, net.relayed, 4) == 0.5);
    CHECK_EQUAL(evsim_run(net.sim, WINDOWS, 0.0, 1, 0, 1e6), 1);
    check_weights(&net, 0.125);
    evsim_free(net.sim);
}

static void test_without_memory_it_can_be_freed(void) {
    int failures = 0, code = EVSIM_NO_MEMORY;
    for (int64_t k = 1; code == EVSIM_NO_MEMORY && k < 2000; k++) {
        struct network net = {.has_trace = 1};
        allocations_left = k;
        code = build_and_run(&net, WINDOWS, 0.0);
        allocations_left = -1;
        failures += code == EVSIM_NO_MEMORY;
        if (code == 1)
            check_weights(&net, 0.125);
        evsim_free(net.sim);
    }
    CHECK_EQUAL(code, 1);
    CHECK(failures >= 50);
}

int main(void) {
    test_every_delivery_halves_its_weight_once(0);
    test_every_delivery_halves_its_weight_once(1);
    test_samples_show_every_delivery_so_far();
    test_a_run_may_end_inside_a_window_and_go_on();
    test_without_memory_it_can_be_freed();
    return check_report("cascade");
}
