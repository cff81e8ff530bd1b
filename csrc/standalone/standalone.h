/* What the program of an exported network has besides the core: its arrays, its run, its results.
 *
 * main.c, which evsim writes, describes one network by a `struct project` and hands it over.
 */
#ifndef EVSIM_STANDALONE_H
#define EVSIM_STANDALONE_H

#include <stddef.h>
#include <stdint.h>

#include "evsim.h"

/* Windows are `steps` steps dt of the user's clock, or 1/`parts` of one, `length` seconds long. */
struct clock {
    double dt, length;
    int64_t steps, parts;
};

/* A record of spikes; `states` are the names of what is kept with each. */
struct spike_record {
    const char *name;
    int number;
    int n_states;
    const char *const *states;
};

/* A record of samples of `n` elements at multiples of dt. Of sample pieces[2*k] and those after it,
 * up to the next piece, pieces[2*k + 1] is the number of the first: its time over dt. */
struct state_record {
    const char *name;
    int number;
    int n_states;
    const char *const *states;
    int64_t n;
    double dt;
    int n_pieces;
    const int64_t *pieces;
};

/* The last values of a population, or of the variables of a projection: `variables` are their
 * numbers, and `is_brought` says that those of a projection have equations of their own. */
struct final_values {
    const char *name;
    int number;
    int is_projection, is_brought;
    int n_variables;
    const int32_t *variables;
    const char *const *names;
    int64_t n;
};

struct project {
    const char *identity; /* the same in the description that evsim reads */
    uint64_t seed;
    struct clock clock;
    int64_t end_tick; /* of a window */
    double end_offset;
    int is_grid, n_threads;
    int (*build)(evsim_simulation *sim, const unsigned char *arrays);
    const char *const *populations;
    int n_spike_records, n_state_records, n_final_values;
    const struct spike_record *spike_records;
    const struct state_record *state_records;
    const struct final_values *final_values;
};

/* What main() returns: runs the network and writes results into the folder that arguments[1] names,
 * or `results` beside the program; arguments[2] is a number of threads. */
int project_main(const struct project *project, int n, char **arguments);

/* Results as files of numpy's format; 0, or -1 after a message. */
int results_write(const struct project *project, evsim_simulation *sim, const char *folder);

/* Says what went wrong; returns -1. */
int complain(const char *what, const char *about);

/* Called by main.c: puts values into a state. */
int copy_state(evsim_simulation *sim, int population, int state, const double *values,
               int64_t count);

#endif
