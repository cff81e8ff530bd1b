/* Variables of synapses that have equations of their own, as they are at the present time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "evsim.h"
#include "simulation.h"

/* Copies of the arrays that the code writes, in place of these; `copies` owns them. */
static int copy_written(const struct projection *p, double **variable, double **copies) {
    memcpy(variable, p->variable, (size_t)p->n_variables * sizeof *variable);
    for (int k = 0; k < p->code->n_written; k++) {
        const int32_t v = p->code->written[k];
        const size_t size = (size_t)(p->step[v] ? p->n : 1) * sizeof **copies;
        if (!(copies[k] = allocate(size + sizeof **copies, 1)))
            return EVSIM_NO_MEMORY;
        memcpy(copies[k], p->variable[v], size);
        variable[v] = copies[k];
    }
    return EVSIM_OK;
}

int evsim_present(struct simulation *sim, int projection, int n, const int32_t *variables,
                  double *out) {
    const struct projection *p = sim->projections[projection];
    const int n_written = p->code->n_written;
    double **variable = allocate((size_t)p->n_variables + 1, sizeof *variable);
    double **copies = allocate_zeroed((size_t)n_written + 1, sizeof *copies);
    int code = variable && copies ? copy_written(p, variable, copies) : EVSIM_NO_MEMORY;
    struct evsim_cells cells = sim->populations[p->target]->cells;
    cells.tick = sim->tick, cells.begin = (double)sim->tick * sim->window;
    const struct evsim_now now = {sim->from, -HUGE_VAL, 0};
    for (int64_t s = 0; s < p->n && code >= 0 && p->code->bring; s++)
        p->code->bring(&cells, &now, variable, p->step, s);
    for (int k = 0; k < n && code >= 0; k++)
        for (int64_t s = 0; s < p->n; s++)
            out[k * p->n + s] = variable[variables[k]][s * p->step[variables[k]]];
    for (int k = 0; copies && k < n_written; k++)
        free(copies[k]);
    free(copies), free(variable);
    return code;
}
