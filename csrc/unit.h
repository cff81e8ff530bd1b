/* Units: populations that links join, integrated as one system.
 *
 *   links: source population --> input of a target population, at every instant
 *
 * A link without pairs and without a table only joins: event code that names states of the source
 * neuron needs both ends at its instant.
 *
 * A unit goes through a window from event to event: deliveries, ends of refractory periods and
 * crossings of its neurons are where steps end. In between all its states take the same steps, of
 * the pair of orders 5 and 4 that kernel/methods.h has for neurons alone, as long as their errors
 * allow. One thread does the work of all units.
 *
 * A unit owns its working arrays; states are the populations' own.
 */
#ifndef EVSIM_UNIT_H
#define EVSIM_UNIT_H

#include <stdint.h>

#include "kernel.h"

#define MOST_STATES 64 /* of one neuron of a unit: they stand on the stack at times */

struct shard;
struct simulation;

struct link {
    int32_t source, target, input;
    int32_t own; /* a population with an element for each pair, or -1 */
    int is_resting;
    int is_direct; /* one variable is another one: on the grid, too, as it is at the time */
    int64_t n;
    uint32_t *i, *j;
    const struct evsim_link *table;
    int n_variables;
    double **variable;
    int64_t *step;
};

int link_new(struct link **out, int32_t source, int32_t target, int32_t input, int64_t n,
             const uint32_t *i, const uint32_t *j, const struct evsim_link *table, int n_variables);
int link_set_variable(struct link *l, int variable, const double *values, int64_t count);
void link_free(struct link *l);

/* Arrays of one population while its unit steps: [state][n_padded]. */
struct member {
    int32_t population;
    int64_t n_padded;
    double **x, **y, **next, **k[7], **bend[3];
    double **input, **input_node[5];
    double *active;
    struct evsim_piece piece;
    uint32_t *found;
};

struct unit {
    int n_members;
    struct member *members;
    int n_links;
    struct link **links;
    int asks_inputs, is_direct; /* of a member, of a link */
};

/* Finds the units of a simulation anew; frees them. */
int units_find(struct simulation *sim);
void units_free(struct simulation *sim);

/* Takes a unit from `from` to `to` in the present window, with the events of its cells. */
int unit_run(struct simulation *sim, struct shard *sh, struct unit *u, double from, double to);

/* The inputs of a unit's populations in their present states, held for a step on the grid. */
void unit_hold_inputs(struct simulation *sim, struct shard *sh, struct unit *u);

/* Of those, what is direct as it is now; `population` is a member, or of no unit. */
void unit_renew_inputs(const struct simulation *sim, int32_t population);

#endif
