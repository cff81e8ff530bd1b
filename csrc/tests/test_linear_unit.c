/* Linear units: two coupled cells against the closed form of their modes, crossings, cells that are
 * held still, samples, and nothing lost when memory runs out. */
#include "../evsim.h"

#include <stdlib.h>

#include "../error.h"
#include "check.h"
#include "lif.h"

#define TRY(call)                                                                                  \
    do {                                                                                           \
        const int code_of_call = (call);                                                           \
        if (code_of_call < 0)                                                                      \
            return code_of_call;                                                                   \
    } while (0)

static const double WINDOW = 1e-3, TAU_M = 20e-3, TAU_S = 5e-3, COUPLING = 90.0; /* 1/s */

static void add_nothing(double *const *from, double *const *to, double *const *own, double t,
                        double at, int64_t n, const uint32_t *i, const uint32_t *j,
                        double *const *variable, const int64_t *step, double *out) {
    (void)from, (void)to, (void)own, (void)t, (void)at, (void)n, (void)i, (void)j, (void)variable;
    (void)step, (void)out; /* the core solves what it has the numbers of */
}

static const struct evsim_link LINK = {.abi = EVSIM_KERNEL_ABI, .add = add_nothing};

struct pair {
    evsim_simulation *sim;
    int cells, record, trace;
};

/* dV/dt = (e - V)/tau_m + I + COUPLING (V' - V), for two cells, once V > v_th they are reset to 0
 * and rest for a millisecond and a quarter; the kernel is one for cells that links join. */
static int pair_build(struct pair *p, const struct evsim_kernel *kernel, const double e[2],
                      double v_th) {
    const double reset = 0.0, offset = 0.25e-3, cost[2 * STATES] = {0},
                 size[3] = {1e-6, 1e-6, 1e-6};
    const int32_t degrees[4] = {18, 18, 18, 18}, tick = 1, clamped[STATES] = {1, 0}, first = 0;
    const uint32_t i[2] = {0, 1}, j[2] = {1, 0};
    double c[COEFFICIENTS];
    lif_coefficients(c, WINDOW, TAU_M, TAU_S, 0.0, v_th);
    TRY(p->cells = evsim_add_population(p->sim, 2, kernel));
    for (int k = 0; k < COEFFICIENTS; k++)
        TRY(evsim_set_coefficient(p->sim, p->cells, k, &c[k], 1));
    TRY(evsim_set_parameter(p->sim, p->cells, 0, &reset, 1));
    TRY(evsim_set_refractory(p->sim, p->cells, &tick, &offset, 1));
    TRY(evsim_set_propagator(p->sim, p->cells, 1, degrees, 0, 0, NULL, 0, cost));
    TRY(evsim_set_options(p->sim, p->cells, size, 3));
    const int link = evsim_add_link(p->sim, p->cells, p->cells, 0, 2, i, j, &LINK, 0);
    TRY(link);
    const double rate[STATES * (STATES + 2) * 2] = {
        -1 / TAU_M,
        -1 / TAU_M,
        1,
        1,
        1,
        1,
        e[0] / TAU_M,
        e[1] / TAU_M, /* V: of V, I, input, 1 */
        0,
        0,
        -1 / TAU_S,
        -1 / TAU_S,
        0,
        0,
        0,
        0, /* I */
    };
    const double form[(STATES + 1) * 2] = {1, 1, 0, 0, -v_th, -v_th};
    TRY(evsim_set_linear_cells(p->sim, p->cells, rate, form, 1, 1, clamped));
    const double factors[2][2 * STATES + 1] = {{COUPLING, 0, -COUPLING, 0, 0},
                                               {COUPLING, 0, -COUPLING, 0, 0}};
    TRY(evsim_set_linear_link(p->sim, link, &factors[0][0], 2 * (2 * STATES + 1)));
    TRY(p->record = evsim_record_spikes(p->sim, evsim_population_emitter(p->sim, p->cells), 0, 2));
    return p->trace = evsim_record_states(p->sim, p->cells, 1, &first, 2, i, 0.37e-3, 0);
}

static int pair_new(struct pair *p, const struct evsim_kernel *kernel, const double e[2],
                    double v_th) {
    p->sim = evsim_new(WINDOW, 1, 1, 42);
    return p->sim ? pair_build(p, kernel, e, v_th) : EVSIM_NO_MEMORY;
}

/* lif.h's kernel with an input, and something in the place of what integration needs. */
static struct evsim_kernel joined_kernel(void) {
    struct evsim_kernel kernel = *evsim_kernel();
    kernel.n_inputs = 1;
    return kernel;
}

/* V of both from V = 0, for e = (e0, e1), without spikes. */
static void modes(double t, const double e[2], double v[2]) {
    const double fast = 1 / TAU_M + 2 * COUPLING;
    const double sum = (e[0] + e[1]) * -expm1(-t / TAU_M);
    const double apart = (e[0] - e[1]) / (TAU_M * fast) * -expm1(-fast * t);
    v[0] = 0.5 * (sum + apart), v[1] = 0.5 * (sum - apart);
}

static void test_two_cells_follow_their_modes_and_samples_lie_on_them(void) {
    const struct evsim_kernel kernel = joined_kernel();
    const double e[2] = {0.03, 0.01};
    struct pair p = {0};
    double v[2], samples[2 * 64];
    CHECK(pair_new(&p, &kernel, e, 1.0) >= 0);
    CHECK_EQUAL(evsim_run(p.sim, 13, 0.37e-3, 1, 0, 1e9), 1);
    modes(13.37e-3, e, v);
    const double *found = evsim_state(p.sim, p.cells, 0);
    CHECK_NEAR(found[0], v[0], 1e-17);
    CHECK_NEAR(found[1], v[1], 1e-17);
    const int64_t n = evsim_sample_count(p.sim, p.trace);
    CHECK_EQUAL(n, 37);
    CHECK(evsim_samples(p.sim, p.trace, 0, n, 0, 2, samples) >= 0);
    for (int64_t k = 0; k < n; k++) {
        modes((double)k * 0.37e-3, e, v);
        CHECK_NEAR(samples[k], v[0], 1e-17);
        CHECK_NEAR(samples[n + k], v[1], 1e-17);
    }
    evsim_free(p.sim);
}

static void test_the_first_spike_is_where_the_modes_cross_and_holds_the_cell_still(void) {
    const struct evsim_kernel kernel = joined_kernel();
    const double e[2] = {0.06, 0.0}, v_th = 0.02;
    struct pair p = {0};
    double v[2], low = 0.0, high = 0.1;
    for (int k = 0; k < 200; k++) {
        const double middle = 0.5 * (low + high);
        modes(middle, e, v);
        *(v[0] > v_th ? &high : &low) = middle;
    }
    CHECK(pair_new(&p, &kernel, e, v_th) >= 0);
    CHECK_EQUAL(evsim_run(p.sim, (int64_t)(low / WINDOW) + 1, 0.0, 1, 0, 1e9), 1);
    int64_t tick, index;
    double offset;
    CHECK_EQUAL(evsim_spike_count(p.sim, p.record), 1);
    CHECK(evsim_spikes(p.sim, p.record, 0, 1, &tick, &offset, &index) >= 0);
    CHECK_EQUAL(index, 0);
    CHECK_NEAR((double)tick * WINDOW + offset, low, 1e-16);
    CHECK_EQUAL(evsim_state(p.sim, p.cells, 0)[0], 0);
    CHECK(evsim_state(p.sim, p.cells, 0)[1] > 0.0);
    evsim_free(p.sim);
}

static void test_every_lack_of_memory_is_told(void) {
    const struct evsim_kernel kernel = joined_kernel();
    const double e[2] = {0.06, 0.05};
    int failures = 0;
    for (int64_t k = 1; k < 20000; k++) {
        struct pair p = {0};
        allocations_left = k;
        int code = pair_new(&p, &kernel, e, 0.02);
        if (code >= 0)
            code = evsim_run(p.sim, 40, 0.0, 1, 0, 1e9);
        allocations_left = -1;
        evsim_free(p.sim);
        if (code == 1) {
            CHECK(failures > 50);
            return;
        }
        failures++;
        CHECK_EQUAL(code, EVSIM_NO_MEMORY);
    }
    CHECK(!"there is enough memory in the end");
}

int main(void) {
    test_two_cells_follow_their_modes_and_samples_lie_on_them();
    test_the_first_spike_is_where_the_modes_cross_and_holds_the_cell_still();
    test_every_lack_of_memory_is_told();
    return check_report("linear_unit");
}
