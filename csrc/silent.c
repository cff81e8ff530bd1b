/* Spikes that change no rate, as those of neurons without reset: steps go on over them. See
 * journey.h.
 *
 * Such a neuron goes through the solution of a step from crossing to crossing: to its spike, to the
 * end of its refractory period, by time or by a condition, to the next spike.
 */
#include <math.h>
#include <stddef.h>

#include "journey.h"

#define JUST_AFTER 1e-9 /* of the rest of a step: a crossing has been confirmed there */

int silent_is(const struct journey *j, const struct member *m) {
    const struct population *p = population_of(j, m);
    const struct emitter *e = &j->sim->emitters[p->emitter];
    int is_silent = p->kernel->is_silent && !p->kernel->asks_inputs;
    for (int k = 0; k < e->n_projections && is_silent; k++) {
        const struct projection *q = j->sim->projections[e->projections[k]];
        is_silent = !q->is_post && !(j->sim->is_short && q->is_short);
    }
    return is_silent;
}

static void state_at(const struct journey *j, const struct member *m, int64_t i, double part,
                     double *x) {
    for (int s = 0; s < population_of(j, m)->kernel->n_states; s++)
        x[s] = joint_between(m, s, i, part);
}

/* A spike at an offset, confirmed at a part of the step just after it. */
static int spike_at(struct journey *j, struct member *m, uint32_t i, double offset, double part) {
    double x[MOST_STATES], since = -1.0;
    state_at(j, m, i, part, x);
    const struct cell cell = {.population = m->population, .i = i};
    struct evsim_walk walk = {.x = x, .offset = offset, .release = -1.0};
    walk.happened = EVSIM_HAPPENED_SPIKE;
    const int code =
        walk_happen(j->sim, j->sh, &cell, &walk, &j->sh->out[(j->sh->tick + 1) & 1], &since);
    m->active[i] = walk.release < 0.0 ? 1.0 : 0.0;
    return code;
}

/* The part of the step at which a refractory period ends by time; NO_PART where it does not. */
static double end_of_rest(const struct journey *j, const struct population *p, uint32_t i,
                          double length) {
    if (p->release_tick[i] == EVSIM_HELD || p->release_tick[i] > j->sh->tick)
        return NO_PART;
    const double part = (p->release_offset[i] - j->now) / length;
    return part > 0.0 ? part : 0.0;
}

static void let_go(struct member *m, struct population *p, uint32_t i) {
    m->active[i] = 1.0, p->release_tick[i] = -1;
}

/* What comes next for neuron i from `part` of the step on, which moves there. */
static int next_of(struct journey *j, struct member *m, uint32_t i, double length, double *part) {
    struct population *p = population_of(j, m);
    const struct evsim_cells *cells = cells_of(j, m);
    double slope;
    int32_t form;
    const double next = p->kernel->find(cells, i, &m->piece, *part, &form, &slope);
    if (!(next <= 1.0 && j->now + next * length < j->to)) { /* at the end: what comes next */
        *part = NO_PART;
        return EVSIM_OK;
    }
    const double after = next + JUST_AFTER * (1.0 - next);
    *part = after > *part ? after : *part;
    if (m->active[i] != 0.0)
        return spike_at(j, m, i, j->now + next * length, *part);
    let_go(m, p, i);
    return EVSIM_OK;
}

/* The same where the neuron rests: to the end of its period, where it may spike at once. */
static int end_rest(struct journey *j, struct member *m, uint32_t i, double length, double *part) {
    struct population *p = population_of(j, m);
    double x[MOST_STATES];
    const double end = end_of_rest(j, p, i, length);
    if (!(end <= 1.0 && j->now + end * length < j->to)) {
        *part = NO_PART;
        return EVSIM_OK;
    }
    const double offset = j->now + end * length;
    let_go(m, p, i);
    *part = end > *part ? end : *part;
    state_at(j, m, i, *part, x);
    return p->kernel->is_over(cells_of(j, m), i, x, offset) ? spike_at(j, m, i, offset, *part)
                                                            : EVSIM_OK;
}

static int follow_one(struct journey *j, struct member *m, uint32_t i, double length) {
    const struct population *p = population_of(j, m);
    int code = EVSIM_OK;
    for (double part = 0.0; part < 1.0 && code >= 0;) {
        const int is_resting = m->active[i] == 0.0 && p->release_tick[i] != EVSIM_HELD;
        code = (is_resting ? end_rest : next_of)(j, m, i, length, &part);
    }
    return code;
}

int silent_spikes(struct journey *j, struct member *m, double length) {
    struct population *p = population_of(j, m);
    if (!m->is_silent || !p->kernel->watch)
        return EVSIM_OK;
    const int64_t n = p->kernel->watch(cells_of(j, m), &m->piece, m->found);
    int code = EVSIM_OK;
    for (int64_t f = 0; f < n && code >= 0; f++)
        code = follow_one(j, m, m->found[f], length);
    for (int64_t i = 0; i < p->n && code >= 0 && !p->kernel->holds; i++)
        if (m->active[i] == 0.0 && end_of_rest(j, p, (uint32_t)i, length) <= 1.0)
            code = follow_one(j, m, (uint32_t)i, length);
    return code;
}
