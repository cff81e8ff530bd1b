/* Parts of a simulation that rest from now on, or take part again. */
#include <stdlib.h>

#include "error.h"
#include "evsim.h"
#include "shard.h"
#include "unit.h"

static void forget_projection(struct emitter *e, int projection) {
    int kept = 0;
    for (int k = 0; k < e->n_projections; k++)
        if (e->projections[k] != projection)
            e->projections[kept++] = e->projections[k];
    e->n_projections = kept;
}

/* In order of creation; the room is there, as the projection was in the list before. */
static void remember_projection(struct emitter *e, int projection) {
    int k = e->n_projections++;
    for (; k > 0 && e->projections[k - 1] > projection; k--)
        e->projections[k] = e->projections[k - 1];
    e->projections[k] = projection;
}

/* What is under way becomes kept deliveries, which need no emitter. */
static int keep_all(struct simulation *sim, struct projection *p) {
    struct kept_deliveries kept;
    const int code = kept_collect(sim, p, &kept);
    if (code >= 0)
        kept_commit(sim, p, &kept);
    kept_free(&kept);
    return code;
}

void evsim_activate_link(struct simulation *sim, int link, int is_active) {
    sim->is_changed = sim->is_unlinked = 1;
    sim->links[link]->is_resting = !is_active;
}

int evsim_activate_projection(struct simulation *sim, int projection, int is_active) {
    struct projection *p = sim->projections[projection];
    struct emitter *e = &sim->emitters[p->emitter];
    sim->is_changed = 1;
    int code = simulation_settle(sim);
    if (code >= 0 && !is_active)
        code = keep_all(sim, p);
    if (code < 0)
        return code;
    forget_projection(e, projection);
    if (is_active) {
        remember_projection(e, projection);
        p->since_tick = sim->tick, p->since_offset = sim->from;
    }
    return EVSIM_OK;
}

void evsim_activate_spikes(struct simulation *sim, int record, int64_t start, int64_t stop) {
    sim->spike_outputs[record].start = start, sim->spike_outputs[record].stop = stop;
}

void evsim_activate_samples(struct simulation *sim, int record, int64_t next) {
    sim->state_outputs[record].next = next;
}

void evsim_activate_drive(struct simulation *sim, int drive, double rate) {
    sim->is_changed = 1;
    sim->drives[drive].rate = rate;
}
