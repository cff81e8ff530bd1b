/* Late deliveries: those of the present window's own spikes that a run which ended in it left for
 * the next. See simulation.h. */
#include <stdlib.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"

/* How many events one delivery is: its ports and its code. */
static int64_t n_events(const struct projection *p) { return p->n_ports + (p->code != NULL); }

int simulation_take_late(struct simulation *sim, struct late_deliveries *out) {
    for (int s = 0; s < sim->n_shards && sim->from > 0.0; s++) {
        struct shard *sh = &sim->shards[s];
        for (int64_t k = 0; k < sh->n_local;) {
            const struct evsim_event *e = &sh->local[k].event;
            const struct late_delivery late = {e->projection, e->synapse, e->offset};
            k += n_events(sim->projections[e->projection]);
            if (e->offset < sim->from)
                continue;
            if (GROW(out->all, out->n, out->room) < 0)
                return EVSIM_NO_MEMORY;
            out->all[out->n++] = late;
        }
        sh->n_local = 0;
    }
    return EVSIM_OK;
}

int simulation_give_late(struct simulation *sim, const struct late_deliveries *in) {
    int code = EVSIM_OK;
    for (int64_t k = 0; k < in->n && code >= 0; k++) {
        const struct projection *p = sim->projections[in->all[k].projection];
        int s = 0;
        while (p->j[in->all[k].synapse] >= sim->shards[s].last[p->target])
            s++;
        struct shard *sh = &sim->shards[s];
        code = events_note_local(sh, p, kept_position(sh, p, in->all[k].synapse), in->all[k].offset,
                                 0);
    }
    return code;
}
