/* Linear units: where all that links join is linear, a unit is solved by its propagator.
 *
 *   dx/dt = A x + b     for each component, the cells that links connect directly or by others
 *
 * A is kept as it comes: sums over pairs into the inputs of cells, and the equations of each cell.
 * So equal cells with equal neighbours stay equal to the last bit. Between events x is its Taylor
 * polynomial, of the degree at which what follows is below rounding; the threshold of every cell is
 * a polynomial too, whose first root is proven (kernel/roots.h).
 *
 *   linear_unit.c      the components of a unit, their numbers
 *   taylor.c           polynomials of a component, and the first crossing in them
 *   linear_walk.c      a component through a window, from event to event
 *   linear_samples.c   its samples on the way
 *
 * Components do not see each other inside a window, so each has a time line of its own. Cells that
 * could (delays shorter than a window, event code that names the source) are in one component.
 */
#ifndef EVSIM_LINEAR_UNIT_H
#define EVSIM_LINEAR_UNIT_H

#include <stdint.h>

#define MOST_TERMS 24 /* of the polynomials */

struct journey;
struct link;
struct shard;
struct simulation;
struct unit;

/* A population's numbers, in 1/s and units of the states: with columns c for the states, then the
 * inputs, then a constant, rate[(s*columns + c)*n + i]; form[c*n + i] with states and constant. */
struct linear_cells {
    int n_states, n_inputs;
    double *rate;
    double *form; /* of the threshold; NULL: without one */
    int is_strict;
    int32_t *is_clamped; /* [state] */
};

int linear_cells_set(struct linear_cells **cells, int64_t n, int n_states, int n_inputs,
                     const double *rate, const double *form, int is_strict,
                     const int32_t *is_clamped);
void linear_cells_free(struct linear_cells *cells);

struct linear_cell {
    int32_t member; /* of the unit */
    uint32_t i;
    int32_t first, n_states; /* in the component */
    const double *form;      /* form[c*n], or NULL */
    int64_t n;
    int is_strict;
};

struct pair_term { /* a x[p] + b x[q] */
    int32_t p, q;
    double a, b;
};

/* Rows are states, then inputs; `term` adds up to input k from start[k] on, `factor[e]` times
 * column `column[e]` (a state or an input) to the rate of state r from row[r] on. */
struct component {
    int32_t n_cells, n_states, n_slots;
    struct linear_cell *cells;
    int64_t *start;
    struct pair_term *terms;
    int64_t *row;
    int32_t *column;
    double *factor;
    double *drive;    /* b */
    double *size;     /* of a state, below which its digits do not count */
    int32_t *cell_of; /* by state */
    int8_t *is_clamped;
    double longest; /* step, seconds */
};

/* The recorded neurons of each component: places in the output's indices, from first[component] on,
 * each with the next; -1 ends them. */
struct sample_list {
    int64_t *first, *next;
};

struct linear_unit {
    int32_t n_components, most_states, most_slots;
    struct component *components;
    int64_t *base;         /* [member]: where its neurons stand in component_of; and the end */
    int32_t *component_of; /* by neuron of the unit... */
    int32_t *first_of;     /* ...and its first state there */
    struct sample_list *lists;
    int n_lists;
    int64_t *head, *next; /* cells with events of each component; next[cell of the shard] */
    int64_t next_room;
    double *work;   /* polynomials and columns of the largest component */
    int8_t *stands; /* by state: the rate is zero, since its cell is refractory */
};

/* Makes the unit linear if the numbers of all its parts are there. */
int linear_unit_find(struct simulation *sim, struct unit *u);
void linear_unit_free(struct linear_unit *l);

/* As unit_run. */
int linear_unit_run(struct simulation *sim, struct shard *sh, struct unit *u, double from,
                    double to);

/* linear_samples.c: finds what is recorded of each component; takes the samples of component
 * `number` in [now, now + length) of a step of length h with these coefficients. */
int linear_samples_list(struct simulation *sim, struct unit *u);
int linear_samples_take(const struct journey *j, int32_t number, const double *coefficients,
                        int degree, double h, double length);

/* taylor.c: a component in its present state x[0..n_states). Polynomials in parts of h, coefficient
 * k of state r at c[k*n_states + r]; returns the degree. `columns` has room for states and inputs.
 */
int taylor(const struct component *c, const int8_t *stands, double h, double *coefficients,
           double *columns);

/* State r at part u of h; the part at which a cell crosses its threshold first, above 1 if it does
 * not. */
double taylor_at(const struct component *c, const double *coefficients, int degree, int64_t r,
                 double u);
double taylor_crossing(const struct component *c, const double *coefficients, int degree,
                       const struct linear_cell *cell);

#endif
