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

#define BATCH 256

/* Folds a slice whose synapses arrive at different times: gathered, so that the kernel sees them in
 * a row. */
static void fold_gathered(struct simulation *sim, const struct shard *sh, struct population *target,
                          const struct slice *slice, const struct port *port) {
    uint32_t targets[BATCH];
    double amounts[BATCH], offsets[BATCH];
    for (int64_t from = 0; from < slice->n; from += BATCH) {
        const int64_t n = slice->n - from < BATCH ? slice->n - from : BATCH;
        for (int64_t k = 0; k < n; k++) {
            targets[k] = slice_target(slice, from + k);
            offsets[k] = slice_offset(slice, from + k, sim->window);
        }
        for (int64_t k = 0; k < n && port->step; k++)
            amounts[k] = port->amount[slice_position(slice, from + k)];
        const double *amount = port->step ? amounts : port->amount;
        target->kernel->fold(&sh->views[target->number], port->state, n, targets, amount,
                             port->step, offsets, 1, target->cost[port->state]);
    }
}

/* Gives each target of a slice a walk, and counts what it will get. */
static int force_targets(struct simulation *sim, struct shard *sh, const struct slice *slice) {
    const struct projection *p = slice->projection;
    const int32_t *slot = sim->populations[p->target]->slot;
    const int n_events = is_in_unit(sim, p->target) ? 0 : events_of_synapse(p);
    for (int64_t k = 0; k < slice->n; k++) {
        const uint32_t i = slice_target(slice, k);
        if (!slot[i] && cells_add(sim, sh, p->target, i, NULL) < 0)
            return EVSIM_NO_MEMORY;
        sh->cells[slot[i] - 1].n_counted += n_events;
    }
    return EVSIM_OK;
}

/* Folds a slice into its targets, or gives each of them a walk. */
static int deliver_slice(struct simulation *sim, struct shard *sh, const struct slice *slice) {
    const struct projection *p = slice->projection;
    struct population *target = sim->populations[p->target];
    if (!is_folded(sim, p))
        return force_targets(sim, sh, slice);
    const double offset = slice_offset(slice, 0, sim->window);
    for (int k = 0; k < p->n_ports; k++) {
        const struct port *port = &p->port[k];
        if (p->delay_tick || slice->arrivals)
            fold_gathered(sim, sh, target, slice, port);
        else
            target->kernel->fold(&sh->views[target->number], port->state, slice->n,
                                 p->target_of + slice->first,
                                 port->amount + slice->first * port->step, port->step, &offset, 0,
                                 target->cost[port->state]);
    }
    return EVSIM_OK;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static int deliver_drive(struct simulation *sim, struct shard *sh, const struct drive *d) {
    struct population *p = sim->populations[d->target];
    const int64_t first = larger(d->start, sh->first[d->target]);
    const int64_t last = smaller(d->stop, sh->last[d->target]);
    const uint64_t key = random_object_key(sim->clock.seed, d->object);
    uint32_t targets[BATCH];
    double offsets[BATCH];
    int64_t waiting = 0;
    for (int64_t i = first; i < last; i++) {
        const int64_t n =
            drive_draw(d, key, &sim->clock, i, sh->tick, &sh->offsets, &sh->offsets_room);
        if (n < 0)
            return (int)n;
        if (n && !p->is_foldable && cells_force(sim, sh, d->target, (uint32_t)i) < 0)
            return EVSIM_NO_MEMORY;
        for (int64_t k = 0; p->is_foldable && k < n; k++) {
            targets[waiting] = (uint32_t)i, offsets[waiting++] = sh->offsets[k];
            if (waiting < BATCH)
                continue;
            p->kernel->fold(&sh->views[p->number], d->state, waiting, targets, &d->weight, 0,
                            offsets, 1, p->cost[d->state]);
            waiting = 0;
        }
    }
    if (waiting)
        p->kernel->fold(&sh->views[p->number], d->state, waiting, targets, &d->weight, 0, offsets,
                        1, p->cost[d->state]);
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

/* Whether what a slice has folded cannot have added to the slack. */
static int leaves_no_slack(const struct population *target, const struct projection *p) {
    for (int k = 0; k < p->n_ports; k++) {
        const double *cost = target->cost[p->port[k].state];
        const int is_known = !p->port[k].step;
        if (cost[0] > 0.0 && !(is_known && p->port[k].amount[0] <= 0.0))
            return 0;
        if (cost[1] > 0.0 && !(is_known && p->port[k].amount[0] >= 0.0))
            return 0;
    }
    return 1;
}

static void clear_one(double *slack, uint32_t i) {
    slack[i] = EVSIM_IS_DORMANT(slack[i]) ? slack[i] : 0.0;
}

static void clear_range(double *slack, int64_t first, int64_t last) {
    for (int64_t i = first; i < last; i++)
        slack[i] = EVSIM_IS_DORMANT(slack[i]) ? slack[i] : 0.0;
}

static int64_t count_folded(const struct simulation *sim, const struct shard *sh,
                            int32_t population) {
    int64_t n = 0;
    for (int k = 0; k < sim->n_drives; k++)
        if (sim->drives[k].target == population)
            return INT64_MAX;
    for (int64_t k = 0; k < sh->n_slices; k++)
        if (sh->slices[k].projection->target == population)
            n += sh->slices[k].n;
    return n;
}

void deliver_clear(struct simulation *sim, struct shard *sh) {
    for (int32_t q = 0; q < sim->n_populations; q++) {
        const struct population *p = sim->populations[q];
        double *slack = p->cells.slack;
        const int64_t n = p->is_foldable ? count_folded(sim, sh, q) : 0;
        if (n > (sh->last[q] - sh->first[q]) / 4) {
            clear_range(slack, sh->first[q], sh->last[q]);
            continue;
        }
        for (int64_t k = 0; k < sh->n_slices && n; k++) {
            const struct slice *s = &sh->slices[k];
            if (s->projection->target != q || leaves_no_slack(p, s->projection))
                continue;
            for (int64_t e = 0; e < s->n; e++)
                clear_one(slack, slice_target(s, e));
        }
    }
}
