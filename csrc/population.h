/* A population: the arrays of neurons of one kernel, and when each may spike again. */
#ifndef EVSIM_POPULATION_H
#define EVSIM_POPULATION_H

#include <stdint.h>

#include "kernel.h"

/* The population owns all arrays; they are padded to a multiple of EVSIM_PAD with dormant neurons.
 * A neuron is refractory before (release_tick, release_offset); from then on, and always when the
 * tick is negative, it is not. */
#define EVSIM_HELD INT64_MAX /* release tick of a neuron that a condition holds refractory */

struct linear_cells;

struct population {
    int32_t number, emitter;
    int32_t at_place; /* in a step on the grid, the population of this number's place */
    int64_t n, n_padded;
    const struct evsim_kernel *kernel;
    double grid;     /* see struct projection */
    int is_coupled;  /* a refractory neuron needs its walk: states that go on see states that stand
                      */
    int is_foldable; /* in this run */
    int32_t unit;    /* number of the unit that it belongs to, plus one; or 0 */
    double step;     /* the next that its unit is to try, where it is the first of its members */
    int is_seen;     /* its states at spikes are recorded */
    int has_posts;   /* its spikes run code of the synapses that end on it */
    struct evsim_cells cells;
    double **state;
    double **coefficient;
    double **parameter;
    int64_t *parameter_step;
    double *fold;
    double (*cost)[2]; /* [port] */
    double *option;
    struct evsim_table *table;
    int n_tables;
    struct linear_cells *linear; /* its numbers for units that are linear, or NULL */

    int32_t *refractory_tick; /* of neuron i, or [0] for all */
    double *refractory_offset;
    int64_t refractory_step;
    int64_t *release_tick;
    double *release_offset;
    int64_t *last_tick; /* of the latest spike; negative: none yet */
    double *last_offset;
    uint32_t *holding;      /* custom events whose conditions hold; see kernel.h */
    int32_t *event_emitter; /* of each custom event */

    int32_t *slot;    /* where a neuron's walk is kept in this window, plus one; 0: it has none */
    uint16_t *marked; /* [neuron / 16] a bit for each neuron that may have a slot */
    double **begin;   /* states at the start of the window, for samples and cascades; or NULL */
    int walks_from_begin; /* walks start from `begin`, not from states folded and unfolded again */
    int32_t *head;        /* first delivery of a neuron in this window, plus one; or NULL */
};

static inline int population_is_marked(const uint16_t *marked, uint32_t i) {
    return marked[i / 16] >> i % 16 & 1;
}

int population_new(struct population **out, int32_t number, int32_t emitter, int64_t n,
                   const struct evsim_kernel *kernel);
void population_free(struct population *p);

/* Copies in `count` values (1, or one for each neuron). */
int population_set_coefficient(struct population *p, int c, const double *values, int64_t count);
int population_set_parameter(struct population *p, int k, const double *values, int64_t count);
int population_set_refractory(struct population *p, const int32_t *tick, const double *offset,
                              int64_t count);
int population_set_propagator(struct population *p, double window, int pieces,
                              const int32_t degrees[4], int is_foldable, int is_coupled,
                              const double *fold, int64_t n_fold, const double *cost);
/* Numbers of the method, and function of time number k: n rows of so many columns. */
int population_set_options(struct population *p, const double *values, int64_t count);
int population_set_tables(struct population *p, int n_tables);
int population_set_table(struct population *p, int k, double dt, int64_t n, int64_t columns,
                         const double *values);
int population_keep_begin(struct population *p);
int population_index_deliveries(struct population *p);

static inline int population_is_refractory(const struct population *p, int64_t i, int64_t tick,
                                           double offset) {
    return p->release_tick[i] > tick ||
           (p->release_tick[i] == tick && p->release_offset[i] > offset);
}

#endif
