/* Late deliveries: those of the present window's own spikes that a run which ended in it left for
 * the next. See simulation.h. */
#include <stdlib.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"

static int is_same(const struct late_delivery *a, const struct late_delivery *b) {
    return a->projection == b->projection && a->synapse == b->synapse && a->offset == b->offset;
}

int simulation_take_late(struct simulation *sim, struct late_deliveries *out) {
    for (int s = 0; s < sim->n_shards && sim->from > 0.0; s++) {
        struct shard *sh = &sim->shards[s];
        for (int64_t k = 0; k < sh->n_local; k++) {
            const struct evsim_event *e = &sh->local[k].event;
            const struct late_delivery late = {e->projection, e->source, e->synapse, e->offset};
            if (e->offset < sim->from)
                continue;
            if (out->n && is_same(&out->all[out->n - 1], &late)) /* its next port */
                continue;
            if (GROW(out->all, out->n, out->room) < 0)
                return EVSIM_NO_MEMORY;
            out->all[out->n++] = late;
        }
        sh->n_local = 0;
    }
    return EVSIM_OK;
}

static int64_t position_of(const struct shard *sh, const struct projection *p,
                           const struct late_delivery *late) {
    const int64_t *start = &p->start[sh->number * p->n_sources + late->source];
    int64_t at = start[0];
    while (at < start[1] && projection_synapse(p, at) != late->synapse)
        at++;
    return at;
}

int simulation_give_late(struct simulation *sim, const struct late_deliveries *in) {
    int code = EVSIM_OK;
    for (int64_t k = 0; k < in->n && code >= 0; k++) {
        const struct projection *p = sim->projections[in->all[k].projection];
        int s = 0;
        while (p->j[in->all[k].synapse] >= sim->shards[s].last[p->target])
            s++;
        struct shard *sh = &sim->shards[s];
        code = events_note_local(sh, p, position_of(sh, p, &in->all[k]), in->all[k].offset, 0);
    }
    return code;
}
