/* Checkpoints: what a run that fails goes back to. See checkpoint.h.
 *
 * A snapshot has the neurons and the queues; here is the rest that many windows change: lists of
 * spikes and deliveries, counts of records, and the time. Lists only grow in room, so that putting
 * them back needs no memory. Nothing is done for a window of its own: a run that fails is made
 * again from its checkpoint, up to where it fails.
 */
#define _POSIX_C_SOURCE 200809L
#include "checkpoint.h"

#include <string.h>
#include <time.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"
#include "snapshot.h"

#define SHARE 50.0 /* of the time that a run takes, one part may go into checkpoints */

struct output {
    int64_t count, next; /* `next` of samples */
};

struct checkpoint {
    struct snapshot *snapshot;
    const struct shard *shards; /* when it was made */
    int64_t tick, seen_tick;
    double from, seen;
    int is_recorded;
    struct output *spikes, *states; /* [record] */
    char *lists;
    double made, cost; /* seconds */
};

struct visit {
    char *at;
    size_t size;
    enum { MEASURE, SAVE, RESTORE } what;
};

static void list(struct visit *v, void *all, int64_t *n, size_t size) {
    const size_t length = (size_t)(v->what == RESTORE ? 0 : *n) * size;
    if (v->what == MEASURE) {
        v->size += sizeof *n + length;
        return;
    }
    memcpy(v->what == SAVE ? v->at : (char *)n, v->what == SAVE ? (char *)n : v->at, sizeof *n);
    v->at += sizeof *n;
    if (*n && v->what == SAVE)
        memcpy(v->at, all, (size_t)*n * size);
    else if (*n)
        memcpy(all, v->at, (size_t)*n * size);
    v->at += (size_t)*n * size;
}

static void spike_list(struct visit *v, struct spikes *s) {
    list(v, s->all, &s->n, sizeof *s->all);
    list(v, s->seen, &s->n_seen, sizeof *s->seen);
}

static void each_list(struct visit *v, struct simulation *sim) {
    for (int s = 0; s < sim->n_shards; s++) {
        struct shard *sh = &sim->shards[s];
        spike_list(v, &sh->out[0]), spike_list(v, &sh->out[1]);
        list(v, sh->local, &sh->n_local, sizeof *sh->local);
        for (int k = 0; k < sh->n_rings; k++)
            for (int64_t b = 0; b < sh->rings[k].length; b++) {
                struct bucket *bucket = &sh->rings[k].bucket[b];
                list(v, bucket->all, &bucket->n, sizeof *bucket->all);
            }
    }
    spike_list(v, &sim->source_out[0]), spike_list(v, &sim->source_out[1]);
}

static void save_outputs(struct checkpoint *c, const struct simulation *sim) {
    for (int r = 0; r < sim->n_spike_outputs; r++)
        c->spikes[r].count = record_spikes_count(sim->spike_outputs[r].record);
    for (int r = 0; r < sim->n_state_outputs; r++) {
        c->states[r].count = record_samples_count(sim->state_outputs[r].record);
        c->states[r].next = sim->state_outputs[r].next;
    }
}

static void restore_outputs(const struct checkpoint *c, struct simulation *sim) {
    for (int r = 0; r < sim->n_spike_outputs; r++) {
        record_spikes_truncate(sim->spike_outputs[r].record, c->spikes[r].count);
        if (sim->spike_outputs[r].values)
            record_samples_truncate(sim->spike_outputs[r].values, c->spikes[r].count);
    }
    for (int r = 0; r < sim->n_state_outputs; r++) {
        record_samples_truncate(sim->state_outputs[r].record, c->states[r].count);
        sim->state_outputs[r].next = c->states[r].next;
    }
}

static int save(struct checkpoint *c, struct simulation *sim) {
    struct visit measure = {.what = MEASURE};
    each_list(&measure, sim);
    c->snapshot = snapshot_new(sim);
    c->spikes = allocate((size_t)sim->n_spike_outputs, sizeof *c->spikes);
    c->states = allocate((size_t)sim->n_state_outputs, sizeof *c->states);
    c->lists = allocate(measure.size, 1);
    if (!c->snapshot || !c->spikes || !c->states || !c->lists)
        return EVSIM_NO_MEMORY;
    struct visit save = {.what = SAVE, .at = c->lists};
    each_list(&save, sim);
    save_outputs(c, sim);
    c->shards = sim->shards;
    c->tick = sim->tick, c->from = sim->from, c->is_recorded = sim->is_recorded;
    c->seen_tick = sim->seen_tick, c->seen = sim->seen;
    return EVSIM_OK;
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int checkpoint_renew(struct simulation *sim) {
    struct checkpoint *before = sim->checkpoint;
    const double start = now();
    if (before && sim->is_going_on && start - before->made < SHARE * before->cost)
        return EVSIM_OK;
    checkpoint_free(before);
    sim->checkpoint = allocate_zeroed(1, sizeof *sim->checkpoint);
    if (!sim->checkpoint)
        return EVSIM_NO_MEMORY;
    const int code = save(sim->checkpoint, sim);
    if (code < 0) {
        checkpoint_free(sim->checkpoint);
        sim->checkpoint = NULL;
        return code;
    }
    sim->checkpoint->made = now();
    sim->checkpoint->cost = sim->checkpoint->made - start;
    return EVSIM_OK;
}

void checkpoint_free(struct checkpoint *c) {
    if (!c)
        return;
    snapshot_free(c->snapshot);
    free(c->spikes), free(c->states), free(c->lists);
    free(c);
}

int checkpoint_restore(struct simulation *sim) {
    const struct checkpoint *c = sim->checkpoint;
    if (!c || c->shards != sim->shards || snapshot_restore(c->snapshot, sim, 1) < 0)
        return EVSIM_NO_MEMORY;
    struct visit restore = {.what = RESTORE, .at = c->lists};
    each_list(&restore, sim);
    restore_outputs(c, sim);
    snapshot_free(sim->preview);
    sim->preview = NULL;
    sim->tick = c->tick, sim->from = c->from, sim->is_recorded = c->is_recorded;
    sim->seen_tick = c->seen_tick, sim->seen = c->seen;
    sim->record_code = EVSIM_OK, sim->is_recording_sources = 0;
    for (int s = 0; s < sim->n_shards; s++) {
        sim->shards[s].tick = c->tick, sim->shards[s].is_open = 0;
        sim->shards[s].failure = (struct failure){0};
    }
    return EVSIM_OK;
}
