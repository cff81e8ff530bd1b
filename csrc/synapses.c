/* Projections: building and filling rows. See synapses.h. */
#include "synapses.h"

#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"

int projection_new(struct projection **out, int32_t number, int32_t emitter, int32_t target,
                   int64_t n, int64_t n_sources, const uint32_t *i, const uint32_t *j) {
    struct projection *p = allocate_zeroed(1, sizeof *p);
    *out = p;
    if (!p)
        return EVSIM_NO_MEMORY;
    p->number = number, p->emitter = emitter, p->target = target;
    p->n = n, p->n_sources = n_sources;
    p->i = allocate((size_t)(n + 1), sizeof *p->i);
    p->j = allocate((size_t)(n + 1), sizeof *p->j);
    if (!p->i || !p->j)
        return EVSIM_NO_MEMORY;
    memcpy(p->i, i, (size_t)n * sizeof *i);
    memcpy(p->j, j, (size_t)n * sizeof *j);
    return EVSIM_OK;
}

static void free_rows(struct projection *p) {
    free(p->start), free(p->target_of), free(p->synapse_of);
    free(p->delay_tick), free(p->delay_offset);
    p->start = NULL, p->target_of = p->synapse_of = NULL;
    p->delay_tick = NULL, p->delay_offset = NULL;
}

void projection_free(struct projection *p) {
    if (!p)
        return;
    free_rows(p);
    for (int k = 0; k < p->n_ports; k++)
        free(p->port[k].amount);
    for (int v = 0; v < p->n_variables; v++)
        free(p->variable[v]);
    free(p->port), free(p->variable), free(p->step);
    free(p->i), free(p->j);
    free(p);
}

struct key {
    double offset;
    int32_t tick;
    uint32_t synapse;
};

static int compare_keys(const void *a, const void *b) {
    const struct key *x = a, *y = b;
    if (x->tick != y->tick)
        return x->tick < y->tick ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->synapse < y->synapse ? -1 : x->synapse > y->synapse;
}

static int shard_of(uint32_t target, int n_shards, const int64_t *bounds) {
    int s = 0;
    while (s + 1 < n_shards && target >= bounds[s + 1])
        s++;
    return s;
}

/* Counting sort by (shard, source); synapses of one row keep their order. */
static int sort_rows(struct projection *p, const int64_t *bounds) {
    const int64_t n_rows = p->n_shards * p->n_sources;
    p->start = allocate_zeroed((size_t)n_rows + 2, sizeof *p->start);
    p->target_of = allocate((size_t)(p->n + 1), sizeof *p->target_of);
    p->synapse_of = allocate((size_t)(p->n + 1), sizeof *p->synapse_of);
    if (!p->start || !p->target_of || !p->synapse_of)
        return EVSIM_NO_MEMORY;
    int64_t *next = p->start + 1; /* shifted by one, so that it ends as the starts */
    for (int64_t k = 0; k < p->n; k++)
        next[shard_of(p->j[k], p->n_shards, bounds) * p->n_sources + p->i[k] + 1]++;
    for (int64_t r = 1; r <= n_rows; r++)
        next[r] += next[r - 1];
    for (int64_t k = 0; k < p->n; k++) {
        const int64_t row = shard_of(p->j[k], p->n_shards, bounds) * p->n_sources + p->i[k];
        p->synapse_of[next[row]++] = (uint32_t)k;
    }
    return EVSIM_OK;
}

static int sort_by_delay(struct projection *p, const int32_t *tick, const double *offset) {
    int64_t longest = 0;
    const int64_t n_rows = p->n_shards * p->n_sources;
    for (int64_t r = 0; r < n_rows; r++)
        if (p->start[r + 1] - p->start[r] > longest)
            longest = p->start[r + 1] - p->start[r];
    struct key *keys = allocate((size_t)(longest + 1), sizeof *keys);
    p->delay_tick = allocate((size_t)(p->n + 1), sizeof *p->delay_tick);
    p->delay_offset = allocate((size_t)(p->n + 1), sizeof *p->delay_offset);
    if (!keys || !p->delay_tick || !p->delay_offset) {
        free(keys);
        return EVSIM_NO_MEMORY;
    }
    for (int64_t r = 0; r < n_rows; r++) {
        const int64_t first = p->start[r], count = p->start[r + 1] - first;
        for (int64_t k = 0; k < count; k++) {
            const uint32_t s = p->synapse_of[first + k];
            keys[k] = (struct key){offset[s], tick[s], s};
        }
        qsort(keys, (size_t)count, sizeof *keys, compare_keys);
        for (int64_t k = 0; k < count; k++) {
            p->synapse_of[first + k] = keys[k].synapse;
            p->delay_tick[first + k] = keys[k].tick;
            p->delay_offset[first + k] = keys[k].offset;
        }
    }
    free(keys);
    return EVSIM_OK;
}

int projection_arrange(struct projection *p, const int32_t *tick, const double *offset, int is_one,
                       int n_shards, const int64_t *bounds) {
    free_rows(p);
    p->n_shards = n_shards;
    p->shortest = p->longest = p->n > 0 || is_one ? tick[0] : 0;
    for (int64_t k = 1; k < p->n && !is_one; k++) {
        if (tick[k] < p->shortest)
            p->shortest = tick[k];
        if (tick[k] > p->longest)
            p->longest = tick[k];
    }
    p->is_short = p->n > 0 && p->shortest == 0;
    int code = sort_rows(p, bounds);
    if (code < 0)
        return code;
    if (is_one)
        p->one_tick = tick[0], p->one_offset = offset[0];
    else if ((code = sort_by_delay(p, tick, offset)) < 0)
        return code;
    for (int64_t k = 0; k < p->n; k++)
        p->target_of[k] = p->j[p->synapse_of[k]];
    return EVSIM_OK;
}

/* The delays in order of creation. */
static int original_delays(const struct projection *p, int32_t **tick, double **offset) {
    *tick = allocate((size_t)p->n + 1, sizeof **tick);
    *offset = allocate((size_t)p->n + 1, sizeof **offset);
    if (!*tick || !*offset) return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < p->n && p->delay_tick; k++) {
        (*tick)[p->synapse_of[k]] = p->delay_tick[k];
        (*offset)[p->synapse_of[k]] = p->delay_offset[k];
    }
    if (!p->delay_tick) (*tick)[0] = p->one_tick, (*offset)[0] = p->one_offset;
    return EVSIM_OK;
}

static int original_amounts(const struct projection *p, struct port *port) {
    if (!port->step || !port->amount) return EVSIM_OK;
    double *amount = allocate((size_t)p->n, sizeof *amount);
    if (!amount) return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < p->n; k++) amount[projection_synapse(p, k)] = port->amount[k];
    free(port->amount);
    port->amount = amount;
    return EVSIM_OK;
}

int projection_cut(struct projection *p, int n_shards, const int64_t *bounds) {
    int32_t *tick = NULL;
    double *offset = NULL;
    int code = original_delays(p, &tick, &offset);
    for (int k = 0; k < p->n_ports && code >= 0; k++) code = original_amounts(p, &p->port[k]);
    if (code >= 0)
        code = projection_arrange(p, tick, offset, p->delay_tick == NULL, n_shards, bounds);
    for (int k = 0; k < p->n_ports && code >= 0; k++)
        if (p->port[k].step) code = projection_set_amount(p, k, p->port[k].amount, 0);
    free(tick), free(offset);
    return code;
}

int projection_set_ports(struct projection *p, int n_ports, const int32_t *states) {
    p->port = allocate_zeroed((size_t)n_ports + 1, sizeof *p->port);
    if (!p->port)
        return EVSIM_NO_MEMORY;
    p->n_ports = n_ports;
    for (int k = 0; k < n_ports; k++)
        p->port[k].state = states[k];
    return EVSIM_OK;
}

int projection_set_amount(struct projection *p, int port, const double *amount, int is_one) {
    struct port *to = &p->port[port];
    double *values = allocate((size_t)(is_one ? 1 : p->n + 1), sizeof *values);
    if (!values)
        return EVSIM_NO_MEMORY;
    if (is_one)
        values[0] = amount[0];
    else
        for (int64_t k = 0; k < p->n; k++)
            values[k] = amount[projection_synapse(p, k)];
    free(to->amount);
    to->amount = values;
    to->step = !is_one;
    return EVSIM_OK;
}

int projection_set_code(struct projection *p, const struct evsim_code *code, int n_variables) {
    p->variable = allocate_zeroed((size_t)n_variables + 1, sizeof *p->variable);
    p->step = allocate_zeroed((size_t)n_variables + 1, sizeof *p->step);
    if (!p->variable || !p->step)
        return EVSIM_NO_MEMORY;
    p->code = code;
    p->n_variables = n_variables;
    return EVSIM_OK;
}

int projection_set_variable(struct projection *p, int variable, const double *values, int is_one) {
    const size_t size = (size_t)(is_one ? 1 : p->n) * sizeof *values;
    double *copy = allocate(size + sizeof *values, 1);
    if (!copy)
        return EVSIM_NO_MEMORY;
    memcpy(copy, values, size);
    free(p->variable[variable]);
    p->variable[variable] = copy;
    p->step[variable] = !is_one;
    return EVSIM_OK;
}
