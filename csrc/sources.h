/* Sources: emitters that have no state, whose spikes of a window are known before it starts. */
#ifndef EVSIM_SOURCES_H
#define EVSIM_SOURCES_H

#include <stdint.h>

/* A spike on its way from an emitter to the rows of its synapses and to the records. */
struct spike {
    int64_t tick;
    double offset;
    int32_t emitter;
    uint32_t index;
    int64_t seen; /* where the states of its neuron stand in `seen` of the list it was made in */
};

/* A growing list. `seen`: the states that neurons had at their spikes, where these are recorded. */
struct spikes {
    struct spike *all;
    int64_t n, room;
    double *seen;
    int64_t n_seen, seen_room;
};

int spikes_add(struct spikes *list, const struct spike *spike);
int spikes_see(struct spikes *list, const double *x, int n_states, int64_t *seen);
void spikes_clear(struct spikes *list);
void spikes_free(struct spikes *list);
void spikes_sort(struct spikes *list); /* by (tick, offset, emitter, index) */

/* Independent Poisson processes, drawn together: the number of spikes in a time has the mean of all
 * rates, each falls to element i with probability rate[i]/sum. Rates are constant in pieces: piece
 * k begins in step[k] of the clock, a part part[k] of it later, and lasts until the next one
 * begins; the first one also holds before it, the last one to the end. */
struct poisson_source {
    int32_t emitter;
    uint32_t object; /* keys the random numbers */
    int64_t n, n_pieces;
    int64_t *step;
    double *part;
    double *total;      /* Hz, of each piece */
    double *cumulative; /* [n_pieces][n] rates added up; NULL: all elements have equal ones */
};

/* Given spikes, sorted by time. */
struct train_source {
    int32_t emitter;
    int64_t n_spikes;
    int64_t *tick;
    double *offset;
    uint32_t *index;
};

/* One rate for all elements or one each, for all time; or such rates for each of some pieces. */
int poisson_set_rates(struct poisson_source *s, const double *rates, int64_t count);
int poisson_set_course(struct poisson_source *s, int64_t n_pieces, const int64_t *step,
                       const double *part, const double *rates, int64_t count);

/* The user's clock and the windows of the core: a window is `steps` of its steps dt, or 1/`parts`
 * of one. Random numbers are keyed by steps of the clock, so that they do not depend on how long
 * windows are. */
struct clock {
    uint64_t seed;
    double dt, window;
    int64_t steps, parts;
};

int poisson_draw(const struct poisson_source *s, const struct clock *clock, int64_t tick,
                 struct spikes *out);
void poisson_clear(struct poisson_source *s); /* what it points to */
void poisson_free(struct poisson_source *s);

int train_set(struct train_source *s, int64_t n, const int64_t *tick, const double *offset,
              const uint32_t *index);
/* Adds the spikes of this tick. */
int train_draw(const struct train_source *s, int64_t tick, struct spikes *out);
void train_free(struct train_source *s);

/* Poisson input to every neuron of [start, stop) of a population, each its own. */
struct drive {
    uint32_t object;    /* keys the random numbers */
    int32_t projection; /* place in the order of simultaneous deliveries */
    int32_t target, state;
    int64_t start, stop;
    double rate; /* Hz, of one neuron's input */
    double weight;
};

/* Offsets of the arrivals at neuron i in a window, in the order drawn, into *offsets, which grows
 * as needed (its room in *room). `key` is random_object_key of the seed and the drive's object.
 * Returns how many, or a negative error. */
int64_t drive_draw(const struct drive *d, uint64_t key, const struct clock *clock, int64_t i,
                   int64_t tick, double **offsets, int64_t *room);

#endif
