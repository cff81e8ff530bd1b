/* The work of one shard in one window. See shard.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "shard.h"
#include "unit.h"

int shard_grow(void **array, int64_t n, int64_t *room, size_t size) {
    const int64_t more = n + n / 2 + 64;
    void *bigger = reallocate(*array, (size_t)more, size);
    if (!bigger)
        return EVSIM_NO_MEMORY;
    *array = bigger, *room = more;
    return EVSIM_OK;
}

int shard_fail(struct shard *sh, int code, int32_t population, int64_t neuron, int64_t tick,
               double offset) {
    const struct failure *f = &sh->failure;
    if (!f->code || f->tick != tick || offset < f->offset)
        sh->failure = (struct failure){code, population, neuron, tick, offset, 0};
    return code;
}

void shard_look(const struct simulation *sim, struct shard *sh) {
    const struct clock *clock = &sim->clock;
    const double step = (double)(sh->tick * clock->steps / clock->parts);
    const double part = (double)(sh->tick % clock->parts) * sim->window;
    for (int k = 0; k < sim->n_populations; k++) {
        sh->views[k] = sim->populations[k]->cells;
        sh->views[k].tick = sh->tick;
        sh->views[k].begin = clock->parts > 1 ? step * clock->dt + part : step * clock->dt;
    }
}

static int advance_all(struct simulation *sim, struct shard *sh) {
    for (int k = 0; k < sim->n_populations; k++) {
        const struct population *p = sim->populations[k];
        if (p->unit)
            continue;
        const int64_t owned = sh->last[k] - sh->first[k], n_states = p->kernel->n_states;
        if (owned > sh->found_room &&
            shard_grow((void **)&sh->found, owned, &sh->found_room, sizeof *sh->found) < 0)
            return EVSIM_NO_MEMORY;
        if (owned * n_states > sh->found_starts_room &&
            shard_grow((void **)&sh->found_starts, owned * n_states, &sh->found_starts_room,
                       sizeof *sh->found_starts) < 0)
            return EVSIM_NO_MEMORY;
        const int64_t n = p->kernel->advance(&sh->views[k], sh->first[k], sh->last[k], sim->is_grid,
                                             sh->found, sh->found_starts);
        for (int64_t f = 0; f < n; f++) {
            if (p->slot[sh->found[f]])
                continue;
            if (cells_add(sim, sh, k, sh->found[f], sh->found_starts + f * n_states) < 0)
                return EVSIM_NO_MEMORY;
        }
    }
    return EVSIM_OK;
}

static int run_units(struct simulation *sim, struct shard *sh, double from, double to) {
    int code = EVSIM_OK;
    for (int u = 0; u < sim->n_units && code >= 0; u++)
        code = unit_run(sim, sh, &sim->units[u], from, to);
    return code;
}

/* The populations that links join, from the sources of links to their targets. Those that go alone
 * find there what their links add up to. */
static int run_linked(struct simulation *sim, struct shard *sh, double from, double to) {
    if (!sim->n_units)
        return EVSIM_OK;
    /* all of the window, so that steps do not know where a run ends */
    const int code = events_gather(sim, sh, from, sim->window, 1);
    return code < 0 ? code : run_units(sim, sh, from, to);
}

static int run_cells(struct simulation *sim, struct shard *sh, double from, double to,
                     int is_unfolding) {
    const int gathered = events_gather(sim, sh, from, to, 0);
    if (gathered < 0)
        return gathered;
    if (!sim->is_short)
        return walk_all(sim, sh, from, to, is_unfolding);
    const int code = cascade_run(sim, sh, from, to, is_unfolding);
    events_forget_index(sim, sh);
    return code;
}

/* A whole window: fold, advance, and walks for the few. */
static int whole_window(struct simulation *sim, struct shard *sh) {
    sh->is_counted = 1;
    int code = cells_force_timers(sim, sh);
    if (code >= 0)
        code = deliver_all(sim, sh);
    if (code < 0)
        return code;
    cells_fill_starts(sim, sh);
    code = run_linked(sim, sh, 0.0, sim->window);
    if (code >= 0)
        code = advance_all(sim, sh);
    deliver_clear(sim, sh);
    if (code >= 0 && sh->n_cells)
        code = run_cells(sim, sh, 0.0, sim->window, 1);
    return code;
}

/* A part of a window, where a run ends off the grid: walks for all. */
static int part_of_window(struct simulation *sim, struct shard *sh, double from, double to) {
    const struct queue_entry *popped;
    sh->is_counted = 0;
    queue_pop_tick(sh->timers, sh->tick, &popped); /* all neurons have a walk anyway */
    int code = cells_force_all(sim, sh);
    if (code < 0)
        return code;
    cells_fill_starts(sim, sh);
    code = run_linked(sim, sh, from, to);
    return code < 0 ? code : run_cells(sim, sh, from, to, 0);
}

/* What the window begins with, once: the spikes to take in, and what they deliver. */
static int open_window(struct simulation *sim, struct shard *sh) {
    if (sh->is_open)
        return EVSIM_OK;
    const int code = flights_take_in(sim, sh);
    if (sh->from == 0.0)
        spikes_clear(&sh->out[(sh->tick + 1) & 1]);
    sh->n_local *= sh->from > 0.0;
    sh->is_open = 1;
    return code < 0 ? code : flights_find_due(sim, sh);
}

static int run_part(struct simulation *sim, struct shard *sh, double from, double to,
                    int is_whole) {
    sh->from = from;
    shard_look(sim, sh);
    if (from == 0.0)
        sh->n_local = 0;
    cells_keep_begin(sim, sh);
    int code = samples_keep(sim, sh);
    if (code >= 0)
        code = is_whole ? whole_window(sim, sh) : part_of_window(sim, sh, from, to);
    if (code >= 0)
        code = samples_take(sim, sh, from);
    cells_clear(sim, sh);
    if (code >= 0)
        spikes_sort(&sh->out[(sh->tick + 1) & 1]);
    return code;
}

int shard_part(struct simulation *sim, struct shard *sh, double from, double to) {
    return run_part(sim, sh, from, to, from == 0.0 && to == sim->window);
}

int shard_walks(struct simulation *sim, struct shard *sh, double from, double to) {
    sh->from = from;
    const int code = open_window(sim, sh);
    return code < 0 ? code : run_part(sim, sh, from, to, 0);
}

int shard_window(struct simulation *sim, struct shard *sh, double from, double to) {
    sh->from = from;
    const int code = open_window(sim, sh);
    return code < 0 ? code : shard_part(sim, sh, from, to);
}
