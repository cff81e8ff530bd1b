/* Building a simulation and reading it: the functions of evsim.h but the run. */
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "evsim.h"
#include "linear_unit.h"
#include "random.h"
#include "shard.h"
#include "unit.h"

#define OBJECT_OF_POPULATIONS 0x70000000u /* the first number of those that noise is keyed by */

#define MORE(array, n) (more((void **)&(array), (n), sizeof *(array)))

/* Room for one more element, zeroed. */
static int more(void **array, int n, size_t size) {
    void *bigger = reallocate(*array, (size_t)n + 1, size);
    if (!bigger)
        return EVSIM_NO_MEMORY;
    *array = bigger;
    memset((char *)bigger + (size_t)n * size, 0, size);
    return EVSIM_OK;
}

struct simulation *evsim_new(double dt, int64_t steps, int64_t parts, uint64_t seed) {
    struct simulation *sim = allocate_zeroed(1, sizeof *sim);
    if (!sim)
        return NULL;
    sim->window = steps > 1 ? dt * (double)steps : dt / (double)parts;
    sim->clock = (struct clock){seed, dt, sim->window, steps, parts};
    sim->seen_tick = -1;
    return sim;
}

void evsim_touch(struct simulation *sim) { sim->is_changed = 1; }

static int add_emitter(struct simulation *sim) {
    if (MORE(sim->emitters, sim->n_emitters) < 0)
        return EVSIM_NO_MEMORY;
    sim->emitters[sim->n_emitters].population = -1;
    return sim->n_emitters++;
}

/* ---- populations ---- */

int evsim_kernel_numbers(const void *kernel, int32_t *abi, int32_t *n_states,
                         int32_t *n_coefficients, int32_t *n_parameters) {
    const struct evsim_kernel *k = kernel;
    *abi = k->abi;
    if (k->abi != EVSIM_KERNEL_ABI)
        return EVSIM_BAD_ARGUMENT;
    *n_states = k->n_states, *n_coefficients = k->n_coefficients, *n_parameters = k->n_parameters;
    return EVSIM_OK;
}

static uint64_t key_of_population(const struct simulation *sim, int number) {
    return random_object_key(sim->clock.seed, OBJECT_OF_POPULATIONS + (uint32_t)number);
}

int evsim_add_population(struct simulation *sim, int64_t n, const void *kernel) {
    sim->is_changed = 1;
    if (n < 1 || n > INT32_MAX - EVSIM_PAD)
        return EVSIM_BAD_ARGUMENT;
    if (MORE(sim->populations, sim->n_populations) < 0)
        return EVSIM_NO_MEMORY;
    const int emitter = add_emitter(sim);
    if (emitter < 0)
        return emitter;
    const int number = sim->n_populations;
    const int code = population_new(&sim->populations[number], number, emitter, n, kernel);
    if (code < 0) {
        population_free(sim->populations[number]);
        return code;
    }
    sim->emitters[emitter].population = number;
    struct population *p = sim->populations[number];
    p->at_place = number;
    for (int e = 0; e < p->kernel->n_events; e++) {
        const int custom = add_emitter(sim);
        if (custom < 0) {
            population_free(p);
            return custom;
        }
        sim->emitters[custom].population = number;
        p->event_emitter[e] = custom;
    }
    p->grid = sim->clock.steps > 1 ? sim->clock.dt : 0.0;
    p->cells.step = sim->clock.dt;
    p->cells.key = key_of_population(sim, number);
    sim->is_arranged = 0;
    return sim->n_populations++;
}

void evsim_set_seed(struct simulation *sim, uint64_t seed) {
    sim->clock.seed = seed;
    for (int k = 0; k < sim->n_populations; k++)
        sim->populations[k]->cells.key = key_of_population(sim, k);
}

int evsim_set_kernel(struct simulation *sim, int population, const void *kernel) {
    struct population *p = sim->populations[population];
    const struct evsim_kernel *k = kernel;
    sim->is_changed = 1;
    if (k->abi != EVSIM_KERNEL_ABI || k->n_states != p->kernel->n_states ||
        k->n_coefficients != p->kernel->n_coefficients || k->n_events != p->kernel->n_events ||
        k->n_parameters != p->kernel->n_parameters)
        return EVSIM_BAD_ARGUMENT;
    p->kernel = k;
    return EVSIM_OK;
}

int evsim_population_emitter(struct simulation *sim, int population) {
    return sim->populations[population]->emitter;
}

int evsim_event_emitter(struct simulation *sim, int population, int event) {
    return sim->populations[population]->event_emitter[event];
}

int evsim_set_coefficient(struct simulation *sim, int population, int c, const double *values,
                          int64_t count) {
    sim->is_changed = 1;
    return population_set_coefficient(sim->populations[population], c, values, count);
}

int evsim_set_parameter(struct simulation *sim, int population, int k, const double *values,
                        int64_t count) {
    sim->is_changed = 1;
    return population_set_parameter(sim->populations[population], k, values, count);
}

int evsim_set_refractory(struct simulation *sim, int population, const int32_t *tick,
                         const double *offset, int64_t count) {
    sim->is_changed = 1;
    return population_set_refractory(sim->populations[population], tick, offset, count);
}

int evsim_set_propagator(struct simulation *sim, int population, int pieces,
                         const int32_t degrees[4], int is_foldable, int is_coupled,
                         const double *fold, int64_t n_fold, const double *cost) {
    sim->is_changed = 1;
    return population_set_propagator(sim->populations[population], sim->window, pieces, degrees,
                                     is_foldable, is_coupled, fold, n_fold, cost);
}

int evsim_set_options(struct simulation *sim, int population, const double *values, int64_t count) {
    sim->is_changed = 1;
    return population_set_options(sim->populations[population], values, count);
}

int evsim_set_tables(struct simulation *sim, int population, int n_tables) {
    sim->is_changed = 1;
    return population_set_tables(sim->populations[population], n_tables);
}

int evsim_set_table(struct simulation *sim, int population, int table, double dt, int64_t n,
                    int64_t columns, const double *values) {
    sim->is_changed = 1;
    return population_set_table(sim->populations[population], table, dt, n, columns, values);
}

double *evsim_state(struct simulation *sim, int population, int state) {
    return sim->populations[population]->state[state];
}

int64_t *evsim_last_tick(struct simulation *sim, int population) {
    return sim->populations[population]->last_tick;
}

double *evsim_last_offset(struct simulation *sim, int population) {
    return sim->populations[population]->last_offset;
}

/* ---- links ---- */

int evsim_add_link(struct simulation *sim, int source, int target, int input, int64_t n,
                   const uint32_t *i, const uint32_t *j, const void *table, int n_variables) {
    const struct evsim_link *link = table;
    sim->is_changed = 1;
    if (link->abi != EVSIM_KERNEL_ABI || input >= sim->populations[target]->kernel->n_inputs)
        return EVSIM_BAD_ARGUMENT;
    if (MORE(sim->links, sim->n_links) < 0)
        return EVSIM_NO_MEMORY;
    const int code =
        link_new(&sim->links[sim->n_links], source, target, input, n, i, j, link, n_variables);
    if (code < 0) {
        link_free(sim->links[sim->n_links]);
        return code;
    }
    sim->is_unlinked = 1;
    return sim->n_links++;
}

int evsim_join(struct simulation *sim, int source, int target) {
    sim->is_changed = 1;
    if (!sim->populations[source]->kernel->rates || !sim->populations[target]->kernel->rates)
        return EVSIM_BAD_ARGUMENT;
    if (MORE(sim->links, sim->n_links) < 0)
        return EVSIM_NO_MEMORY;
    const int code = link_new(&sim->links[sim->n_links], source, target, 0, 0, NULL, NULL, NULL, 0);
    if (code < 0) {
        link_free(sim->links[sim->n_links]);
        return code;
    }
    sim->is_unlinked = 1;
    return sim->n_links++;
}

int evsim_set_link_own(struct simulation *sim, int link, int population) {
    if (sim->populations[population]->n != sim->links[link]->n)
        return EVSIM_BAD_ARGUMENT;
    sim->is_changed = 1;
    sim->links[link]->own = population;
    return EVSIM_OK;
}

int evsim_set_link_direct(struct simulation *sim, int link) {
    sim->is_changed = sim->is_unlinked = 1;
    sim->links[link]->is_direct = 1;
    return EVSIM_OK;
}

/* A table and its values as one piece of memory; NULL without memory. */
static double *new_table(double dt, int64_t n, int64_t columns, const double *values) {
    const size_t count = (size_t)n * (size_t)columns;
    const size_t head = (sizeof(struct evsim_table) + sizeof(double) - 1) / sizeof(double);
    double *made = allocate(head + count, sizeof *made);
    if (!made)
        return NULL;
    memcpy(made + head, values, count * sizeof *values);
    const struct evsim_table table = {dt, n, columns, made + head};
    memcpy(made, &table, sizeof table);
    return made;
}

int evsim_set_table_of_link(struct simulation *sim, int link, int variable, double dt, int64_t n,
                            int64_t columns, const double *values) {
    sim->is_changed = 1;
    double *made = new_table(dt, n, columns, values);
    if (!made)
        return EVSIM_NO_MEMORY;
    link_set_table(sim->links[link], variable, made);
    return EVSIM_OK;
}

int evsim_set_table_of_code(struct simulation *sim, int projection, int variable, double dt,
                            int64_t n, int64_t columns, const double *values) {
    sim->is_changed = 1;
    double *made = new_table(dt, n, columns, values);
    if (!made)
        return EVSIM_NO_MEMORY;
    projection_set_table(sim->projections[projection], variable, made);
    return EVSIM_OK;
}

int evsim_set_link_variable(struct simulation *sim, int link, int variable, const double *values,
                            int64_t count) {
    sim->is_changed = 1;
    return link_set_variable(sim->links[link], variable, values, count);
}

int evsim_set_link_weight(struct simulation *sim, int link, const double *values, int64_t count) {
    sim->is_changed = 1;
    return link_set_weight(sim->links[link], values, count);
}

int evsim_set_linear_cells(struct simulation *sim, int population, const double *rate,
                           const double *form, int has_form, int is_strict,
                           const int32_t *is_clamped) {
    struct population *p = sim->populations[population];
    sim->is_changed = sim->is_unlinked = 1;
    return linear_cells_set(&p->linear, p->n, p->kernel->n_states, p->kernel->n_inputs, rate,
                            has_form ? form : NULL, is_strict, is_clamped);
}

int evsim_set_linear_link(struct simulation *sim, int link, const double *factors, int64_t count) {
    double *copy = allocate((size_t)count, sizeof *copy);
    if (!copy)
        return EVSIM_NO_MEMORY;
    memcpy(copy, factors, (size_t)count * sizeof *copy);
    sim->is_changed = sim->is_unlinked = 1;
    free(sim->links[link]->linear);
    sim->links[link]->linear = copy;
    return EVSIM_OK;
}

/* ---- sources ---- */

int evsim_add_poisson(struct simulation *sim, uint32_t object, int64_t n, const double *rates,
                      int64_t count) {
    sim->is_changed = 1;
    const int emitter = add_emitter(sim);
    if (emitter < 0)
        return emitter;
    struct poisson_source *s = allocate_zeroed(1, sizeof *s);
    if (!s)
        return EVSIM_NO_MEMORY;
    s->emitter = emitter, s->n = n, s->object = object;
    sim->emitters[emitter].poisson = s;
    const int code = poisson_set_rates(s, rates, count);
    return code < 0 ? code : emitter;
}

int evsim_set_poisson(struct simulation *sim, int emitter, const double *rates, int64_t count) {
    sim->is_changed = 1;
    return poisson_set_rates(sim->emitters[emitter].poisson, rates, count);
}

int evsim_set_course(struct simulation *sim, int emitter, int64_t n_pieces, const int64_t *step,
                     const double *part, const double *rates, int64_t count) {
    return poisson_set_course(sim->emitters[emitter].poisson, n_pieces, step, part, rates, count);
}

int evsim_add_train(struct simulation *sim, int64_t n, int64_t n_spikes, const int64_t *tick,
                    const double *offset, const uint32_t *index) {
    sim->is_changed = 1;
    (void)n;
    const int emitter = add_emitter(sim);
    if (emitter < 0)
        return emitter;
    struct train_source *s = allocate_zeroed(1, sizeof *s);
    if (!s)
        return EVSIM_NO_MEMORY;
    s->emitter = emitter;
    sim->emitters[emitter].train = s;
    const int code = train_set(s, n_spikes, tick, offset, index);
    return code < 0 ? code : emitter;
}

int evsim_set_train(struct simulation *sim, int emitter, int64_t n_spikes, const int64_t *tick,
                    const double *offset, const uint32_t *index) {
    sim->is_changed = 1;
    return train_set(sim->emitters[emitter].train, n_spikes, tick, offset, index);
}

int evsim_extend_train(struct simulation *sim, int emitter, int64_t n_spikes, const int64_t *tick,
                       const double *offset, const uint32_t *index) {
    return train_set(sim->emitters[emitter].train, n_spikes, tick, offset, index);
}

int evsim_add_drive(struct simulation *sim, uint32_t object, int place, int population, int state,
                    int64_t start, int64_t stop, double rate, double weight) {
    sim->is_changed = 1;
    if (MORE(sim->drives, sim->n_drives) < 0)
        return EVSIM_NO_MEMORY;
    sim->drives[sim->n_drives] =
        (struct drive){object, place, population, state, start, stop, rate, weight};
    return sim->n_drives++;
}

/* ---- projections ---- */

static int add_projection(struct simulation *sim, int emitter, int population, int64_t n,
                          int64_t n_sources, const uint32_t *i, const int64_t *created,
                          const uint32_t *j) {
    sim->is_changed = 1;
    const int number = sim->n_projections;
    if (MORE(sim->projections, number) < 0)
        return EVSIM_NO_MEMORY;
    const int code = projection_new(&sim->projections[number], number, emitter, population, n,
                                    n_sources, i, created, j);
    if (code < 0) {
        projection_free(sim->projections[number]);
        return code;
    }
    sim->is_arranged = 0;
    sim->projections[number]->rank = sim->projections[number]->at_rank = number;
    sim->projections[number]->grid = sim->clock.steps > 1 ? sim->clock.dt : 0.0;
    return sim->n_projections++;
}

int evsim_add_projection(struct simulation *sim, int emitter, int population, int64_t n,
                         int64_t n_sources, const uint32_t *i, const uint32_t *j) {
    return add_projection(sim, emitter, population, n, n_sources, i, NULL, j);
}

int evsim_add_rows(struct simulation *sim, int emitter, int population, int64_t n,
                   int64_t n_sources, const int64_t *created, const uint32_t *j) {
    return add_projection(sim, emitter, population, n, n_sources, NULL, created, j);
}

int64_t evsim_projection_bytes(struct simulation *sim, int projection) {
    return projection_bytes(sim->projections[projection]);
}

/* What is under way keeps the delays that it has; new spikes have the new ones. */
static int sort_rows_anew(struct simulation *sim, struct projection *p, const int32_t *tick,
                          const double *offset, int is_one) {
    const int64_t bounds[2] = {0, sim->populations[p->target]->n_padded};
    struct kept_deliveries kept;
    int code = simulation_settle(sim);
    if (code < 0)
        return code;
    code = kept_collect(sim, p, &kept);
    if (code >= 0)
        code = projection_arrange(p, tick, offset, is_one, 1, bounds);
    if (code >= 0)
        kept_commit(sim, p, &kept);
    kept_free(&kept);
    return code;
}

/* The emitter knows a projection from its first delays on: then it has rows. */
int evsim_set_delay(struct simulation *sim, int projection, const int32_t *tick,
                    const double *offset, int64_t count) {
    sim->is_changed = 1;
    struct projection *p = sim->projections[projection];
    struct emitter *e = &sim->emitters[p->emitter];
    const int is_first = p->start == NULL;
    if (is_first && MORE(e->projections, e->n_projections) < 0)
        return EVSIM_NO_MEMORY;
    const int code = sort_rows_anew(sim, p, tick, offset, count == 1);
    if (code < 0)
        return code;
    if (is_first)
        e->projections[e->n_projections++] = projection;
    sim->is_arranged = 0;
    return EVSIM_OK;
}

int evsim_set_ports(struct simulation *sim, int projection, int n_ports, const int32_t *states) {
    sim->is_changed = 1;
    return projection_set_ports(sim->projections[projection], n_ports, states);
}

int evsim_set_amount(struct simulation *sim, int projection, int port, const double *amount,
                     int64_t count) {
    sim->is_changed = 1;
    return projection_set_amount(sim->projections[projection], port, amount, count == 1);
}

int evsim_set_code(struct simulation *sim, int projection, const void *code, int n_variables) {
    sim->is_changed = 1;
    return projection_set_code(sim->projections[projection], code, n_variables);
}

int evsim_set_ranks(struct simulation *sim, int n, const int32_t *ranks) {
    if (n != sim->n_projections)
        return EVSIM_BAD_ARGUMENT;
    for (int k = 0; k < n; k++)
        if (ranks[k] < 0 || ranks[k] >= n)
            return EVSIM_BAD_ARGUMENT;
    for (int k = 0; k < n; k++) {
        sim->projections[k]->rank = ranks[k];
        sim->projections[ranks[k]]->at_rank = k;
    }
    return EVSIM_OK;
}

int evsim_set_places(struct simulation *sim, int n, const int32_t *order) {
    if (n != sim->n_populations)
        return EVSIM_BAD_ARGUMENT;
    for (int k = 0; k < n; k++)
        if (order[k] < 0 || order[k] >= n)
            return EVSIM_BAD_ARGUMENT;
    for (int k = 0; k < n; k++)
        sim->populations[k]->at_place = order[k];
    return EVSIM_OK;
}

int evsim_set_post(struct simulation *sim, int projection) {
    sim->projections[projection]->is_post = 1;
    return EVSIM_OK;
}

int evsim_set_sources(struct simulation *sim, int projection, int population, const uint32_t *i) {
    sim->is_changed = 1;
    return projection_set_sources(sim->projections[projection], population, i);
}

int evsim_set_own(struct simulation *sim, int projection, int population) {
    if (sim->populations[population]->n != sim->projections[projection]->n)
        return EVSIM_BAD_ARGUMENT;
    sim->is_changed = 1;
    sim->projections[projection]->own = population;
    return EVSIM_OK;
}

int evsim_share_variables(struct simulation *sim, int projection, int owner, const void *code) {
    sim->is_changed = 1;
    projection_share(sim->projections[projection], sim->projections[owner], code);
    return EVSIM_OK;
}

int evsim_set_variable(struct simulation *sim, int projection, int variable, const double *values,
                       int64_t count) {
    sim->is_changed = 1;
    return projection_set_variable(sim->projections[projection], variable, values, count == 1);
}

int evsim_place_by_target(struct simulation *sim, int projection, int n, const int32_t *variables) {
    sim->is_changed = 1;
    return projection_place_by_target(sim->projections[projection], n, variables);
}

int evsim_pack_variables(struct simulation *sim, int projection, int n, const int32_t *variables) {
    return projection_pack(sim->projections[projection], n, variables);
}

int evsim_variable(struct simulation *sim, int projection, int variable, double *out) {
    const struct projection *p = sim->projections[projection];
    for (int64_t s = 0; s < p->n; s++)
        out[s] = p->variable[variable][projection_slot(p, s) * p->step[variable]];
    return EVSIM_OK;
}

/* ---- records ---- */

int evsim_record_spikes(struct simulation *sim, int emitter, int64_t start, int64_t stop) {
    struct emitter *e = &sim->emitters[emitter];
    const int number = sim->n_spike_outputs;
    if (MORE(sim->spike_outputs, number) < 0 || MORE(e->records, e->n_records) < 0)
        return EVSIM_NO_MEMORY;
    struct spike_record *record = record_spikes_new();
    if (!record)
        return EVSIM_NO_MEMORY;
    sim->spike_outputs[number] =
        (struct spike_output){.start = start, .stop = stop, .record = record};
    e->records[e->n_records++] = number;
    return sim->n_spike_outputs++;
}

int evsim_record_seen(struct simulation *sim, int record, int n_states, const int32_t *states) {
    struct spike_output *o = &sim->spike_outputs[record];
    o->states = allocate((size_t)n_states, sizeof *o->states);
    o->values = record_samples_new((uint32_t)n_states);
    if (!o->states || !o->values)
        return EVSIM_NO_MEMORY;
    memcpy(o->states, states, (size_t)n_states * sizeof *states);
    o->n_states = n_states;
    for (int e = 0; e < sim->n_emitters; e++)
        for (int k = 0; k < sim->emitters[e].n_records; k++)
            if (sim->emitters[e].records[k] == record)
                sim->populations[sim->emitters[e].population]->is_seen = 1;
    return EVSIM_OK;
}

int evsim_seen(struct simulation *sim, int record, int64_t start, int64_t n, double *out) {
    const struct spike_output *o = &sim->spike_outputs[record];
    return record_samples_copy(o->values, start, n, 0, (uint32_t)o->n_states, out);
}

int64_t evsim_spike_count(struct simulation *sim, int record) {
    return record_spikes_count(sim->spike_outputs[record].record);
}

int evsim_spikes(struct simulation *sim, int record, int64_t start, int64_t n, int64_t *tick,
                 double *offset, int64_t *index) {
    return record_spikes_copy(sim->spike_outputs[record].record, start, n, tick, offset, index);
}

static int add_state_output(struct simulation *sim, int population, int projection, int n_states,
                            const int32_t *states, int64_t n, const uint32_t *indices, double dt,
                            int64_t first) {
    if (MORE(sim->state_outputs, sim->n_state_outputs) < 0)
        return EVSIM_NO_MEMORY;
    struct state_output *o = &sim->state_outputs[sim->n_state_outputs];
    o->population = population, o->projection = projection;
    o->n_states = n_states, o->n = n, o->dt = dt;
    o->first = o->next = first;
    o->states = allocate((size_t)n_states, sizeof *o->states);
    o->indices = allocate((size_t)n, sizeof *o->indices);
    o->record = record_samples_new((uint32_t)(n_states * n));
    if (!o->states || !o->indices || !o->record) {
        free(o->states), free(o->indices), record_samples_free(o->record);
        return EVSIM_NO_MEMORY;
    }
    memcpy(o->states, states, (size_t)n_states * sizeof *states);
    memcpy(o->indices, indices, (size_t)n * sizeof *indices);
    return sim->n_state_outputs++;
}

int evsim_record_states(struct simulation *sim, int population, int n_states, const int32_t *states,
                        int64_t n, const uint32_t *indices, double dt, int64_t first) {
    return add_state_output(sim, population, -1, n_states, states, n, indices, dt, first);
}

int evsim_record_synapses(struct simulation *sim, int projection, int n_variables,
                          const int32_t *variables, int64_t n, const uint32_t *synapses, double dt,
                          int64_t first) {
    const int population = sim->projections[projection]->target;
    return add_state_output(sim, population, projection, n_variables, variables, n, synapses, dt,
                            first);
}

int64_t evsim_sample_count(struct simulation *sim, int record) {
    return record_samples_count(sim->state_outputs[record].record);
}

int evsim_samples(struct simulation *sim, int record, int64_t start, int64_t n, int column,
                  int n_columns, double *out) {
    return record_samples_copy(sim->state_outputs[record].record, start, n, (uint32_t)column,
                               (uint32_t)n_columns, out);
}

/* ---- time and end ---- */

int64_t evsim_now(struct simulation *sim, double *offset) {
    *offset = sim->from;
    return sim->tick;
}

int evsim_is_broken(const struct simulation *sim) { return sim->is_broken; }

int evsim_failure(struct simulation *sim, int *population, int64_t *neuron, int64_t *tick,
                  double *offset) {
    *population = sim->failure.population, *neuron = sim->failure.neuron;
    *tick = sim->failure.tick, *offset = sim->failure.offset;
    return sim->failure.code;
}

int evsim_failed_variable(struct simulation *sim) { return sim->failure.variable; }

void evsim_free(struct simulation *sim) {
    if (!sim)
        return;
    units_free(sim);
    for (int p = 0; p < sim->n_populations; p++)
        population_free(sim->populations[p]);
    for (int e = 0; e < sim->n_emitters; e++) {
        poisson_free(sim->emitters[e].poisson);
        train_free(sim->emitters[e].train);
        free(sim->emitters[e].projections), free(sim->emitters[e].records);
    }
    for (int k = 0; k < sim->n_projections; k++)
        projection_free(sim->projections[k]);
    for (int r = 0; r < sim->n_spike_outputs; r++) {
        record_spikes_free(sim->spike_outputs[r].record);
        record_samples_free(sim->spike_outputs[r].values), free(sim->spike_outputs[r].states);
    }
    for (int r = 0; r < sim->n_state_outputs; r++) {
        struct state_output *o = &sim->state_outputs[r];
        free(o->states), free(o->indices), free(o->places[0]), free(o->places[1]);
        record_samples_free(o->record);
    }
    simulation_free_shards(sim);
    for (int k = 0; k < sim->n_links; k++)
        link_free(sim->links[k]);
    free(sim->links);
    free(sim->populations), free(sim->emitters), free(sim->projections), free(sim->drives);
    free(sim->spike_outputs), free(sim->state_outputs);
    free(sim->source_out[0].all), free(sim->source_out[1].all), spikes_free(&sim->members);
    free(sim);
}
