/* Kept deliveries: those that are under way when the delays of their synapses change.
 *
 * They arrive when they would have arrived without the change. A spike in flight is a position in a
 * row that is sorted by delay, and a spike not yet taken in has only its time; so before rows are
 * sorted anew, the deliveries of both, and those in rings, become entries of their own:
 *
 *   tick, offset: of the arrival; kind: projection; index: synapse
 *
 * From then on the projection takes in only spikes made after the change (`since`). Which synapse
 * lies where is looked up at the arrival, so that rows may be sorted again in between.
 */
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"

int64_t kept_position(const struct shard *sh, const struct projection *p, int64_t synapse) {
    const uint32_t source = projection_source(p, synapse);
    const int64_t end = row_end(p, sh->number, source);
    int64_t at = row_begin(p, sh->number, source);
    while (at < end && projection_synapse(p, at) != synapse)
        at++;
    return at;
}

static int push(struct queue *kept, const struct projection *p, int64_t position, int64_t tick,
                double offset) {
    const struct queue_entry entry = {.tick = tick,
                                      .offset = offset,
                                      .kind = (uint32_t)p->number,
                                      .index = projection_synapse(p, position)};
    return queue_push(kept, &entry);
}

/* What a spike delivers at or after window `tick`, from `position` of its row on. */
static int keep_spike(const struct simulation *sim, const struct shard *sh,
                      const struct projection *p, const struct spike *s, int64_t position,
                      int64_t tick, struct queue *kept) {
    const int64_t end = row_end(p, sh->number, s->index);
    int code = EVSIM_OK;
    for (int64_t at = position; at < end && code >= 0; at++) {
        double offset = 0.0;
        const int64_t arrival =
            sim->is_grid ? grid_arrival(p, at, s->tick, s->offset, sim->window)
                         : projection_arrival(p, at, s->tick, s->offset, sim->window, &offset);
        if (arrival >= tick)
            code = push(kept, p, at, arrival, offset);
    }
    return code;
}

/* The projection's spikes in flight, to `kept`; those of others, to `flights`. */
static int keep_flights(const struct simulation *sim, const struct shard *sh,
                        const struct projection *p, struct queue *flights, struct queue *kept) {
    struct queue *copy = queue_new();
    const struct queue_entry *entry;
    int code = copy ? queue_copy(copy, sh->flights) : EVSIM_NO_MEMORY;
    const int64_t n = code < 0 ? code : queue_pop_tick(copy, QUEUE_NEVER - 1, &entry);
    code = n < 0 ? (int)n : EVSIM_OK;
    for (int64_t k = 0; k < n && code >= 0; k++) {
        const struct queue_entry *e = &entry[k];
        const struct spike spike = {e->since, e->offset, p->emitter, e->index, 0};
        code = e->kind == (uint32_t)p->number
                   ? keep_spike(sim, sh, p, &spike, e->position, sim->tick, kept)
                   : queue_push(flights, e);
    }
    queue_free(copy);
    return code;
}

static int keep_ring(const struct simulation *sim, const struct shard *sh,
                     const struct projection *p, struct queue *kept) {
    const struct ring *r = &sh->rings[p->number];
    int code = EVSIM_OK;
    for (int64_t t = sim->tick; t < sim->tick + r->length - 1; t++) {
        const struct bucket *b = &r->bucket[t & (r->length - 1)];
        for (int64_t k = 0; k < b->n && code >= 0; k++)
            code = push(kept, p, b->all[k].position, t, b->all[k].offset);
    }
    return code;
}

/* The spikes of a list that the projection would take in later, but that were made before now. */
static int keep_spikes(const struct simulation *sim, const struct shard *sh,
                       const struct projection *p, const struct spikes *list, int64_t tick,
                       struct queue *kept) {
    int code = EVSIM_OK;
    for (int64_t k = 0; k < list->n && code >= 0; k++) {
        const struct spike *s = &list->all[k];
        const int is_made = s->tick < sim->tick || (s->tick == sim->tick && s->offset < sim->from);
        if (s->emitter == p->emitter && is_made && projection_takes(p, s))
            code = keep_spike(sim, sh, p, s, row_begin(p, sh->number, s->index), tick, kept);
    }
    return code;
}

static int keep_shard(const struct simulation *sim, const struct shard *sh,
                      const struct projection *p, struct queue *flights, struct queue *kept) {
    const int parity = sim->tick & 1, is_inside = sim->from > 0.0;
    int code = queue_copy(kept, sh->kept);
    if (code >= 0)
        code = keep_flights(sim, sh, p, flights, kept);
    if (code >= 0 && p->number < sh->n_rings)
        code = keep_ring(sim, sh, p, kept);
    for (int s = 0; s < sim->n_shards && code >= 0; s++) {
        code = keep_spikes(sim, sh, p, &sim->shards[s].out[parity], sim->tick, kept);
        if (code >= 0 && is_inside) /* what these deliver in this window is late, see late.c */
            code = keep_spikes(sim, sh, p, &sim->shards[s].out[!parity], sim->tick + 1, kept);
    }
    if (code >= 0 && is_inside)
        code = keep_spikes(sim, sh, p, &sim->source_out[parity], sim->tick, kept);
    return code;
}

int kept_collect(const struct simulation *sim, const struct projection *p,
                 struct kept_deliveries *out) {
    *out = (struct kept_deliveries){.n_shards = p->start ? sim->n_shards : 0};
    out->flights = allocate_zeroed((size_t)out->n_shards, sizeof *out->flights);
    out->kept = allocate_zeroed((size_t)out->n_shards, sizeof *out->kept);
    if (!out->flights || !out->kept)
        return EVSIM_NO_MEMORY;
    int code = EVSIM_OK;
    for (int s = 0; s < out->n_shards && code >= 0; s++) {
        out->flights[s] = queue_new(), out->kept[s] = queue_new();
        if (!out->flights[s] || !out->kept[s])
            return EVSIM_NO_MEMORY;
        code = keep_shard(sim, &sim->shards[s], p, out->flights[s], out->kept[s]);
    }
    return code;
}

void kept_commit(struct simulation *sim, struct projection *p, struct kept_deliveries *in) {
    for (int s = 0; s < in->n_shards; s++) {
        struct shard *sh = &sim->shards[s];
        struct queue *flights = sh->flights, *kept = sh->kept;
        sh->flights = in->flights[s], sh->kept = in->kept[s];
        in->flights[s] = flights, in->kept[s] = kept;
        for (int64_t b = 0; p->number < sh->n_rings && b < sh->rings[p->number].length; b++)
            sh->rings[p->number].bucket[b].n = 0;
    }
    p->since_tick = sim->tick, p->since_offset = sim->from;
}

void kept_free(struct kept_deliveries *d) {
    for (int s = 0; s < d->n_shards; s++) {
        if (d->flights)
            queue_free(d->flights[s]);
        if (d->kept)
            queue_free(d->kept[s]);
    }
    free(d->flights), free(d->kept);
}

static int compare(const void *a, const void *b) {
    const struct queue_entry *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* Takes the kept deliveries of this window out of the queue, in the same order on any number of
 * shards. */
static int64_t pop_sorted(struct shard *sh) {
    const struct queue_entry *popped;
    const int64_t n = queue_pop_tick(sh->kept, sh->tick, &popped);
    if (n <= 0)
        return n;
    if (GROW(sh->due, n - 1, sh->due_room) < 0 || GROW(sh->kept_due, n - 1, sh->kept_room) < 0)
        return EVSIM_NO_MEMORY;
    memcpy(sh->due, popped, (size_t)n * sizeof *popped);
    qsort(sh->due, (size_t)n, sizeof *sh->due, compare);
    return n;
}

int kept_find_due(struct simulation *sim, struct shard *sh) {
    const int64_t n = pop_sorted(sh);
    for (int64_t k = 0; k < n; k++) {
        const struct queue_entry *e = &sh->due[k];
        const struct projection *p = sim->projections[e->kind];
        sh->kept_due[k] =
            (struct arrival){e->offset, (uint32_t)kept_position(sh, p, e->index), p->j[e->index]};
        if (k && sh->due[k - 1].kind == e->kind) {
            sh->slices[sh->n_slices - 1].n++;
            continue;
        }
        if (GROW(sh->slices, sh->n_slices, sh->slices_room) < 0)
            return EVSIM_NO_MEMORY;
        sh->slices[sh->n_slices++] =
            (struct slice){.projection = p, .n = 1, .arrivals = &sh->kept_due[k]};
    }
    return n < 0 ? (int)n : EVSIM_OK;
}
