/* One step on the grid, as clock-driven simulators take it: advance, test, deliver, reset.
 *
 * In step w, which stands for the time w*dt: samples show the states before the step; refractory
 * periods that are over end; all states advance by dt; neurons above threshold spike at (w, 0), and
 * so do the sources that have a spike in [w*dt, w*dt + dt); what is due in the step acts, zero
 * delays included; then the neurons that spiked are reset. In all code of the step, t is w*dt.
 * Delays are rounded to the nearest step, refractory periods down to whole steps, both as Brian
 * does it. For comparison with published figures and other simulators, not for accuracy.
 *
 * A step uses the shard's queues as the windows do, so that a simulation may change from one timing
 * to the other between runs. `incoming` holds the spikes of the step, sources first; `out[tick &
 * 1]` what an exact window before left to be taken in, and source spikes put off to this step.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "random.h"
#include "shard.h"
#include "unit.h"

#define SLACK 1e-3 /* of a step: a time so little before a step counts as in it */

/* Makes sure of room for n elements. */
#define ENSURE(array, n, room) GROW(array, (n) - 1, room)

static int not_finite(struct shard *sh, int32_t population, int64_t i) {
    return shard_fail(sh, EVSIM_NOT_FINITE, population, i, sh->tick, 0.0);
}

static void load(const struct population *p, int64_t i, double *x) {
    for (int s = 0; s < p->kernel->n_states; s++)
        x[s] = p->state[s][i];
}

static void store(struct population *p, int64_t i, const double *x) {
    for (int s = 0; s < p->kernel->n_states; s++)
        p->state[s][i] = x[s];
}

/* ---- samples ---- */

static int take_samples(const struct simulation *sim, const struct shard *sh) {
    for (int r = 0; r < sim->n_state_outputs; r++) {
        const struct state_output *o = &sim->state_outputs[r];
        const struct population *p = sim->populations[o->population];
        for (int place = 0; place < o->n_places[sh->tick & 1]; place++) {
            double *row = o->places[sh->tick & 1][place].row;
            if (!row)
                continue;
            if (o->projection >= 0 && note_synapses(sim, sh, o, 0.0, row, NULL, 0) < 0)
                return EVSIM_NO_MEMORY;
            for (int s = 0; s < o->n_states && o->projection < 0; s++)
                for (int64_t k = 0; k < o->n; k++)
                    *row++ = p->state[o->states[s]][o->indices[k]];
        }
    }
    return EVSIM_OK;
}

/* ---- spikes in flight ---- */

/* The step in which the synapse at `position` delivers a spike of (tick, offset). */
int64_t grid_arrival(const struct projection *p, int64_t position, int64_t tick, double offset,
                     double window) {
    const int32_t ticks = p->delay_tick ? p->delay_tick[position] : p->one_tick;
    const double rest = p->delay_offset ? p->delay_offset[position] : p->one_offset;
    return tick + (int64_t)floor((offset + (ticks * window + rest)) / window + 0.5);
}

/* The first position at or after `position` that delivers in `step` or later. */
static int64_t first_due(const struct projection *p, const struct queue_entry *spike,
                         int64_t position, int64_t step, double window) {
    const int64_t end = row_end(p, 0, spike->index);
    if (!p->delay_tick) {
        const int is_late =
            position < end && grid_arrival(p, position, spike->since, spike->offset, window) < step;
        return is_late ? end : position;
    }
    while (position < end && grid_arrival(p, position, spike->since, spike->offset, window) < step)
        position++;
    return position;
}

/* Puts a spike in flight with its deliveries from `position` on. */
static int fly(const struct simulation *sim, struct shard *sh, const struct projection *p,
               struct queue_entry spike, int64_t position) {
    if (position == row_end(p, 0, spike.index))
        return EVSIM_OK;
    spike.tick = grid_arrival(p, position, spike.since, spike.offset, sim->window);
    spike.position = position;
    return queue_push(sh->flights, &spike);
}

int grid_launch(struct simulation *sim, struct shard *sh, const struct projection *p,
                int64_t sequence, const struct spike *s, int64_t tick) {
    const struct queue_entry spike = {.offset = s->offset,
                                      .kind = (uint32_t)p->number,
                                      .index = s->index,
                                      .sequence = sequence,
                                      .since = s->tick};
    return fly(sim, sh, p, spike,
               first_due(p, &spike, row_begin(p, 0, s->index), tick, sim->window));
}

static int launch(struct simulation *sim, struct shard *sh, const struct spike *s) {
    const struct emitter *e = &sim->emitters[s->emitter];
    for (int k = 0; k < e->n_projections; k++) {
        const struct projection *p = sim->projections[e->projections[k]];
        const int code =
            projection_takes(p, s) ? grid_launch(sim, sh, p, sh->sequence, s, sh->tick) : EVSIM_OK;
        if (code < 0)
            return code;
    }
    sh->sequence++;
    return EVSIM_OK;
}

/* ---- the spikes of the step ---- */

/* The sources' spikes, one for each element at most. Spikes at the very end of the step are put
 * off. */
static int take_sources(struct simulation *sim, struct shard *sh) {
    const int parity = sh->tick & 1;
    const struct spikes *sources = &sim->source_out[parity];
    struct spikes *waiting = &sh->out[parity], *later = &sh->out[!parity];
    int code = EVSIM_OK;
    spikes_clear(&sh->incoming), spikes_clear(later);
    for (int64_t k = 0; k < waiting->n && code >= 0; k++)
        code = waiting->all[k].tick == sh->tick ? spikes_add(&sh->incoming, &waiting->all[k])
                                                : launch(sim, sh, &waiting->all[k]);
    spikes_clear(waiting);
    for (int64_t k = 0; k < sources->n && code >= 0; k++) {
        struct spike s = sources->all[k];
        const int is_late = s.offset >= (1.0 - SLACK) * sim->window;
        s.tick = sh->tick + is_late, s.offset = 0.0;
        code = spikes_add(is_late ? later : &sh->incoming, &s);
    }
    if (code < 0)
        return code;
    spikes_sort(&sh->incoming);
    int64_t kept = 0;
    for (int64_t k = 0; k < sh->incoming.n; k++) {
        const struct spike *s = &sh->incoming.all[k],
                           *last = kept ? &sh->incoming.all[kept - 1] : NULL;
        if (last && last->emitter == s->emitter && last->index == s->index)
            continue;
        sh->incoming.all[kept++] = *s;
    }
    sh->incoming.n = kept;
    return EVSIM_OK;
}

/* Adds neuron i to the spikes of the step if it is above threshold. */
static int test(struct shard *sh, struct population *p, uint32_t i, double *x) {
    load(p, i, x);
    double sum = 0.0;
    for (int s = 0; s < p->kernel->n_states; s++)
        sum += x[s] * 0.0;
    if (sum != 0.0)
        return not_finite(sh, p->number, i);
    const uint32_t holding =
        p->kernel->n_events ? p->kernel->conditions(&sh->views[p->number], i, x, 0.0) : 0;
    p->holding[i] = holding;
    for (int e = 0; e < p->kernel->n_events; e++) {
        const struct spike event = {sh->tick, 0.0, p->event_emitter[e], i, 0};
        if (holding >> e & 1 && spikes_add(&sh->incoming, &event) < 0)
            return EVSIM_NO_MEMORY;
    }
    if (EVSIM_IS_DORMANT(p->cells.slack[i]))
        return EVSIM_OK;
    const int is_over = p->kernel->is_over(&sh->views[p->number], i, x, 0.0);
    const struct spike spike = {sh->tick, 0.0, p->emitter, i, 0};
    return is_over ? spikes_add(&sh->incoming, &spike) : EVSIM_OK;
}

static int advance(struct simulation *sim, struct shard *sh) {
    for (int place = 0; place < sim->n_populations; place++) {
        const int k = sim->populations[place]->at_place;
        struct population *p = sim->populations[k];
        if (ENSURE(sh->found, p->n_padded, sh->found_room) < 0 ||
            ENSURE(sh->found_starts, p->n_padded * p->kernel->n_states, sh->found_starts_room) < 0)
            return EVSIM_NO_MEMORY;
        if (p->kernel->n_events)
            memset(p->holding, 0, (size_t)p->n_padded * sizeof *p->holding);
        unit_renew_inputs(sim, sh, k);
        const int64_t n =
            p->kernel->advance(&sh->views[k], 0, p->n_padded, 1, sh->found, sh->found_starts);
        for (int64_t f = 0; f < n && !p->kernel->asks_inputs; f++) {
            const int code = test(sh, p, sh->found[f], sh->found_starts);
            if (code < 0)
                return code;
        }
    }
    return EVSIM_OK;
}

/* Tests the neurons whose conditions name inputs, when all others have advanced. */
static int test_asking(struct simulation *sim, struct shard *sh) {
    for (int k = 0; k < sim->n_populations; k++) {
        struct population *p = sim->populations[k];
        if (!p->kernel->asks_inputs)
            continue;
        unit_renew_inputs(sim, sh, k);
        for (int64_t i = 0; i < p->n; i++) {
            const int code = test(sh, p, (uint32_t)i, sh->found_starts);
            if (code < 0)
                return code;
        }
    }
    return EVSIM_OK;
}

/* Whole steps from its spike on in which a neuron rests, that of the spike included, in a state.
 * Negative where its period is no number. */
static int64_t steps_of_rest(const struct shard *sh, const struct population *p, int64_t i,
                             const double *x) {
    const struct evsim_cells *cells = &sh->views[p->number];
    const int64_t k = i * p->refractory_step;
    const double given = p->refractory_tick[k] * cells->window + p->refractory_offset[k];
    const double period = p->kernel->rest ? p->kernel->rest(cells, i, x, 0.0) : given;
    const double steps = floor(period / cells->window + SLACK);
    if (!(steps < (double)INT32_MAX))
        return EVSIM_NOT_FINITE;
    return steps > 1.0 ? (int64_t)steps : 1;
}

static int is_resting_after_spikes(const struct population *p, int64_t i) {
    const int64_t k = i * p->refractory_step;
    return p->kernel->rest || p->kernel->holds || p->refractory_tick[k] > 0 ||
           p->refractory_offset[k] > 0.0;
}

/* Records the spikes of the step, sends them on their way, and lets the neurons rest. */
static int emit(struct simulation *sim, struct shard *sh) {
    for (int64_t k = 0; k < sh->incoming.n; k++) {
        const struct spike *s = &sh->incoming.all[k];
        const int32_t number = sim->emitters[s->emitter].population;
        struct population *p = number < 0 ? NULL : sim->populations[number];
        if (p && ENSURE(sh->starts, p->kernel->n_states, sh->starts_room) < 0)
            return EVSIM_NO_MEMORY;
        if (p)
            load(p, s->index, sh->starts);
        simulation_record_spike(sim, s, sh->starts);
        const int code = launch(sim, sh, s);
        if (code < 0)
            return code;
        if (!p || s->emitter != p->emitter)
            continue;
        p->last_tick[s->index] = s->tick, p->last_offset[s->index] = 0.0;
        if (is_resting_after_spikes(p, s->index))
            p->cells.slack[s->index] = EVSIM_DORMANT;
    }
    return EVSIM_OK;
}

/* ---- refractory neurons ---- */

static int set_timer(struct shard *sh, const struct population *p, int64_t i, int64_t tick) {
    const struct queue_entry timer = {
        .tick = tick, .kind = (uint32_t)p->number, .index = (uint32_t)i};
    return queue_push(sh->timers, &timer);
}

/* Ends the rest of the neurons whose time has come. Those of coupled populations that rest on are
 * taken through the step alone, from state to `starts`: what goes on in them sees what stands
 * still. */
static int wake(struct simulation *sim, struct shard *sh, const struct queue_entry *timers,
                int64_t n) {
    sh->n_starts = 0;
    for (int64_t k = 0; k < n; k++) {
        struct population *p = sim->populations[timers[k].kind];
        const uint32_t i = timers[k].index;
        if (p->release_tick[i] <= sh->tick) {
            p->release_tick[i] = -1, p->cells.slack[i] = 0.0;
            continue;
        }
        if (!p->is_coupled)
            continue;
        if (ENSURE(sh->starts, sh->n_starts + p->kernel->n_states, sh->starts_room) < 0)
            return EVSIM_NO_MEMORY;
        struct evsim_walk walk = {.x = sh->starts + sh->n_starts, .release = HUGE_VAL};
        load(p, i, walk.x);
        if (p->kernel->walk(&sh->views[p->number], i, &walk, NULL, 0, sim->window) < 0)
            return not_finite(sh, p->number, i);
        sh->n_starts += p->kernel->n_states;
    }
    return EVSIM_OK;
}

/* Ends the rest of a neuron that no condition holds any longer. */
static void let_go_one(struct shard *sh, struct population *p, int64_t i) {
    if (p->release_tick[i] != EVSIM_HELD)
        return;
    load(p, i, sh->starts);
    if (!p->kernel->holds(&sh->views[p->number], i, sh->starts, 0.0))
        p->release_tick[i] = -1, p->cells.slack[i] = 0.0;
}

/* A period of state variables is what it is now: the neuron rests as long as its spike is no
 * further back than that. */
static int rest_one(struct shard *sh, struct population *p, int64_t i) {
    if (p->last_tick[i] < 0)
        return EVSIM_OK;
    load(p, i, sh->starts);
    const int64_t steps = steps_of_rest(sh, p, i, sh->starts), end = p->last_tick[i] + steps;
    if (steps < 0)
        return not_finite(sh, p->number, i);
    const int64_t before = p->release_tick[i];
    p->release_tick[i] = end > sh->tick ? end : -1;
    p->release_offset[i] = 0.0;
    p->cells.slack[i] = end > sh->tick ? EVSIM_DORMANT : 0.0;
    return end > sh->tick && end != before ? set_timer(sh, p, i, end) : EVSIM_OK;
}

/* Ends and begins rests that follow from the states. */
static int let_go(struct simulation *sim, struct shard *sh) {
    for (int k = 0; k < sim->n_populations; k++) {
        struct population *p = sim->populations[k];
        if (!p->kernel->holds && (!p->kernel->rest || p->is_coupled))
            continue;
        if (ENSURE(sh->starts, p->kernel->n_states, sh->starts_room) < 0)
            return EVSIM_NO_MEMORY;
        for (int64_t i = 0; i < p->cells.n; i++) {
            if (p->kernel->holds)
                let_go_one(sh, p, i);
            const int code = p->kernel->holds ? EVSIM_OK : rest_one(sh, p, i);
            if (code < 0)
                return code;
        }
    }
    return EVSIM_OK;
}

static int put_back_resting(struct simulation *sim, struct shard *sh,
                            const struct queue_entry *timers, int64_t n) {
    const double *x = sh->starts;
    for (int64_t k = 0; k < n; k++) {
        struct population *p = sim->populations[timers[k].kind];
        const uint32_t i = timers[k].index;
        if (!p->is_coupled || p->release_tick[i] <= sh->tick)
            continue;
        store(p, i, x);
        x += p->kernel->n_states;
        const int code = set_timer(sh, p, i, sh->tick + 1);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}

/* What the custom events of the step do: before all deliveries. */
static int react(struct simulation *sim, struct shard *sh) {
    for (int64_t k = 0; k < sh->incoming.n; k++) {
        const struct spike *s = &sh->incoming.all[k];
        const int32_t number = sim->emitters[s->emitter].population;
        struct population *p = number < 0 ? NULL : sim->populations[number];
        for (int e = 0; p && e < p->kernel->n_events; e++) {
            if (p->event_emitter[e] != s->emitter)
                continue;
            if (ENSURE(sh->starts, p->kernel->n_states, sh->starts_room) < 0)
                return EVSIM_NO_MEMORY;
            load(p, s->index, sh->starts);
            const struct evsim_now now = {.last = cells_last_spike(&sh->views[number], s->index),
                                          .is_refractory =
                                              EVSIM_IS_DORMANT(p->cells.slack[s->index])};
            p->kernel->react(&sh->views[number], s->index, sh->starts, &now, e);
            store(p, s->index, sh->starts);
        }
    }
    return EVSIM_OK;
}

static int reset(struct simulation *sim, struct shard *sh) {
    for (int64_t k = 0; k < sh->incoming.n; k++) {
        const int32_t emitter = sh->incoming.all[k].emitter;
        const int32_t number = sim->emitters[emitter].population;
        if (number < 0 || sim->populations[number]->emitter != emitter)
            continue;
        struct population *p = sim->populations[number];
        const uint32_t i = sh->incoming.all[k].index;
        if (ENSURE(sh->starts, p->kernel->n_states, sh->starts_room) < 0)
            return EVSIM_NO_MEMORY;
        load(p, i, sh->starts);
        if (p->kernel->asks_inputs)
            unit_renew_inputs(sim, sh, number);
        p->kernel->reset(&sh->views[number], i, sh->starts, 0.0);
        store(p, i, sh->starts);
        p->release_offset[i] = 0.0;
        if (p->kernel->holds) {
            p->release_tick[i] = EVSIM_HELD;
            continue;
        }
        const int64_t steps = steps_of_rest(sh, p, i, sh->starts), release = sh->tick + steps;
        const int64_t rest = steps - 1;
        if (steps < 0)
            return not_finite(sh, p->number, i);
        p->release_tick[i] = rest ? release : -1;
        if (!rest)
            p->cells.slack[i] = 0.0;
        const int code = rest ? set_timer(sh, p, i, p->is_coupled ? sh->tick + 1 : release) : 0;
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}

/* ---- deliveries ---- */

static void add(struct population *p, int32_t port, int64_t i, double amount, int is_clamped) {
    if (!(is_clamped && EVSIM_IS_DORMANT(p->cells.slack[i])))
        p->state[port][i] += amount;
}

/* Whether the state loses what is added to it while the neuron is refractory. */
static int is_clamped(struct shard *sh, const struct population *p, int32_t port, int *out) {
    if (ENSURE(sh->starts, p->kernel->n_states, sh->starts_room) < 0)
        return EVSIM_NO_MEMORY;
    sh->starts[port] = 0.0;
    p->kernel->add(sh->starts, port, 1.0, 1);
    *out = sh->starts[port] == 0.0;
    return EVSIM_OK;
}

static int deliver_code(struct simulation *sim, struct shard *sh, struct population *target,
                        const struct slice *slice) {
    const struct projection *p = slice->projection;
    struct population *source = p->source_of ? sim->populations[p->source] : NULL;
    struct population *own = p->own < 0 ? NULL : sim->populations[p->own];
    const int n_states = target->kernel->n_states, n_pre = source ? source->kernel->n_states : 0;
    const int n_own = own ? own->kernel->n_states : 0;
    if (ENSURE(sh->starts, n_states + n_pre + n_own, sh->starts_room) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < slice->n; k++) {
        const int64_t position = slice_position(slice, k),
                      synapse = projection_synapse(p, position);
        const uint32_t i = p->target_of[position], from = source ? p->source_of[synapse] : 0;
        const int is_itself = source == target && from == i;
        load(target, i, sh->starts);
        struct evsim_now now = {.last = cells_last_spike(&sh->views[target->number], i),
                                .is_refractory = EVSIM_IS_DORMANT(target->cells.slack[i])};
        if (source) {
            now.pre = is_itself ? sh->starts : sh->starts + n_states;
            now.is_pre_refractory = EVSIM_IS_DORMANT(source->cells.slack[from]);
            now.pre_cells = &sh->views[source->number], now.pre_i = from;
            load(source, from, now.pre);
        }
        if (own) {
            now.own = sh->starts + n_states + n_pre;
            load(own, synapse, now.own);
        }
        if (p->code->asks_inputs)
            unit_renew_inputs(sim, sh, p->target);
        p->code->run(sh->starts, &sh->views[target->number], i, &now, p->variable, p->step,
                     projection_slot(p, synapse));
        if (own)
            store(own, synapse, now.own);
        if (source)
            store(source, from, now.pre);
        store(target, i, sh->starts);
    }
    return EVSIM_OK;
}

static int deliver(struct simulation *sim, struct shard *sh, const struct slice *slice) {
    const struct projection *p = slice->projection;
    struct population *target = sim->populations[p->target];
    for (int k = 0; k < p->n_ports; k++) {
        const struct port *port = &p->port[k];
        int clamped;
        if (is_clamped(sh, target, port->state, &clamped) < 0)
            return EVSIM_NO_MEMORY;
        for (int64_t s = 0; s < slice->n; s++) {
            const int64_t at = slice_position(slice, s);
            add(target, port->state, p->target_of[at], port->amount[at * port->step], clamped);
        }
    }
    return p->code ? deliver_code(sim, sh, target, slice) : EVSIM_OK;
}

static int compare_due(const void *a, const void *b) {
    const struct queue_entry *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

/* By the ranks of projections, then by spikes. */
static void sort_due(const struct simulation *sim, struct queue_entry *due, int64_t n) {
    for (int64_t k = 0; k < n; k++)
        due[k].kind = (uint32_t)sim->projections[due[k].kind]->rank;
    if (n)
        qsort(due, (size_t)n, sizeof *due, compare_due);
    for (int64_t k = 0; k < n; k++)
        due[k].kind = (uint32_t)sim->projections[due[k].kind]->at_rank;
}

/* Delivers what is due, by projection, then spike, then synapse. */
static int deliver_spikes(struct simulation *sim, struct shard *sh) {
    const struct queue_entry *popped;
    const int64_t n = queue_pop_tick(sh->flights, sh->tick, &popped);
    if (n < 0)
        return (int)n;
    if (ENSURE(sh->due, n, sh->due_room) < 0)
        return EVSIM_NO_MEMORY;
    if (n)
        memcpy(sh->due, popped, (size_t)n * sizeof *popped);
    sort_due(sim, sh->due, n);
    for (int64_t k = 0; k < n; k++) {
        const struct queue_entry *spike = &sh->due[k];
        const struct projection *p = sim->projections[spike->kind];
        const int64_t first = first_due(p, spike, spike->position, sh->tick, sim->window);
        const int64_t last = first_due(p, spike, first, sh->tick + 1, sim->window);
        const struct slice slice = {.projection = p, .n = last - first, .first = first};
        int code = deliver(sim, sh, &slice);
        if (code >= 0)
            code = fly(sim, sh, p, *spike, last);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}

/* Delivers what exact windows before have dealt out to this step, and what changes of delays left.
 */
static int deliver_rings(struct simulation *sim, struct shard *sh) {
    sh->n_slices = 0;
    if (kept_find_due(sim, sh) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < sh->n_slices; k++) {
        const int code = deliver(sim, sh, &sh->slices[k]);
        if (code < 0)
            return code;
    }
    for (int k = 0; k < sh->n_rings; k++) {
        if (!sh->rings[k].length)
            continue;
        struct bucket *b = &sh->rings[k].bucket[sh->tick & (sh->rings[k].length - 1)];
        const struct slice slice = {
            .projection = sim->projections[k], .n = b->n, .arrivals = b->all};
        const int code = deliver(sim, sh, &slice);
        if (code < 0)
            return code;
        b->n = 0;
    }
    return EVSIM_OK;
}

static int deliver_drive(struct simulation *sim, struct shard *sh, const struct drive *d) {
    struct population *p = sim->populations[d->target];
    const uint64_t key = random_object_key(sim->clock.seed, d->object);
    int clamped;
    if (is_clamped(sh, p, d->state, &clamped) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t i = d->start; i < d->stop; i++) {
        const int64_t n =
            drive_draw(d, key, &sim->clock, i, sh->tick, &sh->offsets, &sh->offsets_room);
        if (n < 0)
            return (int)n;
        if (n)
            add(p, d->state, i, (double)n * d->weight, clamped);
    }
    return EVSIM_OK;
}

/* ---- the step ---- */

int shard_grid_step(struct simulation *sim, struct shard *sh) {
    const struct queue_entry *timers;
    shard_look(sim, sh);
    for (int u = 0; u < sim->n_units; u++)
        unit_hold_inputs(sim, sh, &sim->units[u]);
    int code = take_samples(sim, sh);
    if (code >= 0)
        code = take_sources(sim, sh);
    if (code < 0)
        return code;
    const int64_t n_timers = queue_pop_tick(sh->timers, sh->tick, &timers);
    if (n_timers < 0)
        return (int)n_timers;
    code = let_go(sim, sh);
    if (code >= 0)
        code = wake(sim, sh, timers, n_timers);
    if (code >= 0)
        code = advance(sim, sh);
    if (code >= 0)
        code = test_asking(sim, sh);
    if (code >= 0)
        code = put_back_resting(sim, sh, timers, n_timers);
    if (code >= 0)
        code = emit(sim, sh);
    if (code >= 0)
        code = react(sim, sh);
    if (code >= 0)
        code = deliver_spikes(sim, sh);
    if (code >= 0)
        code = deliver_rings(sim, sh);
    for (int k = 0; k < sim->n_drives && code >= 0; k++)
        code = deliver_drive(sim, sh, &sim->drives[k]);
    return code < 0 ? code : reset(sim, sh);
}
