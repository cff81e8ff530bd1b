/* Projections: the synapses from one emitter (a population or a source) to one population.
 *
 * Synapses are kept as rows, one per source element, sorted by delay, so that a spike in flight is
 * a position in its row. Rows are cut by shard: the synapses onto the neurons that one thread owns
 * lie together.
 *
 *        shard 0                         shard 1
 *   | row of source 0 | row of 1 | ... | row of source 0 | row of 1 | ... |
 *     ^ start[0]        ^ start[1]       ^ start[n_sources + 1]
 *
 * Invariant: within a row delays ascend; synapses of equal delay keep their order of creation.
 * Synapses that were created as rows, and have one delay, stay where the caller has them: their
 * targets, and amounts that differ, are not copied. All else a projection owns.
 */
#ifndef EVSIM_SYNAPSES_H
#define EVSIM_SYNAPSES_H

#include <stdint.h>

#include "kernel.h"

/* An addition that every synapse makes: amount[k*step] to state `state` of its target. */
struct port {
    int32_t state;
    int64_t step;         /* 0: one amount for all */
    const double *amount; /* in order of rows... */
    double *own;          /* ...the same, or NULL where it is the caller's */
};

struct projection {
    int32_t number;  /* order of creation */
    int32_t rank;    /* order of deliveries in a step on the grid... */
    int32_t at_rank; /* ...and the number of the projection whose rank is this number */
    int32_t emitter; /* where spikes come from */
    int32_t target;  /* the population where they act */
    int64_t n, n_sources;
    double grid; /* of the user's clock, where a window has several of its steps; else 0 */
    int n_shards;
    uint32_t *i; /* source of synapse k, as created; or NULL, where they were created as rows: */
    int64_t *created;  /* synapses created[s] to created[s + 1] are those of source s */
    const uint32_t *j; /* target of synapse k, as created; the caller's where they are rows */

    int64_t *start;            /* of rows, by shard and source... */
    const int64_t *stop;       /* ...and where they end: `start` further on */
    const uint32_t *target_of; /* by position; it may be j */
    uint32_t *synapse_of;      /* by position; NULL while it is the identity */
    int32_t *delay_tick;       /* by position; NULL: one delay for all */
    double *delay_offset;
    int32_t one_tick;
    double one_offset;
    int64_t since_tick;  /* spikes before (tick, offset) are not taken in: they were made... */
    double since_offset; /* ...before the latest change of delays; see kept.c */
    int is_short;   /* some delay is shorter than a window; zero is not, from a neuron to itself */
    int32_t source; /* the population whose states the code names, with those of the target... */
    uint32_t *source_of; /* ...and the neuron in it, by synapse; or NULL */
    int32_t own; /* the population with an element for each synapse whose states it names; or -1 */
    int is_post; /* spikes of the targets run the code of their own synapses: i is j */
    int32_t shortest, longest; /* delay in ticks */

    int n_ports;
    struct port *port;
    const struct evsim_code *code; /* or NULL */
    int is_sharing; /* the variables belong to another projection of the same synapses */
    int n_variables;
    double **variable;
    int64_t *step;
    double *records; /* variables in one piece of memory, the owner's; or NULL */
    int64_t n_records;
    uint32_t *slot_of; /* where variables of a synapse stand in their arrays; NULL: at its number */
};

/* A delivery in a list: which synapse, and when in the window. */
struct arrival {
    double offset;
    uint32_t position, target;
};

/* Deliveries of one projection that are due in one window: a piece of a row for one spike, or a
 * list with the offset of each. */
struct slice {
    const struct projection *projection;
    int64_t n;
    int64_t first; /* position, of a piece */
    int64_t tick;  /* of the spike... */
    double offset;
    uint32_t source;                /* ...and who made it, of a piece */
    const struct arrival *arrivals; /* the list; NULL for a piece */
};

/* A projection without rows yet. With `created`, i is NULL, and j must live as long. */
int projection_new(struct projection **out, int32_t number, int32_t emitter, int32_t target,
                   int64_t n, int64_t n_sources, const uint32_t *i, const int64_t *created,
                   const uint32_t *j);
void projection_free(struct projection *p);

/* Sorts the rows for these delays (arrays of n, or of 1 with `is_one`) and shards; bounds[s] is the
 * first target of shard s, bounds[n_shards] the end. Amounts stay with their synapses.
 * EVSIM_NO_MEMORY leaves all as it was, here and below. */
int projection_arrange(struct projection *p, const int32_t *tick, const double *offset, int is_one,
                       int n_shards, const int64_t *bounds);

/* Cuts the rows anew for other shards; delays and amounts stay. */
int projection_cut(struct projection *p, int n_shards, const int64_t *bounds);

/* Amounts and variables are zero until they are set. */
int projection_set_ports(struct projection *p, int n_ports, const int32_t *states);
/* Returns 1 where `amount` is used in its place, and must live as long. */
int projection_set_amount(struct projection *p, int port, const double *amount, int is_one);
int projection_set_code(struct projection *p, const struct evsim_code *code, int n_variables);
int projection_set_variable(struct projection *p, int variable, const double *values, int is_one);
void projection_set_table(struct projection *p, int variable, double *table);
/* The code names, or changes, the states of neuron i[k] of a population, for synapse k. */
int projection_set_sources(struct projection *p, int32_t population, const uint32_t *i);
/* Puts these variables, one value for each synapse, into one record per synapse: event code, which
 * needs them all, then finds them in one place. Once, before they are set. */
int projection_pack(struct projection *p, int n, const int32_t *variables);

/* Where the row of a source begins and ends in a shard. */
static inline int64_t row_begin(const struct projection *p, int shard, int64_t source) {
    return p->start[shard * p->n_sources + source];
}

static inline int64_t row_end(const struct projection *p, int shard, int64_t source) {
    return p->stop[shard * p->n_sources + source];
}

/* The source of a synapse, by its number. */
uint32_t projection_source(const struct projection *p, int64_t synapse);

/* Memory of its own, bytes. */
int64_t projection_bytes(const struct projection *p);

/* The same as arrays, in which synapses with one target stand side by side, in order of creation:
 * event code at spikes of targets then runs along them. */
int projection_place_by_target(struct projection *p, int n, const int32_t *variables);

/* Where the variables of a synapse stand: each at slot*step. */
static inline uint32_t projection_slot(const struct projection *p, int64_t synapse) {
    return p->slot_of ? p->slot_of[synapse] : (uint32_t)synapse;
}

static inline int projection_is_packed(const struct projection *p, int variable) {
    const double *const first = p->variable[variable];
    return p->records && first >= p->records && first < p->records + p->n_records;
}

/* Code on the variables of another projection of the same synapses, which lives as long. */
void projection_share(struct projection *p, const struct projection *owner,
                      const struct evsim_code *code);

/* Adds a delay's offset to one in a window: returns 1 and the offset in the next window where the
 * sum passes the end. With a grid, a sum within a few units in the last place of one of its points
 * is that point, and is carried as a number of points: two ways to one instant of the grid then
 * meet, although its points are not exact numbers. */
static inline int add_offsets(double a, double b, double window, double grid, double *sum) {
    *sum = a + b;
    if (grid > 0.0) {
        double points = (*sum / grid + 0x1.8p52) - 0x1.8p52;
        const double rest = *sum - points * grid;
        if (rest <= 8.9e-16 * *sum && -rest <= 8.9e-16 * *sum) {
            const int is_later = points * grid >= window;
            if (is_later)
                points -= (window / grid + 0x1.8p52) - 0x1.8p52;
            *sum = points * grid;
            return is_later;
        }
    }
    const int is_later = *sum >= window; /* as a number: no branch could foresee it */
    *sum -= (double)is_later * window;
    return is_later;
}

/* When the synapse at `position` delivers a spike: returns the tick, sets the offset in it. */
static inline int64_t projection_arrival(const struct projection *p, int64_t position, int64_t tick,
                                         double spike_offset, double window, double *offset) {
    const int32_t ticks = p->delay_tick ? p->delay_tick[position] : p->one_tick;
    const double rest = p->delay_offset ? p->delay_offset[position] : p->one_offset;
    return tick + ticks + add_offsets(spike_offset, rest, window, p->grid, offset);
}

static inline int64_t slice_position(const struct slice *s, int64_t k) {
    return s->arrivals ? s->arrivals[k].position : s->first + k;
}

static inline uint32_t slice_target(const struct slice *s, int64_t k) {
    return s->arrivals ? s->arrivals[k].target : s->projection->target_of[s->first + k];
}

static inline double slice_offset(const struct slice *s, int64_t k, double window) {
    if (s->arrivals)
        return s->arrivals[k].offset;
    double offset;
    projection_arrival(s->projection, s->first + k, s->tick, s->offset, window, &offset);
    return offset;
}

/* Whether the synapse at `position` acts at the instant of the spike. */
static inline int projection_is_at_once(const struct projection *p, int64_t position) {
    return p->delay_tick ? p->delay_tick[position] == 0 && p->delay_offset[position] == 0.0
                         : p->one_tick == 0 && p->one_offset == 0.0;
}

static inline uint32_t projection_synapse(const struct projection *p, int64_t position) {
    return p->synapse_of ? p->synapse_of[position] : (uint32_t)position;
}

#endif
