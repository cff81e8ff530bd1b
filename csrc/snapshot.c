/* Snapshots: copies of neurons, synapse variables, queues and rings. See snapshot.h.
 *
 * The blocks of memory that a window changes are visited always in the same order, `each_block`;
 * what to do with each (measure, save, restore) is the visitor's. Rings only grow at their ends
 * between two windows' work, so for them the counts are enough, as long as no bucket was emptied: a
 * window empties only the bucket before it.
 */
#include "snapshot.h"

#include <string.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"

struct snapshot {
    int n_shards;
    struct queue **flights, **timers, **kept; /* [shard] */
    int64_t *sequences;
    int64_t *counts; /* of every bucket */
    char *memory;
    size_t size;
};

struct visit {
    char *at; /* in the snapshot's memory */
    size_t size;
    enum { MEASURE, SAVE, RESTORE, SWAP, SHOW, SEEK } what;
    const struct simulation *sim; /* of a SWAP */
    int number;                   /* of the block */
    const void *sought;           /* by SEEK among the blocks before number `until` */
    int until, is_found;
    snapshot_visitor *show;
    void *context;
};

static void swap_memory(char *a, char *b, size_t size) {
    char part[256];
    for (size_t done = 0; done < size; done += sizeof part) {
        const size_t n = size - done < sizeof part ? size - done : sizeof part;
        memcpy(part, a + done, n);
        memcpy(a + done, b + done, n);
        memcpy(b + done, part, n);
    }
}

static void each_block(struct visit *v, const struct simulation *sim);

/* Whether a block was visited before: pathways share the variables of their synapses. */
static int is_again(const struct visit *v, const void *memory) {
    struct visit seek = {.what = SEEK, .sought = memory, .until = v->number};
    each_block(&seek, v->sim);
    return seek.is_found;
}

static void block(struct visit *v, void *memory, size_t size) {
    if (v->what == SEEK) {
        v->is_found |= v->number++ < v->until && memory == v->sought;
        return;
    }
    if (v->what == SHOW) {
        v->show(v->context, memory, size);
        return;
    }
    if (v->what == SAVE)
        memcpy(v->at, memory, size);
    if (v->what == RESTORE)
        memcpy(memory, v->at, size);
    if (v->what == SWAP && !is_again(v, memory))
        swap_memory(memory, v->at, size);
    v->number++;
    v->at += v->what == MEASURE ? 0 : size;
    v->size += size;
}

static void each_block(struct visit *v, const struct simulation *sim) {
    for (int k = 0; k < sim->n_populations; k++) {
        struct population *p = sim->populations[k];
        const size_t n = (size_t)p->n_padded;
        for (int s = 0; s < p->kernel->n_states; s++)
            block(v, p->state[s], n * sizeof(double));
        block(v, p->cells.slack, n * sizeof *p->cells.slack);
        block(v, p->release_tick, n * sizeof *p->release_tick);
        block(v, p->release_offset, n * sizeof *p->release_offset);
        block(v, p->last_tick, n * sizeof *p->last_tick);
        block(v, p->last_offset, n * sizeof *p->last_offset);
        block(v, p->holding, n * sizeof *p->holding);
        block(v, &p->step, sizeof p->step);
    }
    for (int k = 0; k < sim->n_projections; k++) {
        struct projection *p = sim->projections[k];
        for (int w = 0; p->code && w < p->code->n_written; w++) {
            const int32_t i = p->code->written[w];
            if (!projection_is_packed(p, i))
                block(v, p->variable[i], (size_t)(p->step[i] ? p->n : 1) * sizeof(double));
        }
        if (p->records && !p->is_sharing)
            block(v, p->records, (size_t)p->n_records * sizeof(double));
    }
}

void snapshot_each_block(const struct simulation *sim, snapshot_visitor *show, void *context) {
    struct visit all = {.what = SHOW, .show = show, .context = context};
    each_block(&all, sim);
}

static int64_t each_count(const struct simulation *sim, int64_t *counts, int is_restoring) {
    int64_t n = 0;
    for (int s = 0; s < sim->n_shards; s++)
        for (int k = 0; k < sim->shards[s].n_rings; k++) {
            struct ring *r = &sim->shards[s].rings[k];
            for (int64_t b = 0; b < r->length; b++, n++) {
                if (!counts)
                    continue;
                if (is_restoring)
                    r->bucket[b].n = counts[n];
                else
                    counts[n] = r->bucket[b].n;
            }
        }
    return n;
}

static int copy_queues(struct snapshot *s, const struct simulation *sim) {
    for (int k = 0; k < sim->n_shards; k++) {
        s->flights[k] = queue_new();
        s->timers[k] = queue_new();
        s->kept[k] = queue_new();
        if (!s->flights[k] || !s->timers[k] || !s->kept[k])
            return EVSIM_NO_MEMORY;
        if (queue_copy(s->flights[k], sim->shards[k].flights) < 0)
            return EVSIM_NO_MEMORY;
        if (queue_copy(s->timers[k], sim->shards[k].timers) < 0)
            return EVSIM_NO_MEMORY;
        if (queue_copy(s->kept[k], sim->shards[k].kept) < 0)
            return EVSIM_NO_MEMORY;
        s->sequences[k] = sim->shards[k].sequence;
    }
    return EVSIM_OK;
}

struct snapshot *snapshot_new(const struct simulation *sim) {
    struct visit measure = {.what = MEASURE};
    each_block(&measure, sim);
    struct snapshot *s = allocate_zeroed(1, sizeof *s);
    if (!s)
        return NULL;
    s->n_shards = sim->n_shards;
    s->size = measure.size;
    s->memory = allocate(s->size, 1);
    s->flights = allocate_zeroed((size_t)sim->n_shards, sizeof *s->flights);
    s->timers = allocate_zeroed((size_t)sim->n_shards, sizeof *s->timers);
    s->kept = allocate_zeroed((size_t)sim->n_shards, sizeof *s->kept);
    s->sequences = allocate_zeroed((size_t)sim->n_shards, sizeof *s->sequences);
    s->counts = allocate((size_t)each_count(sim, NULL, 0), sizeof *s->counts);
    if (!s->memory || !s->flights || !s->timers || !s->kept || !s->sequences || !s->counts ||
        copy_queues(s, sim) < 0) {
        snapshot_free(s);
        return NULL;
    }
    each_count(sim, s->counts, 0);
    struct visit save = {.what = SAVE, .at = s->memory};
    each_block(&save, sim);
    return s;
}

void snapshot_free(struct snapshot *s) {
    if (!s)
        return;
    for (int k = 0; k < s->n_shards; k++) {
        if (s->flights)
            queue_free(s->flights[k]);
        if (s->timers)
            queue_free(s->timers[k]);
        if (s->kept)
            queue_free(s->kept[k]);
    }
    free(s->flights), free(s->timers), free(s->kept), free(s->sequences), free(s->counts),
        free(s->memory);
    free(s);
}

int snapshot_restore(const struct snapshot *s, struct simulation *sim, int and_states) {
    for (int k = 0; k < s->n_shards; k++) {
        if (queue_copy(sim->shards[k].flights, s->flights[k]) < 0)
            return EVSIM_NO_MEMORY;
        if (queue_copy(sim->shards[k].timers, s->timers[k]) < 0)
            return EVSIM_NO_MEMORY;
        if (queue_copy(sim->shards[k].kept, s->kept[k]) < 0)
            return EVSIM_NO_MEMORY;
        sim->shards[k].sequence = s->sequences[k];
    }
    each_count(sim, s->counts, 1);
    if (and_states) {
        struct visit restore = {.what = RESTORE, .at = s->memory};
        each_block(&restore, sim);
    }
    return EVSIM_OK;
}

static void swap_queues(struct queue **a, struct queue **b) {
    struct queue *kept = *a;
    *a = *b, *b = kept;
}

void snapshot_swap(struct snapshot *s, struct simulation *sim) {
    int64_t n = 0;
    for (int k = 0; k < s->n_shards; k++) {
        struct shard *sh = &sim->shards[k];
        swap_queues(&s->flights[k], &sh->flights);
        swap_queues(&s->timers[k], &sh->timers);
        swap_queues(&s->kept[k], &sh->kept);
        const int64_t sequence = s->sequences[k];
        s->sequences[k] = sh->sequence, sh->sequence = sequence;
        for (int r = 0; r < sh->n_rings; r++)
            for (int64_t b = 0; b < sh->rings[r].length; b++, n++) {
                const int64_t count = s->counts[n];
                s->counts[n] = sh->rings[r].bucket[b].n, sh->rings[r].bucket[b].n = count;
            }
    }
    struct visit swap = {.what = SWAP, .at = s->memory, .sim = sim};
    each_block(&swap, sim);
}
