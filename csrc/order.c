/* Which populations are one unit, and which unit goes first. See unit.h. */
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "linear_unit.h"
#include "rows.h"
#include "simulation.h"
#include "unit.h"

/* ---- arrays of members ---- */

static void lines_free(double **rows, int n) {
    for (int r = 0; r < n && rows; r++)
        free(rows[r]);
    free(rows);
}

static double **lines_new(int n, int64_t length) {
    double **rows = allocate_zeroed((size_t)n + 1, sizeof *rows);
    for (int r = 0; r < n && rows; r++)
        if (!(rows[r] = allocate_zeroed((size_t)length + 1, sizeof **rows))) {
            lines_free(rows, n);
            return NULL;
        }
    return rows;
}

static void member_free(const struct simulation *sim, struct member *m) {
    const struct evsim_kernel *kernel = sim->populations[m->population]->kernel;
    lines_free(m->y, kernel->n_states), lines_free(m->next, kernel->n_states);
    for (int k = 0; k < 7; k++)
        lines_free(m->k[k], kernel->n_states);
    for (int k = 0; k < 3; k++)
        lines_free(m->bend[k], kernel->n_states);
    lines_free(m->input, kernel->n_inputs);
    for (int k = 0; k < 5; k++)
        lines_free(m->input_node[k], kernel->n_inputs);
    free(m->active), free(m->found), free(m->course), free(m->origin);
}

/* `is_free`: with what it reads only. */
static int member_new(const struct simulation *sim, struct member *m, int32_t population,
                      int is_free) {
    const struct population *p = sim->populations[population];
    const int n = p->kernel->n_states;
    if (n > MOST_STATES && !is_free)
        return EVSIM_BAD_ARGUMENT;
    *m = (struct member){.population = population, .n_padded = p->n_padded, .x = p->state};
    m->input = lines_new(p->kernel->n_inputs, p->n_padded);
    m->course = allocate_zeroed((size_t)p->kernel->n_inputs + 1, sizeof *m->course);
    if (!m->input || !m->course)
        return EVSIM_NO_MEMORY;
    if (is_free)
        return EVSIM_OK;
    int is_whole = (m->y = lines_new(n, p->n_padded)) && (m->next = lines_new(n, p->n_padded));
    for (int k = 0; k < 7 && is_whole; k++)
        is_whole = (m->k[k] = lines_new(n, p->n_padded)) != NULL;
    for (int k = 0; k < 3 && is_whole; k++)
        is_whole = (m->bend[k] = lines_new(n, p->n_padded)) != NULL;
    for (int k = 0; k < 5 && is_whole && p->kernel->asks_inputs; k++)
        is_whole = (m->input_node[k] = lines_new(p->kernel->n_inputs, p->n_padded)) != NULL;
    m->active = allocate_zeroed((size_t)p->n_padded, sizeof *m->active);
    m->found = allocate_zeroed((size_t)p->n_padded, sizeof *m->found);
    if (p->kernel->diffuse)
        m->origin = allocate_zeroed((size_t)p->n_padded, sizeof *m->origin);
    if (!is_whole || !m->active || !m->found || (p->kernel->diffuse && !m->origin))
        return EVSIM_NO_MEMORY;
    m->piece = (struct evsim_piece){.x = m->x, .y = m->y, .next = m->next, .active = m->active};
    for (int k = 0; k < 7; k++)
        m->piece.k[k] = m->k[k];
    for (int k = 0; k < 3; k++)
        m->piece.bend[k] = m->bend[k];
    m->piece.input = m->input;
    for (int k = 0; k < 5; k++)
        m->piece.input_node[k] = m->input_node[k];
    return EVSIM_OK;
}

void units_free(struct simulation *sim) {
    for (int u = 0; u < sim->n_units; u++) {
        struct unit *unit = &sim->units[u];
        for (int m = 0; m < unit->n_members; m++)
            member_free(sim, &unit->members[m]);
        free(unit->members), free(unit->links), free(unit->in), free(unit->out);
        linear_unit_free(unit->linear);
    }
    free(sim->units);
    sim->units = NULL, sim->n_units = 0;
    for (int k = 0; k < sim->n_populations; k++)
        sim->populations[k]->unit = 0, sim->populations[k]->cells.input = NULL;
}

/* ---- who goes before whom ---- */

/* An edge says that the first does not come after the second; both ways, that they go together. */
struct edge {
    int32_t from, to;
};

/* Populations, numbered in the order in which a search of Tarjan's leaves them. */
struct graph {
    int32_t n;
    int n_edges;
    struct edge *edges;
    uint8_t *is_linked; /* population is part of it */
    uint8_t *is_read;   /* by another one, or joined to one */
    int32_t *group;     /* number of the unit, the last in order first; -1: not yet */
    int32_t *index, *low, *stack;
    int32_t n_stack, next, n_groups;
};

static void graph_free(struct graph *g) {
    free(g->edges), free(g->is_linked), free(g->is_read), free(g->group);
    free(g->index), free(g->low), free(g->stack);
}

static void add_edge(struct graph *g, int32_t from, int32_t to) {
    g->edges[g->n_edges++] = (struct edge){from, to};
}

static void join(struct graph *g, int32_t a, int32_t b) {
    add_edge(g, a, b), add_edge(g, b, a);
    g->is_read[a] = g->is_read[b] = 1;
}

/* Whether another link before this one adds to the same input. */
static int is_shared_input(const struct simulation *sim, int k) {
    const struct link *l = sim->links[k];
    for (int other = 0; other < k; other++) {
        const struct link *o = sim->links[other];
        if (o->table && o->target == l->target && o->input == l->input)
            return 1;
    }
    return 0;
}

static int graph_new(const struct simulation *sim, struct graph *g) {
    const size_t n = (size_t)sim->n_populations + 1;
    *g = (struct graph){.n = sim->n_populations};
    g->edges =
        allocate(2 * ((size_t)sim->n_links + (size_t)sim->n_projections) + 1, sizeof *g->edges);
    g->is_linked = allocate_zeroed(n, 1), g->is_read = allocate_zeroed(n, 1);
    g->group = allocate(n, sizeof *g->group), g->index = allocate_zeroed(n, sizeof *g->index);
    g->low = allocate_zeroed(n, sizeof *g->low), g->stack = allocate(n, sizeof *g->stack);
    if (!g->edges || !g->is_linked || !g->is_read || !g->group || !g->index || !g->low || !g->stack)
        return EVSIM_NO_MEMORY;
    for (int32_t p = 0; p < g->n; p++)
        g->group[p] = -1;
    return EVSIM_OK;
}

static void add_links(const struct simulation *sim, struct graph *g) {
    for (int k = 0; k < sim->n_links; k++) {
        const struct link *l = sim->links[k];
        g->is_linked[l->source] = g->is_linked[l->target] = 1;
        const int is_asked = sim->populations[l->target]->kernel->asks_inputs;
        if (!l->table || !l->table->factor || is_asked || is_shared_input(sim, k))
            join(g, l->source, l->target);
        else if (!l->table->is_constant) {
            add_edge(g, l->source, l->target);
            g->is_read[l->source] = 1;
        }
    }
}

/* Spikes that act inside their window: what they reach, or leave, is not ahead of the other. */
static void add_short(const struct simulation *sim, struct graph *g) {
    for (int changed = 1; changed;) {
        changed = 0;
        for (int k = 0; k < sim->n_projections; k++) {
            const struct projection *p = sim->projections[k];
            const int32_t from = sim->emitters[p->emitter].population, to = p->target;
            if (!p->is_short || from < 0 || !g->is_linked[from] || !g->is_linked[to])
                continue;
            if (g->is_read[from] != g->is_read[to])
                changed = 1;
            if (g->is_read[from] || g->is_read[to])
                g->is_read[from] = g->is_read[to] = 1;
        }
    }
    for (int k = 0; k < sim->n_projections; k++) {
        const struct projection *p = sim->projections[k];
        const int32_t from = sim->emitters[p->emitter].population;
        if (p->is_short && from >= 0 && g->is_linked[from] && g->is_linked[p->target] &&
            g->is_read[from])
            join(g, from, p->target);
    }
}

/* Units without a way back, from the last to the first. */
static void search(struct graph *g, int32_t p) {
    g->index[p] = g->low[p] = ++g->next;
    g->stack[g->n_stack++] = p;
    for (int e = 0; e < g->n_edges; e++) {
        const int32_t to = g->edges[e].to;
        if (g->edges[e].from != p)
            continue;
        if (!g->index[to])
            search(g, to);
        if (g->group[to] < 0 && g->low[to] < g->low[p])
            g->low[p] = g->low[to];
    }
    if (g->low[p] != g->index[p])
        return;
    int32_t other;
    do {
        other = g->stack[--g->n_stack];
        g->group[other] = g->n_groups;
    } while (other != p);
    g->n_groups++;
}

/* ---- units ---- */

static int unit_new(struct simulation *sim, struct unit *u, const struct graph *g, int32_t group) {
    const size_t n_links = (size_t)sim->n_links + 1;
    *u = (struct unit){0};
    u->members = allocate_zeroed((size_t)sim->n_populations, sizeof *u->members);
    u->links = allocate_zeroed(n_links, sizeof *u->links);
    u->in = allocate_zeroed(n_links, sizeof *u->in);
    u->out = allocate_zeroed(n_links, sizeof *u->out);
    if (!u->members || !u->links || !u->in || !u->out)
        return EVSIM_NO_MEMORY;
    for (int k = 0; k < sim->n_populations; k++)
        if (g->group[k] == group) {
            u->is_free = !g->is_read[k]; /* then it is the only one */
            u->asks_inputs |= sim->populations[k]->kernel->asks_inputs;
            u->is_noisy |= sim->populations[k]->kernel->diffuse != NULL;
            if (member_new(sim, &u->members[u->n_members++], k, u->is_free) < 0)
                return EVSIM_NO_MEMORY;
        }
    for (int k = 0; k < sim->n_links; k++) {
        struct link *l = sim->links[k];
        const int is_to = g->group[l->target] == group;
        const int is_constant = l->table && l->table->is_constant;
        const int is_from = g->group[l->source] == group && !is_constant;
        if (is_to && (is_from || (is_constant && !u->is_free)))
            u->links[u->n_links++] = l;
        else if (is_to)
            u->in[u->n_in++] = l;
        else if (is_from)
            u->out[u->n_out++] = l;
    }
    return EVSIM_OK;
}

static int make_rows(struct simulation *sim) {
    int code = EVSIM_OK;
    for (int k = 0; k < sim->n_links && code >= 0; k++) {
        struct link *l = sim->links[k];
        const struct population *to = sim->populations[l->target];
        const int is_new = !l->rows;
        code = rows_make(l, sim->populations[l->source]->n, to->n, to->n_padded);
        if (code >= 0 && is_new && l->rows && l->table->is_constant)
            code = course_constant(l);
    }
    return code;
}

/* Whether the projections that act inside their windows are others than when units were found. */
static int are_others_short(struct simulation *sim) {
    int64_t mark = 0;
    for (int k = 0; k < sim->n_projections; k++)
        if (sim->projections[k]->is_short)
            mark = 31 * mark + k + 1;
    const int are_others = mark != sim->short_mark;
    sim->short_mark = mark;
    return are_others;
}

int units_find(struct simulation *sim) {
    if (!sim->n_links)
        return EVSIM_OK;
    int code = make_rows(sim);
    if (code < 0 || !(are_others_short(sim) | sim->is_unlinked))
        return code;
    struct graph g = {0};
    units_free(sim);
    sim->is_arranged = 0; /* timers are for those that go alone */
    sim->units = allocate_zeroed((size_t)sim->n_populations, sizeof *sim->units);
    code = sim->units ? graph_new(sim, &g) : EVSIM_NO_MEMORY;
    if (code >= 0) {
        add_links(sim, &g);
        add_short(sim, &g);
        for (int32_t p = 0; p < g.n; p++)
            if (g.is_linked[p] && !g.index[p])
                search(&g, p);
    }
    for (int32_t group = g.n_groups - 1; group >= 0 && code >= 0; group--)
        code = unit_new(sim, &sim->units[sim->n_units++], &g, group);
    for (int u = 0; u < sim->n_units && code >= 0; u++)
        code = linear_unit_find(sim, &sim->units[u]);
    for (int u = 0; u < sim->n_units && code >= 0; u++)
        for (int m = 0; m < sim->units[u].n_members && !sim->units[u].is_free; m++)
            sim->populations[sim->units[u].members[m].population]->unit = u + 1;
    graph_free(&g);
    sim->is_unlinked = code < 0;
    return code;
}
