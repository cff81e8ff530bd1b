/* A shard: the neurons that one thread owns, and its work in a window.
 *
 *   flights   spikes in flight -> slices of rows that are due
 *   rings     deliveries dealt out to the windows of their arrival
 *   kept      deliveries that were under way when delays changed
 *   delivery  slices -> folded into states; or a walk for the target
 *   cells     the few neurons that may spike, or whose deliveries cannot be folded
 *   events    what arrives at each cell, in order
 *   walks     cells through their events, to their spikes
 *   cascade   spikes that act inside their own window
 *   samples   recorded states
 *   undo      event code that runs again, without a trace
 *
 * Every function returns EVSIM_OK, a count or a negative error.
 */
#ifndef EVSIM_SHARD_H
#define EVSIM_SHARD_H

#include "error.h"
#include "simulation.h"
#include "undo.h"

/* A neuron that is taken through this window by its events. */
struct cell {
    int32_t population;
    uint32_t i;
    int64_t x; /* its state in `starts` */
    int64_t first_event, n_events;
    int64_t n_counted;    /* of these, by slices that are not folded */
    int64_t release_tick; /* at the start of the window */
    double release_offset;
    uint32_t holding; /* so too */
    double last;      /* time of its latest spike then */
};

/* Deliveries waiting for one window, in the order of their spikes. */
struct bucket {
    struct arrival *all;
    int64_t n, room;
};

/* The buckets of the windows to come: bucket[tick & (length - 1)]. Rows that spread a few synapses
 * over many windows are dealt out into buckets when the spike comes; long pieces walk as spikes in
 * flight. */
struct ring {
    struct bucket *bucket;
    int64_t length; /* a power of two; 0: this projection has no ring */
};

/* A delivery made by a spike of the window itself. */
struct local_event {
    int32_t population;
    uint32_t i;
    struct evsim_event event;
};

/* A delivery of a slice, in the list of its target that population->head starts. */
struct indexed {
    int64_t slice, k;
    int32_t next; /* plus one; 0 ends the list */
};

struct shard {
    int number;
    int64_t tick; /* the window it is in */
    double from;
    int is_open;               /* what the window begins with is done */
    int64_t sequence;          /* spikes taken in so far */
    int64_t *first, *last;     /* [population] the neurons it owns */
    struct evsim_cells *views; /* [population] as its kernel sees it in this window */
    struct queue *flights, *timers, *kept;
    struct arrival *kept_due; /* in this window */
    int64_t kept_room;
    struct ring *rings; /* [projection] */
    int n_rings;
    struct spikes incoming;
    struct spikes out[2];
    struct queue_entry *due;
    int64_t n_due, due_room;
    struct slice *slices;
    int64_t n_slices, slices_room;
    struct cell *cells;
    int64_t n_cells, cells_room;
    double *starts;
    int64_t n_starts, starts_room;
    struct tagged_event *events; /* as gathered */
    int64_t n_events, events_room;
    struct evsim_event *sorted; /* by cell, then in order */
    int64_t sorted_room;
    struct local_event *local;
    int64_t n_local, local_room;
    struct indexed *indexed;
    int64_t n_indexed, indexed_room;
    int is_indexed;
    int is_counted; /* cells know how many events come by slices that are not folded */
    uint32_t *found;
    double *found_starts;
    int64_t found_room, found_starts_room;
    double *offsets;
    int64_t offsets_room;
    int32_t *sample_slot; /* [neuron] for the samples being taken */
    int64_t sample_slot_room;
    struct evsim_walk *sample_walks;
    int64_t sample_walks_room;
    struct undo sampled; /* synapses that act on recorded neurons, as the window began */
    struct failure failure;
};

struct tagged_event {
    int64_t cell;
    struct evsim_event event;
};

/* A larger array; see GROW. */
int shard_grow(void **array, int64_t n, int64_t *room, size_t size);

/* Makes sure that array[n] is there. */
#define GROW(array, n, room)                                                                       \
    ((n) < (room) ? EVSIM_OK : shard_grow((void **)&(array), (n), &(room), sizeof *(array)))

/* Notes which neuron failed when, if it is the earliest; returns the code. */
int shard_fail(struct shard *sh, int code, int32_t population, int64_t neuron, int64_t tick,
               double offset);

static inline int is_in_unit(const struct simulation *sim, int32_t population) {
    return sim->populations[population]->unit > 0;
}

/* Shows the window to the kernels. */
void shard_look(const struct simulation *sim, struct shard *sh);

/* The part [from, to) of window sh->tick. */
int shard_window(struct simulation *sim, struct shard *sh, double from, double to);

/* The same, of a window that is open. */
int shard_part(struct simulation *sim, struct shard *sh, double from, double to);

/* The same by walks for all neurons. */
int shard_walks(struct simulation *sim, struct shard *sh, double from, double to);

/* grid.c: one step on the grid; arrivals rounded to steps; flights_launch with them. */
int shard_grid_step(struct simulation *sim, struct shard *sh);
int64_t grid_arrival(const struct projection *p, int64_t position, int64_t tick, double offset,
                     double window);
int grid_launch(struct simulation *sim, struct shard *sh, const struct projection *p,
                int64_t sequence, const struct spike *spike, int64_t tick);

/* flights.c: pushes the deliveries of a spike at or after `tick`; takes in the spikes that other
 * shards and the sources made; finds the slices due in this window. */
int flights_launch(struct simulation *sim, struct shard *sh, const struct projection *p,
                   int64_t sequence, const struct spike *spike, int64_t tick);
int flights_take_in(struct simulation *sim, struct shard *sh);
int flights_find_due(struct simulation *sim, struct shard *sh);

/* rings.c: a ring for `longest` ticks ahead; a delivery into it; what is due as slices. */
int ring_new(struct ring *r, int64_t longest);
void ring_free(struct ring *r);
int bucket_grow(struct bucket *b);
int rings_find_due(struct simulation *sim, struct shard *sh);
int is_ringed(const struct projection *p);

static inline int ring_add(struct ring *r, int64_t tick, uint32_t position, uint32_t target,
                           double offset) {
    struct bucket *b = &r->bucket[tick & (r->length - 1)];
    if (b->n == b->room && bucket_grow(b) < 0)
        return EVSIM_NO_MEMORY;
    b->all[b->n++] = (struct arrival){offset, position, target};
    return EVSIM_OK;
}

/* kept.c: what is under way in a projection whose delays are about to change, as new queues;
 * which then take their place. Where a synapse stands in its row; what is due as slices. */
struct kept_deliveries {
    int n_shards;
    struct queue **flights, **kept; /* [shard] */
};
int kept_collect(const struct simulation *sim, const struct projection *p,
                 struct kept_deliveries *out);
void kept_commit(struct simulation *sim, struct projection *p, struct kept_deliveries *in);
void kept_free(struct kept_deliveries *d);
int64_t kept_position(const struct shard *sh, const struct projection *p, int64_t synapse);
int kept_find_due(struct simulation *sim, struct shard *sh);

/* delivery.c */
int is_folded(const struct simulation *sim, const struct projection *p);
int deliver_all(struct simulation *sim, struct shard *sh);
/* Clears the slack of what was folded, after the advance. */
void deliver_clear(struct simulation *sim, struct shard *sh);

/* cells.c: a cell starts from the copy of its state made before folding, from x, or (NULL) from
 * what cells_fill_starts puts in. */
int cells_add(struct simulation *sim, struct shard *sh, int32_t population, uint32_t i,
              const double *x);
double cells_last_spike(const struct evsim_cells *cells, uint32_t i); /* -infinity: none yet */
int cells_force(struct simulation *sim, struct shard *sh, int32_t population, uint32_t i);
int cells_force_all(struct simulation *sim, struct shard *sh);
int cells_force_timers(struct simulation *sim, struct shard *sh);
void cells_keep_begin(struct simulation *sim, struct shard *sh);
void cells_fill_starts(struct simulation *sim, struct shard *sh);
void cells_clear(struct simulation *sim, struct shard *sh);

/* events.c: events in [from, to) of the neurons that `slot` marks with the number of their cell
 * plus one (all these are `marked`, too, unless that is NULL), then grouped by cell and sorted;
 * `of_units`: those of the cells in units, or of the others. */
int events_add(struct shard *sh, int64_t cell, const struct evsim_event *event);
int events_gather_slice(struct simulation *sim, struct shard *sh, const struct slice *slice,
                        const int32_t *slot, const uint16_t *marked, double from, double to);
int events_gather_drive(struct simulation *sim, struct shard *sh, const struct drive *d, uint32_t i,
                        int64_t cell, double from, double to);
int events_group(struct shard *sh, int64_t first_cell);
int events_of_synapse(const struct projection *p);
int events_gather(struct simulation *sim, struct shard *sh, double from, double to, int of_units);
int events_gather_one(struct simulation *sim, struct shard *sh, int64_t cell, double from,
                      double to);
int events_note_local(struct shard *sh, const struct projection *p, int64_t position, double offset,
                      int32_t round);
void events_forget_index(struct simulation *sim, struct shard *sh);
int events_compare(const void *a, const void *b);
void events_sort(struct evsim_event *events, int64_t n);

/* walks.c: what a spike at `offset` begins: whether the neuron rests, and until when; the state is
 * that before the reset. `walk_hold` after it: whether it is held by a condition. A neuron's way
 * through its events to `to`; `out`: where its spikes go, NULL to leave no trace. */
int refractory_end(const struct shard *sh, const struct population *p, int64_t i, const double *x,
                   double offset, int64_t *end_tick, double *end_offset);
int walk_reset(const struct shard *sh, struct population *p, const struct cell *cell,
               struct evsim_walk *walk, int64_t *end_tick, double *end_offset, int *is_over);
double release_in_window(int64_t now, int64_t tick, double offset);
struct evsim_walk walk_begin(const struct shard *sh, const struct cell *cell, double from);
int walk_has_spike(const struct population *p, const struct evsim_walk *walk);
int walk_custom_events(struct simulation *sim, struct shard *sh, const struct cell *cell,
                       struct evsim_walk *walk, int64_t seen, struct spikes *out);
int walk_happen(struct simulation *sim, struct shard *sh, const struct cell *cell,
                struct evsim_walk *walk, struct spikes *out, double *since);
int walk_follow(struct simulation *sim, struct shard *sh, const struct cell *cell,
                struct evsim_walk *walk, double to, struct spikes *out);
void walk_let_go(struct population *p, int64_t i, const struct evsim_walk *walk);
/* Whether a neuron that has spiked so many times since `*since` does not get on; now and then. */
int walk_gets_nowhere(const struct evsim_walk *walk, double *since, double window);
int walk_settle(struct simulation *sim, struct shard *sh, const struct cell *cell, double to);
void walk_unfold(struct simulation *sim, struct shard *sh, const struct cell *cell);
int walk_all(struct simulation *sim, struct shard *sh, double from, double to, int is_unfolding);

/* cascade.c: all cells from `from` to `to`, together with what their spikes deliver on the way. */
int cascade_run(struct simulation *sim, struct shard *sh, double from, double to, int is_unfolding);

/* samples.c: samples_keep before the window's work, samples_keep_one before a delivery made inside
 * it: what event code on recorded neurons is going to write. samples_take after the work. */
int samples_keep(struct simulation *sim, struct shard *sh);
int samples_keep_one(struct simulation *sim, struct shard *sh, const struct projection *p,
                     int64_t position);
int samples_take(struct simulation *sim, struct shard *sh, double from);

/* synapse_samples.c: the neuron that recorded element k is, or that its synapse ends on; a row of
 * samples of synapses, as they are at an offset of the window: of those whose neurons are in this
 * part, or of all where part_of is NULL. */
uint32_t sampled_neuron(const struct simulation *sim, const struct state_output *o, int64_t k);
int note_synapses(const struct simulation *sim, const struct shard *sh,
                  const struct state_output *o, double offset, double *row, const int32_t *part_of,
                  int32_t part);

#endif
