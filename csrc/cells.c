/* Cells: the neurons that have a walk of their own in this window. See shard.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "shard.h"

double cells_last_spike(const struct evsim_cells *cells, uint32_t i) {
    const double since = (double)(cells->last_tick[i] - cells->tick) * cells->window;
    return cells->last_tick[i] < 0 ? -HUGE_VAL : cells->begin + since + cells->last_offset[i];
}

/* Gives neuron i a walk in this window from the state that stands at x[s*step]; NULL: fill in
 * later. */
int cells_add(struct simulation *sim, struct shard *sh, int32_t population, uint32_t i,
              const double *x) {
    struct population *p = sim->populations[population];
    const int n_states = p->kernel->n_states;
    if (GROW(sh->cells, sh->n_cells, sh->cells_room) < 0)
        return EVSIM_NO_MEMORY;
    if (sh->n_starts + n_states > sh->starts_room &&
        shard_grow((void **)&sh->starts, sh->n_starts + n_states, &sh->starts_room,
                   sizeof *sh->starts) < 0)
        return EVSIM_NO_MEMORY;
    double *const *from = p->walks_from_begin ? p->begin : x || p->is_foldable ? NULL : p->state;
    for (int s = 0; s < n_states; s++)
        sh->starts[sh->n_starts + s] = from ? from[s][i] : x ? x[s] : 0.0;
    sh->cells[sh->n_cells] = (struct cell){.population = population,
                                           .i = i,
                                           .x = sh->n_starts,
                                           .release_tick = p->release_tick[i],
                                           .release_offset = p->release_offset[i],
                                           .last = cells_last_spike(&sh->views[population], i),
                                           .holding = p->holding[i]};
    sh->n_starts += n_states;
    p->slot[i] = (int32_t)++sh->n_cells;
    p->marked[i / 16] |= (uint16_t)(1u << i % 16);
    return EVSIM_OK;
}

int cells_force(struct simulation *sim, struct shard *sh, int32_t population, uint32_t i) {
    if (sim->populations[population]->slot[i])
        return EVSIM_OK;
    return cells_add(sim, sh, population, i, NULL);
}

int cells_force_all(struct simulation *sim, struct shard *sh) {
    for (int p = 0; p < sim->n_populations; p++)
        for (int64_t i = sh->first[p]; i < sh->last[p] && i < sim->populations[p]->n; i++)
            if (cells_force(sim, sh, p, (uint32_t)i) < 0)
                return EVSIM_NO_MEMORY;
    return EVSIM_OK;
}

/* Refractory periods that end in this window. */
int cells_force_timers(struct simulation *sim, struct shard *sh) {
    const struct queue_entry *popped;
    const int64_t n = queue_pop_tick(sh->timers, sh->tick, &popped);
    for (int64_t k = 0; k < n; k++)
        if (cells_force(sim, sh, (int32_t)popped[k].kind, popped[k].index) < 0)
            return EVSIM_NO_MEMORY;
    return n < 0 ? (int)n : EVSIM_OK;
}

void cells_keep_begin(struct simulation *sim, struct shard *sh) {
    for (int k = 0; k < sim->n_populations; k++) {
        struct population *p = sim->populations[k];
        if (!p->begin)
            continue;
        const size_t size = (size_t)(sh->last[k] - sh->first[k]) * sizeof(double);
        for (int s = 0; s < p->kernel->n_states; s++)
            memcpy(p->begin[s] + sh->first[k], p->state[s] + sh->first[k], size);
    }
}

/* Cells forced before the advance start from the state as folded so far; where nothing is folded
 * they have it already. */
void cells_fill_starts(struct simulation *sim, struct shard *sh) {
    for (int64_t c = 0; c < sh->n_cells; c++) {
        const struct population *p = sim->populations[sh->cells[c].population];
        if (p->walks_from_begin || !p->is_foldable)
            continue;
        for (int s = 0; s < p->kernel->n_states; s++)
            sh->starts[sh->cells[c].x + s] = p->state[s][sh->cells[c].i];
    }
}

void cells_clear(struct simulation *sim, struct shard *sh) {
    for (int64_t c = 0; c < sh->n_cells; c++) {
        struct population *p = sim->populations[sh->cells[c].population];
        p->slot[sh->cells[c].i] = 0;
        p->marked[sh->cells[c].i / 16] = 0;
    }
    sh->n_cells = sh->n_starts = 0;
}
