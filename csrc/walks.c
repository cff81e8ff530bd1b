/* Walks: cells taken through their events, spike by spike. See shard.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "shard.h"

#define NEAR 1e-9 /* of a window: spikes of one walk that are the same instant */

#define MANY_SPIKES 100000 /* of one neuron in one window, before it is asked how far it gets */
#define LEAST_PART 1e-4    /* of a window, in so many spikes */
#define TOGETHER 64        /* walks given to a kernel at once */

/* The refractory period that a spike at `offset` begins. Returns whether there is one. */
int refractory_end(const struct shard *sh, const struct population *p, int64_t i, const double *x,
                   double offset, int64_t *end_tick, double *end_offset) {
    if (p->kernel->rest) {
        const double rest = p->kernel->rest(&sh->views[p->number], i, x, offset);
        const double windows = floor((offset + rest) / p->cells.window);
        if (!(windows >= 0.0 && windows < (double)INT32_MAX))
            return EVSIM_NOT_FINITE;
        *end_tick = sh->tick + (int64_t)windows;
        *end_offset = offset + rest - windows * p->cells.window;
        if (*end_offset < 0.0)
            *end_offset = 0.0;
        return rest > 0.0;
    }
    const int64_t k = i * p->refractory_step;
    *end_tick = sh->tick + p->refractory_tick[k] +
                add_offsets(offset, p->refractory_offset[k], p->cells.window, p->grid, end_offset);
    return p->refractory_tick[k] > 0 || p->refractory_offset[k] > 0.0;
}

/* When a period that ends at (tick, offset) ends, seen from window `now`. */
double release_in_window(int64_t now, int64_t tick, double offset) {
    return tick < now ? -1.0 : tick == now ? offset : HUGE_VAL;
}

/* Field by field: the walk is read at once, in pieces of another size than a copy would write. */
static inline void begin(const struct shard *sh, const struct cell *cell, double from,
                         struct evsim_walk *walk) {
    walk->x = sh->starts + cell->x;
    walk->offset = from;
    walk->release = release_in_window(sh->tick, cell->release_tick, cell->release_offset);
    walk->last = cell->last;
    walk->step = 0.0;
    walk->next = 0;
    walk->round = walk->spikes = 0;
    walk->holding = cell->holding;
    walk->happened = 0;
}

struct evsim_walk walk_begin(const struct shard *sh, const struct cell *cell, double from) {
    struct evsim_walk walk;
    begin(sh, cell, from, &walk);
    return walk;
}

/* A neuron that was held by a condition, and is no longer: its walk has found out. */
void walk_let_go(struct population *p, int64_t i, const struct evsim_walk *walk) {
    if (p->release_tick[i] == EVSIM_HELD && walk->release < 0.0)
        p->release_tick[i] = -1;
    p->holding[i] = walk->holding;
}

struct latest {
    int64_t tick;
    double offset;
};

/* Sets the latest spike of a neuron; returns what it was. */
static struct latest set_latest(struct population *p, int64_t i, struct latest latest) {
    const struct latest before = {p->last_tick[i], p->last_offset[i]};
    p->last_tick[i] = latest.tick, p->last_offset[i] = latest.offset;
    return before;
}

/* What a spike does to its neuron. Returns whether it rests now, and until when; `is_over`: whether
 * it would spike again at once. All that it calls sees the spike as the latest. */
int walk_reset(const struct shard *sh, struct population *p, const struct cell *cell,
               struct evsim_walk *walk, int64_t *end_tick, double *end_offset, int *is_over) {
    const struct evsim_cells *cells = &sh->views[p->number];
    const struct evsim_kernel *kernel = p->kernel;
    const struct latest before = set_latest(p, cell->i, (struct latest){sh->tick, walk->offset});
    int rests = refractory_end(sh, p, cell->i, walk->x, walk->offset, end_tick, end_offset);
    kernel->reset(cells, cell->i, walk->x, walk->offset);
    if (kernel->holds && kernel->holds(cells, cell->i, walk->x, walk->offset))
        rests = 1, *end_tick = EVSIM_HELD, *end_offset = 0.0;
    *is_over = !rests && kernel->is_over(cells, cell->i, walk->x, walk->offset);
    set_latest(p, cell->i, before);
    if (rests < 0)
        return rests;
    walk->release = rests ? release_in_window(sh->tick, *end_tick, *end_offset) : -1.0;
    walk->last = cells->begin + walk->offset;
    return rests;
}

/* Event code on n synapses of a neuron, from a position of its row on. */
static void run_row(const struct shard *sh, const struct projection *q, const struct cell *cell,
                    const struct evsim_walk *walk, const struct evsim_now *now, int64_t first,
                    int64_t n) {
    const struct evsim_cells *cells = &sh->views[cell->population];
    if (q->code->run_range && q->slot_of && n > 0) {
        const uint32_t slot = projection_slot(q, projection_synapse(q, first));
        if (projection_slot(q, projection_synapse(q, first + n - 1)) - slot == n - 1) {
            q->code->run_range(walk->x, cells, cell->i, now, q->variable, q->step, slot, n);
            return;
        }
    }
    if (q->code->run_row && q->synapse_of && !q->slot_of) {
        q->code->run_row(walk->x, cells, cell->i, now, q->variable, q->step, q->synapse_of + first,
                         n);
        return;
    }
    for (int64_t at = first; at < first + n; at++)
        q->code->run(walk->x, cells, cell->i, now, q->variable, q->step,
                     projection_slot(q, projection_synapse(q, at)));
}

/* What a spike does at once to the synapses that end on its neuron. In a cascade and in a unit
 * these are deliveries like others. */
static int run_posts(struct simulation *sim, struct shard *sh, const struct cell *cell,
                     const struct evsim_walk *walk, int32_t emitter, int is_kept) {
    const struct population *p = sim->populations[cell->population];
    const struct emitter *e = &sim->emitters[emitter];
    const struct evsim_now now = {
        .offset = walk->offset, .last = walk->last, .is_refractory = walk->offset < walk->release};
    for (int k = 0; k < e->n_projections; k++) {
        const struct projection *q = sim->projections[e->projections[k]];
        if (!q->is_post)
            continue;
        const int64_t begin = row_begin(q, sh->number, cell->i);
        const int64_t row = row_end(q, sh->number, cell->i);
        int64_t end = q->delay_tick || !projection_is_at_once(q, begin) ? begin : row;
        while (end < row && projection_is_at_once(q, end))
            end++;
        for (int n = 0; n < q->n_ports; n++)
            for (int64_t at = begin; at < end; at++)
                p->kernel->add(walk->x, q->port[n].state, q->port[n].amount[at * q->port[n].step],
                               now.is_refractory);
        for (int64_t at = begin; at < end && is_kept && sim->n_state_outputs; at++)
            if (samples_keep_one(sim, sh, q, at) < 0)
                return EVSIM_NO_MEMORY;
        if (q->code)
            run_row(sh, q, cell, walk, &now, begin, end - begin);
    }
    return EVSIM_OK;
}

/* Whether the walk has come to a spike, perhaps with custom events. */
int walk_has_spike(const struct population *p, const struct evsim_walk *walk) {
    return !p->kernel->n_events || walk->happened & EVSIM_HAPPENED_SPIKE;
}

/* The custom events that a walk has come to: they go to `out`, with the states at `seen`, and do
 * what they do, in order. */
int walk_custom_events(struct simulation *sim, struct shard *sh, const struct cell *cell,
                       struct evsim_walk *walk, int64_t seen, struct spikes *out) {
    const struct population *p = sim->populations[cell->population];
    for (int e = 0; e < p->kernel->n_events; e++) {
        if (!(walk->happened >> e & 1))
            continue;
        const int32_t emitter = p->event_emitter[e];
        const struct spike event = {sh->tick, walk->offset, emitter, cell->i, seen};
        if (out && spikes_add(out, &event) < 0)
            return EVSIM_NO_MEMORY;
        const struct evsim_now now = {.offset = walk->offset,
                                      .last = walk->last,
                                      .is_refractory = walk->offset < walk->release};
        p->kernel->react(&sh->views[p->number], cell->i, walk->x, &now, e);
        if (p->has_posts && (!sim->is_short || !out) &&
            run_posts(sim, sh, cell, walk, emitter, out != NULL) < 0)
            return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

/* A run can be stopped between windows only, so none may take for ever: a neuron with so many
 * spikes in so short a time would have a thousand million in the window. */
int walk_gets_nowhere(const struct evsim_walk *walk, double *since, double window) {
    if (walk->spikes == 1)
        *since = walk->offset;
    if (walk->spikes % MANY_SPIKES)
        return 0;
    const double moved = walk->offset - *since;
    *since = walk->offset;
    return moved < LEAST_PART * window;
}

/* Where a walk of a cascade is repeated, what a spike of the neuron itself delivers at its instant
 * is among the events already. Events from there on wait for the walk to come to that spike, since
 * a stop at its very instant could hide it. Returns how many events do not wait. */
static int64_t events_before_spike(const struct simulation *sim, const struct population *p,
                                   const struct cell *cell, const struct evsim_walk *walk,
                                   const struct evsim_event *events) {
    for (int64_t k = walk->next; k < cell->n_events; k++) {
        const struct evsim_event *e = &events[k];
        const int is_over =
            e->offset < walk->offset || (e->offset == walk->offset && e->round <= walk->round);
        if (is_over || e->round == 0 || e->source != cell->i ||
            sim->projections[e->projection]->emitter != p->emitter)
            continue;
        while (k > walk->next && events[k - 1].offset == e->offset &&
               events[k - 1].round == e->round)
            k--;
        return k;
    }
    return cell->n_events;
}

/* A walk of a cascade, repeated with other stops on the way: its spikes are where they were, though
 * roundings may differ. */
static int walk_again(struct simulation *sim, struct shard *sh, const struct cell *cell,
                      struct evsim_walk *walk, double to) {
    const struct population *p = sim->populations[cell->population];
    const struct evsim_event *events = sh->sorted + cell->first_event;
    const int64_t n = events_before_spike(sim, p, cell, walk, events);
    const int code = p->kernel->walk(&sh->views[p->number], cell->i, walk, events, n, to);
    if (code < 0 || n == cell->n_events || events[n].offset >= to)
        return code;
    if (code == EVSIM_WALK_SPIKE && walk->offset < events[n].offset - NEAR * sim->window)
        return code;
    walk->offset = events[n].offset, walk->round = events[n].round - 1;
    return EVSIM_WALK_SPIKE;
}

/* What a walk has come to: custom events and a spike, with all they do to the neuron. */
int walk_happen(struct simulation *sim, struct shard *sh, const struct cell *cell,
                struct evsim_walk *walk, struct spikes *out, double *since) {
    struct population *p = sim->populations[cell->population];
    int64_t end_tick, seen = 0;
    double end_offset;
    int is_over = 0, rests = 0;
    if (out && p->is_seen && spikes_see(out, walk->x, p->kernel->n_states, &seen) < 0)
        return EVSIM_NO_MEMORY;
    if (walk_custom_events(sim, sh, cell, walk, seen, out) < 0)
        return EVSIM_NO_MEMORY;
    const int is_spike = walk_has_spike(p, walk);
    if (is_spike)
        rests = walk_reset(sh, p, cell, walk, &end_tick, &end_offset, &is_over);
    if (rests < 0)
        return shard_fail(sh, rests, p->number, cell->i, sh->tick, walk->offset);
    if (is_over)
        return shard_fail(sh, EVSIM_STUCK, p->number, cell->i, sh->tick, walk->offset);
    walk->round++, walk->spikes++;
    if (is_spike && p->has_posts && !sim->is_short && !p->unit &&
        run_posts(sim, sh, cell, walk, p->emitter, out != NULL) < 0)
        return EVSIM_NO_MEMORY;
    if ((out || !is_spike) && walk_gets_nowhere(walk, since, sim->window))
        return shard_fail(sh, EVSIM_TOO_OFTEN, p->number, cell->i, sh->tick, walk->offset);
    if (!out || !is_spike)
        return EVSIM_OK;
    const struct spike spike = {sh->tick, walk->offset, p->emitter, cell->i, seen};
    if (spikes_add(out, &spike) < 0)
        return EVSIM_NO_MEMORY;
    p->last_tick[cell->i] = sh->tick, p->last_offset[cell->i] = walk->offset;
    p->release_tick[cell->i] = rests ? end_tick : -1;
    p->release_offset[cell->i] = end_offset;
    return EVSIM_OK;
}

/* A walk on from where it has come to with this code. */
static int follow_from(struct simulation *sim, struct shard *sh, const struct cell *cell,
                       struct evsim_walk *walk, int code, double to, struct spikes *out) {
    struct population *p = sim->populations[cell->population];
    const struct evsim_event *events = sh->sorted + cell->first_event;
    double since = walk->offset;
    for (;; code = EVSIM_WALK_ALONE) {
        const struct evsim_cells *cells = &sh->views[p->number];
        if (code == EVSIM_WALK_ALONE && !out && sim->is_short)
            code = walk_again(sim, sh, cell, walk, to);
        else if (code == EVSIM_WALK_ALONE)
            code = p->kernel->walk(cells, cell->i, walk, events, cell->n_events, to);
        if (out)
            walk_let_go(p, cell->i, walk);
        if (code == EVSIM_WALK_END)
            return EVSIM_OK;
        if (code < 0)
            return shard_fail(sh, code, p->number, cell->i, sh->tick, walk->offset);
        const int done = walk_happen(sim, sh, cell, walk, out, &since);
        if (done < 0)
            return done;
    }
}

int walk_follow(struct simulation *sim, struct shard *sh, const struct cell *cell,
                struct evsim_walk *walk, double to, struct spikes *out) {
    return follow_from(sim, sh, cell, walk, EVSIM_WALK_ALONE, to, out);
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
    if (release == EVSIM_HELD && !p->is_coupled)
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
            p->kernel->unfold(&sh->views[p->number], cell->i, e->port, e->amount, e->offset, x);
    }
}

/* Walks that a kernel takes at once, and what they have come to. */
struct company {
    int n;
    struct evsim_walk walk[TOGETHER];
    int result[TOGETHER];
};

/* Cells from c on, of one population: to the end, or to where something happens, if their kernel
 * takes several at once. */
static void walk_together(struct simulation *sim, struct shard *sh, int64_t c, double from,
                          double to, struct company *w) {
    const int32_t population = sh->cells[c].population;
    const struct population *p = sim->populations[population];
    const struct evsim_event *events[TOGETHER];
    int64_t i[TOGETHER], n_events[TOGETHER];
    int n = 0;
    for (; n < TOGETHER && c + n < sh->n_cells; n++) {
        const struct cell *cell = &sh->cells[c + n];
        if (cell->population != population)
            break;
        begin(sh, cell, from, &w->walk[n]);
        w->result[n] = EVSIM_WALK_ALONE;
        i[n] = cell->i, events[n] = sh->sorted + cell->first_event, n_events[n] = cell->n_events;
    }
    w->n = n;
    if (p->kernel->walk_pack && !p->unit && n > 1)
        p->kernel->walk_pack(&sh->views[population], n, i, w->walk, events, n_events, to,
                             w->result);
}

/* The rest of a cell's way, after what it has come to in company. */
static int walk_on(struct simulation *sim, struct shard *sh, const struct cell *cell,
                   struct evsim_walk *walk, int result, double to) {
    struct population *p = sim->populations[cell->population];
    if (result == EVSIM_WALK_END && !p->kernel->holds && !p->kernel->n_events)
        return EVSIM_OK;
    return follow_from(sim, sh, cell, walk, result, to, &sh->out[(sh->tick + 1) & 1]);
}

int walk_all(struct simulation *sim, struct shard *sh, double from, double to, int is_unfolding) {
    int failed = EVSIM_OK; /* the others go on, so that the earliest failure is found */
    struct company together = {.n = 0};
    int k = 0;
    for (int64_t c = 0; c < sh->n_cells; c++, k++) {
        const struct cell *cell = &sh->cells[c];
        const struct population *p = sim->populations[cell->population];
        if (k == together.n)
            walk_together(sim, sh, c, from, to, &together), k = 0;
        if (p->unit)
            continue;
        if (is_unfolding && p->is_foldable && !p->walks_from_begin)
            walk_unfold(sim, sh, cell);
        int code = walk_on(sim, sh, cell, &together.walk[k], together.result[k], to);
        if (code >= 0)
            code = walk_settle(sim, sh, cell, to);
        if (code == EVSIM_NO_MEMORY)
            return code;
        if (code < 0)
            failed = code;
    }
    return failed;
}
