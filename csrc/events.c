/* Events: what arrives at each cell of this window, in order. See shard.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "shard.h"

static inline int add(struct shard *sh, int64_t cell, const struct evsim_event *event) {
    if (GROW(sh->events, sh->n_events, sh->events_room) < 0)
        return EVSIM_NO_MEMORY;
    struct tagged_event *const tagged = &sh->events[sh->n_events++];
    tagged->cell = cell, tagged->event = *event;
    sh->cells[cell].n_events++;
    return EVSIM_OK;
}

/* How many events one synapse makes. */
int events_of_synapse(const struct projection *p) { return p->n_ports + (p->code != NULL); }

/* Event k of those that the synapse at `position` makes. */
static inline struct evsim_event event_of(const struct projection *p, int64_t position,
                                          uint32_t source, int k, double offset, int32_t round) {
    const uint32_t synapse = projection_synapse(p, position);
    const struct evsim_event event = {.offset = offset,
                                      .port = -1,
                                      .round = round,
                                      .projection = p->number,
                                      .source = source,
                                      .synapse = synapse,
                                      .slot = projection_slot(p, synapse),
                                      .code = p->code,
                                      .variable = p->variable,
                                      .step = p->step};
    if (k == p->n_ports)
        return event;
    struct evsim_event addition = event;
    addition.code = NULL, addition.variable = NULL, addition.step = NULL;
    addition.port = p->port[k].state;
    addition.amount = p->port[k].amount[position * p->port[k].step];
    return addition;
}

int events_add(struct shard *sh, int64_t cell, const struct evsim_event *event) {
    return add(sh, cell, event);
}

/* What event code works on is asked for ahead of the walks: it lies anywhere in memory. */
static void prefetch(const struct projection *p, uint32_t slot) {
    for (int v = 0; v < p->n_variables; v++)
        if (p->step[v])
            __builtin_prefetch(&p->variable[v][slot * p->step[v]], 1);
}

static uint32_t source_in(const struct slice *s, int64_t position) {
    return s->arrivals
               ? projection_source(s->projection, projection_synapse(s->projection, position))
               : s->source;
}

static int gather_synapse(struct shard *sh, int64_t cell, const struct projection *p,
                          int64_t position, uint32_t source, double offset, int32_t round) {
    const int n = p->n_ports + (p->code != NULL);
    for (int k = 0; k < n; k++) {
        const struct evsim_event event = event_of(p, position, source, k, offset, round);
        if (event.code && p->slot_of)
            prefetch(p, event.slot);
        if (add(sh, cell, &event) < 0)
            return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

int events_gather_slice(struct simulation *sim, struct shard *sh, const struct slice *slice,
                        const int32_t *slot, const uint16_t *marked, double from, double to) {
    const struct projection *p = slice->projection;
    for (int64_t k = 0; k < slice->n; k++) {
        const uint32_t target = slice_target(slice, k);
        const int32_t mark = !marked || population_is_marked(marked, target) ? slot[target] : 0;
        if (!mark)
            continue;
        const double offset = slice_offset(slice, k, sim->window);
        if (offset < from || offset >= to)
            continue;
        const int64_t position = slice_position(slice, k);
        const uint32_t source = source_in(slice, position);
        if (gather_synapse(sh, mark - 1, p, position, source, offset, 0) < 0)
            return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

int events_gather_drive(struct simulation *sim, struct shard *sh, const struct drive *d, uint32_t i,
                        int64_t cell, double from, double to) {
    if (i < d->start || i >= d->stop)
        return EVSIM_OK;
    const uint64_t key = random_object_key(sim->clock.seed, d->object);
    const int64_t n = drive_draw(d, key, &sim->clock, i, sh->tick, &sh->offsets, &sh->offsets_room);
    if (n < 0)
        return (int)n;
    for (int64_t k = 0; k < n; k++) {
        const struct evsim_event event = {.offset = sh->offsets[k],
                                          .amount = d->weight,
                                          .port = d->state,
                                          .projection = d->projection,
                                          .source = i,
                                          .synapse = (uint32_t)k};
        if (event.offset < from || event.offset >= to)
            continue;
        if (events_add(sh, cell, &event) < 0)
            return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

int events_compare(const void *a, const void *b) {
    const struct evsim_event *x = a, *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->round != y->round)
        return x->round < y->round ? -1 : 1;
    if (x->projection != y->projection)
        return x->projection < y->projection ? -1 : 1;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->synapse != y->synapse)
        return x->synapse < y->synapse ? -1 : 1;
    if (x->port != y->port)
        return x->port < y->port ? -1 : 1;
    return x->amount < y->amount ? -1 : x->amount > y->amount;
}

void events_sort(struct evsim_event *events, int64_t n) {
    if (n > 24) {
        qsort(events, (size_t)n, sizeof *events, events_compare);
        return;
    }
    for (int64_t k = 1; k < n; k++) {
        const struct evsim_event event = events[k];
        int64_t j = k;
        for (; j > 0 && events_compare(&events[j - 1], &event) > 0; j--)
            events[j] = events[j - 1];
        events[j] = event;
    }
}

/* Makes room for the events that the cells have counted, one cell after the other. */
static int lay_out(struct shard *sh, int64_t first_cell) {
    int64_t at = 0;
    for (int64_t c = first_cell; c < sh->n_cells; c++) {
        sh->cells[c].first_event = at;
        at += sh->cells[c].n_events;
        sh->cells[c].n_events = 0;
    }
    if (at > sh->sorted_room &&
        shard_grow((void **)&sh->sorted, at, &sh->sorted_room, sizeof *sh->sorted) < 0)
        return EVSIM_NO_MEMORY;
    return EVSIM_OK;
}

/* Puts what a slice brings where it belongs; all its targets have cells. */
static void place_slice(struct simulation *sim, struct shard *sh, const struct slice *slice) {
    const struct projection *p = slice->projection;
    const int32_t *slot = sim->populations[p->target]->slot;
    const int n = events_of_synapse(p);
    for (int64_t k = 0; k < slice->n; k++) {
        struct cell *c = &sh->cells[slot[slice_target(slice, k)] - 1];
        const double offset = slice_offset(slice, k, sim->window);
        const int64_t position = slice_position(slice, k);
        const uint32_t source = source_in(slice, position);
        for (int e = 0; e < n; e++) {
            const struct evsim_event event = event_of(p, position, source, e, offset, 0);
            if (event.code && p->slot_of)
                prefetch(p, event.slot);
            sh->sorted[c->first_event + c->n_events++] = event;
        }
    }
}

static void place_gathered(struct shard *sh) {
    for (int64_t k = 0; k < sh->n_events; k++) {
        struct cell *c = &sh->cells[sh->events[k].cell];
        sh->sorted[c->first_event + c->n_events++] = sh->events[k].event;
    }
}

static void sort_cells(struct shard *sh, int64_t first_cell) {
    for (int64_t c = first_cell; c < sh->n_cells; c++)
        if (sh->cells[c].n_events > 1)
            events_sort(sh->sorted + sh->cells[c].first_event, sh->cells[c].n_events);
}

/* Groups the gathered events by cell, each group in order. */
int events_group(struct shard *sh, int64_t first_cell) {
    if (lay_out(sh, first_cell) < 0)
        return EVSIM_NO_MEMORY;
    place_gathered(sh);
    sort_cells(sh, first_cell);
    return EVSIM_OK;
}

/* Deliveries made inside this window, to the neurons that have a cell. */
static int gather_local(struct simulation *sim, struct shard *sh, double from, double to,
                        int of_units) {
    for (int64_t k = 0; k < sh->n_local; k++) {
        const struct local_event *e = &sh->local[k];
        const int32_t mark = sim->populations[e->population]->slot[e->i];
        if (!mark || e->event.offset < from || e->event.offset >= to ||
            is_in_unit(sim, e->population) != of_units)
            continue;
        if (events_add(sh, mark - 1, &e->event) < 0)
            return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

/* Whether the cells have counted what a slice brings when it was delivered. */
static int is_placed(const struct simulation *sim, const struct shard *sh,
                     const struct slice *slice) {
    const struct projection *p = slice->projection;
    return sh->is_counted && !is_folded(sim, p) && !is_in_unit(sim, p->target);
}

int events_gather(struct simulation *sim, struct shard *sh, double from, double to, int of_units) {
    int code = EVSIM_OK;
    sh->n_events = 0;
    for (int64_t c = 0; c < sh->n_cells; c++)
        sh->cells[c].n_events = of_units ? 0 : sh->cells[c].n_counted;
    for (int64_t k = 0; k < sh->n_slices && code >= 0; k++) {
        const struct slice *slice = &sh->slices[k];
        const int32_t target = slice->projection->target;
        if (is_in_unit(sim, target) == of_units && !is_placed(sim, sh, slice))
            code = events_gather_slice(sim, sh, slice, sim->populations[target]->slot,
                                       sim->populations[target]->marked, from, to);
    }
    for (int k = 0; k < sim->n_drives; k++)
        for (int64_t c = 0; c < sh->n_cells && code >= 0; c++)
            if (sh->cells[c].population == sim->drives[k].target &&
                is_in_unit(sim, sim->drives[k].target) == of_units)
                code = events_gather_drive(sim, sh, &sim->drives[k], sh->cells[c].i, c, from, to);
    if (code >= 0)
        code = gather_local(sim, sh, from, to, of_units);
    if (code < 0 || lay_out(sh, 0) < 0)
        return code < 0 ? code : EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < sh->n_slices && !of_units; k++)
        if (is_placed(sim, sh, &sh->slices[k]))
            place_slice(sim, sh, &sh->slices[k]);
    place_gathered(sh);
    sort_cells(sh, 0);
    return EVSIM_OK;
}

int events_note_local(struct shard *sh, const struct projection *p, int64_t position, double offset,
                      int32_t round) {
    const int64_t n_events = sh->n_events, first = sh->n_local;
    struct cell scratch = {0}; /* events_add counts for a cell */
    struct cell *cells = sh->cells;
    sh->cells = &scratch;
    const uint32_t source = projection_source(p, projection_synapse(p, position));
    const int code = gather_synapse(sh, 0, p, position, source, offset, round);
    sh->cells = cells;
    for (int64_t k = n_events; k < sh->n_events && code >= 0; k++) {
        if (GROW(sh->local, sh->n_local, sh->local_room) < 0) {
            sh->n_local = first;
            return EVSIM_NO_MEMORY;
        }
        sh->local[sh->n_local++] =
            (struct local_event){p->target, p->target_of[position], sh->events[k].event};
    }
    sh->n_events = n_events;
    return code;
}

/* The window's deliveries by target, so that one neuron's can be found without a search. */
static int index_slices(struct simulation *sim, struct shard *sh) {
    if (sh->is_indexed)
        return EVSIM_OK;
    sh->n_indexed = 0;
    sh->is_indexed = 1;
    for (int64_t k = 0; k < sh->n_slices; k++) {
        const struct projection *p = sh->slices[k].projection;
        int32_t *head = sim->populations[p->target]->head;
        for (int64_t e = 0; head && e < sh->slices[k].n; e++) {
            if (GROW(sh->indexed, sh->n_indexed, sh->indexed_room) < 0)
                return EVSIM_NO_MEMORY;
            const uint32_t i = slice_target(&sh->slices[k], e);
            sh->indexed[sh->n_indexed] = (struct indexed){k, e, head[i]};
            head[i] = (int32_t)++sh->n_indexed;
        }
    }
    return EVSIM_OK;
}

void events_forget_index(struct simulation *sim, struct shard *sh) {
    for (int64_t k = 0; k < sh->n_indexed && sh->is_indexed; k++) {
        const struct slice *s = &sh->slices[sh->indexed[k].slice];
        const struct projection *p = s->projection;
        sim->populations[p->target]->head[slice_target(s, sh->indexed[k].k)] = 0;
    }
    sh->is_indexed = 0;
    sh->n_indexed = 0;
}

int events_gather_one(struct simulation *sim, struct shard *sh, int64_t cell, double from,
                      double to) {
    const struct population *p = sim->populations[sh->cells[cell].population];
    const uint32_t i = sh->cells[cell].i;
    int code = index_slices(sim, sh);
    sh->n_events = 0;
    for (int32_t k = p->head[i]; k && code >= 0; k = sh->indexed[k - 1].next) {
        const struct slice *s = &sh->slices[sh->indexed[k - 1].slice];
        const int64_t position = slice_position(s, sh->indexed[k - 1].k);
        const double offset = slice_offset(s, sh->indexed[k - 1].k, sim->window);
        if (offset >= from && offset < to)
            code = gather_synapse(sh, cell, s->projection, position, source_in(s, position), offset,
                                  0);
    }
    for (int k = 0; k < sim->n_drives && code >= 0; k++)
        if (sim->drives[k].target == sh->cells[cell].population)
            code = events_gather_drive(sim, sh, &sim->drives[k], i, cell, from, to);
    for (int64_t k = 0; k < sh->n_local && code >= 0; k++) {
        const struct local_event *e = &sh->local[k];
        if (e->population == p->number && e->i == i && e->event.offset >= from &&
            e->event.offset < to)
            code = events_add(sh, cell, &e->event);
    }
    return code < 0 ? code : events_group(sh, cell);
}
