/* Walks: cells taken through their events, spike by spike. See shard.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "shard.h"

#define MOST_SPIKES 100000 /* of one neuron in one window */

/* The refractory period that a spike at (tick, offset) begins. Returns whether there is one. */
int refractory_end(const struct population *p, int64_t i, int64_t tick, double offset,
                   int64_t *end_tick, double *end_offset) {
    const int64_t k = i * p->refractory_step;
    *end_tick = tick + p->refractory_tick[k] +
                add_offsets(offset, p->refractory_offset[k], p->cells.window, p->grid, end_offset);
    return p->refractory_tick[k] > 0 || p->refractory_offset[k] > 0.0;
}

/* When a period that ends at (tick, offset) ends, seen from window `now`. */
double release_in_window(int64_t now, int64_t tick, double offset) {
    return tick < now ? -1.0 : tick == now ? offset : HUGE_VAL;
}

struct evsim_walk walk_begin(const struct shard *sh, const struct cell *cell, double from) {
    return (struct evsim_walk){
        .x = sh->starts + cell->x,
        .offset = from,
        .release = release_in_window(sh->tick, cell->release_tick, cell->release_offset)};
}

int walk_follow(struct simulation *sim, struct shard *sh, const struct cell *cell,
                struct evsim_walk *walk, double to, struct spikes *out) {
    struct population *p = sim->populations[cell->population];
    const struct evsim_event *events = sh->sorted + cell->first_event;
    double *x = walk->x;
    for (;;) {
        const int code = p->kernel->walk(&p->cells, cell->i, walk, events, cell->n_events, to);
        if (code == EVSIM_WALK_END)
            return EVSIM_OK;
        if (code < 0)
            return shard_fail(sh, code, p->number, cell->i, sh->tick, walk->offset);
        int64_t end_tick;
        double end_offset;
        const int rests =
            refractory_end(p, cell->i, sh->tick, walk->offset, &end_tick, &end_offset);
        p->kernel->reset(&p->cells, cell->i, x);
        int is_over = 0;
        if (!rests)
            p->kernel->form(&p->cells, cell->i, x, &is_over);
        if (is_over || walk->spikes == MOST_SPIKES)
            return shard_fail(sh, EVSIM_STUCK, p->number, cell->i, sh->tick, walk->offset);
        walk->release = rests ? release_in_window(sh->tick, end_tick, end_offset) : -1.0;
        walk->round++, walk->spikes++;
        if (!out)
            continue;
        const struct spike spike = {sh->tick, walk->offset, p->emitter, cell->i};
        if (spikes_add(out, &spike) < 0)
            return EVSIM_NO_MEMORY;
        p->last_tick[cell->i] = sh->tick, p->last_offset[cell->i] = walk->offset;
        p->release_tick[cell->i] = rests ? end_tick : -1;
        p->release_offset[cell->i] = end_offset;
    }
}

/* Writes back a neuron's state at the end of its walk, and sets its timer. */
int walk_settle(struct simulation *sim, struct shard *sh, const struct cell *cell, double to) {
    struct population *p = sim->populations[cell->population];
    const double *x = sh->starts + cell->x;
    for (int s = 0; s < p->kernel->n_states; s++)
        p->state[s][cell->i] = x[s];
    const int is_part = to < sim->window;
    const int64_t release = p->release_tick[cell->i];
    if (release <= sh->tick) {
        p->cells.slack[cell->i] = 0.0;
        return EVSIM_OK;
    }
    p->cells.slack[cell->i] = EVSIM_DORMANT;
    if (is_part)
        return EVSIM_OK;
    const struct queue_entry timer = {.tick = p->is_coupled ? sh->tick + 1 : release,
                                      .kind = (uint32_t)cell->population,
                                      .index = cell->i};
    const int is_new = cell->release_tick != release || p->is_coupled || sh->from > 0.0;
    return is_new ? queue_push(sh->timers, &timer) : EVSIM_OK;
}

/* Takes the folded events back out of the state of a cell that was not copied before folding. */
void walk_unfold(struct simulation *sim, struct shard *sh, const struct cell *cell) {
    struct population *p = sim->populations[cell->population];
    double *x = sh->starts + cell->x;
    for (int64_t k = 0; k < cell->n_events; k++) {
        const struct evsim_event *e = &sh->sorted[cell->first_event + k];
        if (e->port >= 0 &&
            (e->projection >= sim->n_projections || !sim->projections[e->projection]->code))
            p->kernel->unfold(&p->cells, cell->i, e->port, e->amount, e->offset, x);
    }
}

int walk_all(struct simulation *sim, struct shard *sh, double from, double to, int is_unfolding) {
    struct spikes *out = &sh->out[(sh->tick + 1) & 1];
    for (int64_t c = 0; c < sh->n_cells; c++) {
        const struct cell *cell = &sh->cells[c];
        const struct population *p = sim->populations[cell->population];
        if (is_unfolding && p->is_foldable && !p->walks_from_begin)
            walk_unfold(sim, sh, cell);
        struct evsim_walk walk = walk_begin(sh, cell, from);
        int code = walk_follow(sim, sh, cell, &walk, to, out);
        if (code >= 0)
            code = walk_settle(sim, sh, cell, to);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}
