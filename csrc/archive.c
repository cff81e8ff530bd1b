/* Archives: all that runs have changed in a simulation, as one piece of memory. See evsim.h.
 *
 *   head      what it is, and the numbers that the simulation must have: sizes of everything
 *   time      the window, the offset in it, the offset up to which it has been shown
 *   blocks    neurons and synapse variables, as in a snapshot
 *   shards    queues, rings, spikes made in the window
 *   late      deliveries of the present window's own spikes
 *   records   spikes and samples so far
 *   sum       of all before, so that a damaged archive is noticed
 *
 * Where a run has ended inside a window, an archive holds the window's start: the run goes there
 * again. One function, `each_part`, measures, saves and loads, so that the three cannot differ.
 */
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "checkpoint.h"
#include "error.h"
#include "evsim.h"
#include "shard.h"
#include "snapshot.h"

#define MAGIC INT64_C(0x31616d6973766545) /* changes with the layout */

struct stream {
    char *at;
    int64_t left; /* until the end of the memory */
    int64_t size;
    enum { MEASURE, SAVE, LOAD } what;
    int code;
};

static void refuse(struct stream *s, int code) {
    if (s->code >= 0 && code < 0)
        s->code = code;
}

static void pass(void *stream, void *memory, size_t size) {
    struct stream *s = stream;
    s->size += (int64_t)size;
    if (s->what == MEASURE || s->code < 0)
        return;
    if ((int64_t)size > s->left) {
        refuse(s, EVSIM_BAD_ARGUMENT);
        return;
    }
    if (size && s->what == SAVE)
        memcpy(s->at, memory, size);
    else if (size)
        memcpy(memory, s->at, size);
    s->at += size, s->left -= (int64_t)size;
}

#define PASS(stream, value) pass((stream), &(value), sizeof(value))

/* A number that the simulation must have too. */
static void agree(struct stream *s, int64_t number) {
    const int64_t mine = number;
    PASS(s, number);
    if (number != mine)
        refuse(s, EVSIM_BAD_ARGUMENT);
}

/* How many there are, of which each takes so many bytes. */
static int64_t count(struct stream *s, int64_t n, size_t size) {
    PASS(s, n);
    if (s->what == LOAD && (n < 0 || n > s->left / (int64_t)size))
        refuse(s, EVSIM_BAD_ARGUMENT);
    return s->code < 0 ? 0 : n;
}

static void each_size(struct stream *s, const struct simulation *sim) {
    agree(s, MAGIC);
    agree(s, sim->n_populations), agree(s, sim->n_projections), agree(s, sim->n_emitters);
    agree(s, sim->n_drives), agree(s, sim->n_spike_outputs), agree(s, sim->n_state_outputs);
    agree(s, sim->clock.steps), agree(s, sim->clock.parts);
    for (int k = 0; k < sim->n_populations; k++)
        agree(s, sim->populations[k]->n), agree(s, sim->populations[k]->kernel->n_states);
    for (int k = 0; k < sim->n_projections; k++) {
        const struct projection *p = sim->projections[k];
        agree(s, p->n), agree(s, p->n_sources), agree(s, p->n_variables), agree(s, p->emitter);
    }
}

/* ---- lists ---- */

enum entries { FLIGHTS, TIMERS, KEPT };

static int is_entry(const struct simulation *sim, const struct queue_entry *e, enum entries of) {
    if (e->tick < 0 || e->tick == QUEUE_NEVER)
        return 0;
    if (of == TIMERS)
        return e->kind < (uint32_t)sim->n_populations && e->index < sim->populations[e->kind]->n;
    if (e->kind >= (uint32_t)sim->n_projections)
        return 0;
    const struct projection *p = sim->projections[e->kind];
    return e->index < (of == KEPT ? p->n : p->n_sources) && e->position >= 0 && e->position <= p->n;
}

static void each_entry(struct stream *s, const struct simulation *sim, struct queue *q,
                       enum entries of) {
    struct queue *copy = queue_new();
    const struct queue_entry *popped = NULL;
    int64_t n = copy ? EVSIM_OK : EVSIM_NO_MEMORY;
    if (n >= 0 && s->what != LOAD)
        n = queue_copy(copy, q) < 0 ? EVSIM_NO_MEMORY
                                    : queue_pop_tick(copy, QUEUE_NEVER - 1, &popped);
    if (n < 0)
        refuse(s, (int)n);
    n = count(s, n, sizeof *popped);
    for (int64_t k = 0; k < n && s->code >= 0; k++) {
        struct queue_entry entry = popped ? popped[k] : (struct queue_entry){0};
        PASS(s, entry);
        if (s->what == LOAD && s->code >= 0)
            refuse(s, is_entry(sim, &entry, of) ? queue_push(q, &entry) : EVSIM_BAD_ARGUMENT);
    }
    queue_free(copy);
}

static void each_spike(struct stream *s, const struct simulation *sim, struct spikes *list) {
    const int64_t n = count(s, list->n, sizeof *list->all);
    if (s->what == LOAD)
        spikes_clear(list);
    for (int64_t k = 0; k < n && s->code >= 0; k++) {
        struct spike spike = s->what == LOAD ? (struct spike){0} : list->all[k];
        spike.seen = 0; /* it is recorded */
        PASS(s, spike);
        if (s->what == LOAD && s->code >= 0)
            refuse(s, spike.emitter >= 0 && spike.emitter < sim->n_emitters
                          ? spikes_add(list, &spike)
                          : EVSIM_BAD_ARGUMENT);
    }
}

static void each_arrival(struct stream *s, const struct projection *p, struct ring *r,
                         int64_t tick) {
    struct bucket *b = &r->bucket[tick & (r->length - 1)];
    const int64_t n = count(s, b->n, sizeof *b->all);
    for (int64_t k = 0; k < n && s->code >= 0; k++) {
        struct arrival a = s->what == LOAD ? (struct arrival){0} : b->all[k];
        PASS(s, a);
        if (s->what != LOAD || s->code < 0)
            continue;
        const int is_there = a.position < p->n && p->target_of[a.position] == a.target;
        refuse(s,
               is_there ? ring_add(r, tick, a.position, a.target, a.offset) : EVSIM_BAD_ARGUMENT);
    }
}

/* What a ring holds for the windows to come. */
static void each_ring(struct stream *s, const struct projection *p, struct ring *r, int64_t tick) {
    int64_t length = r->length;
    PASS(s, length);
    if (s->what == LOAD && s->code >= 0) {
        ring_free(r);
        if (length < 0 || length > INT32_MAX || (length & (length - 1)))
            refuse(s, EVSIM_BAD_ARGUMENT);
        else if (length)
            refuse(s, ring_new(r, length - 3));
    }
    for (int64_t t = tick; s->code >= 0 && t < tick + length - 1; t++)
        each_arrival(s, p, r, t);
}

static void each_shard(struct stream *s, struct simulation *sim) {
    for (int k = 0; k < sim->n_shards && s->code >= 0; k++) {
        struct shard *sh = &sim->shards[k];
        PASS(s, sh->sequence);
        each_entry(s, sim, sh->flights, FLIGHTS);
        each_entry(s, sim, sh->timers, TIMERS);
        each_entry(s, sim, sh->kept, KEPT);
        agree(s, sh->n_rings);
        for (int r = 0; r < sh->n_rings && s->code >= 0; r++)
            each_ring(s, sim->projections[r], &sh->rings[r], sim->tick);
        each_spike(s, sim, &sh->out[0]), each_spike(s, sim, &sh->out[1]);
    }
    each_spike(s, sim, &sim->source_out[0]), each_spike(s, sim, &sim->source_out[1]);
}

static void each_late(struct stream *s, struct simulation *sim) {
    struct late_deliveries late = {0};
    if (s->what != LOAD) {
        refuse(s, simulation_take_late(sim, &late));
        refuse(s, simulation_give_late(sim, &late));
    }
    const int64_t n = count(s, late.n, sizeof *late.all);
    for (int64_t k = 0; k < n && s->code >= 0; k++) {
        struct late_delivery one = s->what == LOAD ? (struct late_delivery){0} : late.all[k];
        PASS(s, one);
        if (s->what != LOAD || s->code < 0)
            continue;
        const struct late_deliveries each = {&one, 1, 1};
        const int is_there = one.projection >= 0 && one.projection < sim->n_projections &&
                             one.synapse >= 0 && one.synapse < sim->projections[one.projection]->n;
        refuse(s, is_there ? simulation_give_late(sim, &each) : EVSIM_BAD_ARGUMENT);
    }
    free(late.all);
}

/* ---- records ---- */

static void each_recorded(struct stream *s, struct spike_record *r) {
    const int64_t n = count(s, record_spikes_count(r), 3 * sizeof(int64_t));
    if (s->what == MEASURE) {
        s->size += n * 3 * (int64_t)sizeof(int64_t);
        return;
    }
    if (s->what == LOAD)
        record_spikes_truncate(r, 0);
    for (int64_t k = 0; k < n && s->code >= 0; k++) {
        int64_t tick, index;
        double offset;
        if (s->what == SAVE)
            record_spikes_copy(r, k, 1, &tick, &offset, &index);
        PASS(s, tick), PASS(s, offset), PASS(s, index);
        if (s->what == LOAD && s->code >= 0)
            refuse(s, record_spikes_append(r, tick, offset, (uint32_t)index));
    }
}

static void each_sample(struct stream *s, struct sample_record *r, int64_t width) {
    const size_t size = (size_t)width * sizeof(double);
    const int64_t n = count(s, record_samples_count(r), size ? size : 1);
    agree(s, width);
    if (s->what == MEASURE) {
        s->size += n * (int64_t)size;
        return;
    }
    if (s->what == LOAD)
        record_samples_truncate(r, 0);
    double *row = allocate((size_t)width + 1, sizeof *row);
    if (!row)
        refuse(s, EVSIM_NO_MEMORY);
    for (int64_t k = 0; k < n && s->code >= 0; k++) {
        if (s->what == SAVE)
            record_samples_copy(r, k, 1, 0, (uint32_t)width, row);
        pass(s, row, size);
        double *to = s->what == LOAD && s->code >= 0 ? record_samples_append(r) : NULL;
        if (to)
            memcpy(to, row, size);
        else if (s->what == LOAD)
            refuse(s, EVSIM_NO_MEMORY);
    }
    free(row);
}

static void each_record(struct stream *s, struct simulation *sim) {
    for (int r = 0; r < sim->n_spike_outputs && s->code >= 0; r++) {
        struct spike_output *o = &sim->spike_outputs[r];
        each_recorded(s, o->record);
        agree(s, o->values != NULL);
        if (o->values && s->code >= 0)
            each_sample(s, o->values, o->n_states);
    }
    for (int r = 0; r < sim->n_state_outputs && s->code >= 0; r++) {
        struct state_output *o = &sim->state_outputs[r];
        PASS(s, o->next);
        each_sample(s, o->record, o->n_states * o->n);
    }
}

/* ---- all ---- */

struct instant {
    int64_t tick, seen_tick;
    double from, seen, shown;
    int32_t is_grid, is_recorded, is_changed, n_shards;
};

static struct instant instant_of(const struct simulation *sim) {
    return (struct instant){sim->tick,        sim->seen_tick,  sim->from,
                            sim->seen,        sim->from,       sim->is_grid,
                            sim->is_recorded, sim->is_changed, sim->n_shards};
}

/* Shards as the archive has them, empty. What there was is of no use any more. */
static int clear_shards(struct simulation *sim, const struct instant *at) {
    if (at->n_shards < 0 || at->n_shards > 1 << 16 || at->tick < 0)
        return EVSIM_BAD_ARGUMENT;
    checkpoint_free(sim->checkpoint), sim->checkpoint = NULL;
    simulation_free_shards(sim);
    sim->preview = NULL, sim->shards = NULL, sim->n_shards = 0;
    sim->is_arranged = sim->is_going_on = 0;
    sim->tick = at->tick, sim->from = at->from;
    sim->seen_tick = at->seen_tick, sim->seen = at->seen;
    sim->is_grid = at->is_grid, sim->is_recorded = at->is_recorded;
    sim->is_changed = at->is_changed;
    const int code = at->n_shards ? simulation_deal(sim, at->n_shards) : EVSIM_OK;
    for (int s = 0; s < sim->n_shards && code >= 0; s++) {
        struct queue *timers = queue_new(); /* the archive has its own */
        if (!timers)
            return EVSIM_NO_MEMORY;
        queue_free(sim->shards[s].timers);
        sim->shards[s].timers = timers;
        sim->shards[s].from = sim->from;
    }
    return code;
}

static void each_part(struct stream *s, struct simulation *sim, struct instant *at) {
    each_size(s, sim);
    PASS(s, *at);
    if (s->what == LOAD && s->code >= 0)
        refuse(s, clear_shards(sim, at));
    if (s->code < 0)
        return;
    snapshot_each_block(sim, pass, s);
    for (int k = 0; k < sim->n_projections; k++)
        PASS(s, sim->projections[k]->since_tick), PASS(s, sim->projections[k]->since_offset);
    each_shard(s, sim);
    if (s->code >= 0)
        each_late(s, sim);
    each_record(s, sim);
}

static uint64_t sum_of(const void *memory, int64_t size) {
    uint64_t sum = 14695981039346656037u;
    const unsigned char *at = memory;
    for (int64_t k = 0; k < size; k++)
        sum = (sum ^ at[k]) * 1099511628211u;
    return sum;
}

/* Runs all parts at the start of a window that a run has ended in, and puts it back as it is shown.
 */
static int from_start(struct stream *s, struct simulation *sim) {
    struct instant at = instant_of(sim);
    if (sim->is_broken)
        return EVSIM_BAD_ARGUMENT;
    if (!sim->preview) {
        each_part(s, sim, &at);
        return s->code;
    }
    at.from = 0.0, at.is_changed = 0, at.is_recorded = 1;
    sim->from = 0.0;
    snapshot_swap(sim->preview, sim);
    each_part(s, sim, &at);
    snapshot_swap(sim->preview, sim);
    sim->from = at.shown;
    return s->code;
}

int64_t evsim_archive_size(struct simulation *sim) {
    struct stream s = {.what = MEASURE};
    const int code = from_start(&s, sim);
    return code < 0 ? code : s.size + (int64_t)sizeof(uint64_t);
}

int evsim_archive_save(struct simulation *sim, void *out, int64_t size) {
    struct stream s = {.what = SAVE, .at = out, .left = size - (int64_t)sizeof(uint64_t)};
    const int code = from_start(&s, sim);
    if (code < 0 || s.left != 0)
        return code < 0 ? code : EVSIM_BAD_ARGUMENT;
    const uint64_t sum = sum_of(out, s.size);
    memcpy(s.at, &sum, sizeof sum);
    return EVSIM_OK;
}

int evsim_archive_load(struct simulation *sim, const void *in, int64_t size, double *shown) {
    const int64_t body = size - (int64_t)sizeof(uint64_t);
    struct stream s = {.what = LOAD, .at = (char *)in, .left = body}; /* only read */
    uint64_t sum;
    struct instant at = {0};
    if (body < 0)
        return EVSIM_BAD_ARGUMENT;
    memcpy(&sum, (const char *)in + body, sizeof sum);
    if (sum != sum_of(in, body))
        return EVSIM_BAD_ARGUMENT;
    each_size(&s, sim);
    if (s.code < 0) /* nothing is changed yet */
        return s.code;
    s = (struct stream){.what = LOAD, .at = (char *)in, .left = body};
    each_part(&s, sim, &at);
    if (s.code >= 0 && s.left != 0)
        refuse(&s, EVSIM_BAD_ARGUMENT);
    sim->is_broken = s.code < 0;
    *shown = at.shown;
    return s.code;
}
