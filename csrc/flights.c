/* Spikes in flight: into the queue, out of it as slices of rows. See shard.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "shard.h"

#define LONGEST_FETCH 256 /* synapses of a row */

/* Pushes the spike with its next delivery at or after `tick`, looking from `position` of its row
 * on. */
static int push_flight(struct simulation *sim, struct shard *sh, const struct projection *p,
                       int64_t sequence, const struct spike *s, int64_t position, int64_t tick) {
    const int64_t end = row_end(p, sh->number, s->index);
    double offset;
    int64_t arrival = 0;
    while (position < end && (arrival = projection_arrival(p, position, s->tick, s->offset,
                                                           sim->window, &offset)) < tick)
        position = p->delay_tick ? position + 1 : end;
    if (position == end)
        return EVSIM_OK;
    const struct queue_entry entry = {.tick = arrival,
                                      .offset = s->offset,
                                      .kind = (uint32_t)p->number,
                                      .index = s->index,
                                      .position = position,
                                      .sequence = sequence,
                                      .since = s->tick};
    return queue_push(sh->flights, &entry);
}

int flights_launch(struct simulation *sim, struct shard *sh, const struct projection *p,
                   int64_t sequence, const struct spike *spike, int64_t tick) {
    const int64_t row = row_begin(p, sh->number, spike->index);
    if (!sh->rings[p->number].length)
        return push_flight(sim, sh, p, sequence, spike, row, tick);
    struct ring ring = sh->rings[p->number];
    const struct projection rows = *p; /* so that the compiler need not read them anew */
    const struct spike from = *spike;
    const double window = sim->window;
    const int64_t end = row_end(&rows, sh->number, from.index);
    for (int64_t at = row; at < end; at++) {
        double offset;
        const int64_t arrival =
            projection_arrival(&rows, at, from.tick, from.offset, window, &offset);
        if (arrival >= tick &&
            ring_add(&ring, arrival, (uint32_t)at, rows.target_of[at], offset) < 0)
            return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

static void fetch_lines(const void *from, const void *to) {
    for (const char *at = from; at < (const char *)to; at += 64)
        __builtin_prefetch(at);
}

/* Asks for the rows of a spike, which are far apart in memory, before they are needed. */
static void fetch_rows(const struct simulation *sim, const struct shard *sh,
                       const struct spike *s) {
    const struct emitter *e = &sim->emitters[s->emitter];
    for (int k = 0; k < e->n_projections; k++) {
        const struct projection *p = sim->projections[e->projections[k]];
        if (!p->delay_tick)
            continue;
        const int64_t first = row_begin(p, sh->number, s->index);
        const int64_t end = row_end(p, sh->number, s->index);
        const int64_t last = end - first > LONGEST_FETCH ? first + LONGEST_FETCH : end;
        fetch_lines(p->delay_tick + first, p->delay_tick + last);
        fetch_lines(p->delay_offset + first, p->delay_offset + last);
        fetch_lines(p->target_of + first, p->target_of + last);
    }
}

static int launch_all(struct simulation *sim, struct shard *sh, const struct spike *s,
                      int64_t sequence) {
    const struct emitter *e = &sim->emitters[s->emitter];
    for (int k = 0; k < e->n_projections; k++) {
        const struct projection *p = sim->projections[e->projections[k]];
        if (!projection_takes(p, s))
            continue;
        const int code = flights_launch(sim, sh, p, sequence, s, sh->tick);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}

static int collect_incoming(struct simulation *sim, struct shard *sh, int parity) {
    int code = EVSIM_OK;
    spikes_clear(&sh->incoming);
    for (int s = 0; s < sim->n_shards; s++)
        for (int64_t k = 0; k < sim->shards[s].out[parity].n && code >= 0; k++)
            code = spikes_add(&sh->incoming, &sim->shards[s].out[parity].all[k]);
    if (sim->n_shards > 1)
        spikes_sort(&sh->incoming);
    return code;
}

/* Launches the neurons' spikes of the window before and this window's sources' spikes, in one order
 * for every shard. Shard 0 records them. */
int flights_take_in(struct simulation *sim, struct shard *sh) {
    const int parity = sh->tick & 1;
    const struct spikes *sources = &sim->source_out[parity];
    for (int64_t k = 0; k < sources->n && sh->number == 0 && sim->is_recording_sources; k++)
        simulation_record_spike(sim, &sources->all[k], NULL);
    int code = collect_incoming(sim, sh, parity);
    if (sh->number == 0 && !sim->is_recorded)
        for (int64_t k = 0; k < sh->incoming.n; k++)
            simulation_record_spike(sim, &sh->incoming.all[k],
                                    simulation_seen(sim, &sh->incoming.all[k]));
    for (int64_t k = 0; k < sources->n && code >= 0; k++)
        code = spikes_add(&sh->incoming, &sources->all[k]);
    for (int64_t k = 0; k < sh->incoming.n; k++)
        fetch_rows(sim, sh, &sh->incoming.all[k]);
    for (int64_t k = 0; k < sh->incoming.n && code >= 0; k++)
        code = launch_all(sim, sh, &sh->incoming.all[k], sh->sequence + k);
    sh->sequence += sh->incoming.n;
    return code;
}

static int compare_due(const void *a, const void *b) {
    const struct queue_entry *x = a, *y = b;
    if (x->sequence != y->sequence)
        return x->sequence < y->sequence ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

/* Entries nearly in order: insertion, and qsort where that would take long. */
static void sort_due(struct queue_entry *due, int64_t n) {
    int64_t moves = 8 * n + 64;
    for (int64_t k = 1; k < n; k++) {
        const struct queue_entry entry = due[k];
        int64_t j = k;
        for (; j > 0 && compare_due(&due[j - 1], &entry) > 0; j--, moves--)
            due[j] = due[j - 1];
        due[j] = entry;
        if (moves < 0) {
            qsort(due, (size_t)n, sizeof *due, compare_due);
            return;
        }
    }
}

/* Turns the spikes in flight that deliver in this window into slices of their rows. */
int flights_find_due(struct simulation *sim, struct shard *sh) {
    const struct queue_entry *popped;
    sh->n_slices = 0;
    if (kept_find_due(sim, sh) < 0)
        return EVSIM_NO_MEMORY;
    const int64_t n = queue_pop_tick(sh->flights, sh->tick, &popped);
    if (n < 0)
        return (int)n;
    while (sh->due_room < n) {
        const int code = shard_grow((void **)&sh->due, n, &sh->due_room, sizeof *sh->due);
        if (code < 0)
            return code;
    }
    if (n)
        memcpy(sh->due, popped, (size_t)n * sizeof *popped);
    sort_due(sh->due, n);
    if (rings_find_due(sim, sh) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < n; k++) {
        const struct queue_entry *e = &sh->due[k];
        const struct projection *p = sim->projections[e->kind];
        const int64_t end = row_end(p, sh->number, e->index);
        int64_t position = e->position;
        double offset;
        if (!p->delay_tick)
            position = end;
        else
            while (position < end && projection_arrival(p, position, e->since, e->offset,
                                                        sim->window, &offset) <= sh->tick)
                position++;
        if (GROW(sh->slices, sh->n_slices, sh->slices_room) < 0)
            return EVSIM_NO_MEMORY;
        sh->slices[sh->n_slices++] = (struct slice){.projection = p,
                                                    .n = position - e->position,
                                                    .first = e->position,
                                                    .tick = e->since,
                                                    .offset = e->offset,
                                                    .source = e->index};
        const struct spike s = {e->since, e->offset, p->emitter, e->index, 0};
        const int code = push_flight(sim, sh, p, e->sequence, &s, position, sh->tick + 1);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}
