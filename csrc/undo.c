/* Undo: what event code is about to write in synapses. See undo.h. */
#include "undo.h"

#include "allocation.h"
#include "shard.h"

int undo_keep(struct undo *u, const struct evsim_code *code, double *const *variable,
              const int64_t *step, int64_t synapse) {
    for (int k = 0; k < code->n_written; k++) {
        const int32_t v = code->written[k];
        double *place = &variable[v][synapse * step[v]];
        if (GROW(u->all, u->n, u->room) < 0)
            return EVSIM_NO_MEMORY;
        u->all[u->n++] = (struct kept){.place = place, .before = *place};
    }
    return EVSIM_OK;
}

void undo_back(struct undo *u) {
    for (int64_t k = 0; k < u->n; k++)
        u->all[k].after = *u->all[k].place;
    for (int64_t k = u->n; k-- > 0;)
        *u->all[k].place = u->all[k].before;
}

void undo_forth(struct undo *u) {
    for (int64_t k = 0; k < u->n; k++)
        *u->all[k].place = u->all[k].after;
}
