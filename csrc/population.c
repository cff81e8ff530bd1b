/* Populations: memory and filling. See population.h. */
#define _DEFAULT_SOURCE
#include "population.h"

#include <stdlib.h>
#include <string.h>
#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

#include "allocation.h"
#include "error.h"
#include "linear_unit.h"

#define PAGE                                                                                       \
    (2u << 20) /* a huge one, bytes: arrays that are touched everywhere come with few of them */

static void ask_for_huge_pages(void *array, size_t size) {
#ifdef MADV_HUGEPAGE
    madvise(array, size, MADV_HUGEPAGE); /* a wish: what comes of it does not matter */
#else
    (void)array, (void)size;
#endif
}

/* Zeroed doubles on a cache line of their own; ends with free(). */
static double *aligned_doubles(int64_t n) {
    const size_t least = (size_t)n * sizeof(double) + 64, unit = least < PAGE ? 64 : PAGE;
    const size_t size = (least + unit - 1) / unit * unit;
    double *array = test_allocation_fails() ? NULL : aligned_alloc(unit, size);
    if (array && unit == PAGE)
        ask_for_huge_pages(array, size);
    if (array)
        memset(array, 0, size);
    return array;
}

static double **aligned_rows(int n_rows, int64_t n) {
    double **rows = allocate_zeroed((size_t)n_rows + 1, sizeof *rows);
    if (!rows)
        return NULL;
    for (int r = 0; r < n_rows; r++)
        if (!(rows[r] = aligned_doubles(n))) {
            while (r--)
                free(rows[r]);
            free(rows);
            return NULL;
        }
    return rows;
}

static void free_rows(double **rows, int n_rows) {
    if (!rows)
        return;
    for (int r = 0; r < n_rows; r++)
        free(rows[r]);
    free(rows);
}

int population_new(struct population **out, int32_t number, int32_t emitter, int64_t n,
                   const struct evsim_kernel *kernel) {
    struct population *p = *out = allocate_zeroed(1, sizeof *p);
    if (!p)
        return EVSIM_NO_MEMORY;
    p->number = number, p->emitter = emitter, p->n = n, p->kernel = kernel;
    p->n_padded = (n + EVSIM_PAD - 1) / EVSIM_PAD * EVSIM_PAD;
    const size_t m = (size_t)p->n_padded + 1;
    p->state = aligned_rows(kernel->n_states, p->n_padded);
    p->coefficient = allocate_zeroed((size_t)kernel->n_coefficients + 1, sizeof *p->coefficient);
    p->parameter = allocate_zeroed((size_t)kernel->n_parameters + 1, sizeof *p->parameter);
    p->parameter_step =
        allocate_zeroed((size_t)kernel->n_parameters + 1, sizeof *p->parameter_step);
    p->cost = allocate_zeroed((size_t)kernel->n_states + 1, sizeof *p->cost);
    p->cells.slack = aligned_doubles(p->n_padded);
    p->release_tick = allocate(m, sizeof *p->release_tick);
    p->release_offset = allocate_zeroed(m, sizeof *p->release_offset);
    p->last_tick = allocate(m, sizeof *p->last_tick);
    p->last_offset = allocate_zeroed(m, sizeof *p->last_offset);
    p->slot = allocate_zeroed(m, sizeof *p->slot);
    p->marked = allocate_zeroed(m / 16 + 1, sizeof *p->marked);
    p->holding = allocate_zeroed(m, sizeof *p->holding);
    p->event_emitter = allocate_zeroed((size_t)kernel->n_events + 1, sizeof *p->event_emitter);
    p->refractory_tick = allocate_zeroed(1, sizeof *p->refractory_tick);
    p->refractory_offset = allocate_zeroed(1, sizeof *p->refractory_offset);
    if (!p->state || !p->coefficient || !p->parameter || !p->parameter_step || !p->cost ||
        !p->cells.slack || !p->release_tick || !p->release_offset || !p->last_tick ||
        !p->last_offset || !p->slot || !p->marked || !p->holding || !p->event_emitter ||
        !p->refractory_tick || !p->refractory_offset)
        return EVSIM_NO_MEMORY;
    for (int64_t i = 0; i < p->n_padded; i++)
        p->release_tick[i] = p->last_tick[i] = -1;
    for (int64_t i = n; i < p->n_padded; i++)
        p->cells.slack[i] = EVSIM_DORMANT;
    p->cells.n = n;
    p->cells.state = p->state;
    p->cells.coefficient = (const double *const *)p->coefficient;
    p->cells.parameter = p->parameter;
    p->cells.parameter_step = p->parameter_step;
    p->cells.last_tick = p->last_tick, p->cells.last_offset = p->last_offset;
    p->cells.holding = p->holding;
    return EVSIM_OK;
}

static void free_tables(struct population *p);

void population_free(struct population *p) {
    if (!p)
        return;
    free_tables(p);
    free(p->option);
    linear_cells_free(p->linear);
    free_rows(p->state, p->kernel->n_states);
    free_rows(p->begin, p->kernel->n_states);
    free_rows(p->coefficient, p->kernel->n_coefficients);
    free_rows(p->parameter, p->kernel->n_parameters);
    free(p->parameter_step), free(p->fold), free(p->cost), free(p->cells.slack);
    free(p->refractory_tick), free(p->refractory_offset);
    free(p->release_tick), free(p->release_offset);
    free(p->last_tick), free(p->last_offset), free(p->slot), free(p->marked), free(p->head);
    free(p->holding), free(p->event_emitter);
    free(p);
}

static int replace(double **to, const double *values, int64_t count, int64_t n_padded) {
    double *copy = aligned_doubles(count == 1 ? 1 : n_padded);
    if (!copy)
        return EVSIM_NO_MEMORY;
    memcpy(copy, values, (size_t)count * sizeof *copy);
    free(*to);
    *to = copy;
    return EVSIM_OK;
}

int population_set_coefficient(struct population *p, int c, const double *values, int64_t count) {
    return replace(&p->coefficient[c], values, count, p->n_padded);
}

int population_set_parameter(struct population *p, int k, const double *values, int64_t count) {
    const int code = replace(&p->parameter[k], values, count, p->n_padded);
    if (code >= 0)
        p->parameter_step[k] = count > 1;
    return code;
}

int population_set_refractory(struct population *p, const int32_t *tick, const double *offset,
                              int64_t count) {
    int32_t *ticks = allocate((size_t)count, sizeof *ticks);
    double *offsets = allocate((size_t)count, sizeof *offsets);
    if (!ticks || !offsets) {
        free(ticks), free(offsets);
        return EVSIM_NO_MEMORY;
    }
    memcpy(ticks, tick, (size_t)count * sizeof *ticks);
    memcpy(offsets, offset, (size_t)count * sizeof *offsets);
    free(p->refractory_tick), free(p->refractory_offset);
    p->refractory_tick = ticks, p->refractory_offset = offsets;
    p->refractory_step = count > 1;
    return EVSIM_OK;
}

int population_set_propagator(struct population *p, double window, int pieces,
                              const int32_t degrees[4], int is_foldable, int is_coupled,
                              const double *fold, int64_t n_fold, const double *cost) {
    double *copy = allocate((size_t)n_fold + 1, sizeof *copy);
    if (!copy)
        return EVSIM_NO_MEMORY;
    if (n_fold)
        memcpy(copy, fold, (size_t)n_fold * sizeof *copy);
    free(p->fold);
    p->cells.fold = p->fold = copy;
    p->cells.window = window;
    p->cells.pieces = pieces, p->cells.degree = degrees[3];
    memcpy(p->cells.degrees, degrees, sizeof p->cells.degrees);
    p->is_foldable = is_foldable && p->kernel->is_foldable, p->is_coupled = is_coupled;
    for (int s = 0; s < p->kernel->n_states; s++)
        p->cost[s][0] = cost[2 * s], p->cost[s][1] = cost[2 * s + 1];
    return EVSIM_OK;
}

int population_set_options(struct population *p, const double *values, int64_t count) {
    const int code = replace(&p->option, values, count, count);
    p->cells.option = p->option;
    return code;
}

static void free_tables(struct population *p) {
    for (int k = 0; k < p->n_tables; k++)
        free((void *)p->table[k].values);
    free(p->table);
}

int population_set_tables(struct population *p, int n_tables) {
    struct evsim_table *table = allocate_zeroed((size_t)n_tables + 1, sizeof *table);
    if (!table)
        return EVSIM_NO_MEMORY;
    free_tables(p);
    p->cells.table = p->table = table, p->n_tables = n_tables;
    return EVSIM_OK;
}

int population_set_table(struct population *p, int k, double dt, int64_t n, int64_t columns,
                         const double *values) {
    const size_t count = (size_t)n * (size_t)columns;
    double *copy = allocate(count, sizeof *copy);
    if (!copy)
        return EVSIM_NO_MEMORY;
    memcpy(copy, values, count * sizeof *copy);
    free((void *)p->table[k].values);
    p->table[k] = (struct evsim_table){dt, n, columns, copy};
    return EVSIM_OK;
}

int population_keep_begin(struct population *p) {
    if (!p->begin && !(p->begin = aligned_rows(p->kernel->n_states, p->n_padded)))
        return EVSIM_NO_MEMORY;
    return EVSIM_OK;
}

int population_index_deliveries(struct population *p) {
    if (!p->head && !(p->head = allocate_zeroed((size_t)p->n_padded + 1, sizeof *p->head)))
        return EVSIM_NO_MEMORY;
    return EVSIM_OK;
}
