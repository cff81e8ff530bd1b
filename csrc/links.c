/* Links: pairs, weights, and the values that they name. See unit.h. */
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "rows.h"

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
    l->is_table = allocate_zeroed((size_t)n_variables + 1, sizeof *l->is_table);
    if (!l->i || !l->j || !l->variable || !l->step || !l->is_table)
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
    rows_free(l->rows);
    l->rows = NULL;
    return EVSIM_OK;
}

int link_set_weight(struct link *l, const double *values, int64_t count) {
    double *copy = allocate((size_t)count + 1, sizeof *copy);
    if (!copy)
        return EVSIM_NO_MEMORY;
    memcpy(copy, values, (size_t)count * sizeof *copy);
    free(l->weight);
    l->weight = copy, l->weight_step = count > 1;
    rows_free(l->rows);
    l->rows = NULL;
    return EVSIM_OK;
}

void link_set_table(struct link *l, int variable, double *table) {
    free(l->variable[variable]);
    l->variable[variable] = table, l->step[variable] = 0, l->is_table[variable] = 1;
}

void link_free(struct link *l) {
    if (!l)
        return;
    for (int v = 0; v < l->n_variables && l->variable; v++)
        free(l->variable[v]);
    free(l->i), free(l->j), free(l->variable), free(l->step), free(l->is_table), free(l->weight),
        free(l->linear);
    rows_free(l->rows);
    free(l);
}
