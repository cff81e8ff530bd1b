/* Cascades: spikes whose deliveries act inside the window of the spike, zero delays included.
 *
 * All cells of the window run side by side. Each has a state that is certain (`sure`, up to its
 * latest spike or the window's start) and a walk from there to its next spike, which holds only as
 * long as nothing arrives before. The earliest of these spikes over all cells is certain: it is
 * made, its short synapses deliver, and only the cells concerned are walked again. What event code
 * wrote in synapses on a walk that does not hold is taken back.
 *
 *   heap of next spikes, by (offset, round) --> those that are first --> reset, deliver, walk again
 *
 * At one instant things go in rounds: deliveries, one threshold test, resets; what these spikes
 * deliver without delay belongs to the next round. One shard only.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"

struct runner {
    struct evsim_walk sure, next;
    struct evsim_event *events;
    int64_t n_events, room;
    double *sure_x;   /* next.x is the cell's place in sh->starts */
    double since;     /* see walk_gets_nowhere */
    struct undo undo; /* what its walk from `sure` to `next` writes in synapses */
    int is_writing;   /* some of its events do */
    int64_t version;  /* how often it was walked: tells which heap entries hold */
    int is_first;     /* among the spikes of this round */
};

struct next_spike {
    double offset;
    int32_t round;
    int64_t cell, version;
    int code; /* negative: here the walk fails */
};

struct cascade {
    struct simulation *sim;
    struct shard *sh;
    double to;
    struct runner *runners; /* [cell] */
    int64_t n_runners, runners_room;
    struct next_spike *heap;
    int64_t n_heap, heap_room;
    int64_t *first; /* cells that spike in this round */
    int64_t n_first, first_room;
    int64_t *touched;
    int64_t n_touched, touched_room;
    int64_t rounds; /* at this instant */
    double instant;
};

static int is_before(const struct next_spike *a, const struct next_spike *b) {
    if (a->offset != b->offset)
        return a->offset < b->offset;
    if (a->round != b->round)
        return a->round < b->round;
    return a->cell < b->cell;
}

static int heap_push(struct cascade *c, struct next_spike spike) {
    if (GROW(c->heap, c->n_heap, c->heap_room) < 0)
        return EVSIM_NO_MEMORY;
    int64_t k = c->n_heap++;
    for (; k > 0 && is_before(&spike, &c->heap[(k - 1) / 2]); k = (k - 1) / 2)
        c->heap[k] = c->heap[(k - 1) / 2];
    c->heap[k] = spike;
    return EVSIM_OK;
}

static struct next_spike heap_pop(struct cascade *c) {
    const struct next_spike top = c->heap[0], last = c->heap[--c->n_heap];
    int64_t k = 0;
    for (int64_t child; (child = 2 * k + 1) < c->n_heap; k = child) {
        if (child + 1 < c->n_heap && is_before(&c->heap[child + 1], &c->heap[child]))
            child++;
        if (!is_before(&c->heap[child], &last))
            break;
        c->heap[k] = c->heap[child];
    }
    c->heap[k] = last;
    return top;
}

static struct population *population_of(struct cascade *c, int64_t cell) {
    return c->sim->populations[c->sh->cells[cell].population];
}

static int is_writing(const struct evsim_event *event) {
    return event->port < 0 && event->code->n_written > 0;
}

/* Takes back what the walk before this one wrote, and keeps what this one may write. */
static int keep_written(struct runner *r) {
    undo_back(&r->undo);
    r->undo.n = 0;
    for (int64_t k = r->sure.next; k < r->n_events; k++) {
        const struct evsim_event *e = &r->events[k];
        if (is_writing(e) && undo_keep(&r->undo, e->code, e->variable, e->step, e->slot) < 0)
            return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

/* Walks a cell from what is sure to its next spike or to the end. */
static int walk_on(struct cascade *c, int64_t cell) {
    struct runner *r = &c->runners[cell];
    const struct population *p = population_of(c, cell);
    double *x = c->sh->starts + c->sh->cells[cell].x;
    const uint32_t i = c->sh->cells[cell].i;
    memcpy(x, r->sure_x, (size_t)p->kernel->n_states * sizeof *x);
    if (r->is_writing && keep_written(r) < 0)
        return EVSIM_NO_MEMORY;
    r->next = r->sure;
    r->next.x = x;
    r->version++;
    const int code =
        p->kernel->walk(&c->sh->views[p->number], i, &r->next, r->events, r->n_events, c->to);
    if (code == EVSIM_WALK_END)
        return EVSIM_OK;
    return heap_push(c, (struct next_spike){r->next.offset, r->next.round, cell, r->version, code});
}

/* Starts a runner for the newest cell; its events are sh->sorted[first ... first + n). */
static int start_runner(struct cascade *c, int64_t cell, double from, int is_unfolding) {
    struct shard *sh = c->sh;
    const struct cell *start = &sh->cells[cell];
    const struct population *p = population_of(c, cell);
    if (is_unfolding && p->is_foldable && !p->walks_from_begin)
        walk_unfold(c->sim, sh, start);
    if (GROW(c->runners, cell, c->runners_room) < 0)
        return EVSIM_NO_MEMORY;
    struct runner *r = &c->runners[cell];
    *r = (struct runner){.n_events = start->n_events, .room = start->n_events + 4};
    c->n_runners = cell + 1;
    r->events = allocate((size_t)r->room, sizeof *r->events);
    r->sure_x = allocate((size_t)p->kernel->n_states, sizeof *r->sure_x);
    if (!r->events || !r->sure_x)
        return EVSIM_NO_MEMORY;
    if (r->n_events)
        memcpy(r->events, sh->sorted + start->first_event, (size_t)r->n_events * sizeof *r->events);
    for (int64_t k = 0; k < r->n_events; k++)
        r->is_writing |= is_writing(&r->events[k]);
    memcpy(r->sure_x, sh->starts + start->x, (size_t)p->kernel->n_states * sizeof *r->sure_x);
    r->sure = (struct evsim_walk){.offset = from, .last = start->last, .holding = start->holding};
    r->since = from;
    r->sure.release = release_in_window(sh->tick, start->release_tick, start->release_offset);
    return EVSIM_OK;
}

/* A walk for a neuron that had none: with all that arrives in this window, folded or not. */
static int wake(struct cascade *c, int32_t population, uint32_t i, double from) {
    struct shard *sh = c->sh;
    int code = cells_add(c->sim, sh, population, i, NULL);
    if (code >= 0)
        code = events_gather_one(c->sim, sh, sh->n_cells - 1, from, c->to);
    return code < 0 ? code : start_runner(c, sh->n_cells - 1, from, 0);
}

static int insert_event(struct runner *r, const struct evsim_event *event) {
    if (GROW(r->events, r->n_events, r->room) < 0)
        return EVSIM_NO_MEMORY;
    int64_t k = r->n_events++;
    for (; k > r->sure.next && events_compare(&r->events[k - 1], event) > 0; k--)
        r->events[k] = r->events[k - 1];
    r->events[k] = *event;
    r->is_writing |= is_writing(event);
    return EVSIM_OK;
}

static int touch(struct cascade *c, int64_t cell) {
    if (c->runners[cell].is_first)
        return EVSIM_OK;
    c->runners[cell].is_first = 1;
    if (GROW(c->touched, c->n_touched, c->touched_room) < 0)
        return EVSIM_NO_MEMORY;
    c->touched[c->n_touched++] = cell;
    return EVSIM_OK;
}

/* One delivery inside this window: kept for later parts and samples, given to its target's walk. */
static int deliver_one(struct cascade *c, const struct projection *p, int64_t position,
                       double offset, int32_t round, double from) {
    struct shard *sh = c->sh;
    const uint32_t i = p->target_of[position];
    const int64_t n_local = sh->n_local;
    int code = events_note_local(sh, p, position, offset, round);
    if (code >= 0)
        code = samples_keep_one(c->sim, sh, p, position);
    if (code < 0 || offset >= c->to)
        return code;
    const struct population *target = c->sim->populations[p->target];
    if (!target->slot[i]) { /* its gathered events include the new ones */
        code = wake(c, p->target, i, from);
        return code < 0 ? code : touch(c, target->slot[i] - 1);
    }
    const int64_t cell = target->slot[i] - 1;
    for (int64_t k = n_local; k < sh->n_local && code >= 0; k++)
        code = insert_event(&c->runners[cell], &sh->local[k].event);
    return code < 0 ? code : touch(c, cell);
}

static int deliver_short(struct cascade *c, const struct spike *spike, int32_t round, double from) {
    const struct emitter *e = &c->sim->emitters[spike->emitter];
    int code = EVSIM_OK;
    for (int k = 0; k < e->n_projections && code >= 0; k++) {
        const struct projection *p = c->sim->projections[e->projections[k]];
        if (!p->is_short && !p->is_post)
            continue;
        const int64_t end = row_end(p, 0, spike->index);
        for (int64_t at = row_begin(p, 0, spike->index); at < end && code >= 0; at++) {
            double offset;
            if (projection_arrival(p, at, spike->tick, spike->offset, c->sim->window, &offset) >
                spike->tick)
                break;
            const int32_t next = offset == spike->offset ? round + 1 : 0;
            code = deliver_one(c, p, at, offset, next, from);
        }
    }
    return code;
}

/* Makes the spike that a cell's walk has come to, or custom events: reset, refractory period,
 * record. */
static int make_spike(struct cascade *c, int64_t cell) {
    struct runner *r = &c->runners[cell];
    struct shard *sh = c->sh;
    struct population *p = population_of(c, cell);
    const uint32_t i = sh->cells[cell].i;
    struct spikes *out = &sh->out[(sh->tick + 1) & 1];
    int64_t end_tick, seen = 0;
    double end_offset;
    const double at = r->next.offset;
    double *x = sh->starts + sh->cells[cell].x; /* may have moved since the walk */
    if (p->is_seen && spikes_see(out, x, p->kernel->n_states, &seen) < 0)
        return EVSIM_NO_MEMORY;
    int is_over = 0, rests = 0;
    r->next.x = x;
    if (walk_custom_events(c->sim, sh, &sh->cells[cell], &r->next, seen, out) < 0)
        return EVSIM_NO_MEMORY;
    const int is_spike = walk_has_spike(p, &r->next);
    if (is_spike)
        rests = walk_reset(sh, p, &sh->cells[cell], &r->next, &end_tick, &end_offset, &is_over);
    if (rests < 0)
        return shard_fail(sh, rests, p->number, i, sh->tick, at);
    if (is_over)
        return shard_fail(sh, EVSIM_STUCK, p->number, i, sh->tick, at);
    r->sure = r->next;
    r->undo.n = 0; /* what the walk wrote stays */
    memcpy(r->sure_x, x, (size_t)p->kernel->n_states * sizeof *r->sure_x);
    r->sure.round++, r->sure.spikes++;
    if (walk_gets_nowhere(&r->sure, &r->since, c->sim->window))
        return shard_fail(sh, EVSIM_TOO_OFTEN, p->number, i, sh->tick, at);
    if (!is_spike)
        return EVSIM_OK;
    const struct spike spike = {sh->tick, at, p->emitter, i, seen};
    p->last_tick[i] = sh->tick, p->last_offset[i] = at;
    p->release_tick[i] = rests ? end_tick : -1;
    p->release_offset[i] = end_offset;
    return spikes_add(out, &spike);
}

/* Takes all spikes of the earliest round off the heap. Returns how many. */
static int pop_first(struct cascade *c, double *offset, int32_t *round) {
    c->n_first = 0;
    while (c->n_heap) {
        const struct next_spike top = c->heap[0];
        const int holds = c->runners[top.cell].version == top.version;
        if (holds && c->n_first && (top.offset != *offset || top.round != *round))
            break;
        heap_pop(c);
        if (!holds)
            continue;
        if (top.code < 0) {
            const struct cell *cell = &c->sh->cells[top.cell];
            return shard_fail(c->sh, top.code, cell->population, cell->i, c->sh->tick, top.offset);
        }
        *offset = top.offset, *round = top.round;
        if (GROW(c->first, c->n_first, c->first_room) < 0)
            return EVSIM_NO_MEMORY;
        c->first[c->n_first++] = top.cell;
    }
    return c->n_first > 0;
}

static int endless(struct cascade *c, double offset) {
    if (offset != c->instant)
        c->instant = offset, c->rounds = 0;
    int64_t most = 1000;
    for (int p = 0; p < c->sim->n_populations; p++)
        most += c->sim->populations[p]->n;
    if (c->rounds++ < most)
        return EVSIM_OK;
    const struct cell *cell = &c->sh->cells[c->first[0]];
    return shard_fail(c->sh, EVSIM_ENDLESS, cell->population, cell->i, c->sh->tick, offset);
}

static int compare_cells(const void *a, const void *b) {
    const struct spike *x = a, *y = b;
    if (x->emitter != y->emitter)
        return x->emitter < y->emitter ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

static int one_round(struct cascade *c, double offset, int32_t round, double from) {
    int code = endless(c, offset);
    const struct spikes *out = &c->sh->out[(c->sh->tick + 1) & 1];
    const int64_t made = out->n;
    c->n_touched = 0;
    for (int64_t k = 0; k < c->n_first && code >= 0; k++) {
        code = make_spike(c, c->first[k]);
        if (code >= 0)
            code = touch(c, c->first[k]);
    }
    if (code < 0)
        return code;
    const int64_t n = out->n - made;
    struct spike *spikes = allocate((size_t)n + 1, sizeof *spikes);
    if (!spikes)
        return EVSIM_NO_MEMORY;
    if (n)
        memcpy(spikes, out->all + made, (size_t)n * sizeof *spikes);
    qsort(spikes, (size_t)n, sizeof *spikes, compare_cells);
    for (int64_t k = 0; k < n && code >= 0; k++)
        code = deliver_short(c, &spikes[k], round, from);
    for (int64_t k = 0; k < c->n_touched; k++)
        c->runners[c->touched[k]].is_first = 0;
    for (int64_t k = 0; k < c->n_touched && code >= 0; k++)
        code = walk_on(c, c->touched[k]);
    free(spikes);
    return code;
}

static int run_cascade(struct cascade *c, double from, int is_unfolding) {
    int code = EVSIM_OK;
    for (int64_t k = 0; k < c->sh->n_cells && code >= 0; k++) {
        code = start_runner(c, k, from, is_unfolding);
        if (code >= 0 && !population_of(c, k)->unit)
            code = walk_on(c, k);
    }
    double offset = 0.0;
    int32_t round = 0;
    while (code >= 0 && (code = pop_first(c, &offset, &round)) > 0)
        code = one_round(c, offset, round, from);
    for (int64_t k = 0; k < c->sh->n_cells && code >= 0; k++) {
        if (population_of(c, k)->unit)
            continue;
        walk_let_go(population_of(c, k), c->sh->cells[k].i, &c->runners[k].next);
        code = walk_settle(c->sim, c->sh, &c->sh->cells[k], c->to);
    }
    return code;
}

int cascade_run(struct simulation *sim, struct shard *sh, double from, double to,
                int is_unfolding) {
    struct cascade c = {.sim = sim, .sh = sh, .to = to, .instant = -1.0};
    const int code = run_cascade(&c, from, is_unfolding);
    for (int64_t k = 0; k < c.n_runners; k++)
        free(c.runners[k].events), free(c.runners[k].sure_x), free(c.runners[k].undo.all);
    free(c.runners), free(c.heap), free(c.first), free(c.touched);
    return code;
}
