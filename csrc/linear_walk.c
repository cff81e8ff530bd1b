/* A component of a linear unit through a window, from event to event. See linear_unit.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "journey.h"
#include "linear_unit.h"

/* The way of one component; `x` are its states, the first of its coefficients. */
struct trip {
    struct journey j;
    struct linear_unit *l;
    const struct component *c;
    int32_t number;
    double *x, *columns;
};

#define EACH_CELL(cell, c)                                                                         \
    for (const struct linear_cell *cell = (c)->cells; cell < (c)->cells + (c)->n_cells; cell++)

static struct member *member_at(const struct trip *t, const struct linear_cell *cell) {
    return &t->j.u->members[cell->member];
}

static void take_states(struct trip *t) {
    EACH_CELL(cell, t->c) {
        const struct member *m = member_at(t, cell);
        for (int32_t s = 0; s < cell->n_states; s++) {
            const int32_t r = cell->first + s;
            t->x[r] = m->x[s][cell->i];
            t->l->stands[r] = t->c->is_clamped[r] && m->active[cell->i] == 0.0;
        }
    }
}

static void give_states(struct trip *t) {
    EACH_CELL(cell, t->c) {
        const struct member *m = member_at(t, cell);
        for (int32_t s = 0; s < cell->n_states; s++)
            m->x[s][cell->i] = t->x[cell->first + s];
    }
}

/* ---- one instant ---- */

static int release(struct trip *t) {
    struct journey *j = &t->j;
    EACH_CELL(cell, t->c) {
        struct member *m = member_at(t, cell);
        struct population *p = population_of(j, m);
        if (m->active[cell->i] != 0.0 || p->release_tick[cell->i] == EVSIM_HELD ||
            population_is_refractory(p, cell->i, j->sh->tick, j->now))
            continue;
        m->active[cell->i] = 1.0, p->release_tick[cell->i] = -1;
        if (journey_touch(j, m->population, cell->i) < 0)
            return EVSIM_NO_MEMORY;
    }
    return EVSIM_OK;
}

static int is_due(const struct journey *j, int32_t round) {
    return j->next < j->n_due && j->due[j->next].event.offset <= j->now &&
           j->due[j->next].event.round <= round;
}

/* The spikes of the first round are given, where cells have crossed; nothing else is due then. */
static int first_round(struct trip *t, int has_crossed) {
    if (has_crossed)
        return EVSIM_OK;
    t->j.n_spikes = 0;
    return release(t);
}

static int do_instant(struct trip *t, int has_crossed) {
    struct journey *j = &t->j;
    int code = first_round(t, has_crossed);
    for (int32_t round = 0; code >= 0; round++) {
        const int is_given = has_crossed && round == 0;
        for (; !is_given && code >= 0 && is_due(j, round); j->next++)
            code = journey_deliver(j, &j->due[j->next]);
        if (code >= 0 && !is_given)
            code = journey_test(j);
        for (int64_t k = 0; k < j->n_spikes && code >= 0; k++)
            code = journey_spike(j, &j->spikes[k], round);
        if (code >= 0 && round > 1000 + t->c->n_cells)
            return shard_fail(j->sh, EVSIM_ENDLESS,
                              j->sim->emitters[j->spikes[0].emitter].population, j->spikes[0].index,
                              j->sh->tick, j->now);
        if (j->next == j->n_due || j->due[j->next].event.offset > j->now)
            break;
    }
    return code;
}

/* ---- between instants ---- */

/* The next event that is known of, or the end of the window. */
static double next_stop(const struct trip *t) {
    const struct journey *j = &t->j;
    double stop = j->sim->window;
    if (j->next < j->n_due && j->due[j->next].event.offset < stop)
        stop = j->due[j->next].event.offset;
    EACH_CELL(cell, t->c) {
        const struct member *m = member_at(t, cell);
        const struct population *p = population_of(j, m);
        if (m->active[cell->i] == 0.0 && p->release_tick[cell->i] == j->sh->tick &&
            p->release_offset[cell->i] < stop)
            stop = p->release_offset[cell->i];
    }
    return stop;
}

/* The cells that cross first in a step, at the part that is returned: the spikes of that instant.
 */
static double first_crossing(struct trip *t, int degree, int *code) {
    struct journey *j = &t->j;
    double first = 1.0;
    j->n_spikes = 0;
    EACH_CELL(cell, t->c) {
        const struct member *m = member_at(t, cell);
        if (!cell->form || m->active[cell->i] == 0.0)
            continue;
        const double part = taylor_crossing(t->c, t->x, degree, cell);
        if (part >= 1.0 || part > first)
            continue;
        if (part < first)
            j->n_spikes = 0;
        first = part;
        if (GROW(j->spikes, j->n_spikes, j->spikes_room) < 0) {
            *code = EVSIM_NO_MEMORY;
            return 1.0;
        }
        const int32_t emitter = population_of(j, m)->emitter;
        j->spikes[j->n_spikes++] = (struct spike){j->sh->tick, 0.0, emitter, cell->i, 0};
    }
    return first;
}

static int advance(struct trip *t, int degree, double u) {
    double sum = 0.0;
    for (int32_t r = 0; r < t->c->n_states; r++) {
        t->columns[r] = taylor_at(t->c, t->x, degree, r, u);
        sum += t->columns[r] * 0.0;
    }
    memcpy(t->x, t->columns, (size_t)t->c->n_states * sizeof *t->x);
    if (sum == 0.0)
        return EVSIM_OK;
    int32_t r = 0;
    while (t->x[r] * 0.0 == 0.0)
        r++;
    const struct linear_cell *cell = &t->c->cells[t->c->cell_of[r]];
    return shard_fail(t->j.sh, EVSIM_NOT_FINITE, member_at(t, cell)->population, cell->i,
                      t->j.sh->tick, t->j.now);
}

/* Moves to `stop`, or to the first crossing before: returns 1 there, with its spikes at hand. What
 * goes beyond `to` ends there, on the polynomials of the whole step: an instant before has the same
 * bits wherever a run ends. */
static int move(struct trip *t, double stop, double to) {
    struct journey *j = &t->j;
    while (j->now < stop && j->now < to) {
        const double rest = stop - j->now;
        const double steps = ceil(rest / t->c->longest);
        const double h = steps > 1.0 ? rest / steps : rest;
        const int degree = taylor(t->c, t->l->stands, h, t->x, t->columns);
        int code = EVSIM_OK;
        double u = first_crossing(t, degree, &code);
        double after = steps > 1.0 ? j->now + h : stop;
        const double crossing = j->now + u * h;
        const int has_crossed = u < 1.0 && crossing < stop && crossing < to;
        if (has_crossed)
            after = crossing;
        else if (after > to)
            u = (to - j->now) / h, after = to;
        else
            u = 1.0;
        if (code >= 0)
            code = linear_samples_take(j, t->number, t->x, degree, h, after - j->now);
        if (code >= 0)
            code = advance(t, degree, u);
        j->now = after;
        if (code < 0 || has_crossed) {
            for (int64_t k = 0; k < j->n_spikes; k++)
                j->spikes[k].offset = j->now;
            return code < 0 ? code : 1;
        }
    }
    return 0;
}

/* ---- a window ---- */

static int collect(struct trip *t, double from) {
    struct journey *j = &t->j;
    j->n_due = j->next = j->n_touched = 0;
    for (int64_t c = t->l->head[t->number]; c >= 0; c = t->l->next[c]) {
        const struct cell *cell = &j->sh->cells[c];
        for (int64_t k = 0; k < cell->n_events; k++) {
            const struct due d = {j->sh->sorted[cell->first_event + k], cell->population, cell->i};
            if (d.event.offset >= from && journey_insert(j, &d) < 0)
                return EVSIM_NO_MEMORY;
        }
    }
    return EVSIM_OK;
}

static int run_component(struct trip *t, double from, double to) {
    int code = collect(t, from), has_crossed = 0;
    t->j.now = from;
    while (code >= 0) {
        code = do_instant(t, has_crossed);
        if (code < 0 || t->j.now >= to)
            break;
        take_states(t);
        code = move(t, next_stop(t), to);
        give_states(t);
        has_crossed = code == 1;
        if (t->j.now >= to) /* what happens at the end itself belongs to what comes next */
            break;
    }
    return code < 0 ? code : EVSIM_OK;
}

/* Lists for each component of the cells that have events, in the order of the shard's. */
static int sort_cells(struct shard *sh, struct unit *u) {
    struct linear_unit *l = u->linear;
    if (sh->n_cells > l->next_room &&
        shard_grow((void **)&l->next, sh->n_cells, &l->next_room, sizeof *l->next) < 0)
        return EVSIM_NO_MEMORY;
    for (int32_t k = 0; k < l->n_components; k++)
        l->head[k] = -1;
    for (int64_t c = sh->n_cells - 1; c >= 0; c--) {
        const struct member *m = member_of(u, sh->cells[c].population);
        if (!m)
            continue;
        const int32_t k = l->component_of[l->base[m - u->members] + sh->cells[c].i];
        l->next[c] = l->head[k], l->head[k] = c;
    }
    return EVSIM_OK;
}

static void begin(const struct simulation *sim, const struct shard *sh, struct unit *u,
                  double from) {
    EACH_MEMBER(m, u) {
        const struct population *p = sim->populations[m->population];
        sh->views[m->population].input = m->input;
        for (int64_t i = 0; i < p->n; i++)
            m->active[i] = !population_is_refractory(p, i, sh->tick, from);
    }
}

static void settle(const struct simulation *sim, struct unit *u) {
    EACH_MEMBER(m, u) {
        struct population *p = sim->populations[m->population];
        for (int64_t i = 0; i < p->n; i++)
            p->cells.slack[i] = m->active[i] != 0.0 ? 0.0 : EVSIM_DORMANT;
    }
}

int linear_unit_run(struct simulation *sim, struct shard *sh, struct unit *u, double from,
                    double to) {
    struct linear_unit *l = u->linear;
    struct trip t = {.j = {.sim = sim, .sh = sh, .u = u}, .l = l, .x = l->work};
    t.columns = l->work + (size_t)l->most_states * (MOST_TERMS + 1);
    int code = sort_cells(sh, u);
    if (code >= 0)
        code = linear_samples_list(sim, u);
    if (code >= 0)
        begin(sim, sh, u, from);
    for (int32_t k = 0; k < l->n_components && code >= 0; k++) {
        t.c = &l->components[k], t.number = k;
        code = run_component(&t, from, to);
    }
    if (code >= 0)
        settle(sim, u);
    free(t.j.due), free(t.j.touched), free(t.j.spikes);
    return code;
}
