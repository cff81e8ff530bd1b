/* What Python may call. Functions return a count or EVSIM_OK, or a negative error (error.h). */
#ifndef EVSIM_H
#define EVSIM_H

#include <stdint.h>

typedef struct simulation evsim_simulation;

/* A simulation whose windows are `steps` steps dt of the user's clock, or 1/`parts` of one; NULL
 * without memory. Ticks below count windows. */
evsim_simulation *evsim_new(double dt, int64_t steps, int64_t parts, uint64_t seed);
void evsim_free(evsim_simulation *sim);
const char *evsim_error_text(int code);

/* Populations. Each is an emitter too; returns its number. `kernel` is the address of its table. */
int evsim_add_population(evsim_simulation *sim, int64_t n, const void *kernel);
/* Another kernel of the same model: all coefficients must be set anew. */
int evsim_set_kernel(evsim_simulation *sim, int population, const void *kernel);
int evsim_population_emitter(evsim_simulation *sim, int population);
/* Custom events have emitters of their own. */
int evsim_event_emitter(evsim_simulation *sim, int population, int event);
int evsim_kernel_numbers(const void *kernel, int32_t *abi, int32_t *n_states,
                         int32_t *n_coefficients, int32_t *n_parameters);
int evsim_set_coefficient(evsim_simulation *sim, int population, int c, const double *values,
                          int64_t count);
int evsim_set_parameter(evsim_simulation *sim, int population, int k, const double *values,
                        int64_t count);
int evsim_set_refractory(evsim_simulation *sim, int population, const int32_t *tick,
                         const double *offset, int64_t count);
int evsim_set_propagator(evsim_simulation *sim, int population, int pieces,
                         const int32_t degrees[4], int is_foldable, int is_coupled,
                         const double *fold, int64_t n_fold, const double *cost);
/* For general kernels: numbers of the method; functions of time, values[n][columns] of each. */
int evsim_set_options(evsim_simulation *sim, int population, const double *values, int64_t count);
int evsim_set_tables(evsim_simulation *sim, int population, int n_tables);
int evsim_set_table(evsim_simulation *sim, int population, int table, double dt, int64_t n,
                    int64_t columns, const double *values);

/* Continuous coupling: `table` is a compiled struct evsim_link. */
int evsim_add_link(evsim_simulation *sim, int source, int target, int input, int64_t n,
                   const uint32_t *i, const uint32_t *j, const void *table, int n_variables);
int evsim_set_link_variable(evsim_simulation *sim, int link, int variable, const double *values,
                            int64_t count);

/* Of a link whose table has a factor: the weights of its pairs, or one for all. */
int evsim_set_link_weight(evsim_simulation *sim, int link, const double *values, int64_t count);

/* Numbers of populations and links that are linear: units of such parts alone are solved, others
 * are integrated. For each state, the factors of the states, of the inputs, and a constant, each
 * for every neuron; so the form of the threshold with its constant. For each pair of a link, the
 * factors of the states of its source and of its target, and a constant. */
int evsim_set_linear_cells(evsim_simulation *sim, int population, const double *rate,
                           const double *form, int has_form, int is_strict,
                           const int32_t *is_clamped);
int evsim_set_linear_link(evsim_simulation *sim, int link, const double *factors, int64_t count);

/* Two populations, or one, are one system, as those that a link joins. */
int evsim_join(evsim_simulation *sim, int source, int target);

double *evsim_state(evsim_simulation *sim, int population, int state);

/* Says that the caller has written to a state. */
void evsim_touch(evsim_simulation *sim);
int64_t *evsim_last_tick(evsim_simulation *sim, int population);
double *evsim_last_offset(evsim_simulation *sim, int population);

/* Sources; return the emitter's number. `object` keys the random numbers. */
int evsim_add_poisson(evsim_simulation *sim, uint32_t object, int64_t n, const double *rates,
                      int64_t count);
int evsim_set_poisson(evsim_simulation *sim, int emitter, const double *rates, int64_t count);
/* Rates that are constant in pieces: piece k, of `count` rates, begins part[k] of a step of the
 * clock after the start of step[k]. Says nothing of a change: what was there before and has been
 * used already must be there still. */
int evsim_set_course(evsim_simulation *sim, int emitter, int64_t n_pieces, const int64_t *step,
                     const double *part, const double *rates, int64_t count);
int evsim_add_train(evsim_simulation *sim, int64_t n, int64_t n_spikes, const int64_t *tick,
                    const double *offset, const uint32_t *index);
int evsim_set_train(evsim_simulation *sim, int emitter, int64_t n_spikes, const int64_t *tick,
                    const double *offset, const uint32_t *index);

/* The same with more spikes after those that were there: no change of what is known. */
int evsim_extend_train(evsim_simulation *sim, int emitter, int64_t n_spikes, const int64_t *tick,
                       const double *offset, const uint32_t *index);

/* Poisson input; `place` is its place in the order of simultaneous deliveries. */
int evsim_add_drive(evsim_simulation *sim, uint32_t object, int place, int population, int state,
                    int64_t start, int64_t stop, double rate, double weight);

/* Projections; delays and amounts must be set before a run. */
int evsim_add_projection(evsim_simulation *sim, int emitter, int population, int64_t n,
                         int64_t n_sources, const uint32_t *i, const uint32_t *j);
/* The same as rows: synapses created[s] to created[s + 1] are those of source s. Here j must live
 * as long as the simulation, and so must amounts for which evsim_set_amount returns 1. */
int evsim_add_rows(evsim_simulation *sim, int emitter, int population, int64_t n, int64_t n_sources,
                   const int64_t *created, const uint32_t *j);
/* Memory that the core has for the synapses of a projection, bytes. */
int64_t evsim_projection_bytes(evsim_simulation *sim, int projection);
int evsim_set_delay(evsim_simulation *sim, int projection, const int32_t *tick,
                    const double *offset, int64_t count);
int evsim_set_ports(evsim_simulation *sim, int projection, int n_ports, const int32_t *states);
int evsim_set_amount(evsim_simulation *sim, int projection, int port, const double *amount,
                     int64_t count);
int evsim_set_code(evsim_simulation *sim, int projection, const void *code, int n_variables);
/* In which order all projections deliver in a step on the grid: 0 to n - 1. */
int evsim_set_ranks(evsim_simulation *sim, int n, const int32_t *ranks);
/* In which order all populations advance in a step on the grid. */
int evsim_set_places(evsim_simulation *sim, int n, const int32_t *order);
/* Before delays are set: spikes of the targets, which are i too, run the code of their synapses. */
int evsim_set_post(evsim_simulation *sim, int projection);
/* The code names states of neuron i[k] of a population too, for synapse k; the population and the
 * target are one system. */
int evsim_set_sources(evsim_simulation *sim, int projection, int population, const uint32_t *i);
/* The code names states of element k of a population, too, for synapse k; so does a link, of pair
 * k. The populations are one system. */
int evsim_set_own(evsim_simulation *sim, int projection, int population);
int evsim_set_link_own(evsim_simulation *sim, int link, int population);
/* The input is another variable, not a sum: on the grid it is as that one is, not held. */
int evsim_set_link_direct(evsim_simulation *sim, int link);
/* Code (or NULL) on the variables of `owner`, a projection of the same synapses. */
int evsim_share_variables(evsim_simulation *sim, int projection, int owner, const void *code);
/* Before they are set: variables with a value for each synapse that the code needs together. */
int evsim_pack_variables(evsim_simulation *sim, int projection, int n, const int32_t *variables);
/* Or lets those of synapses with one target stand side by side, for code at spikes of targets. */
int evsim_place_by_target(evsim_simulation *sim, int projection, int n, const int32_t *variables);
/* The variables that the code of a projection writes, brought to the present time: out[k*n + s] for
 * the k-th of these variables and synapse s. They stay as they are in the simulation. */
int evsim_present(evsim_simulation *sim, int projection, int n, const int32_t *variables,
                  double *out);
int evsim_set_variable(evsim_simulation *sim, int projection, int variable, const double *values,
                       int64_t count);
/* In the place of a variable of a projection or a link: a function of time, values[n][columns]. */
int evsim_set_table_of_code(evsim_simulation *sim, int projection, int variable, double dt,
                            int64_t n, int64_t columns, const double *values);
int evsim_set_table_of_link(evsim_simulation *sim, int link, int variable, double dt, int64_t n,
                            int64_t columns, const double *values);
/* The values of a variable, one for each synapse. */
int evsim_variable(evsim_simulation *sim, int projection, int variable, double *out);

/* Records; samples are taken at k*dt for k >= first. */
int evsim_record_spikes(evsim_simulation *sim, int emitter, int64_t start, int64_t stop);
/* With the values that states had at the spikes, before the reset; `out` gets a row per state. To
 * be called once, before the first run of the record; not for sources. */
int evsim_record_seen(evsim_simulation *sim, int record, int n_states, const int32_t *states);
int evsim_seen(evsim_simulation *sim, int record, int64_t start, int64_t n, double *out);
int64_t evsim_spike_count(evsim_simulation *sim, int record);
int evsim_spikes(evsim_simulation *sim, int record, int64_t start, int64_t n, int64_t *tick,
                 double *offset, int64_t *index);
int evsim_record_states(evsim_simulation *sim, int population, int n_states, const int32_t *states,
                        int64_t n, const uint32_t *indices, double dt, int64_t first);
/* The same of variables of synapses; those with equations of their own as they are at the time. */
int evsim_record_synapses(evsim_simulation *sim, int projection, int n_variables,
                          const int32_t *variables, int64_t n, const uint32_t *synapses, double dt,
                          int64_t first);
int64_t evsim_sample_count(evsim_simulation *sim, int record);
int evsim_samples(evsim_simulation *sim, int record, int64_t start, int64_t n, int column,
                  int n_columns, double *out);

/* Runs until (tick, offset) with so many threads, or until `milliseconds` of wall time are over:
 * returns 1 when the end is reached, 0 when there is more to do. */
int evsim_run(evsim_simulation *sim, int64_t tick, double offset, int n_threads, int is_grid,
              double milliseconds);
int64_t evsim_now(evsim_simulation *sim, double *offset);
int evsim_failure(evsim_simulation *sim, int *population, int64_t *neuron, int64_t *tick,
                  double *offset);
/* With a population of -2 - p there, the failure is that of synapse `neuron` of projection p: the
 * number of its variable that is not finite. */
int evsim_failed_variable(evsim_simulation *sim);
/* Archives: all that runs have changed, as one piece of memory; load puts it back into a simulation
 * made of the same parts. It stands at (tick, offset) of a window then; where offset is not
 * *shown, a run to there shows the states that the archive was made with and records nothing. */
int64_t evsim_archive_size(evsim_simulation *sim);
int evsim_archive_save(evsim_simulation *sim, void *out, int64_t size);
int evsim_archive_load(evsim_simulation *sim, const void *in, int64_t size, double *shown);
/* Other random numbers from now on. */
void evsim_set_seed(evsim_simulation *sim, uint64_t seed);
/* The next deliveries of spikes that have been made, at most so many, in order; returns how many.
 */
struct evsim_delivery {
    int64_t tick;
    double offset;
    int64_t synapse;
    int32_t projection;
};
int64_t evsim_peek(evsim_simulation *sim, int64_t most, struct evsim_delivery *out);
/* Whether a part takes part: a projection, whose deliveries under way still arrive; a link; the
 * elements of a record of spikes; the number of the next sample; the rate of a drive. */
int evsim_activate_projection(evsim_simulation *sim, int projection, int is_active);
void evsim_activate_link(evsim_simulation *sim, int link, int is_active);
void evsim_activate_spikes(evsim_simulation *sim, int record, int64_t start, int64_t stop);
void evsim_activate_samples(evsim_simulation *sim, int record, int64_t next);
void evsim_activate_drive(evsim_simulation *sim, int drive, double rate);
/* Which neurons of a population are refractory at the present time: 1 or 0 each. */
int evsim_refractory(evsim_simulation *sim, int population, int8_t *out);
/* Whether a failed run has left nothing to go on from: there was no memory to put it right. Else
 * the simulation stands where it failed, before what happens there, and can go on. */
int evsim_is_broken(const evsim_simulation *sim);
/* Until the next run: the last spikes, at most `max`, of the instant at which a run failed, from
 * late to early. Returns how many. */
int64_t evsim_members(evsim_simulation *sim, int64_t max, int *population, int64_t *neuron);

#endif
