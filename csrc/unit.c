/* A unit's way through a window, from event to event. See journey.h. */
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "journey.h"
#include "kernel/tableau.h"
#include "kernel/tables.h"
#include "linear_unit.h"

#define SMALLEST_STEP 1e-14 /* of a window */

/* ---- one instant ---- */

int journey_touch(struct journey *j, int32_t population, uint32_t i) {
    if (GROW(j->touched, j->n_touched, j->touched_room) < 0)
        return EVSIM_NO_MEMORY;
    j->touched[j->n_touched++] = (struct due){.population = population, .i = i};
    return EVSIM_OK;
}

int journey_insert(struct journey *j, const struct due *d) {
    if (GROW(j->due, j->n_due, j->due_room) < 0)
        return EVSIM_NO_MEMORY;
    int64_t k = j->n_due++;
    for (; k > j->next && events_compare(&j->due[k - 1].event, &d->event) > 0; k--)
        j->due[k] = j->due[k - 1];
    j->due[k] = *d;
    return EVSIM_OK;
}

/* Runs event code on the state x of neuron i, and on that of the source neuron if it names one. */
static int run_at_ends(struct journey *j, const struct member *m, const struct evsim_event *e,
                       uint32_t i, double *x, struct evsim_now *now) {
    const struct projection *q = j->sim->projections[e->projection];
    if (!q->source_of) {
        e->code->run(x, cells_of(j, m), i, now, e->variable, e->step, e->slot);
        return EVSIM_OK;
    }
    const struct member *from = member_of(j->u, q->source);
    const uint32_t source = q->source_of[e->synapse];
    const int is_itself = from == m && source == i;
    const int n_states = population_of(j, from)->kernel->n_states;
    double pre[MOST_STATES];
    joint_state(j, from, from->x, source, pre);
    now->pre = is_itself ? x : pre;
    now->pre_cells = cells_of(j, from), now->pre_i = source;
    now->is_pre_refractory = from->active[source] == 0.0;
    e->code->run(x, cells_of(j, m), i, now, e->variable, e->step, e->slot);
    int is_changed = 0;
    for (int s = 0; s < n_states && !is_itself; s++) {
        is_changed |= from->x[s][source] != pre[s];
        from->x[s][source] = pre[s];
    }
    return is_changed ? journey_touch(j, q->source, source) : EVSIM_OK;
}

/* The same on the integrated variables of the synapse too, and with what links add up to. */
static int run_code(struct journey *j, const struct member *m, const struct evsim_event *e,
                    uint32_t i, double *x, struct evsim_now *now) {
    const struct projection *q = j->sim->projections[e->projection];
    const struct member *own = q->own < 0 ? NULL : member_of(j->u, q->own);
    double states[MOST_STATES];
    now->own = states;
    if (own)
        joint_state(j, own, own->x, e->synapse, states);
    if (e->code->asks_inputs)
        joint_sums(j, j->now, AT_START);
    const int code = run_at_ends(j, m, e, i, x, now);
    if (!own || code < 0)
        return code;
    for (int s = 0; s < population_of(j, own)->kernel->n_states; s++)
        own->x[s][e->synapse] = states[s];
    return journey_touch(j, q->own, (uint32_t)e->synapse);
}

int journey_deliver(struct journey *j, const struct due *d) {
    const struct member *m = member_of(j->u, d->population);
    const struct population *p = population_of(j, m);
    const struct evsim_cells *cells = cells_of(j, m);
    const int is_refractory = m->active[d->i] == 0.0;
    const struct evsim_event *e = &d->event;
    int code = EVSIM_OK;
    double x[MOST_STATES];
    joint_state(j, m, m->x, d->i, x);
    if (e->port >= 0)
        p->kernel->add(x, e->port, e->amount, is_refractory);
    else {
        const double last = p->last_tick[d->i] < 0
                                ? -HUGE_VAL
                                : cells->begin +
                                      (double)(p->last_tick[d->i] - cells->tick) * cells->window +
                                      p->last_offset[d->i];
        struct evsim_now now = {.offset = j->now, .last = last, .is_refractory = is_refractory};
        code = run_code(j, m, e, d->i, x, &now);
    }
    for (int s = 0; s < p->kernel->n_states; s++)
        m->x[s][d->i] = x[s];
    return code < 0 ? code : journey_touch(j, d->population, d->i);
}

/* Ends refractory periods that are over. */
static int release(struct journey *j) {
    EACH_MEMBER(m, j->u) {
        struct population *p = population_of(j, m);
        for (int64_t i = 0; i < p->n; i++) {
            if (m->active[i] != 0.0 || p->release_tick[i] == EVSIM_HELD)
                continue;
            if (population_is_refractory(p, i, j->sh->tick, j->now))
                continue;
            m->active[i] = 1.0, p->release_tick[i] = -1;
            if (journey_touch(j, m->population, (uint32_t)i) < 0)
                return EVSIM_NO_MEMORY;
        }
    }
    return EVSIM_OK;
}

static int compare_spikes(const void *a, const void *b) {
    const struct spike *x = a, *y = b;
    if (x->emitter != y->emitter)
        return x->emitter < y->emitter ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

/* A change anywhere concerns all neurons whose conditions name what links add up to. */
static int touch_asking(struct journey *j) {
    if (!j->u->asks_inputs || !j->n_touched)
        return EVSIM_OK;
    joint_sums(j, j->now, AT_START);
    EACH_MEMBER(m, j->u) {
        const struct population *p = population_of(j, m);
        for (int64_t i = 0; i < p->n && p->kernel->asks_inputs; i++)
            if (journey_touch(j, m->population, (uint32_t)i) < 0)
                return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

/* The neuron that noise has taken across its threshold. */
static int take_crossed(struct journey *j) {
    if (!j->crossed)
        return EVSIM_OK;
    if (GROW(j->spikes, j->n_spikes, j->spikes_room) < 0)
        return EVSIM_NO_MEMORY;
    const int32_t emitter = population_of(j, j->crossed)->emitter;
    j->spikes[j->n_spikes++] = (struct spike){j->sh->tick, j->now, emitter, j->crossed_i, 0};
    j->crossed = NULL;
    return EVSIM_OK;
}

/* Tests the neurons touched; those over their threshold are the spikes of this round. */
int journey_test(struct journey *j) {
    j->n_spikes = 0;
    if (touch_asking(j) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < j->n_touched; k++) {
        struct member *m = member_of(j->u, j->touched[k].population);
        struct population *p = population_of(j, m);
        const uint32_t i = j->touched[k].i;
        double x[MOST_STATES], sum = 0.0;
        joint_state(j, m, m->x, i, x);
        for (int s = 0; s < p->kernel->n_states; s++)
            sum += x[s] * 0.0;
        if (sum != 0.0)
            return shard_fail(j->sh, EVSIM_NOT_FINITE, p->number, i, j->sh->tick, j->now);
        if (m->active[i] == 0.0 && p->release_tick[i] == EVSIM_HELD &&
            !p->kernel->holds(cells_of(j, m), i, x, j->now))
            m->active[i] = 1.0, p->release_tick[i] = -1;
        if (m->active[i] == 0.0 || !p->kernel->has_threshold ||
            !p->kernel->is_over(cells_of(j, m), i, x, j->now))
            continue;
        if (GROW(j->spikes, j->n_spikes, j->spikes_room) < 0)
            return EVSIM_NO_MEMORY;
        j->spikes[j->n_spikes++] = (struct spike){j->sh->tick, j->now, p->emitter, i, 0};
    }
    if (take_crossed(j) < 0)
        return EVSIM_NO_MEMORY;
    j->n_touched = 0;
    if (j->n_spikes)
        qsort(j->spikes, (size_t)j->n_spikes, sizeof *j->spikes, compare_spikes);
    int64_t kept = 0;
    for (int64_t k = 0; k < j->n_spikes; k++)
        if (!kept || compare_spikes(&j->spikes[kept - 1], &j->spikes[k]))
            j->spikes[kept++] = j->spikes[k];
    j->n_spikes = kept;
    return EVSIM_OK;
}

/* Deliveries of a spike within this window; their targets are in the unit. */
static int deliver_short(struct journey *j, const struct spike *spike, int32_t round) {
    const struct emitter *e = &j->sim->emitters[spike->emitter];
    for (int k = 0; k < e->n_projections; k++) {
        const struct projection *p = j->sim->projections[e->projections[k]];
        if (!p->is_post && !(j->sim->is_short && p->is_short))
            continue;
        const int64_t end = row_end(p, 0, spike->index);
        for (int64_t at = row_begin(p, 0, spike->index); at < end; at++) {
            double offset;
            if (projection_arrival(p, at, spike->tick, spike->offset, j->sim->window, &offset) >
                spike->tick)
                break;
            const int64_t first = j->sh->n_local;
            const int32_t next = offset == spike->offset ? round + 1 : 0;
            int code = events_note_local(j->sh, p, at, offset, next);
            for (int64_t n = first; n < j->sh->n_local && code >= 0; n++) {
                const struct due d = {j->sh->local[n].event, p->target, p->target_of[at]};
                code = journey_insert(j, &d);
            }
            if (code < 0)
                return code;
        }
    }
    return EVSIM_OK;
}

int journey_spike(struct journey *j, const struct spike *spike, int32_t round) {
    struct member *m = member_of(j->u, j->sim->emitters[spike->emitter].population);
    struct population *p = population_of(j, m);
    double x[MOST_STATES], since = -1.0;
    joint_state(j, m, m->x, spike->index, x);
    const struct cell cell = {.population = m->population, .i = spike->index};
    struct evsim_walk walk = {.x = x, .offset = j->now, .release = -1.0};
    walk.happened = EVSIM_HAPPENED_SPIKE;
    const int code =
        walk_happen(j->sim, j->sh, &cell, &walk, &j->sh->out[(j->sh->tick + 1) & 1], &since);
    if (code < 0)
        return code;
    for (int s = 0; s < p->kernel->n_states; s++)
        m->x[s][spike->index] = x[s];
    m->active[spike->index] = walk.release < 0.0 ? 1.0 : 0.0;
    return deliver_short(j, spike, round);
}

static int64_t most_rounds(const struct journey *j) {
    int64_t most = 1000;
    EACH_MEMBER(m, j->u) most += m->n_padded;
    return most;
}

/* All that happens at this instant, round by round. */
static int do_instant(struct journey *j) {
    j->at = j->sh->views[j->u->members->population].begin + j->now;
    int code = release(j);
    const int64_t most = most_rounds(j);
    for (int32_t round = 0; code >= 0; round++) {
        for (; j->next < j->n_due && j->due[j->next].event.offset <= j->now && code >= 0;
             j->next++) {
            if (j->due[j->next].event.round > round)
                break;
            code = journey_deliver(j, &j->due[j->next]);
        }
        if (code >= 0)
            code = journey_test(j);
        for (int64_t k = 0; k < j->n_spikes && code >= 0; k++)
            code = journey_spike(j, &j->spikes[k], round);
        if (round > most && code >= 0) {
            const struct spike *s = &j->spikes[0];
            return shard_fail(j->sh, EVSIM_ENDLESS, j->sim->emitters[s->emitter].population,
                              s->index, j->sh->tick, j->now);
        }
        if (j->next == j->n_due || j->due[j->next].event.offset > j->now)
            break;
    }
    return code;
}

/* ---- between instants ---- */

/* The next switch of functions of time in links, if it comes before `stop`. */
static double next_switch(const struct journey *j, double stop) {
    const double begin = j->sh->views[j->u->members->population].begin;
    for (int k = 0; k < j->u->n_links; k++) {
        const struct link *l = j->u->links[k];
        for (int v = 0; v < l->n_variables; v++) {
            if (!l->is_table[v])
                continue;
            const struct evsim_table *table = (const struct evsim_table *)l->variable[v];
            const double next = evsim_sooner(table, begin + j->now, HUGE_VAL) - begin;
            stop = next > j->now && next < stop ? next : stop;
        }
    }
    return stop;
}

/* Where the next thing is due. */
static double next_stop(const struct journey *j, double to) {
    double stop = to;
    if (j->next < j->n_due && j->due[j->next].event.offset < stop)
        stop = j->due[j->next].event.offset;
    EACH_MEMBER(m, j->u) {
        const struct population *p = population_of(j, m);
        const struct evsim_cells *cells = cells_of(j, m);
        for (int64_t i = 0; i < p->n && !m->is_silent; i++)
            if (m->active[i] == 0.0 && p->release_tick[i] == j->sh->tick &&
                p->release_offset[i] < stop)
                stop = p->release_offset[i];
        if (!p->kernel->next_switch)
            continue;
        const double next = p->kernel->next_switch(cells, cells->begin + j->now) - cells->begin;
        stop = next > j->now && next < stop ? next : stop;
    }
    for (int k = 0; k < j->u->n_in; k++) {
        const double end = course_next_end(j->u->in[k], j->now);
        stop = end > j->now && end < stop ? end : stop;
    }
    return next_switch(j, stop);
}

/* Samples of the unit's neurons, and of the synapses that end on them, in [now, now + h). */
static int take_samples(struct journey *j, double h) {
    for (int r = 0; r < j->sim->n_state_outputs; r++) {
        const struct state_output *o = &j->sim->state_outputs[r];
        const struct member *m = member_of(j->u, o->population);
        for (int k = 0; k < o->n_places[j->sh->tick & 1] && m; k++) {
            const struct sample_place *place = &o->places[j->sh->tick & 1][k];
            if (!place->row || place->at < j->now || place->at >= j->now + h)
                continue;
            if (o->projection >= 0 &&
                note_synapses(j->sim, j->sh, o, place->at, place->row, NULL, 0) < 0)
                return EVSIM_NO_MEMORY;
            for (int s = 0; s < o->n_states && o->projection < 0; s++)
                for (int64_t n = 0; n < o->n; n++)
                    place->row[s * o->n + n] =
                        joint_between(m, o->states[s], o->indices[n], (place->at - j->now) / h);
        }
    }
    return EVSIM_OK;
}

/* What the links to later units add up to over the step just made. */
static int leave_courses(struct journey *j, double length, double end) {
    for (int k = 0; k < j->u->n_out; k++) {
        struct link *l = j->u->out[k];
        const struct member *m = member_of(j->u, l->source);
        const int n_states = population_of(j, m)->kernel->n_states;
        const int code = course_add(l, m, n_states, m->piece.t, length, end);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}

int journey_fail(struct journey *j) {
    EACH_MEMBER(m, j->u) {
        const struct population *p = population_of(j, m);
        for (int s = 0; s < p->kernel->n_states; s++)
            for (int64_t i = 0; i < p->n; i++)
                if (m->next[s][i] * 0.0 != 0.0)
                    return shard_fail(j->sh, EVSIM_NOT_FINITE, p->number, i, j->sh->tick, j->now);
    }
    return shard_fail(j->sh, EVSIM_NOT_FINITE, j->u->members->population, 0, j->sh->tick, j->now);
}

/* What the step of this length, up to `end`, leaves behind: samples, courses, silent spikes. */
static int finish_step(struct journey *j, double length, double end) {
    int code = take_samples(j, length);
    if (code >= 0)
        code = leave_courses(j, length, end);
    EACH_MEMBER(m, j->u) {
        if (code >= 0)
            code = silent_spikes(j, m, length);
    }
    return code;
}

/* The next step of a unit without noise, from x to next, of at most `rest`. Returns its length, up
 * to a crossing if there is one; 0 where the step was not good enough, negative where none can be.
 */
static double steady_step(struct journey *j, double rest, struct crossing *c) {
    double h = j->step > 0.0 && j->step < rest ? j->step : rest;
    h = h < rest && h > 0.6 * rest ? 0.6 * rest : h;
    const double error = joint_step(j, h);
    if (!(h == rest && error <= 1.0 && j->step > rest)) /* one that was cut says little */
        j->step = h * (error < HUGE_VAL ? pair_growth(error) : 0.15);
    if (!(error <= 1.0))
        return h > SMALLEST_STEP * j->sim->window ? 0.0 : journey_fail(j);
    joint_bend(j);
    if (j->u->asks_inputs)
        joint_nodes(j, h);
    *c = joint_crossing(j);
    if (c->part > 1.0)
        return h;
    const double length = joint_cut(j, c, h);
    joint_bend(j);
    if (!(length < h))
        c->part = NO_PART;
    return length;
}

/* Steps to `stop`, or to what happens before. */
static int move(struct journey *j, double stop) {
    j->at = j->sh->views[j->u->members->population].begin + 0.5 * (j->now + stop);
    EACH_MEMBER(m, j->u)
    m->piece.middle = j->sh->views[m->population].begin + 0.5 * (j->now + stop);
    j->has_first = 0;
    while (j->now < stop) {
        const double rest = stop - j->now;
        struct crossing c = {.part = NO_PART};
        const double length = j->u->is_noisy ? noisy_step(j, rest, &c) : steady_step(j, rest, &c);
        if (length < 0.0)
            return (int)length;
        if (length == 0.0 && c.part > 1.0)
            continue;
        const double end = length < rest ? j->now + length : stop;
        const int code = finish_step(j, length, end);
        if (code < 0)
            return code;
        joint_accept(j);
        j->now = end;
        if (c.part <= 1.0)
            return journey_touch(j, c.member->population, c.i);
    }
    return EVSIM_OK;
}

static int collect(struct journey *j, double from) {
    for (int64_t c = 0; c < j->sh->n_cells; c++) {
        const struct cell *cell = &j->sh->cells[c];
        if (!member_of(j->u, cell->population))
            continue;
        for (int64_t k = 0; k < cell->n_events; k++) {
            const struct due d = {j->sh->sorted[cell->first_event + k], cell->population, cell->i};
            if (d.event.offset >= from && journey_insert(j, &d) < 0)
                return EVSIM_NO_MEMORY;
        }
    }
    EACH_MEMBER(m, j->u) {
        const struct population *p = population_of(j, m);
        for (int64_t i = 0; i < p->n; i++)
            m->active[i] = !population_is_refractory(p, i, j->sh->tick, from);
        m->is_silent = !j->u->is_noisy && silent_is(j, m);
        for (int64_t i = 0; i < m->n_padded && m->origin; i++)
            m->origin[i] = from;
    }
    return EVSIM_OK;
}

static void settle(struct journey *j) {
    EACH_MEMBER(m, j->u) {
        struct population *p = population_of(j, m);
        for (int64_t i = 0; i < p->n; i++)
            p->cells.slack[i] = m->active[i] != 0.0 ? 0.0 : EVSIM_DORMANT;
    }
}

/* Shows the courses to a population that goes alone. */
static void show_courses(struct shard *sh, struct unit *u) {
    struct member *m = u->members;
    for (int k = 0; k < u->n_in; k++)
        m->course[u->in[k]->input] = course_view(u->in[k]);
    sh->views[m->population].course = m->course;
    sh->views[m->population].input = NULL;
}

int unit_run(struct simulation *sim, struct shard *sh, struct unit *u, double from, double to) {
    if (u->is_free) {
        show_courses(sh, u);
        return EVSIM_OK;
    }
    if (u->linear)
        return linear_unit_run(sim, sh, u, from, to);
    double *step = &sim->populations[u->members->population]->step;
    struct journey j = {.sim = sim, .sh = sh, .u = u, .now = from, .step = *step, .to = to};
    for (int k = 0; k < u->n_out; k++)
        course_begin(u->out[k], from);
    int code = collect(&j, from);
    EACH_MEMBER(m, u) sh->views[m->population].input = m->input;
    for (;;) {
        if (code >= 0)
            code = do_instant(&j);
        if (code < 0 || j.now >= to)
            break;
        code = move(&j, next_stop(&j, to));
        if (j.now >= to) { /* what happens at the end itself belongs to what comes next */
            break;
        }
    }
    if (code >= 0)
        settle(&j);
    *step = j.step;
    free(j.due), free(j.touched), free(j.spikes);
    return code;
}

/* What one link adds up to in the present states. */
static void hold_link(const struct simulation *sim, double t, struct link *l, double *out) {
    double *const *from = sim->populations[l->source]->state;
    double *const *to = sim->populations[l->target]->state;
    double *const *own = l->own < 0 ? NULL : sim->populations[l->own]->state;
    if (l->rows)
        rows_add(l, from, t, out);
    else
        l->table->add(from, to, own, t, t, l->n, l->i, l->j, l->variable, l->step, out);
}

void unit_hold_inputs(struct simulation *sim, struct shard *sh, struct unit *u) {
    EACH_MEMBER(m, u) {
        for (int k = 0; m->input[k]; k++)
            memset(m->input[k], 0, (size_t)m->n_padded * sizeof(double));
        sim->populations[m->population]->cells.input = m->input;
        sh->views[m->population].input = m->input;
        for (int k = 0; k < u->n_links + u->n_in; k++) {
            struct link *l = k < u->n_links ? u->links[k] : u->in[k - u->n_links];
            if (l->target == m->population && l->table && !l->is_resting)
                hold_link(sim, sh->views[l->target].begin, l, m->input[l->input]);
        }
    }
}

void unit_renew_inputs(const struct simulation *sim, const struct shard *sh, int32_t population) {
    const int32_t unit = sim->populations[population]->unit;
    for (int k = 0; k < sim->n_links; k++) {
        struct link *l = sim->links[k];
        struct population *to = sim->populations[l->target];
        if (!l->is_direct || l->is_resting || !to->cells.input ||
            (l->target != population && (!unit || to->unit != unit)))
            continue;
        memset(to->cells.input[l->input], 0, (size_t)to->n_padded * sizeof(double));
        hold_link(sim, sh->views[l->target].begin, l, to->cells.input[l->input]);
    }
}
