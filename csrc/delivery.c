/* Delivery: folding what arrives in a window into the targets. See shard.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "shard.h"

int is_folded(const struct simulation *sim, const struct projection *p) {
    return !p->code && sim->populations[p->target]->is_foldable;
}

static int slice_offsets(struct simulation *sim, struct shard *sh, const struct slice *slice) {
    const int64_t n = slice->projection->delay_tick ? slice->last - slice->first : 1;
    if (n > sh->offsets_room &&
        shard_grow((void **)&sh->offsets, n, &sh->offsets_room, sizeof *sh->offsets) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < n; k++)
        projection_arrival(slice->projection, slice->first + k, slice->tick, slice->offset,
                           sim->window, &sh->offsets[k]);
    return EVSIM_OK;
}

/* Folds a slice into its targets, or gives each of them a walk. */
static int deliver_slice(struct simulation *sim, struct shard *sh, const struct slice *slice) {
    const struct projection *p = slice->projection;
    struct population *target = sim->populations[p->target];
    if (!is_folded(sim, p)) {
        for (int64_t k = slice->first; k < slice->last; k++)
            if (cells_force(sim, sh, p->target, p->target_of[k]) < 0) return EVSIM_NO_MEMORY;
        return EVSIM_OK;
    }
    const int code = slice_offsets(sim, sh, slice);
    if (code < 0) return code;
    for (int k = 0; k < p->n_ports; k++) {
        const struct port *port = &p->port[k];
        target->kernel->fold(&target->cells, port->state, slice->last - slice->first,
                             p->target_of + slice->first, port->amount + slice->first * port->step,
                             port->step, sh->offsets, p->delay_tick != NULL,
                             target->cost[port->state]);
    }
    return EVSIM_OK;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

#define DRIVE_BATCH 256

static int deliver_drive(struct simulation *sim, struct shard *sh, const struct drive *d) {
    struct population *p = sim->populations[d->target];
    const int64_t first = larger(d->start, sh->first[d->target]);
    const int64_t last = smaller(d->stop, sh->last[d->target]);
    const uint64_t key = random_object_key(sim->seed, d->object);
    uint32_t targets[DRIVE_BATCH];
    double offsets[DRIVE_BATCH];
    int64_t waiting = 0;
    for (int64_t i = first; i < last; i++) {
        const int64_t n =
            drive_draw(d, key, i, sh->tick, sim->window, &sh->offsets, &sh->offsets_room);
        if (n < 0) return (int)n;
        if (n && !p->is_foldable && cells_force(sim, sh, d->target, (uint32_t)i) < 0)
            return EVSIM_NO_MEMORY;
        for (int64_t k = 0; p->is_foldable && k < n; k++) {
            targets[waiting] = (uint32_t)i, offsets[waiting++] = sh->offsets[k];
            if (waiting < DRIVE_BATCH) continue;
            p->kernel->fold(&p->cells, d->state, waiting, targets, &d->weight, 0, offsets, 1,
                            p->cost[d->state]);
            waiting = 0;
        }
    }
    if (waiting)
        p->kernel->fold(&p->cells, d->state, waiting, targets, &d->weight, 0, offsets, 1,
                        p->cost[d->state]);
    return EVSIM_OK;
}

int deliver_all(struct simulation *sim, struct shard *sh) {
    int code = EVSIM_OK;
    for (int64_t k = 0; k < sh->n_slices && code >= 0; k++)
        code = deliver_slice(sim, sh, &sh->slices[k]);
    for (int k = 0; k < sim->n_drives && code >= 0; k++)
        code = deliver_drive(sim, sh, &sim->drives[k]);
    return code;
}
