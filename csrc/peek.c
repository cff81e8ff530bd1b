/* What is under way: the next deliveries of all spikes that have been made. See evsim.h.
 *
 * They are read from a window's start, where each is in one place only: a spike in flight, a ring,
 * a kept delivery, or a spike that no projection has taken in yet.
 */
#include <stdlib.h>

#include "allocation.h"
#include "error.h"
#include "evsim.h"
#include "shard.h"
#include "snapshot.h"

struct deliveries {
    struct evsim_delivery *all;
    int64_t n, room;
    int64_t most; /* of one spike: no more are wanted in all */
    int64_t tick; /* from here on */
    double from;
};

static int compare(const void *a, const void *b) {
    const struct evsim_delivery *x = a, *y = b;
    if (x->tick != y->tick)
        return x->tick < y->tick ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->projection != y->projection)
        return x->projection < y->projection ? -1 : 1;
    return x->synapse < y->synapse ? -1 : x->synapse > y->synapse;
}

/* Adds one that is not over; the earliest remain when there are many. */
static int add(struct deliveries *d, const struct projection *p, int64_t synapse, int64_t tick,
               double offset) {
    if (tick < d->tick || (tick == d->tick && offset < d->from))
        return EVSIM_OK;
    if (d->n >= 4 * d->most + 1024) {
        qsort(d->all, (size_t)d->n, sizeof *d->all, compare);
        d->n = d->most;
    }
    if (GROW(d->all, d->n, d->room) < 0)
        return EVSIM_NO_MEMORY;
    d->all[d->n++] = (struct evsim_delivery){tick, offset, synapse, p->number};
    return EVSIM_OK;
}

static int add_row(struct deliveries *d, const struct simulation *sim, const struct shard *sh,
                   const struct projection *p, const struct spike *s, int64_t position) {
    const int64_t end = row_end(p, sh->number, s->index);
    int64_t found = 0;
    int code = EVSIM_OK;
    for (int64_t at = position; at < end && found < d->most && code >= 0; at++) {
        double offset = 0.0;
        const int64_t tick =
            sim->is_grid ? grid_arrival(p, at, s->tick, s->offset, sim->window)
                         : projection_arrival(p, at, s->tick, s->offset, sim->window, &offset);
        found += tick > d->tick || (tick == d->tick && offset >= d->from);
        code = add(d, p, projection_synapse(p, at), tick, offset);
    }
    return code;
}

static int add_queue(struct deliveries *d, const struct simulation *sim, const struct shard *sh,
                     const struct queue *q, int is_kept) {
    struct queue *copy = queue_new();
    const struct queue_entry *e = NULL;
    int64_t n = copy && queue_copy(copy, q) >= 0 ? queue_pop_tick(copy, QUEUE_NEVER - 1, &e)
                                                 : EVSIM_NO_MEMORY;
    int code = n < 0 ? (int)n : EVSIM_OK;
    for (int64_t k = 0; k < n && code >= 0; k++) {
        const struct projection *p = sim->projections[e[k].kind];
        const struct spike s = {e[k].since, e[k].offset, p->emitter, e[k].index, 0};
        code = is_kept ? add(d, p, e[k].index, e[k].tick, e[k].offset)
                       : add_row(d, sim, sh, p, &s, e[k].position);
    }
    queue_free(copy);
    return code;
}

static int add_rings(struct deliveries *d, const struct simulation *sim, const struct shard *sh) {
    int code = EVSIM_OK;
    for (int r = 0; r < sh->n_rings; r++) {
        const struct ring *ring = &sh->rings[r];
        const struct projection *p = sim->projections[r];
        for (int64_t t = sim->tick; t < sim->tick + ring->length - 1; t++) {
            const struct bucket *b = &ring->bucket[t & (ring->length - 1)];
            for (int64_t k = 0; k < b->n && code >= 0; k++)
                code = add(d, p, projection_synapse(p, b->all[k].position), t, b->all[k].offset);
        }
    }
    return code;
}

/* Spikes of window `tick`, before the present instant, that are still to be taken in. */
static int add_spikes(struct deliveries *d, const struct simulation *sim, const struct shard *sh,
                      const struct spikes *list, int64_t tick) {
    int code = EVSIM_OK;
    for (int64_t k = 0; k < list->n; k++) {
        const struct spike *s = &list->all[k];
        const struct emitter *e = &sim->emitters[s->emitter];
        if (s->tick != tick || (tick == d->tick && s->offset >= d->from))
            continue;
        for (int n = 0; n < e->n_projections && code >= 0; n++) {
            const struct projection *p = sim->projections[e->projections[n]];
            if (projection_takes(p, s))
                code = add_row(d, sim, sh, p, s, row_begin(p, sh->number, s->index));
        }
    }
    return code;
}

static int add_shard(struct deliveries *d, const struct simulation *sim, const struct shard *sh) {
    int code = add_queue(d, sim, sh, sh->flights, 0);
    if (code >= 0)
        code = add_queue(d, sim, sh, sh->kept, 1);
    if (code >= 0)
        code = add_rings(d, sim, sh);
    for (int s = 0; s < sim->n_shards && code >= 0; s++) {
        code = add_spikes(d, sim, sh, &sim->shards[s].out[sim->tick & 1], sim->tick - 1);
        if (code >= 0)
            code = add_spikes(d, sim, sh, &sim->shards[s].out[(sim->tick + 1) & 1], sim->tick);
    }
    return code < 0 ? code : add_spikes(d, sim, sh, &sim->source_out[sim->tick & 1], sim->tick);
}

int64_t evsim_peek(struct simulation *sim, int64_t most, struct evsim_delivery *out) {
    struct deliveries d = {.most = most, .tick = sim->tick, .from = sim->from};
    int code = sim->is_broken ? EVSIM_BAD_ARGUMENT : EVSIM_OK;
    if (sim->preview && code >= 0)
        snapshot_swap(sim->preview, sim);
    for (int s = 0; s < sim->n_shards && code >= 0; s++)
        code = add_shard(&d, sim, &sim->shards[s]);
    if (sim->preview && !sim->is_broken)
        snapshot_swap(sim->preview, sim);
    if (d.n)
        qsort(d.all, (size_t)d.n, sizeof *d.all, compare);
    const int64_t n = d.n < most ? d.n : most;
    for (int64_t k = 0; k < n && code >= 0; k++)
        out[k] = d.all[k];
    free(d.all);
    return code < 0 ? code : n;
}
