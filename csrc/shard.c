/* The work of one shard in one window. See simulation.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "simulation.h"

#define MOST_SPIKES 100000 /* of one neuron in one window */

struct tagged_event {
    int64_t cell;
    struct evsim_event event;
};

#define GROW(array, n, room) \
    ((n) < (room) ? EVSIM_OK : grow((void **)&(array), (n), &(room), sizeof *(array)))

static int grow(void **array, int64_t n, int64_t *room, size_t size) {
    const int64_t more = n + n / 2 + 64;
    void *bigger = reallocate(*array, (size_t)more, size);
    if (!bigger) return EVSIM_NO_MEMORY;
    *array = bigger, *room = more;
    return EVSIM_OK;
}

static int fail(struct shard *sh, int code, int32_t population, int64_t neuron, int64_t tick,
                double offset) {
    sh->failure = (struct failure){code, population, neuron, tick, offset};
    return code;
}

/* ---- spikes in flight ---- */

/* Pushes the spike with its next delivery at or after `tick`, looking from `position` of its row on. */
static int push_flight(struct simulation *sim, struct shard *sh, const struct projection *p,
                       int64_t sequence, const struct spike *s, int64_t position, int64_t tick) {
    const int64_t end = p->start[sh->number * p->n_sources + s->index + 1];
    double offset;
    int64_t arrival = 0;
    while (position < end && (arrival = projection_arrival(p, position, s->tick, s->offset,
                                                           sim->window, &offset)) < tick)
        position++;
    if (position == end) return EVSIM_OK;
    const struct queue_entry entry = {.tick = arrival,
                                      .offset = s->offset,
                                      .kind = (uint32_t)p->number,
                                      .index = s->index,
                                      .position = position,
                                      .sequence = sequence,
                                      .since = s->tick};
    return queue_push(sh->flights, &entry);
}

int shard_launch(struct simulation *sim, struct shard *sh, const struct projection *p,
                 int64_t sequence, const struct spike *spike, int64_t tick) {
    const int64_t row = p->start[sh->number * p->n_sources + spike->index];
    return push_flight(sim, sh, p, sequence, spike, row, tick);
}

static int launch_all(struct simulation *sim, struct shard *sh, const struct spike *s,
                      int64_t sequence) {
    const struct emitter *e = &sim->emitters[s->emitter];
    for (int k = 0; k < e->n_projections; k++) {
        const struct projection *p = sim->projections[e->projections[k]];
        const int code = shard_launch(sim, sh, p, sequence, s, sh->tick);
        if (code < 0) return code;
    }
    return EVSIM_OK;
}

static int collect_incoming(struct simulation *sim, struct shard *sh, int parity) {
    int code = EVSIM_OK;
    sh->incoming.n = 0;
    for (int s = 0; s < sim->n_shards; s++)
        for (int64_t k = 0; k < sim->shards[s].out[parity].n && code >= 0; k++)
            code = spikes_add(&sh->incoming, &sim->shards[s].out[parity].all[k]);
    if (sim->n_shards > 1) spikes_sort(&sh->incoming);
    return code;
}

/* Launches the neurons' spikes of the window before and this window's sources' spikes, in one order for
 * every shard. Shard 0 records them. */
int shard_take_in(struct simulation *sim, struct shard *sh, double from, double to) {
    const int parity = sh->tick & 1;
    const struct spikes *sources = &sim->source_out[parity];
    for (int64_t k = 0; k < sources->n && sh->number == 0; k++)
        if (sources->all[k].offset >= from && sources->all[k].offset < to)
            simulation_record_spike(sim, &sources->all[k]);
    if (from > 0.0) return EVSIM_OK;
    int code = collect_incoming(sim, sh, parity);
    if (sh->number == 0 && !sim->is_recorded)
        for (int64_t k = 0; k < sh->incoming.n; k++)
            simulation_record_spike(sim, &sh->incoming.all[k]);
    for (int64_t k = 0; k < sources->n && code >= 0; k++)
        code = spikes_add(&sh->incoming, &sources->all[k]);
    for (int64_t k = 0; k < sh->incoming.n && code >= 0; k++)
        code = launch_all(sim, sh, &sh->incoming.all[k], sh->sequence + k);
    sh->sequence += sh->incoming.n;
    return code;
}

static int compare_due(const void *a, const void *b) {
    const struct queue_entry *x = a, *y = b;
    if (x->sequence != y->sequence) return x->sequence < y->sequence ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

/* Entries nearly in order: insertion, and qsort where that would take long. */
static void sort_due(struct queue_entry *due, int64_t n) {
    int64_t moves = 8 * n + 64;
    for (int64_t k = 1; k < n; k++) {
        const struct queue_entry entry = due[k];
        int64_t j = k;
        for (; j > 0 && compare_due(&due[j - 1], &entry) > 0; j--, moves--) due[j] = due[j - 1];
        due[j] = entry;
        if (moves < 0) {
            qsort(due, (size_t)n, sizeof *due, compare_due);
            return;
        }
    }
}

/* Turns the spikes in flight that deliver in this window into slices of their rows. */
static int find_due(struct simulation *sim, struct shard *sh) {
    const struct queue_entry *popped;
    const int64_t n = queue_pop_tick(sh->flights, sh->tick, &popped);
    if (n < 0) return (int)n;
    while (sh->due_room < n) {
        const int code = grow((void **)&sh->due, n, &sh->due_room, sizeof *sh->due);
        if (code < 0) return code;
    }
    if (n) memcpy(sh->due, popped, (size_t)n * sizeof *popped);
    sort_due(sh->due, n);
    sh->n_slices = 0;
    for (int64_t k = 0; k < n; k++) {
        const struct queue_entry *e = &sh->due[k];
        const struct projection *p = sim->projections[e->kind];
        const int64_t end = p->start[sh->number * p->n_sources + e->index + 1];
        int64_t position = e->position;
        double offset;
        if (!p->delay_tick)
            position = end;
        else
            while (position < end && projection_arrival(p, position, e->since, e->offset,
                                                        sim->window, &offset) <= sh->tick)
                position++;
        if (GROW(sh->slices, sh->n_slices, sh->slices_room) < 0) return EVSIM_NO_MEMORY;
        sh->slices[sh->n_slices++] = (struct slice){
            p, e->position, position, e->since, e->offset, e->index, 0};
        const struct spike s = {e->since, e->offset, p->emitter, e->index};
        const int code = push_flight(sim, sh, p, e->sequence, &s, position, sh->tick + 1);
        if (code < 0) return code;
    }
    return EVSIM_OK;
}

/* ---- cells: neurons with a walk of their own ---- */

/* Gives neuron i a walk in this window from the state that stands at x[s*step]; NULL: fill in later. */
static int add_cell(struct simulation *sim, struct shard *sh, int32_t population, uint32_t i,
                    const double *x) {
    struct population *p = sim->populations[population];
    const int n_states = p->kernel->n_states;
    if (GROW(sh->cells, sh->n_cells, sh->cells_room) < 0) return EVSIM_NO_MEMORY;
    if (sh->n_starts + n_states > sh->starts_room &&
        grow((void **)&sh->starts, sh->n_starts + n_states, &sh->starts_room,
             sizeof *sh->starts) < 0)
        return EVSIM_NO_MEMORY;
    for (int s = 0; s < n_states; s++)
        sh->starts[sh->n_starts + s] = p->begin ? p->begin[s][i] : x ? x[s] : 0.0;
    sh->cells[sh->n_cells] = (struct cell){.population = population,
                                           .i = i,
                                           .x = sh->n_starts,
                                           .release_tick = p->release_tick[i],
                                           .release_offset = p->release_offset[i]};
    sh->n_starts += n_states;
    p->slot[i] = (int32_t)++sh->n_cells;
    return EVSIM_OK;
}

static int force(struct simulation *sim, struct shard *sh, int32_t population, uint32_t i) {
    if (sim->populations[population]->slot[i]) return EVSIM_OK;
    return add_cell(sim, sh, population, i, NULL);
}

static int force_all(struct simulation *sim, struct shard *sh) {
    for (int p = 0; p < sim->n_populations; p++)
        for (int64_t i = sh->first[p]; i < sh->last[p] && i < sim->populations[p]->n; i++)
            if (force(sim, sh, p, (uint32_t)i) < 0) return EVSIM_NO_MEMORY;
    return EVSIM_OK;
}

/* Refractory periods that end in this window. */
static int force_timers(struct simulation *sim, struct shard *sh) {
    const struct queue_entry *popped;
    const int64_t n = queue_pop_tick(sh->timers, sh->tick, &popped);
    for (int64_t k = 0; k < n; k++)
        if (force(sim, sh, (int32_t)popped[k].kind, popped[k].index) < 0) return EVSIM_NO_MEMORY;
    return n < 0 ? (int)n : EVSIM_OK;
}

/* ---- deliveries ---- */

static int is_folded(const struct simulation *sim, const struct projection *p) {
    return !p->code && sim->populations[p->target]->is_foldable;
}

static int slice_offsets(struct simulation *sim, struct shard *sh, const struct slice *slice) {
    const int64_t n = slice->projection->delay_tick ? slice->last - slice->first : 1;
    if (n > sh->offsets_room &&
        grow((void **)&sh->offsets, n, &sh->offsets_room, sizeof *sh->offsets) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < n; k++)
        projection_arrival(slice->projection, slice->first + k, slice->tick, slice->offset,
                           sim->window, &sh->offsets[k]);
    return EVSIM_OK;
}

/* Folds a slice into its targets, or gives each of them a walk. */
static int deliver_slice(struct simulation *sim, struct shard *sh, const struct slice *slice) {
    const struct projection *p = slice->projection;
    struct population *target = sim->populations[p->target];
    if (!is_folded(sim, p)) {
        for (int64_t k = slice->first; k < slice->last; k++)
            if (force(sim, sh, p->target, p->target_of[k]) < 0) return EVSIM_NO_MEMORY;
        return EVSIM_OK;
    }
    const int code = slice_offsets(sim, sh, slice);
    if (code < 0) return code;
    for (int k = 0; k < p->n_ports; k++) {
        const struct port *port = &p->port[k];
        target->kernel->fold(&target->cells, port->state, slice->last - slice->first,
                             p->target_of + slice->first, port->amount + slice->first * port->step,
                             port->step, sh->offsets, p->delay_tick != NULL,
                             target->cost[port->state]);
    }
    return EVSIM_OK;
}

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

#define DRIVE_BATCH 256

static int deliver_drive(struct simulation *sim, struct shard *sh, const struct drive *d) {
    struct population *p = sim->populations[d->target];
    const int64_t first = larger(d->start, sh->first[d->target]);
    const int64_t last = smaller(d->stop, sh->last[d->target]);
    const uint64_t key = random_object_key(sim->seed, d->object);
    uint32_t targets[DRIVE_BATCH];
    double offsets[DRIVE_BATCH];
    int64_t waiting = 0;
    for (int64_t i = first; i < last; i++) {
        const int64_t n =
            drive_draw(d, key, i, sh->tick, sim->window, &sh->offsets, &sh->offsets_room);
        if (n < 0) return (int)n;
        if (n && !p->is_foldable && force(sim, sh, d->target, (uint32_t)i) < 0)
            return EVSIM_NO_MEMORY;
        for (int64_t k = 0; p->is_foldable && k < n; k++) {
            targets[waiting] = (uint32_t)i, offsets[waiting++] = sh->offsets[k];
            if (waiting < DRIVE_BATCH) continue;
            p->kernel->fold(&p->cells, d->state, waiting, targets, &d->weight, 0, offsets, 1,
                            p->cost[d->state]);
            waiting = 0;
        }
    }
    if (waiting)
        p->kernel->fold(&p->cells, d->state, waiting, targets, &d->weight, 0, offsets, 1,
                        p->cost[d->state]);
    return EVSIM_OK;
}

static int deliver_all(struct simulation *sim, struct shard *sh) {
    int code = EVSIM_OK;
    for (int64_t k = 0; k < sh->n_slices && code >= 0; k++)
        code = deliver_slice(sim, sh, &sh->slices[k]);
    for (int k = 0; k < sim->n_drives && code >= 0; k++)
        code = deliver_drive(sim, sh, &sim->drives[k]);
    return code;
}

/* ---- the events of cells ---- */

static int add_event(struct shard *sh, int64_t cell, const struct evsim_event *event) {
    if (GROW(sh->events, sh->n_events, sh->events_room) < 0) return EVSIM_NO_MEMORY;
    sh->events[sh->n_events++] = (struct tagged_event){cell, *event};
    sh->cells[cell].n_events++;
    return EVSIM_OK;
}

static int gather_synapse(struct shard *sh, int64_t cell, const struct slice *slice,
                          int64_t position, double offset) {
    const struct projection *p = slice->projection;
    struct evsim_event event = {.offset = offset,
                                .round = slice->round,
                                .projection = p->number,
                                .source = slice->source,
                                .synapse = projection_synapse(p, position)};
    for (int k = 0; k < p->n_ports; k++) {
        event.port = p->port[k].state;
        event.amount = p->port[k].amount[position * p->port[k].step];
        if (add_event(sh, cell, &event) < 0) return EVSIM_NO_MEMORY;
    }
    if (!p->code) return EVSIM_OK;
    event.port = -1;
    event.code = p->code, event.variable = p->variable, event.step = p->step;
    return add_event(sh, cell, &event);
}

/* Events in [from, to) of the neurons that `slot` marks, from one slice. */
static int gather_slice(struct simulation *sim, struct shard *sh, const struct slice *slice,
                        const int32_t *slot, double from, double to) {
    const struct projection *p = slice->projection;
    for (int64_t k = slice->first; k < slice->last; k++) {
        const int32_t mark = slot[p->target_of[k]];
        if (!mark) continue;
        double offset;
        projection_arrival(p, k, slice->tick, slice->offset, sim->window, &offset);
        if (offset < from || offset >= to) continue;
        if (gather_synapse(sh, mark - 1, slice, k, offset) < 0) return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

static int gather_drive(struct simulation *sim, struct shard *sh, const struct drive *d,
                        uint32_t i, int64_t cell, double from, double to) {
    if (i < d->start || i >= d->stop) return EVSIM_OK;
    const uint64_t key = random_object_key(sim->seed, d->object);
    const int64_t n =
        drive_draw(d, key, i, sh->tick, sim->window, &sh->offsets, &sh->offsets_room);
    if (n < 0) return (int)n;
    for (int64_t k = 0; k < n; k++) {
        const struct evsim_event event = {.offset = sh->offsets[k],
                                          .amount = d->weight,
                                          .port = d->state,
                                          .projection = d->projection,
                                          .source = i,
                                          .synapse = k};
        if (event.offset < from || event.offset >= to) continue;
        if (add_event(sh, cell, &event) < 0) return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

static int compare_events(const void *a, const void *b) {
    const struct evsim_event *x = a, *y = b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    if (x->round != y->round) return x->round < y->round ? -1 : 1;
    if (x->projection != y->projection) return x->projection < y->projection ? -1 : 1;
    if (x->source != y->source) return x->source < y->source ? -1 : 1;
    if (x->synapse != y->synapse) return x->synapse < y->synapse ? -1 : 1;
    if (x->port != y->port) return x->port < y->port ? -1 : 1;
    return x->amount < y->amount ? -1 : x->amount > y->amount;
}

static void sort_events(struct evsim_event *events, int64_t n) {
    if (n > 24) {
        qsort(events, (size_t)n, sizeof *events, compare_events);
        return;
    }
    for (int64_t k = 1; k < n; k++) {
        const struct evsim_event event = events[k];
        int64_t j = k;
        for (; j > 0 && compare_events(&events[j - 1], &event) > 0; j--) events[j] = events[j - 1];
        events[j] = event;
    }
}

/* Groups the gathered events by cell, each group in order. */
static int group_events(struct shard *sh, int64_t first_cell) {
    if (sh->n_events > sh->sorted_room &&
        grow((void **)&sh->sorted, sh->n_events, &sh->sorted_room, sizeof *sh->sorted) < 0)
        return EVSIM_NO_MEMORY;
    int64_t at = 0;
    for (int64_t c = first_cell; c < sh->n_cells; c++) {
        sh->cells[c].first_event = at;
        at += sh->cells[c].n_events;
        sh->cells[c].n_events = 0;
    }
    for (int64_t k = 0; k < sh->n_events; k++) {
        struct cell *c = &sh->cells[sh->events[k].cell];
        sh->sorted[c->first_event + c->n_events++] = sh->events[k].event;
    }
    for (int64_t c = first_cell; c < sh->n_cells; c++)
        sort_events(sh->sorted + sh->cells[c].first_event, sh->cells[c].n_events);
    return EVSIM_OK;
}

static int gather_all(struct simulation *sim, struct shard *sh, double from, double to) {
    int code = EVSIM_OK;
    sh->n_events = 0;
    for (int64_t k = 0; k < sh->n_slices && code >= 0; k++) {
        const struct slice *slice = &sh->slices[k];
        code = gather_slice(sim, sh, slice, sim->populations[slice->projection->target]->slot,
                            from, to);
    }
    for (int k = 0; k < sim->n_drives; k++)
        for (int64_t c = 0; c < sh->n_cells && code >= 0; c++)
            if (sh->cells[c].population == sim->drives[k].target)
                code = gather_drive(sim, sh, &sim->drives[k], sh->cells[c].i, c, from, to);
    return code < 0 ? code : group_events(sh, 0);
}

/* ---- walks ---- */

/* The refractory period that a spike at (tick, offset) begins. Returns whether there is one. */
static int refractory_end(const struct population *p, int64_t i, int64_t tick, double offset,
                          int64_t *end_tick, double *end_offset) {
    const int64_t k = i * p->refractory_step;
    *end_tick = tick + p->refractory_tick[k];
    *end_offset = offset + p->refractory_offset[k];
    if (*end_offset >= p->cells.window) *end_offset -= p->cells.window, ++*end_tick;
    return p->refractory_tick[k] > 0 || p->refractory_offset[k] > 0.0;
}

/* When a period that ends at (tick, offset) ends, seen from window `now`. */
static double release_in_window(int64_t now, int64_t tick, double offset) {
    return tick < now ? -1.0 : tick == now ? offset : HUGE_VAL;
}

/* Takes a neuron through its events to `to`; `out`: where its spikes go, NULL to leave no trace. */
static int follow(struct simulation *sim, struct shard *sh, const struct cell *cell, double *x,
                  double from, double to, struct spikes *out) {
    struct population *p = sim->populations[cell->population];
    const struct evsim_event *events = sh->sorted + cell->first_event;
    struct evsim_walk walk = {.x = x, .offset = from};
    walk.release = release_in_window(sh->tick, cell->release_tick, cell->release_offset);
    for (;;) {
        const int code = p->kernel->walk(&p->cells, cell->i, &walk, events, cell->n_events, to);
        if (code == EVSIM_WALK_END) return EVSIM_OK;
        if (code < 0) return fail(sh, code, p->number, cell->i, sh->tick, walk.offset);
        int64_t end_tick;
        double end_offset;
        const int rests =
            refractory_end(p, cell->i, sh->tick, walk.offset, &end_tick, &end_offset);
        p->kernel->reset(&p->cells, cell->i, x);
        int is_over = 0;
        if (!rests) p->kernel->form(&p->cells, cell->i, x, &is_over);
        if (is_over || walk.spikes == MOST_SPIKES)
            return fail(sh, EVSIM_STUCK, p->number, cell->i, sh->tick, walk.offset);
        walk.release = rests ? release_in_window(sh->tick, end_tick, end_offset) : -1.0;
        walk.round++, walk.spikes++;
        if (!out) continue;
        const struct spike spike = {sh->tick, walk.offset, p->emitter, cell->i};
        if (spikes_add(out, &spike) < 0) return EVSIM_NO_MEMORY;
        p->last_tick[cell->i] = sh->tick, p->last_offset[cell->i] = walk.offset;
        p->release_tick[cell->i] = rests ? end_tick : -1;
        p->release_offset[cell->i] = end_offset;
    }
}

/* Writes back a neuron's state at the end of its walk, and sets its timer. */
static int settle(struct simulation *sim, struct shard *sh, const struct cell *cell, double to) {
    struct population *p = sim->populations[cell->population];
    const double *x = sh->starts + cell->x;
    for (int s = 0; s < p->kernel->n_states; s++) p->state[s][cell->i] = x[s];
    const int is_part = to < sim->window;
    const int64_t release = p->release_tick[cell->i];
    if (release <= sh->tick) {
        p->cells.slack[cell->i] = 0.0;
        return EVSIM_OK;
    }
    p->cells.slack[cell->i] = EVSIM_DORMANT;
    if (is_part) return EVSIM_OK;
    const struct queue_entry timer = {.tick = p->is_coupled ? sh->tick + 1 : release,
                                      .kind = (uint32_t)cell->population,
                                      .index = cell->i};
    const int is_new = cell->release_tick != release || p->is_coupled || sh->from > 0.0;
    return is_new ? queue_push(sh->timers, &timer) : EVSIM_OK;
}

/* Takes the folded events back out of the state of a cell that was not copied before folding. */
static void unfold_cell(struct simulation *sim, struct shard *sh, const struct cell *cell) {
    struct population *p = sim->populations[cell->population];
    double *x = sh->starts + cell->x;
    for (int64_t k = 0; k < cell->n_events; k++) {
        const struct evsim_event *e = &sh->sorted[cell->first_event + k];
        if (e->port >= 0 && (e->projection >= sim->n_projections ||
                             !sim->projections[e->projection]->code))
            p->kernel->unfold(&p->cells, cell->i, e->port, e->amount, e->offset, x);
    }
}

static int walk_all(struct simulation *sim, struct shard *sh, double from, double to,
                    int is_unfolding) {
    struct spikes *out = &sh->out[(sh->tick + 1) & 1];
    for (int64_t c = 0; c < sh->n_cells; c++) {
        const struct cell *cell = &sh->cells[c];
        const struct population *p = sim->populations[cell->population];
        if (is_unfolding && p->is_foldable && !p->begin) unfold_cell(sim, sh, cell);
        int code = follow(sim, sh, cell, sh->starts + cell->x, from, to, out);
        if (code >= 0) code = settle(sim, sh, cell, to);
        if (code < 0) return code;
    }
    return EVSIM_OK;
}

/* ---- all neurons together ---- */

static void keep_begin(struct simulation *sim, struct shard *sh) {
    for (int k = 0; k < sim->n_populations; k++) {
        struct population *p = sim->populations[k];
        if (!p->begin) continue;
        const size_t size = (size_t)(sh->last[k] - sh->first[k]) * sizeof(double);
        for (int s = 0; s < p->kernel->n_states; s++)
            memcpy(p->begin[s] + sh->first[k], p->state[s] + sh->first[k], size);
    }
}

/* Cells forced before the advance start from the state as folded so far. */
static void fill_starts(struct simulation *sim, struct shard *sh) {
    for (int64_t c = 0; c < sh->n_cells; c++) {
        const struct population *p = sim->populations[sh->cells[c].population];
        if (p->begin) continue;
        for (int s = 0; s < p->kernel->n_states; s++)
            sh->starts[sh->cells[c].x + s] = p->state[s][sh->cells[c].i];
    }
}

static int advance_all(struct simulation *sim, struct shard *sh) {
    for (int k = 0; k < sim->n_populations; k++) {
        const struct population *p = sim->populations[k];
        const int64_t owned = sh->last[k] - sh->first[k], n_states = p->kernel->n_states;
        if (owned > sh->found_room &&
            grow((void **)&sh->found, owned, &sh->found_room, sizeof *sh->found) < 0)
            return EVSIM_NO_MEMORY;
        if (owned * n_states > sh->found_starts_room &&
            grow((void **)&sh->found_starts, owned * n_states, &sh->found_starts_room,
                 sizeof *sh->found_starts) < 0)
            return EVSIM_NO_MEMORY;
        const int64_t n = p->kernel->advance(&p->cells, sh->first[k], sh->last[k], sim->is_grid,
                                             sh->found, sh->found_starts);
        for (int64_t f = 0; f < n; f++) {
            if (p->slot[sh->found[f]]) continue;
            if (add_cell(sim, sh, k, sh->found[f], sh->found_starts + f * n_states) < 0)
                return EVSIM_NO_MEMORY;
        }
    }
    return EVSIM_OK;
}

/* ---- samples ---- */

/* Whether anything happens to the population at or before offset `at`. */
static int is_disturbed(struct simulation *sim, struct shard *sh, int32_t population, double at) {
    for (int64_t k = 0; k < sh->n_slices; k++) {
        const struct slice *s = &sh->slices[k];
        double offset;
        if (s->projection->target != population) continue;
        projection_arrival(s->projection, s->first, s->tick, s->offset, sim->window, &offset);
        if (offset <= at) return 1;
    }
    const struct spikes *out = &sh->out[(sh->tick + 1) & 1];
    const int32_t emitter = sim->populations[population]->emitter;
    for (int64_t k = 0; k < out->n; k++)
        if (out->all[k].emitter == emitter && out->all[k].offset <= at) return 1;
    return 0;
}

/* Follows recorded neurons anew, from `from` to `at`, and notes their states. */
static int sample_walks(struct simulation *sim, struct shard *sh, struct state_output *o,
                        double from, double at, double *row) {
    struct population *p = sim->populations[o->population];
    const int64_t n_cells = sh->n_cells, n_starts = sh->n_starts;
    if (p->n > sh->sample_slot_room &&
        grow((void **)&sh->sample_slot, p->n, &sh->sample_slot_room, sizeof *sh->sample_slot) < 0)
        return EVSIM_NO_MEMORY;
    memset(sh->sample_slot, 0, (size_t)p->n * sizeof *sh->sample_slot);
    int code = EVSIM_OK;
    for (int64_t k = 0; k < o->n && code >= 0; k++) {
        const uint32_t i = o->indices[k];
        if (i < sh->first[o->population] || i >= sh->last[o->population] || sh->sample_slot[i])
            continue;
        const int32_t slot = p->slot[i];
        code = add_cell(sim, sh, o->population, i, NULL);
        if (code < 0) break;
        sh->sample_slot[i] = (int32_t)sh->n_cells;
        p->slot[i] = slot;
        if (!slot) continue;
        sh->cells[sh->n_cells - 1].release_tick = sh->cells[slot - 1].release_tick;
        sh->cells[sh->n_cells - 1].release_offset = sh->cells[slot - 1].release_offset;
    }
    const double end = nextafter(at, HUGE_VAL);
    sh->n_events = 0;
    for (int64_t k = 0; k < sh->n_slices && code >= 0; k++)
        if (sh->slices[k].projection->target == o->population)
            code = gather_slice(sim, sh, &sh->slices[k], sh->sample_slot, from, end);
    for (int k = 0; k < sim->n_drives; k++)
        for (int64_t c = n_cells; c < sh->n_cells && code >= 0; c++)
            if (o->population == sim->drives[k].target)
                code = gather_drive(sim, sh, &sim->drives[k], sh->cells[c].i, c, from, end);
    if (code >= 0) code = group_events(sh, n_cells);
    for (int64_t c = n_cells; c < sh->n_cells && code >= 0; c++)
        code = follow(sim, sh, &sh->cells[c], sh->starts + sh->cells[c].x, from, end, NULL);
    for (int64_t k = 0; k < o->n && code >= 0; k++) {
        const uint32_t i = o->indices[k];
        if (i < sh->first[o->population] || i >= sh->last[o->population]) continue;
        const double *x = sh->starts + sh->cells[sh->sample_slot[i] - 1].x;
        for (int s = 0; s < o->n_states; s++) row[s * o->n + k] = x[o->states[s]];
    }
    sh->n_cells = n_cells, sh->n_starts = n_starts;
    return code;
}

static int sample(struct simulation *sim, struct shard *sh, struct state_output *o, double from,
                  const struct sample_place *place) {
    if (!sim->is_grid &&
        (place->at > from || is_disturbed(sim, sh, o->population, place->at)))
        return sample_walks(sim, sh, o, from, place->at, place->row);
    const struct population *p = sim->populations[o->population];
    for (int64_t k = 0; k < o->n; k++) {
        const uint32_t i = o->indices[k];
        if (i < sh->first[o->population] || i >= sh->last[o->population]) continue;
        for (int s = 0; s < o->n_states; s++)
            place->row[s * o->n + k] = p->begin[o->states[s]][i];
    }
    return EVSIM_OK;
}

static int sample_all(struct simulation *sim, struct shard *sh, double from) {
    for (int r = 0; r < sim->n_state_outputs; r++) {
        struct state_output *o = &sim->state_outputs[r];
        for (int k = 0; k < o->n_places[sh->tick & 1]; k++) {
            const int code = sample(sim, sh, o, from, &o->places[sh->tick & 1][k]);
            if (code < 0) return code;
        }
    }
    return EVSIM_OK;
}

/* ---- the window ---- */

static void clear_slots(struct simulation *sim, struct shard *sh) {
    for (int64_t c = 0; c < sh->n_cells; c++)
        sim->populations[sh->cells[c].population]->slot[sh->cells[c].i] = 0;
    sh->n_cells = sh->n_starts = 0;
}

/* A whole window: fold, advance, and walks for the few. */
static int whole_window(struct simulation *sim, struct shard *sh) {
    int code = force_timers(sim, sh);
    if (code >= 0) code = deliver_all(sim, sh);
    if (code < 0) return code;
    fill_starts(sim, sh);
    code = advance_all(sim, sh);
    if (code >= 0 && sh->n_cells) {
        code = gather_all(sim, sh, 0.0, sim->window);
        if (code >= 0) code = walk_all(sim, sh, 0.0, sim->window, 1);
    }
    return code;
}

/* A part of a window, where a run ends off the grid: walks for all. */
static int part_of_window(struct simulation *sim, struct shard *sh, double from, double to) {
    const struct queue_entry *popped;
    queue_pop_tick(sh->timers, sh->tick, &popped); /* all neurons have a walk anyway */
    int code = force_all(sim, sh);
    if (code < 0) return code;
    fill_starts(sim, sh);
    code = gather_all(sim, sh, from, to);
    return code < 0 ? code : walk_all(sim, sh, from, to, 0);
}

int shard_window(struct simulation *sim, struct shard *sh, double from, double to) {
    int code = shard_take_in(sim, sh, from, to);
    if (code >= 0 && from == 0.0) {
        sh->out[(sh->tick + 1) & 1].n = 0;
        code = find_due(sim, sh);
    }
    if (code < 0) return code;
    sh->from = from;
    keep_begin(sim, sh);
    const int is_whole = from == 0.0 && to == sim->window;
    code = is_whole ? whole_window(sim, sh) : part_of_window(sim, sh, from, to);
    if (code >= 0) code = sample_all(sim, sh, from);
    clear_slots(sim, sh);
    spikes_sort(&sh->out[(sh->tick + 1) & 1]);
    return code;
}
