/* Records: spikes into the spike records, room for the samples of a window, the spikes of sources.
 */
#include <math.h>
#include <stdlib.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"

/* The states of its neuron at a spike that a shard has made in a window; NULL if nobody asks. */
const double *simulation_seen(const struct simulation *sim, const struct spike *spike) {
    const int32_t population = sim->emitters[spike->emitter].population;
    if (population < 0 || !sim->populations[population]->is_seen)
        return NULL;
    int s = 0;
    while (spike->index >= sim->shards[s].last[population])
        s++;
    return sim->shards[s].out[(spike->tick + 1) & 1].seen + spike->seen;
}

static int record_seen(struct spike_output *o, const double *x) {
    double *row = record_samples_append(o->values);
    if (!row)
        return EVSIM_NO_MEMORY;
    for (int s = 0; s < o->n_states; s++)
        row[s] = x[o->states[s]];
    return EVSIM_OK;
}

void simulation_record_spike(struct simulation *sim, const struct spike *spike, const double *x) {
    if (spike->tick == sim->seen_tick && spike->offset < sim->seen)
        return;
    const struct emitter *e = &sim->emitters[spike->emitter];
    for (int k = 0; k < e->n_records; k++) {
        struct spike_output *o = &sim->spike_outputs[e->records[k]];
        if (spike->index < o->start || spike->index >= o->stop)
            continue;
        const uint32_t index = spike->index - (uint32_t)o->start;
        int code = o->n_states ? record_seen(o, x) : EVSIM_OK;
        if (code >= 0)
            code = record_spikes_append(o->record, spike->tick, spike->offset, index);
        if (code < 0)
            sim->record_code = code;
    }
}

/* When sample k is due: its tick, and its offset in it. */
static int64_t sample_instant(const struct simulation *sim, int64_t k, double dt, double *offset) {
    const double time = (double)k * dt, error = fma((double)k, dt, -time);
    double tick = rint(time / sim->window);
    double rest = fma(-tick, sim->window, time) + error;
    if (fabs(rest) <= 8e-16 * time)
        rest = 0.0;
    if (rest < 0.0)
        rest += sim->window, tick -= 1.0;
    const double grid = sim->clock.dt, point = rint(rest / grid) * grid;
    if (sim->clock.steps > 1 && fabs(rest - point) <= 8e-16 * time)
        rest = point; /* as runs that end there */
    if (rest >= sim->window)
        rest = 0.0, tick += 1.0;
    *offset = rest;
    return (int64_t)tick;
}

static int add_place(struct state_output *o, int parity, double at, double *row) {
    if (o->n_places[parity] == o->places_room[parity]) {
        const int64_t room = 2 * o->places_room[parity] + 1;
        struct sample_place *more = reallocate(o->places[parity], (size_t)room, sizeof *more);
        if (!more)
            return EVSIM_NO_MEMORY;
        o->places[parity] = more, o->places_room[parity] = room;
    }
    o->places[parity][o->n_places[parity]++] = (struct sample_place){at, row};
    return EVSIM_OK;
}

/* Whether sample k is due in [from, to) of window `tick`, -1 before or 1 after that; `at` is when.
 */
static int compare_sample(const struct simulation *sim, const struct state_output *o, int64_t k,
                          int64_t tick, double from, double to, double *at) {
    const int64_t due = sample_instant(sim, k, o->dt, at);
    if (due < tick || (due == tick && *at < from))
        return -1;
    return due > tick || *at >= to;
}

/* Makes room for the samples due in [from, to) of a window. Those that are in the record already,
 * because a run has ended in the window, have a place without a row: neurons are followed from one
 * to the next, so what came before must be the same for the same bits. */
int simulation_prepare_samples(struct simulation *sim, int64_t tick, double from, double to) {
    const int parity = tick & 1;
    for (int r = 0; r < sim->n_state_outputs; r++) {
        struct state_output *o = &sim->state_outputs[r];
        double at;
        o->n_places[parity] = 0;
        while (compare_sample(sim, o, o->next, tick, from, to, &at) < 0)
            o->next++;
        int64_t k = o->next;
        while (k > o->first && compare_sample(sim, o, k - 1, tick, from, to, &at) == 0)
            k--;
        for (; compare_sample(sim, o, k, tick, from, to, &at) == 0; k++) {
            const int is_new = k == o->next;
            double *row = is_new ? record_samples_append(o->record) : NULL;
            if ((is_new && !row) || add_place(o, parity, at, row) < 0)
                return EVSIM_NO_MEMORY;
            o->next += is_new;
        }
    }
    return EVSIM_OK;
}

/* Draws the sources' spikes of a window. */
int simulation_prepare_sources(struct simulation *sim, int64_t tick) {
    struct spikes *out = &sim->source_out[tick & 1];
    int code = EVSIM_OK;
    spikes_clear(out);
    for (int e = 0; e < sim->n_emitters && code >= 0; e++) {
        const struct emitter *emitter = &sim->emitters[e];
        if (emitter->poisson)
            code = poisson_draw(emitter->poisson, &sim->clock, tick, out);
        else if (emitter->train)
            code = train_draw(emitter->train, tick, out);
    }
    spikes_sort(out);
    return code;
}

/* Records what the shards have made of window `tick` in [from, ...) and not yet handed on. */
void simulation_record_out(struct simulation *sim, int64_t tick, double from) {
    const int parity = (tick + 1) & 1;
    struct spikes all = {0};
    int code = EVSIM_OK;
    for (int s = 0; s < sim->n_shards; s++)
        for (int64_t k = 0; k < sim->shards[s].out[parity].n && code >= 0; k++)
            code = spikes_add(&all, &sim->shards[s].out[parity].all[k]);
    spikes_sort(&all);
    for (int64_t k = 0; k < all.n; k++)
        if (all.all[k].offset >= from)
            simulation_record_spike(sim, &all.all[k], simulation_seen(sim, &all.all[k]));
    if (code < 0)
        sim->record_code = code;
    spikes_free(&all);
}

void simulation_record_sources(struct simulation *sim, double from, double to) {
    const struct spikes *sources = &sim->source_out[sim->tick & 1];
    for (int64_t k = 0; k < sources->n; k++)
        if (sources->all[k].offset >= from && sources->all[k].offset < to)
            simulation_record_spike(sim, &sources->all[k], NULL);
}
