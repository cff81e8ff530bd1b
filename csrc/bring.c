/* Variables of synapses that have equations of their own, as they are at the present time. */
#include <math.h>
#include <stdlib.h>

#include "error.h"
#include "evsim.h"
#include "simulation.h"
#include "undo.h"

int evsim_present(struct simulation *sim, int projection, int n, const int32_t *variables,
                  double *out) {
    const struct projection *p = sim->projections[projection];
    struct evsim_cells cells = sim->populations[p->target]->cells;
    cells.tick = sim->tick, cells.begin = (double)sim->tick * sim->window;
    const struct evsim_now now = {.offset = sim->from, .last = -HUGE_VAL};
    int code = EVSIM_OK;
    for (int64_t s = 0; s < p->n && code >= 0; s++) {
        struct undo before = {0};
        const int64_t slot = projection_slot(p, s);
        code = undo_keep(&before, p->code, p->variable, p->step, slot);
        if (code >= 0 && p->code->bring)
            p->code->bring(&cells, &now, p->variable, p->step, slot);
        for (int k = 0; k < n && code >= 0; k++)
            out[k * p->n + s] = p->variable[variables[k]][slot * p->step[variables[k]]];
        undo_back(&before);
        free(before.all);
    }
    return code;
}
