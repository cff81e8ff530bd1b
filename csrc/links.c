/* Links, and the units that they join. See unit.h. */
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "simulation.h"
#include "unit.h"

int link_new(struct link **out, int32_t source, int32_t target, int32_t input, int64_t n,
             const uint32_t *i, const uint32_t *j, const struct evsim_link *table,
             int n_variables) {
    struct link *l = *out = allocate_zeroed(1, sizeof *l);
    if (!l)
        return EVSIM_NO_MEMORY;
    l->source = source, l->target = target, l->input = input, l->n = n;
    l->table = table, l->n_variables = n_variables, l->own = -1;
    l->i = allocate((size_t)n + 1, sizeof *l->i);
    l->j = allocate((size_t)n + 1, sizeof *l->j);
    l->variable = allocate_zeroed((size_t)n_variables + 1, sizeof *l->variable);
    l->step = allocate_zeroed((size_t)n_variables + 1, sizeof *l->step);
    if (!l->i || !l->j || !l->variable || !l->step)
        return EVSIM_NO_MEMORY;
    if (n) {
        memcpy(l->i, i, (size_t)n * sizeof *i);
        memcpy(l->j, j, (size_t)n * sizeof *j);
    }
    return EVSIM_OK;
}

int link_set_variable(struct link *l, int variable, const double *values, int64_t count) {
    double *copy = allocate((size_t)count + 1, sizeof *copy);
    if (!copy)
        return EVSIM_NO_MEMORY;
    memcpy(copy, values, (size_t)count * sizeof *copy);
    free(l->variable[variable]);
    l->variable[variable] = copy, l->step[variable] = count > 1;
    return EVSIM_OK;
}

void link_free(struct link *l) {
    if (!l)
        return;
    for (int v = 0; v < l->n_variables && l->variable; v++)
        free(l->variable[v]);
    free(l->i), free(l->j), free(l->variable), free(l->step);
    free(l);
}

/* ---- arrays ---- */

static void rows_free(double **rows, int n) {
    for (int r = 0; r < n && rows; r++)
        free(rows[r]);
    free(rows);
}

static double **rows_new(int n, int64_t length) {
    double **rows = allocate_zeroed((size_t)n + 1, sizeof *rows);
    for (int r = 0; r < n && rows; r++)
        if (!(rows[r] = allocate_zeroed((size_t)length + 1, sizeof **rows))) {
            rows_free(rows, n);
            return NULL;
        }
    return rows;
}

static void member_free(const struct simulation *sim, struct member *m) {
    const struct evsim_kernel *kernel = sim->populations[m->population]->kernel;
    rows_free(m->y, kernel->n_states), rows_free(m->next, kernel->n_states);
    for (int k = 0; k < 7; k++)
        rows_free(m->k[k], kernel->n_states);
    for (int k = 0; k < 3; k++)
        rows_free(m->bend[k], kernel->n_states);
    rows_free(m->input, kernel->n_inputs);
    for (int k = 0; k < 5; k++)
        rows_free(m->input_node[k], kernel->n_inputs);
    free(m->active), free(m->found);
}

static int member_new(const struct simulation *sim, struct member *m, int32_t population) {
    const struct population *p = sim->populations[population];
    const int n = p->kernel->n_states;
    if (n > MOST_STATES)
        return EVSIM_BAD_ARGUMENT;
    *m = (struct member){.population = population, .n_padded = p->n_padded, .x = p->state};
    int is_whole = (m->y = rows_new(n, p->n_padded)) && (m->next = rows_new(n, p->n_padded));
    for (int k = 0; k < 7 && is_whole; k++)
        is_whole = (m->k[k] = rows_new(n, p->n_padded)) != NULL;
    for (int k = 0; k < 3 && is_whole; k++)
        is_whole = (m->bend[k] = rows_new(n, p->n_padded)) != NULL;
    is_whole = is_whole && (m->input = rows_new(p->kernel->n_inputs, p->n_padded));
    for (int k = 0; k < 5 && is_whole && p->kernel->asks_inputs; k++)
        is_whole = (m->input_node[k] = rows_new(p->kernel->n_inputs, p->n_padded)) != NULL;
    m->active = allocate_zeroed((size_t)p->n_padded, sizeof *m->active);
    m->found = allocate_zeroed((size_t)p->n_padded, sizeof *m->found);
    if (!is_whole || !m->active || !m->found)
        return EVSIM_NO_MEMORY;
    m->piece = (struct evsim_piece){.x = m->x, .next = m->next, .active = m->active};
    for (int k = 0; k < 3; k++)
        m->piece.bend[k] = m->bend[k];
    m->piece.input = m->input;
    for (int k = 0; k < 5; k++)
        m->piece.input_node[k] = m->input_node[k];
    return EVSIM_OK;
}

/* ---- which belong together ---- */

void units_free(struct simulation *sim) {
    for (int u = 0; u < sim->n_units; u++) {
        for (int m = 0; m < sim->units[u].n_members; m++)
            member_free(sim, &sim->units[u].members[m]);
        free(sim->units[u].members), free(sim->units[u].links);
    }
    free(sim->units);
    sim->units = NULL, sim->n_units = 0;
    for (int k = 0; k < sim->n_populations; k++)
        sim->populations[k]->unit = 0, sim->populations[k]->cells.input = NULL;
}

/* Gives linked populations one number: the least of theirs plus one. */
static void number_groups(const struct simulation *sim, int32_t *group) {
    for (int changed = 1; changed;) {
        changed = 0;
        for (int k = 0; k < sim->n_links; k++) {
            int32_t *a = &group[sim->links[k]->source], *b = &group[sim->links[k]->target];
            const int32_t first = *a && (!*b || *a < *b) ? *a : *b;
            const int32_t least =
                first ? first
                      : 1 + (sim->links[k]->source < sim->links[k]->target ? sim->links[k]->source
                                                                           : sim->links[k]->target);
            changed |= *a != least || *b != least;
            *a = *b = least;
        }
    }
}

static int unit_new(struct simulation *sim, struct unit *u, const int32_t *group, int32_t number) {
    *u = (struct unit){0};
    u->members = allocate_zeroed((size_t)sim->n_populations, sizeof *u->members);
    u->links = allocate_zeroed((size_t)sim->n_links, sizeof *u->links);
    if (!u->members || !u->links)
        return EVSIM_NO_MEMORY;
    for (int k = 0; k < sim->n_populations; k++)
        if (group[k] == number && member_new(sim, &u->members[u->n_members++], k) < 0)
            return EVSIM_NO_MEMORY;
    for (int m = 0; m < u->n_members; m++)
        u->asks_inputs |= sim->populations[u->members[m].population]->kernel->asks_inputs;
    for (int k = 0; k < sim->n_links; k++)
        if (group[sim->links[k]->source] == number) {
            u->links[u->n_links++] = sim->links[k];
            u->is_direct |= sim->links[k]->is_direct;
        }
    return EVSIM_OK;
}

int units_find(struct simulation *sim) {
    units_free(sim);
    if (!sim->n_links)
        return EVSIM_OK;
    int32_t *group = allocate_zeroed((size_t)sim->n_populations, sizeof *group);
    sim->units = allocate_zeroed((size_t)sim->n_populations, sizeof *sim->units);
    int code = group && sim->units ? EVSIM_OK : EVSIM_NO_MEMORY;
    if (code >= 0)
        number_groups(sim, group);
    for (int k = 0; k < sim->n_populations && code >= 0; k++)
        if (group[k] == k + 1)
            code = unit_new(sim, &sim->units[sim->n_units++], group, k + 1);
    for (int u = 0; u < sim->n_units && code >= 0; u++)
        for (int m = 0; m < sim->units[u].n_members; m++)
            sim->populations[sim->units[u].members[m].population]->unit = u + 1;
    free(group);
    return code;
}
