/* Projections: building and filling rows. See synapses.h. */
#include "synapses.h"

#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"

/* Copies what the caller gives, all but the targets of rows. */
static int take_ends(struct projection *p, const uint32_t *i, const int64_t *created,
                     const uint32_t *j) {
    if (created) {
        const size_t size = ((size_t)p->n_sources + 1) * sizeof *p->created;
        p->created = allocate(size, 1);
        if (!p->created)
            return EVSIM_NO_MEMORY;
        p->j = j;
        memcpy(p->created, created, size);
        return EVSIM_OK;
    }
    uint32_t *const targets = allocate((size_t)(p->n + 1), sizeof *targets);
    p->i = allocate((size_t)(p->n + 1), sizeof *p->i);
    p->j = targets;
    if (!p->i || !targets)
        return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < p->n; k++)
        p->i[k] = i[k], targets[k] = j[k];
    return EVSIM_OK;
}

int projection_new(struct projection **out, int32_t number, int32_t emitter, int32_t target,
                   int64_t n, int64_t n_sources, const uint32_t *i, const int64_t *created,
                   const uint32_t *j) {
    struct projection *p = allocate_zeroed(1, sizeof *p);
    *out = p;
    if (!p)
        return EVSIM_NO_MEMORY;
    p->number = number, p->emitter = emitter, p->target = target, p->own = -1;
    p->n = n, p->n_sources = n_sources;
    return take_ends(p, i, created, j);
}

uint32_t projection_source(const struct projection *p, int64_t synapse) {
    if (p->i)
        return p->i[synapse];
    int64_t low = 0, high = p->n_sources; /* created[low] <= synapse < created[high] */
    const int64_t guess = (int64_t)((double)synapse / (double)p->n * (double)p->n_sources);
    for (int64_t reach = 8; reach < high - low; reach *= 4) { /* rows are about equally long */
        const int64_t below = guess - reach > 0 ? guess - reach : 0;
        const int64_t above = guess + reach < high ? guess + reach : high;
        if (p->created[below] <= synapse && synapse < p->created[above]) {
            low = below, high = above;
            break;
        }
    }
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (p->created[middle] <= synapse)
            low = middle;
        else
            high = middle;
    }
    return (uint32_t)low;
}

static void free_rows(struct projection *p) {
    if (p->target_of != p->j)
        free((void *)p->target_of);
    free(p->start), free(p->synapse_of);
    free(p->delay_tick), free(p->delay_offset);
    p->start = NULL, p->stop = NULL, p->target_of = p->synapse_of = NULL;
    p->delay_tick = NULL, p->delay_offset = NULL;
}

static void free_ports(struct projection *p) {
    for (int k = 0; k < p->n_ports; k++)
        free(p->port[k].own);
    free(p->port);
}

static void free_all(double **arrays, int n) {
    for (int k = 0; arrays && k < n; k++)
        free(arrays[k]);
    free(arrays);
}

static void free_variables(struct projection *p) {
    for (int v = 0; v < p->n_variables; v++)
        if (projection_is_packed(p, v))
            p->variable[v] = NULL;
    free_all(p->variable, p->n_variables), free(p->step), free(p->records), free(p->slot_of);
    p->records = NULL, p->n_records = 0, p->slot_of = NULL;
}

void projection_free(struct projection *p) {
    if (!p)
        return;
    free_rows(p);
    free_ports(p);
    if (!p->is_sharing)
        free_variables(p);
    if (!p->created)
        free((void *)p->j);
    free(p->i), free(p->created), free(p->source_of);
    free(p);
}

static int64_t size_of_rows(const struct projection *p) {
    const int64_t each = (p->i ? 2 * (int64_t)sizeof(uint32_t) : 0) +
                         (p->target_of != p->j ? (int64_t)sizeof(uint32_t) : 0) +
                         (p->synapse_of ? (int64_t)sizeof(uint32_t) : 0) +
                         (p->slot_of && !p->is_sharing ? (int64_t)sizeof(uint32_t) : 0) +
                         (p->source_of ? (int64_t)sizeof(uint32_t) : 0) +
                         (p->delay_tick ? (int64_t)(sizeof(int32_t) + sizeof(double)) : 0);
    const int64_t n_rows = (p->start ? p->n_shards + 1 : 0) + (p->created ? 1 : 0);
    return each * p->n + n_rows * p->n_sources * (int64_t)sizeof(int64_t);
}

int64_t projection_bytes(const struct projection *p) {
    int64_t values = 0;
    for (int k = 0; k < p->n_ports; k++)
        values += p->port[k].own ? (p->port[k].step ? p->n : 1) : 0;
    for (int v = 0; v < p->n_variables && !p->is_sharing; v++)
        values += projection_is_packed(p, v) ? 0 : p->step[v] ? p->n : 1;
    values += p->is_sharing ? 0 : p->n_records;
    return size_of_rows(p) + values * (int64_t)sizeof(double);
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

/* The source of synapse k, where `source` is that of the one before. */
static int64_t source_after(const struct projection *p, int64_t source, int64_t k) {
    if (p->i)
        return p->i[k];
    while (k >= p->created[source + 1])
        source++;
    return source;
}

/* Counting sort by (shard, source); synapses of one row keep their order. */
static int sort_rows(struct projection *p, const int64_t *bounds) {
    const int64_t n_rows = p->n_shards * p->n_sources;
    uint32_t *const target_of = allocate((size_t)(p->n + 1), sizeof *target_of);
    p->start = allocate_zeroed((size_t)n_rows + 2, sizeof *p->start);
    p->synapse_of = allocate((size_t)(p->n + 1), sizeof *p->synapse_of);
    p->target_of = target_of;
    if (!p->start || !target_of || !p->synapse_of)
        return EVSIM_NO_MEMORY;
    int64_t *next = p->start + 1; /* shifted by one, so that it ends as the starts */
    p->stop = next;
    int64_t source = 0;
    for (int64_t k = 0; k < p->n; k++) {
        source = source_after(p, source, k);
        next[shard_of(p->j[k], p->n_shards, bounds) * p->n_sources + source + 1]++;
    }
    for (int64_t r = 1; r <= n_rows; r++)
        next[r] += next[r - 1];
    source = 0;
    for (int64_t k = 0; k < p->n; k++) {
        source = source_after(p, source, k);
        const int64_t row = shard_of(p->j[k], p->n_shards, bounds) * p->n_sources + source;
        p->synapse_of[next[row]++] = (uint32_t)k;
    }
    return EVSIM_OK;
}

static int targets_ascend(const struct projection *p) {
    for (int64_t s = 0; s < p->n_sources; s++)
        for (int64_t k = p->created[s] + 1; k < p->created[s + 1]; k++)
            if (p->j[k] < p->j[k - 1])
                return 0;
    return 1;
}

/* Rows as they were created: a row is cut where the targets of a shard begin. */
static int keep_rows(struct projection *p, const int64_t *bounds) {
    const size_t n = (size_t)p->n_sources;
    p->start = allocate(((size_t)p->n_shards + 1) * n + 1, sizeof *p->start);
    if (!p->start)
        return EVSIM_NO_MEMORY;
    p->stop = p->start + n;
    p->target_of = p->j;
    memcpy(p->start, p->created, n * sizeof *p->start);
    memcpy(p->start + (size_t)p->n_shards * n, p->created + 1, n * sizeof *p->start);
    for (int shard = 1; shard < p->n_shards; shard++)
        for (size_t s = 0; s < n; s++) {
            int64_t k = p->start[((size_t)shard - 1) * n + s];
            while (k < p->created[s + 1] && p->j[k] < bounds[shard])
                k++;
            p->start[(size_t)shard * n + s] = k;
        }
    return EVSIM_OK;
}

static int sort_by_delay(struct projection *p, const int32_t *tick, const double *offset) {
    int64_t longest = 0;
    const int64_t n_rows = p->n_shards * p->n_sources;
    for (int64_t r = 0; r < n_rows; r++)
        if (p->stop[r] - p->start[r] > longest)
            longest = p->stop[r] - p->start[r];
    struct key *keys = allocate((size_t)(longest + 1), sizeof *keys);
    p->delay_tick = allocate((size_t)(p->n + 1), sizeof *p->delay_tick);
    p->delay_offset = allocate((size_t)(p->n + 1), sizeof *p->delay_offset);
    if (!keys || !p->delay_tick || !p->delay_offset) {
        free(keys);
        return EVSIM_NO_MEMORY;
    }
    for (int64_t r = 0; r < n_rows; r++) {
        const int64_t first = p->start[r], count = p->stop[r] - first;
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

/* The amounts of a port in the order of rows sorted anew. */
static double *reorder(const struct projection *p, const struct port *port,
                       const struct projection *sorted) {
    double *created = allocate((size_t)p->n + 1, sizeof *created);
    double *amount = allocate((size_t)p->n + 1, sizeof *amount);
    for (int64_t k = 0; k < p->n && created && amount; k++)
        created[projection_synapse(p, k)] = port->amount[k];
    for (int64_t k = 0; k < p->n && created && amount; k++)
        amount[k] = created[projection_synapse(sorted, k)];
    if (!created)
        free(amount), amount = NULL;
    free(created);
    return amount;
}

/* Takes over the sorted rows and brings the amounts into their order; or leaves all as it was. */
static int take_rows(struct projection *p, struct projection *sorted) {
    double **amounts = allocate_zeroed((size_t)p->n_ports + 1, sizeof *amounts);
    int code = amounts ? EVSIM_OK : EVSIM_NO_MEMORY;
    for (int k = 0; k < p->n_ports && code >= 0; k++)
        if (p->port[k].step && (p->synapse_of || sorted->synapse_of) &&
            !(amounts[k] = reorder(p, &p->port[k], sorted)))
            code = EVSIM_NO_MEMORY;
    for (int k = 0; k < p->n_ports && amounts; k++) {
        if (code >= 0 && amounts[k]) {
            double *before = p->port[k].own;
            p->port[k].amount = p->port[k].own = amounts[k], amounts[k] = before;
        }
        free(amounts[k]);
    }
    free(amounts);
    free_rows(code < 0 ? sorted : p);
    if (code >= 0)
        *p = *sorted;
    return code;
}

static void find_range(struct projection *p, const int32_t *tick, int is_one) {
    p->shortest = p->longest = p->n > 0 || is_one ? tick[0] : 0;
    for (int64_t k = 1; k < p->n && !is_one; k++) {
        if (tick[k] < p->shortest)
            p->shortest = tick[k];
        if (tick[k] > p->longest)
            p->longest = tick[k];
    }
    p->is_short = p->n > 0 && p->shortest == 0;
}

/* Spikes of the targets act on their own synapses; at once, this needs no cascade. */
static int is_short_post(const struct projection *p, const int32_t *tick, const double *offset,
                         int is_one) {
    for (int64_t k = 0; k < (is_one ? p->n > 0 : p->n); k++)
        if (tick[k] == 0 && offset[k] > 0.0)
            return 1;
    return 0;
}

int projection_arrange(struct projection *p, const int32_t *tick, const double *offset, int is_one,
                       int n_shards, const int64_t *bounds) {
    struct projection sorted = *p;
    sorted.start = NULL, sorted.stop = NULL, sorted.target_of = sorted.synapse_of = NULL;
    sorted.delay_tick = NULL, sorted.delay_offset = NULL;
    sorted.n_shards = n_shards;
    find_range(&sorted, tick, is_one);
    if (p->is_post)
        sorted.is_short = is_short_post(p, tick, offset, is_one);
    const int is_kept = is_one && p->created && (n_shards == 1 || targets_ascend(p));
    int code = is_kept ? keep_rows(&sorted, bounds) : sort_rows(&sorted, bounds);
    if (is_one)
        sorted.one_tick = tick[0], sorted.one_offset = offset[0];
    else if (code >= 0)
        code = sort_by_delay(&sorted, tick, offset);
    if (code < 0) {
        free_rows(&sorted);
        return code;
    }
    uint32_t *const target_of = is_kept ? NULL : (uint32_t *)sorted.target_of;
    for (int64_t k = 0; k < p->n && target_of; k++)
        target_of[k] = p->j[sorted.synapse_of[k]];
    return take_rows(p, &sorted);
}

int projection_cut(struct projection *p, int n_shards, const int64_t *bounds) {
    if (!p->delay_tick)
        return projection_arrange(p, &p->one_tick, &p->one_offset, 1, n_shards, bounds);
    int32_t *tick = allocate((size_t)p->n + 1, sizeof *tick);
    double *offset = allocate((size_t)p->n + 1, sizeof *offset);
    int code = tick && offset ? EVSIM_OK : EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < p->n && code >= 0; k++) {
        tick[projection_synapse(p, k)] = p->delay_tick[k];
        offset[projection_synapse(p, k)] = p->delay_offset[k];
    }
    if (code >= 0)
        code = projection_arrange(p, tick, offset, 0, n_shards, bounds);
    free(tick), free(offset);
    return code;
}

/* n arrays that hold one zero each. */
static double **zeros(int n) {
    double **arrays = allocate_zeroed((size_t)n + 1, sizeof *arrays);
    for (int k = 0; k < n && arrays; k++) {
        if ((arrays[k] = allocate_zeroed(1, sizeof **arrays)))
            continue;
        free_all(arrays, k);
        return NULL;
    }
    return arrays;
}

int projection_set_ports(struct projection *p, int n_ports, const int32_t *states) {
    struct port *port = allocate_zeroed((size_t)n_ports + 1, sizeof *port);
    double **amounts = zeros(n_ports);
    if (!port || !amounts) {
        free(port), free_all(amounts, n_ports);
        return EVSIM_NO_MEMORY;
    }
    for (int k = 0; k < n_ports; k++)
        port[k].state = states[k], port[k].amount = port[k].own = amounts[k];
    free(amounts);
    free_ports(p);
    p->port = port, p->n_ports = n_ports;
    return EVSIM_OK;
}

int projection_set_amount(struct projection *p, int port, const double *amount, int is_one) {
    struct port *to = &p->port[port];
    const int is_in_place = !is_one && !p->synapse_of;
    double *values = is_in_place ? NULL : allocate((size_t)(is_one ? 1 : p->n + 1), sizeof *values);
    if (!values && !is_in_place)
        return EVSIM_NO_MEMORY;
    if (is_one)
        values[0] = amount[0];
    for (int64_t k = 0; k < p->n && !is_one && values; k++)
        values[k] = amount[projection_synapse(p, k)];
    free(to->own);
    to->own = values, to->amount = values ? values : amount;
    to->step = !is_one;
    return is_in_place;
}

int projection_set_code(struct projection *p, const struct evsim_code *code, int n_variables) {
    double **variable = zeros(n_variables);
    int64_t *step = allocate_zeroed((size_t)n_variables + 1, sizeof *step);
    if (!variable || !step) {
        free_all(variable, n_variables), free(step);
        return EVSIM_NO_MEMORY;
    }
    free_variables(p);
    p->code = code, p->n_variables = n_variables;
    p->variable = variable, p->step = step;
    return EVSIM_OK;
}

int projection_set_variable(struct projection *p, int variable, const double *values, int is_one) {
    if (projection_is_packed(p, variable)) {
        for (int64_t s = 0; s < p->n; s++)
            p->variable[variable][projection_slot(p, s) * p->step[variable]] =
                values[is_one ? 0 : s];
        return EVSIM_OK;
    }
    const size_t size = (size_t)(is_one ? 1 : p->n) * sizeof *values;
    double *copy = allocate(size + sizeof *values, 1);
    if (!copy)
        return EVSIM_NO_MEMORY;
    if (is_one || !p->slot_of)
        memcpy(copy, values, size);
    for (int64_t s = 0; s < p->n && !is_one && p->slot_of; s++)
        copy[p->slot_of[s]] = values[s];
    free(p->variable[variable]);
    p->variable[variable] = copy;
    p->step[variable] = !is_one;
    return EVSIM_OK;
}

void projection_set_table(struct projection *p, int variable, double *table) {
    free(p->variable[variable]);
    p->variable[variable] = table, p->step[variable] = 0;
}

int projection_set_sources(struct projection *p, int32_t population, const uint32_t *i) {
    uint32_t *copy = allocate((size_t)p->n + 1, sizeof *copy);
    if (!copy)
        return EVSIM_NO_MEMORY;
    memcpy(copy, i, (size_t)p->n * sizeof *copy);
    free(p->source_of);
    p->source = population, p->source_of = copy;
    return EVSIM_OK;
}

void projection_share(struct projection *p, const struct projection *owner,
                      const struct evsim_code *code) {
    p->code = code, p->n_variables = owner->n_variables;
    p->variable = owner->variable, p->step = owner->step, p->slot_of = owner->slot_of;
    p->records = owner->records, p->n_records = owner->n_records;
    p->is_sharing = 1;
}

/* Takes memory for these variables, one after the other `apart`, each with this step. */
static int take_records(struct projection *p, int n, const int32_t *variables, int64_t n_records,
                        int64_t apart, int64_t step) {
    n_records = n_records < n ? n : n_records; /* each has a place, also without synapses */
    double *records = allocate_zeroed((size_t)n_records + 1, sizeof *records);
    if (!records)
        return EVSIM_NO_MEMORY;
    p->records = records, p->n_records = n_records;
    for (int k = 0; k < n; k++) {
        free(p->variable[variables[k]]);
        p->variable[variables[k]] = records + k * apart;
        p->step[variables[k]] = step;
    }
    return EVSIM_OK;
}

#define PAGE 512 /* numbers */
#define SKEW 72  /* numbers: arrays that are used together begin at different places in pages */

int projection_place_by_target(struct projection *p, int n, const int32_t *variables) {
    const int64_t apart = (p->n / PAGE + 1) * PAGE + SKEW;
    uint32_t n_targets = 0;
    for (int64_t s = 0; s < p->n; s++)
        n_targets = p->j[s] >= n_targets ? p->j[s] + 1 : n_targets;
    uint32_t *slot_of = allocate((size_t)p->n + 1, sizeof *slot_of);
    uint32_t *next = allocate_zeroed((size_t)n_targets + 1, sizeof *next);
    if (!slot_of || !next) {
        free(slot_of), free(next);
        return EVSIM_NO_MEMORY;
    }
    for (int64_t s = 0; s < p->n; s++)
        next[p->j[s] + 1]++;
    for (uint32_t i = 0; i < n_targets; i++)
        next[i + 1] += next[i];
    for (int64_t s = 0; s < p->n; s++)
        slot_of[s] = next[p->j[s]]++;
    free(next), free(p->slot_of);
    p->slot_of = slot_of;
    return take_records(p, n, variables, n * apart, apart, 1);
}

int projection_pack(struct projection *p, int n, const int32_t *variables) {
    if (n < 2) /* a step of 1 is that of arrays of their own */
        return EVSIM_OK;
    return take_records(p, n, variables, p->n * n, 1, n);
}
