/* A gate whose answer to a spike is written by hand. A file of such gates looks like this:
 *
 *     #include <kernel/gate.h>
 *
 *     static void depress(double since, const double *parameter, double *own, double *jump) {
 *         own[0] = 1.0 - (1.0 - own[0]) * exp(-since / parameter[1]);
 *         jump[0] = parameter[0] * own[0];
 *         own[0] -= jump[0];
 *     }
 *
 *     EVSIM_GATE(depressing, depress, EVSIM_NAMES("U", "tau_rec"), EVSIM_NAMES("ready"),
 *                EVSIM_NAMES("s"))
 *
 * The first name is that of the model; parameters, variables of a synapse, and variables of the
 * gate come in the order of their names. evsim compares the names with the declaration.
 *
 * evsim hands event code its variables in this order: the two that say when `since` was brought to
 * the present, `since`, those of the synapse, the weight, the parameters, and for each variable of
 * the gate its place in the state of the target. What is written comes first.
 */
#ifndef EVSIM_KERNEL_GATE_H
#define EVSIM_KERNEL_GATE_H

#include <kernel.h>
#include <kernel/functions.h>

#define EVSIM_MOST_NAMES 29

enum { EVSIM_GATE_TICK, EVSIM_GATE_OFFSET, EVSIM_GATE_SINCE, EVSIM_GATE_OWN };

static const int32_t evsim_gate_written[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                             11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                             22, 23, 24, 25, 26, 27, 28, 29, 30, 31};

/* Brings `since` of a synapse to the present. */
static inline void evsim_gate_bring(const struct evsim_cells *cells, const struct evsim_now *now,
                                    double *const *variable, const int64_t *step, int64_t synapse) {
    double *tick = &variable[EVSIM_GATE_TICK][synapse * step[EVSIM_GATE_TICK]];
    double *offset = &variable[EVSIM_GATE_OFFSET][synapse * step[EVSIM_GATE_OFFSET]];
    const double windows = (double)cells->tick - *tick;
    variable[EVSIM_GATE_SINCE][synapse * step[EVSIM_GATE_SINCE]] +=
        windows * cells->window + (now->offset - *offset);
    *tick = (double)cells->tick, *offset = now->offset;
}

/* Runs `arrive` for one synapse; own, parameter and jump are room for the numbers. */
static inline void evsim_gate_run(const struct evsim_gate *gate, double *x, double *const *variable,
                                  const int64_t *step, int64_t synapse, double *parameter,
                                  double *own, double *jump) {
    const int weight = EVSIM_GATE_OWN + gate->n_own, places = weight + 1 + gate->n_parameters;
    double *since = &variable[EVSIM_GATE_SINCE][synapse * step[EVSIM_GATE_SINCE]];
    for (int v = 0; v < gate->n_own; v++)
        own[v] = variable[EVSIM_GATE_OWN + v][synapse * step[EVSIM_GATE_OWN + v]];
    for (int p = 0; p < gate->n_parameters; p++)
        parameter[p] = variable[weight + 1 + p][synapse * step[weight + 1 + p]];
    for (int k = 0; k < gate->n_jumps; k++)
        jump[k] = 0.0;
    gate->arrive(*since, parameter, own, jump);
    *since = 0.0;
    for (int v = 0; v < gate->n_own; v++)
        variable[EVSIM_GATE_OWN + v][synapse * step[EVSIM_GATE_OWN + v]] = own[v];
    for (int k = 0; k < gate->n_jumps; k++)
        x[(int64_t)*variable[places + k]] += variable[weight][synapse * step[weight]] * jump[k];
}

#ifdef _WIN32
#define EVSIM_PUBLIC __declspec(dllexport)
#else
#define EVSIM_PUBLIC __attribute__((visibility("default")))
#endif

/* Names in an order; EVSIM_NO_NAMES where there are none. */
#define EVSIM_NAMES(...) ((const char *const[]){__VA_ARGS__, 0})
#define EVSIM_NO_NAMES ((const char *const[]){0})
#define EVSIM_COUNT(names) ((int32_t)(sizeof(names) / sizeof(const char *)) - 1)

#define EVSIM_GATE(NAME, ARRIVE, PARAMETERS, OWN, JUMPS)                                           \
    _Static_assert(EVSIM_COUNT(OWN) <= EVSIM_MOST_NAMES, "too many variables of a synapse");       \
    static const struct evsim_gate NAME##_gate;                                                    \
    static void NAME##_run(double *x, const struct evsim_cells *cells, int64_t i,                  \
                           const struct evsim_now *now, double *const *variable,                   \
                           const int64_t *step, int64_t synapse) {                                 \
        double parameter[EVSIM_COUNT(PARAMETERS) + 1], own[EVSIM_COUNT(OWN) + 1];                  \
        double jump[EVSIM_COUNT(JUMPS) + 1];                                                       \
        (void)i;                                                                                   \
        evsim_gate_bring(cells, now, variable, step, synapse);                                     \
        evsim_gate_run(&NAME##_gate, x, variable, step, synapse, parameter, own, jump);            \
    }                                                                                              \
    static const struct evsim_code NAME##_code = {.abi = EVSIM_KERNEL_ABI,                         \
                                                  .run = NAME##_run,                               \
                                                  .bring = evsim_gate_bring,                       \
                                                  .n_written = EVSIM_GATE_OWN + EVSIM_COUNT(OWN),  \
                                                  .written = evsim_gate_written};                  \
    static const struct evsim_gate NAME##_gate = {.abi = EVSIM_KERNEL_ABI,                         \
                                                  .size = sizeof(struct evsim_gate),               \
                                                  .size_of_cells = sizeof(struct evsim_cells),     \
                                                  .size_of_now = sizeof(struct evsim_now),         \
                                                  .size_of_code = sizeof(struct evsim_code),       \
                                                  .n_parameters = EVSIM_COUNT(PARAMETERS),         \
                                                  .n_own = EVSIM_COUNT(OWN),                       \
                                                  .n_jumps = EVSIM_COUNT(JUMPS),                   \
                                                  .parameters = PARAMETERS,                        \
                                                  .own = OWN,                                      \
                                                  .jumps = JUMPS,                                  \
                                                  .arrive = ARRIVE,                                \
                                                  .code = &NAME##_code};                           \
    EVSIM_PUBLIC const struct evsim_gate *evsim_gate_##NAME(void);                                 \
    EVSIM_PUBLIC const struct evsim_gate *evsim_gate_##NAME(void) { return &NAME##_gate; }

#endif
