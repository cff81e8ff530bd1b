/* Dealing out: neurons, rows, spikes in flight and timers to so many shards, and anew when that
 * changes. */
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "checkpoint.h"
#include "error.h"
#include "shard.h"
#include "snapshot.h"

static void shard_free(struct shard *sh) {
    free(sh->first), free(sh->last), free(sh->views);
    queue_free(sh->flights), queue_free(sh->timers), queue_free(sh->kept);
    free(sh->kept_due);
    for (int k = 0; k < sh->n_rings; k++)
        ring_free(&sh->rings[k]);
    free(sh->rings);
    spikes_free(&sh->incoming), spikes_free(&sh->out[0]), spikes_free(&sh->out[1]);
    free(sh->due), free(sh->slices), free(sh->cells), free(sh->starts);
    free(sh->events), free(sh->sorted), free(sh->found), free(sh->found_starts);
    free(sh->offsets), free(sh->sample_slot), free(sh->sample_walks), free(sh->local),
        free(sh->indexed);
    free(sh->sampled.all);
}

static void shards_free(struct shard *shards, int n) {
    for (int s = 0; s < n; s++)
        shard_free(&shards[s]);
    free(shards);
}

void simulation_free_shards(struct simulation *sim) {
    snapshot_free(sim->preview);
    checkpoint_free(sim->checkpoint);
    shards_free(sim->shards, sim->n_shards);
}

/* First neuron of a population that shard s of n owns. */
static int64_t bound(const struct population *p, int s, int n) {
    return p->n_padded / EVSIM_PAD * s / n * EVSIM_PAD;
}

static int shard_init(struct simulation *sim, struct shard *sh, int number, int n_shards) {
    *sh = (struct shard){.number = number, .tick = sim->tick};
    const size_t n = (size_t)sim->n_populations;
    sh->first = allocate_zeroed(n, sizeof *sh->first);
    sh->last = allocate_zeroed(n, sizeof *sh->last);
    sh->views = allocate_zeroed(n, sizeof *sh->views);
    sh->flights = queue_new();
    sh->timers = queue_new();
    sh->kept = queue_new();
    sh->rings = allocate_zeroed((size_t)sim->n_projections, sizeof *sh->rings);
    if (!sh->first || !sh->last || !sh->views || !sh->flights || !sh->timers || !sh->kept ||
        !sh->rings)
        return EVSIM_NO_MEMORY;
    for (sh->n_rings = 0; sh->n_rings < sim->n_projections; sh->n_rings++) {
        const struct projection *p = sim->projections[sh->n_rings];
        if (is_ringed(p) && ring_new(&sh->rings[sh->n_rings], p->longest) < 0)
            return EVSIM_NO_MEMORY;
    }
    for (int p = 0; p < sim->n_populations; p++) {
        sh->first[p] = bound(sim->populations[p], number, n_shards);
        sh->last[p] = bound(sim->populations[p], number + 1, n_shards);
    }
    return EVSIM_OK;
}

static int set_timers(struct simulation *sim, struct shard *sh) {
    for (int p = 0; p < sim->n_populations; p++) {
        const struct population *population = sim->populations[p];
        for (int64_t i = sh->first[p]; i < sh->last[p] && i < population->n; i++) {
            const int64_t release = population->release_tick[i];
            if (release < sim->tick || (release == EVSIM_HELD && !population->is_coupled))
                continue;
            const struct queue_entry timer = {
                .tick = population->is_coupled ? sim->tick : population->release_tick[i],
                .kind = (uint32_t)p,
                .index = (uint32_t)i};
            const int code = queue_push(sh->timers, &timer);
            if (code < 0)
                return code;
        }
    }
    return EVSIM_OK;
}

static int compare_flights(const void *a, const void *b) {
    const struct queue_entry *x = a, *y = b;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

/* All spikes in flight, each once for each of its projections. */
static int collect_flights(struct simulation *sim, struct queue_entry **out, int64_t *n) {
    int64_t room = 0;
    for (int s = 0; s < sim->n_shards; s++)
        room += queue_size(sim->shards[s].flights);
    struct queue_entry *all = allocate((size_t)room, sizeof *all);
    *out = all, *n = 0;
    if (!all)
        return EVSIM_NO_MEMORY;
    for (int s = 0; s < sim->n_shards; s++) {
        const struct queue_entry *popped;
        const int64_t count = queue_pop_tick(sim->shards[s].flights, QUEUE_NEVER - 1, &popped);
        if (count < 0)
            return (int)count;
        if (count)
            memcpy(all + *n, popped, (size_t)count * sizeof *all);
        *n += count;
    }
    qsort(all, (size_t)*n, sizeof *all, compare_flights);
    int64_t kept = 0;
    for (int64_t k = 0; k < *n; k++)
        if (!kept || compare_flights(&all[kept - 1], &all[k]))
            all[kept++] = all[k];
    *n = kept;
    return EVSIM_OK;
}

static int relaunch(struct simulation *sim, const struct queue_entry *flights, int64_t n) {
    int (*launch)(struct simulation *, struct shard *, const struct projection *, int64_t,
                  const struct spike *, int64_t) = sim->is_grid ? grid_launch : flights_launch;
    for (int s = 0; s < sim->n_shards; s++)
        for (int64_t k = 0; k < n; k++) {
            const struct projection *p = sim->projections[flights[k].kind];
            const struct spike spike = {flights[k].since, flights[k].offset, p->emitter,
                                        flights[k].index, 0};
            const int code =
                launch(sim, &sim->shards[s], p, flights[k].sequence, &spike, sim->tick);
            if (code < 0)
                return code;
        }
    return EVSIM_OK;
}

/* A delivery out of a ring, by synapse, while rows are cut anew. */
struct waiting {
    int32_t projection;
    uint32_t synapse;
    int64_t tick;
    double offset;
};

struct waitings {
    struct waiting *all;
    int64_t n, room;
};

static int collect_rings(struct simulation *sim, struct waitings *out) {
    for (int s = 0; s < sim->n_shards; s++)
        for (int k = 0; k < sim->shards[s].n_rings; k++) {
            const struct ring *r = &sim->shards[s].rings[k];
            for (int64_t t = sim->tick; t < sim->tick + r->length - 1; t++) {
                const struct bucket *b = &r->bucket[t & (r->length - 1)];
                for (int64_t e = 0; e < b->n; e++) {
                    if (GROW(out->all, out->n, out->room) < 0)
                        return EVSIM_NO_MEMORY;
                    const uint32_t synapse =
                        projection_synapse(sim->projections[k], b->all[e].position);
                    out->all[out->n++] = (struct waiting){k, synapse, t, b->all[e].offset};
                }
            }
        }
    return EVSIM_OK;
}

/* Puts the collected deliveries of one projection back, where its synapses now stand. */
static int refill_rings(struct simulation *sim, const struct waitings *in, int projection) {
    const struct projection *p = sim->projections[projection];
    int64_t latest = -1;
    for (int64_t k = 0; k < in->n; k++)
        if (in->all[k].projection == projection && in->all[k].tick > latest)
            latest = in->all[k].tick;
    if (latest < 0)
        return EVSIM_OK;
    uint32_t *position = allocate((size_t)p->n, sizeof *position);
    if (!position)
        return EVSIM_NO_MEMORY;
    for (int64_t at = 0; at < p->n; at++)
        position[projection_synapse(p, at)] = (uint32_t)at;
    int code = EVSIM_OK;
    for (int s = 0; s < sim->n_shards && code >= 0; s++) {
        struct ring *r = &sim->shards[s].rings[projection];
        if (r->length >= latest - sim->tick + 3 && r->length)
            continue;
        ring_free(r);
        code = ring_new(r, p->longest > latest - sim->tick ? p->longest : latest - sim->tick);
    }
    for (int64_t k = 0; k < in->n && code >= 0; k++) {
        const struct waiting *w = &in->all[k];
        if (w->projection != projection)
            continue;
        int s = 0;
        while (p->j[w->synapse] >= sim->shards[s].last[p->target])
            s++;
        code = ring_add(&sim->shards[s].rings[projection], w->tick, position[w->synapse],
                        p->j[w->synapse], w->offset);
    }
    free(position);
    return code;
}

/* Kept deliveries to the shards of their targets. */
static int deal_kept(struct simulation *sim, const struct shard *from, struct shard *to, int n) {
    const struct queue_entry *popped;
    const int64_t count = queue_pop_tick(from->kept, QUEUE_NEVER - 1, &popped);
    int code = count < 0 ? (int)count : EVSIM_OK;
    for (int64_t k = 0; k < count && code >= 0; k++) {
        const struct projection *p = sim->projections[popped[k].kind];
        int s = 0;
        while (s + 1 < n && p->j[popped[k].index] >= to[s].last[p->target])
            s++;
        code = queue_push(to[s].kept, &popped[k]);
    }
    return code;
}

static int cut_projections(struct simulation *sim, int n_shards) {
    int code = EVSIM_OK;
    for (int k = 0; k < sim->n_projections && code >= 0; k++) {
        struct projection *p = sim->projections[k];
        if (p->n_shards == n_shards)
            continue;
        int64_t *bounds = allocate((size_t)n_shards + 1, sizeof *bounds);
        if (!bounds)
            return EVSIM_NO_MEMORY;
        for (int s = 0; s <= n_shards; s++)
            bounds[s] = bound(sim->populations[p->target], s, n_shards);
        code = projection_cut(p, n_shards, bounds);
        free(bounds);
    }
    return code;
}

int simulation_deal(struct simulation *sim, int n_shards) {
    if (sim->is_arranged && sim->n_shards == n_shards)
        return EVSIM_OK;
    struct queue_entry *flights = NULL;
    int64_t n_flights = 0;
    struct spikes waiting = {0};
    struct waitings in_rings = {0};
    int code = collect_flights(sim, &flights, &n_flights);
    if (code >= 0)
        code = collect_rings(sim, &in_rings);
    for (int s = 0; s < sim->n_shards; s++)
        for (int parity = 0; parity < 2; parity++)
            for (int64_t k = 0; k < sim->shards[s].out[parity].n && code >= 0; k++)
                code = spikes_add(&waiting, &sim->shards[s].out[parity].all[k]);
    spikes_sort(&waiting);
    const int64_t sequence = sim->n_shards ? sim->shards[0].sequence : 0;
    if (code >= 0)
        code = cut_projections(sim, n_shards);
    struct shard *shards = code < 0 ? NULL : allocate_zeroed((size_t)n_shards, sizeof *shards);
    if (!shards) {
        free(flights), free(waiting.all), free(in_rings.all);
        return code < 0 ? code : EVSIM_NO_MEMORY;
    }
    struct shard *before = sim->shards;
    const int n_before = sim->n_shards;
    sim->shards = shards, sim->n_shards = n_shards;
    for (int s = 0; s < n_shards && code >= 0; s++) {
        code = shard_init(sim, &shards[s], s, n_shards);
        shards[s].sequence = sequence;
        if (code >= 0)
            code = set_timers(sim, &shards[s]);
    }
    for (int s = 0; s < n_before && code >= 0; s++)
        code = deal_kept(sim, &before[s], shards, n_shards);
    shards_free(before, n_before);
    for (int64_t k = 0; k < waiting.n && code >= 0; k++)
        code = spikes_add(&shards[0].out[(waiting.all[k].tick + 1) & 1], &waiting.all[k]);
    if (code >= 0)
        code = relaunch(sim, flights, n_flights);
    for (int k = 0; k < sim->n_projections && code >= 0 && in_rings.n; k++)
        code = refill_rings(sim, &in_rings, k);
    free(flights), free(waiting.all), free(in_rings.all);
    sim->is_arranged = code >= 0;
    return code;
}
