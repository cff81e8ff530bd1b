/* The components of a linear unit, and their numbers. See linear_unit.h. */
#include "linear_unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "journey.h"

int linear_cells_set(struct linear_cells **cells, int64_t n, int n_states, int n_inputs,
                     const double *rate, const double *form, int is_strict,
                     const int32_t *is_clamped) {
    const size_t wide = (size_t)(n_states + n_inputs + 1), size = (size_t)n;
    struct linear_cells *made = allocate_zeroed(1, sizeof *made);
    if (!made)
        return EVSIM_NO_MEMORY;
    *made =
        (struct linear_cells){.n_states = n_states, .n_inputs = n_inputs, .is_strict = is_strict};
    made->rate = allocate((size_t)n_states * wide * size + 1, sizeof *rate);
    made->form = form ? allocate((size_t)(n_states + 1) * size + 1, sizeof *form) : NULL;
    made->is_clamped = allocate((size_t)n_states + 1, sizeof *is_clamped);
    if (!made->rate || (form && !made->form) || !made->is_clamped) {
        linear_cells_free(made);
        return EVSIM_NO_MEMORY;
    }
    memcpy(made->rate, rate, (size_t)n_states * wide * size * sizeof *rate);
    if (form)
        memcpy(made->form, form, (size_t)(n_states + 1) * size * sizeof *form);
    memcpy(made->is_clamped, is_clamped, (size_t)n_states * sizeof *is_clamped);
    linear_cells_free(*cells);
    *cells = made;
    return EVSIM_OK;
}

void linear_cells_free(struct linear_cells *cells) {
    if (cells)
        free(cells->rate), free(cells->form), free(cells->is_clamped);
    free(cells);
}

/* ---- which cells are connected ---- */

/* Where the states and inputs of a cell begin in its component. */
struct place {
    int32_t state, slot;
};

/* The making of a unit. Its cells stand in a row, members one after the other. */
struct gathering {
    struct simulation *sim;
    struct unit *u;
    struct linear_unit *l;
    int64_t *leader; /* of a cell, by union and find */
    struct place *places;
    int64_t *room;     /* of each component, for factors */
    double **constant; /* of each component, by input */
};

static int64_t leader_of(int64_t *leader, int64_t k) {
    while (leader[k] != k)
        k = leader[k] = leader[leader[k]];
    return k;
}

static int64_t cell_in_row(const struct gathering *g, const struct member *m, uint32_t i) {
    return g->l->base[m - g->u->members] + i;
}

static void unite(const struct gathering *g, const struct member *a, uint32_t i,
                  const struct member *b, uint32_t j) {
    const int64_t one = leader_of(g->leader, cell_in_row(g, a, i));
    const int64_t two = leader_of(g->leader, cell_in_row(g, b, j));
    g->leader[one < two ? two : one] = one < two ? one : two;
}

/* Neurons whose states event code names together: of the source, of the target, and the variables
 * of the synapse, a population with an element for each. Neurons that spikes reach inside their
 * window. */
static void connect_by_synapses(const struct gathering *g, const struct projection *p) {
    const struct member *target = member_of(g->u, p->target), *own = NULL, *source = NULL;
    const int32_t population = g->sim->emitters[p->emitter].population;
    if (p->own >= 0)
        own = member_of(g->u, p->own);
    if (p->source_of)
        source = member_of(g->u, p->source);
    const struct member *emitter = NULL;
    if (p->is_short && !p->is_post && population >= 0)
        emitter = member_of(g->u, population);
    for (int64_t k = 0; k < p->n && target && (own || source || emitter); k++) {
        if (own)
            unite(g, own, (uint32_t)k, target, p->j[k]);
        if (source)
            unite(g, source, p->source_of[k], target, p->j[k]);
        if (emitter)
            unite(g, emitter, projection_source(p, k), target, p->j[k]);
    }
}

static void connect_cells(const struct gathering *g) {
    for (int k = 0; k < g->u->n_links; k++) {
        const struct link *l = g->u->links[k];
        const struct member *from = member_of(g->u, l->source), *to = member_of(g->u, l->target);
        for (int64_t e = 0; e < l->n; e++)
            unite(g, from, l->i[e], to, l->j[e]);
    }
    for (int k = 0; k < g->sim->n_projections; k++)
        connect_by_synapses(g, g->sim->projections[k]);
}

/* Components have numbers in the order of their first cells. */
static void number_components(const struct gathering *g) {
    const int64_t n = g->l->base[g->u->n_members];
    for (int64_t k = 0; k < n; k++) {
        const int64_t leader = leader_of(g->leader, k);
        g->l->component_of[k] = leader == k ? g->l->n_components++ : g->l->component_of[leader];
    }
}

/* ---- the numbers of a component ---- */

static struct component *component_of_cell(const struct gathering *g, int64_t cell) {
    return &g->l->components[g->l->component_of[cell]];
}

static const struct linear_cells *numbers_of(const struct gathering *g, const struct member *m) {
    return g->sim->populations[m->population]->linear;
}

static void count_cells(const struct gathering *g) {
    EACH_MEMBER(m, g->u) {
        const struct linear_cells *numbers = numbers_of(g, m);
        for (int64_t i = 0; i < g->sim->populations[m->population]->n; i++) {
            const int64_t cell = cell_in_row(g, m, (uint32_t)i);
            struct component *c = component_of_cell(g, cell);
            g->places[cell] = (struct place){c->n_states, c->n_slots};
            g->l->first_of[cell] = c->n_states;
            c->n_cells++, c->n_states += numbers->n_states, c->n_slots += numbers->n_inputs;
            g->room[g->l->component_of[cell]] +=
                (int64_t)numbers->n_states * (numbers->n_states + numbers->n_inputs);
        }
    }
}

static int component_make(struct component *c, int64_t room, double **constant) {
    const size_t n = (size_t)c->n_states + 1, slots = (size_t)c->n_slots + 2;
    c->cells = allocate_zeroed((size_t)c->n_cells, sizeof *c->cells);
    c->start = allocate_zeroed(slots, sizeof *c->start);
    c->row = allocate_zeroed(n, sizeof *c->row);
    c->column = allocate_zeroed((size_t)room, sizeof *c->column);
    c->factor = allocate_zeroed((size_t)room, sizeof *c->factor);
    c->drive = allocate_zeroed(n, sizeof *c->drive);
    c->size = allocate_zeroed(n, sizeof *c->size);
    c->cell_of = allocate_zeroed(n, sizeof *c->cell_of);
    c->is_clamped = allocate_zeroed(n, sizeof *c->is_clamped);
    *constant = allocate_zeroed(slots, sizeof **constant);
    c->n_cells = c->n_states = 0; /* they are counted again as they come in */
    return c->cells && c->start && c->row && c->column && c->factor && c->drive && c->size &&
                   c->cell_of && c->is_clamped && *constant
               ? EVSIM_OK
               : EVSIM_NO_MEMORY;
}

static void component_free(struct component *c) {
    free(c->cells), free(c->start), free(c->terms), free(c->row), free(c->column);
    free(c->factor), free(c->drive), free(c->size), free(c->cell_of), free(c->is_clamped);
}

/* Adds state s of neuron i to its component: the row of its rate. */
static void add_state(const struct gathering *g, const struct member *m, int64_t i, int s,
                      struct component *c, const struct place *place, int32_t n_states) {
    const struct population *p = g->sim->populations[m->population];
    const struct linear_cells *numbers = p->linear;
    const int wide = numbers->n_states + numbers->n_inputs + 1;
    const double *rate = numbers->rate + (int64_t)s * wide * p->n + i;
    const int32_t r = c->n_states++;
    int64_t at = c->row[r];
    for (int k = 0; k < wide - 1; k++)
        if (rate[k * p->n] != 0.0) {
            c->column[at] = k < numbers->n_states ? place->state + k
                                                  : n_states + place->slot + k - numbers->n_states;
            c->factor[at++] = rate[k * p->n];
        }
    c->row[r + 1] = at;
    c->drive[r] = rate[(wide - 1) * p->n];
    c->size[r] = p->option[1 + s] / p->option[0];
    c->cell_of[r] = c->n_cells;
    c->is_clamped[r] = numbers->is_clamped[s] != 0;
}

static void add_cells(const struct gathering *g, const int32_t *n_states) {
    EACH_MEMBER(m, g->u) {
        const struct population *p = g->sim->populations[m->population];
        for (int64_t i = 0; i < p->n; i++) {
            const int64_t cell = cell_in_row(g, m, (uint32_t)i);
            struct component *c = component_of_cell(g, cell);
            const struct place *place = &g->places[cell];
            for (int s = 0; s < p->linear->n_states; s++)
                add_state(g, m, i, s, c, place, n_states[g->l->component_of[cell]]);
            c->cells[c->n_cells++] = (struct linear_cell){
                .member = (int32_t)(m - g->u->members),
                .i = (uint32_t)i,
                .first = place->state,
                .n_states = p->linear->n_states,
                .form = p->linear->form ? p->linear->form + i : NULL,
                .n = p->n,
                .is_strict = p->linear->is_strict,
            };
        }
    }
}

/* Goes over the pairs of a link: counts the terms of each input in start[k + 2], or with
 * `is_filling` puts them where start[k + 1] points. */
static void add_pairs(const struct gathering *g, const struct link *l, int is_filling) {
    const struct member *from = member_of(g->u, l->source), *to = member_of(g->u, l->target);
    const int n_from = numbers_of(g, from)->n_states, n_to = numbers_of(g, to)->n_states;
    for (int64_t k = 0; k < l->n; k++) {
        const int64_t source = cell_in_row(g, from, l->i[k]), target = cell_in_row(g, to, l->j[k]);
        struct component *c = component_of_cell(g, target);
        const double *numbers = l->linear + k * (n_from + n_to + 1);
        const int32_t slot = g->places[target].slot + l->input;
        struct pair_term term;
        int n = 0;
        for (int s = 0; s <= n_from + n_to; s++) {
            const int is_end = s == n_from + n_to;
            if (!is_end && numbers[s] != 0.0) {
                const int32_t state =
                    s < n_from ? g->places[source].state + s : g->places[target].state + s - n_from;
                if (n++ % 2 == 0)
                    term = (struct pair_term){state, state, numbers[s], 0.0};
                else
                    term.q = state, term.b = numbers[s];
            }
            if ((is_end && n % 2 == 1) || (!is_end && numbers[s] != 0.0 && n % 2 == 0)) {
                if (is_filling)
                    c->terms[c->start[slot + 1]] = term;
                c->start[slot + (is_filling ? 1 : 2)]++;
            }
        }
        if (is_filling)
            g->constant[g->l->component_of[target]][slot] += numbers[n_from + n_to];
    }
}

static int add_links(const struct gathering *g) {
    for (int is_filling = 0; is_filling < 2; is_filling++) {
        for (int k = 0; k < g->u->n_links; k++)
            if (g->u->links[k]->linear && !g->u->links[k]->is_resting)
                add_pairs(g, g->u->links[k], is_filling);
        for (int32_t number = 0; number < g->l->n_components && !is_filling; number++) {
            struct component *c = &g->l->components[number];
            for (int32_t k = 0; k < c->n_slots; k++)
                c->start[k + 2] += c->start[k + 1];
            c->terms = allocate((size_t)c->start[c->n_slots + 1], sizeof *c->terms);
            if (!c->terms)
                return EVSIM_NO_MEMORY;
        }
    }
    return EVSIM_OK;
}

/* What pairs add whatever the states are, and the longest step: one in which the sum of a row,
 * states taken by their sizes, is 1. */
static void finish(struct component *c, const double *constant) {
    double most = 0.0;
    for (int32_t r = 0; r < c->n_states; r++) {
        double sum = 0.0;
        for (int64_t e = c->row[r]; e < c->row[r + 1]; e++) {
            const int32_t slot = c->column[e] - c->n_states;
            if (slot < 0) {
                sum += fabs(c->factor[e]) * c->size[c->column[e]];
                continue;
            }
            c->drive[r] += c->factor[e] * constant[slot];
            for (int64_t k = c->start[slot]; k < c->start[slot + 1]; k++) {
                const struct pair_term *t = &c->terms[k];
                sum +=
                    fabs(c->factor[e]) * (fabs(t->a) * c->size[t->p] + fabs(t->b) * c->size[t->q]);
            }
        }
        most = sum / c->size[r] > most ? sum / c->size[r] : most;
    }
    c->longest = most > 0.0 ? 1.0 / most : HUGE_VAL;
}

static int make_components(struct gathering *g) {
    struct linear_unit *l = g->l;
    l->components = allocate_zeroed((size_t)l->n_components, sizeof *l->components);
    g->room = allocate_zeroed((size_t)l->n_components, sizeof *g->room);
    g->constant = allocate_zeroed((size_t)l->n_components, sizeof *g->constant);
    int32_t *n_states = allocate_zeroed((size_t)l->n_components, sizeof *n_states);
    int code = l->components && g->room && g->constant && n_states ? EVSIM_OK : EVSIM_NO_MEMORY;
    if (code >= 0)
        count_cells(g);
    for (int32_t k = 0; k < l->n_components && code >= 0; k++) {
        struct component *c = &l->components[k];
        n_states[k] = c->n_states;
        l->most_states = c->n_states > l->most_states ? c->n_states : l->most_states;
        l->most_slots = c->n_slots > l->most_slots ? c->n_slots : l->most_slots;
        code = component_make(c, g->room[k], &g->constant[k]);
    }
    if (code >= 0)
        add_cells(g, n_states);
    free(n_states);
    if (code >= 0)
        code = add_links(g);
    for (int32_t k = 0; k < l->n_components && code >= 0; k++)
        finish(&l->components[k], g->constant[k]);
    return code;
}

static int make_rooms(struct linear_unit *l) {
    const size_t n = (size_t)l->most_states;
    l->work = allocate_zeroed(n * (MOST_TERMS + 2) + (size_t)l->most_slots, sizeof *l->work);
    l->stands = allocate_zeroed(n, sizeof *l->stands);
    l->head = allocate_zeroed((size_t)l->n_components, sizeof *l->head);
    return l->work && l->stands && l->head ? EVSIM_OK : EVSIM_NO_MEMORY;
}

/* ---- units ---- */

static int is_linear(const struct simulation *sim, const struct unit *u) {
    if (u->is_free || u->n_in || u->n_out || u->asks_inputs)
        return 0;
    EACH_MEMBER(m, u) {
        if (!sim->populations[m->population]->linear)
            return 0;
    }
    for (int k = 0; k < u->n_links; k++)
        if (u->links[k]->table && !u->links[k]->linear)
            return 0;
    return 1;
}

int linear_unit_find(struct simulation *sim, struct unit *u) {
    if (!is_linear(sim, u))
        return EVSIM_OK;
    struct linear_unit *l = u->linear = allocate_zeroed(1, sizeof *l);
    struct gathering g = {.sim = sim, .u = u, .l = l};
    if (!l || !(l->base = allocate_zeroed((size_t)u->n_members + 1, sizeof *l->base)))
        return EVSIM_NO_MEMORY;
    for (int m = 0; m < u->n_members; m++)
        l->base[m + 1] = l->base[m] + sim->populations[u->members[m].population]->n;
    const size_t n = (size_t)l->base[u->n_members];
    l->component_of = allocate_zeroed(n, sizeof *l->component_of);
    l->first_of = allocate_zeroed(n, sizeof *l->first_of);
    g.leader = allocate(n, sizeof *g.leader);
    g.places = allocate(n, sizeof *g.places);
    int code = l->component_of && l->first_of && g.leader && g.places ? EVSIM_OK : EVSIM_NO_MEMORY;
    if (code >= 0) {
        for (size_t k = 0; k < n; k++)
            g.leader[k] = (int64_t)k;
        connect_cells(&g);
        number_components(&g);
        code = make_components(&g);
    }
    if (code >= 0)
        code = make_rooms(l);
    for (int32_t k = 0; k < l->n_components && g.constant; k++)
        free(g.constant[k]);
    free(g.leader), free(g.places), free(g.room), free(g.constant);
    return code;
}

void linear_unit_free(struct linear_unit *l) {
    if (!l)
        return;
    for (int32_t k = 0; k < l->n_components && l->components; k++)
        component_free(&l->components[k]);
    for (int r = 0; r < l->n_lists; r++)
        free(l->lists[r].first), free(l->lists[r].next);
    free(l->components), free(l->base), free(l->component_of), free(l->first_of), free(l->lists);
    free(l->head), free(l->next), free(l->work), free(l->stands);
    free(l);
}
