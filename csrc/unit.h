/* Units: populations that links join, and the order in which they go through a window.
 *
 *   links: source population --> input of a target population, at every instant
 *
 * Where links lead back to where they come from, and where a link names both ends in one formula,
 * nobody can go first: such populations are one unit, integrated as one system. The units form an
 * order then, from sources to targets. Each one leaves, for the whole window, what its links to
 * later ones add up to: courses, polynomials in pieces between its own events. Their targets go
 * through the window with these at hand. A population that nobody reads goes neuron by neuron, as
 * if it had no links: its unit is free.
 *
 * A link without pairs and without a table only joins: event code that names states of the source
 * neuron needs both ends at its instant. So do spikes that act inside their window.
 *
 * A unit goes through a window from event to event: deliveries, ends of refractory periods and
 * crossings of its neurons are where steps end, and the ends of the pieces that it reads. In
 * between all its states take the same steps, of the pair of orders 5 and 4 that kernel/methods.h
 * has for neurons alone, as long as their errors allow. One thread does the work of all units.
 *
 * A unit owns its working arrays; states are the populations' own.
 */
#ifndef EVSIM_UNIT_H
#define EVSIM_UNIT_H

#include <stdint.h>

#include "kernel.h"

#define MOST_STATES 64 /* of one neuron of a unit: they stand on the stack at times */

struct linear_unit;
struct shard;
struct simulation;
struct rows;

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
    double *weight; /* of each pair, or one for all; of links with factors */
    int64_t weight_step;
    struct rows *rows; /* the weights by targets; NULL: to be made */
    double *linear; /* of each pair: factors of the states of both ends, and a constant; or NULL */
    int *is_table;  /* of each variable: it is a struct evsim_table */
};

int link_new(struct link **out, int32_t source, int32_t target, int32_t input, int64_t n,
             const uint32_t *i, const uint32_t *j, const struct evsim_link *table, int n_variables);
int link_set_variable(struct link *l, int variable, const double *values, int64_t count);
int link_set_weight(struct link *l, const double *values, int64_t count);
void link_set_table(struct link *l, int variable, double *table);
void link_free(struct link *l);

/* Arrays of one population while its unit steps: [state][n_padded]. */
struct member {
    int32_t population;
    int64_t n_padded;
    double **x, **y, **next, **k[7], **bend[3];
    double **input, **input_node[5];
    double *active;
    double *origin; /* offsets at which the paths of the neurons' noise begin; or NULL */
    int is_silent;  /* in this window: its spikes change no rates, and no state */
    struct evsim_piece piece;
    struct evsim_course *course; /* of each input */
    uint32_t *found;
};

struct unit {
    int is_free;
    int n_members;
    struct member *members;
    int n_links, n_in, n_out;
    struct link **links;        /* inside */
    struct link **in;           /* from units before */
    struct link **out;          /* to units after */
    int asks_inputs, is_noisy;  /* of a member */
    struct linear_unit *linear; /* NULL: it is integrated */
};

/* Finds the units of a simulation anew, where that is needed; frees them. */
int units_find(struct simulation *sim);
void units_free(struct simulation *sim);

/* Takes a unit from `from` to `to` in the present window, with the events of its cells. */
int unit_run(struct simulation *sim, struct shard *sh, struct unit *u, double from, double to);

/* The inputs of a unit's populations in their present states, held for a step on the grid. */
void unit_hold_inputs(struct simulation *sim, struct shard *sh, struct unit *u);

/* Of those, what is direct as it is now; `population` is a member, or of no unit. */
void unit_renew_inputs(const struct simulation *sim, const struct shard *sh, int32_t population);

#endif
