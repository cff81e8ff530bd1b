/* Rows of weights that targets share, and the courses of links. See rows.h. */
#include "rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"

#define MOST_LOOKS 8 /* rows that a new one is compared with: the latest */
#define ALIKE 16     /* of so many weights one may differ */
#define TERMS EVSIM_TERMS

void rows_free(struct rows *r) {
    if (!r)
        return;
    free((void *)r->shared.start), free((void *)r->shared.i), free((void *)r->shared.weight);
    free((void *)r->own.start), free((void *)r->own.i), free((void *)r->own.weight);
    free(r->row), free(r->factor), free(r->sum), free(r->each), free(r->identity);
    free(r->end), free(r->coefficient);
    free(r);
}

/* ---- which rows ---- */

/* Rows while they are made. */
struct table {
    int64_t *start;
    uint32_t *i;
    double *weight;
    int64_t n, n_pairs, rows_room, i_room, weight_room;
};

static int table_add(struct table *t, uint32_t i, double weight) {
    if (GROW(t->i, t->n_pairs, t->i_room) < 0 || GROW(t->weight, t->n_pairs, t->weight_room) < 0)
        return EVSIM_NO_MEMORY;
    t->i[t->n_pairs] = i, t->weight[t->n_pairs++] = weight;
    return EVSIM_OK;
}

/* Ends a row at the present pair. */
static int table_end_row(struct table *t) {
    if (GROW(t->start, t->n + 1, t->rows_room) < 0)
        return EVSIM_NO_MEMORY;
    t->start[++t->n] = t->n_pairs;
    return EVSIM_OK;
}

static int table_begin(struct table *t) {
    if (GROW(t->start, 1, t->rows_room) < 0)
        return EVSIM_NO_MEMORY;
    t->start[0] = 0;
    return EVSIM_OK;
}

/* Numbers of the pairs, by target, then source, then creation. */
static int64_t *sorted_pairs(const struct link *l, int64_t n_sources, int64_t n_targets) {
    const int64_t longer = n_sources > n_targets ? n_sources : n_targets;
    int64_t *count = allocate((size_t)longer + 2, sizeof *count);
    int64_t *by_source = allocate((size_t)l->n + 1, sizeof *by_source);
    int64_t *sorted = allocate((size_t)l->n + 1, sizeof *sorted);
    if (count && by_source && sorted) {
        memset(count, 0, ((size_t)longer + 2) * sizeof *count);
        for (int64_t k = 0; k < l->n; k++)
            count[l->i[k] + 1]++;
        for (int64_t i = 0; i < n_sources; i++)
            count[i + 1] += count[i];
        for (int64_t k = 0; k < l->n; k++)
            by_source[count[l->i[k]]++] = k;
        memset(count, 0, ((size_t)longer + 2) * sizeof *count);
        for (int64_t k = 0; k < l->n; k++)
            count[l->j[k] + 1]++;
        for (int64_t j = 0; j < n_targets; j++)
            count[j + 1] += count[j];
        for (int64_t k = 0; k < l->n; k++)
            sorted[count[l->j[by_source[k]]]++] = by_source[k];
    } else {
        free(sorted);
        sorted = NULL;
    }
    free(count), free(by_source);
    return sorted;
}

/* How many weights of a row differ from those of row r; more than `most` count as many. */
static int64_t differences(const struct table *t, int64_t r, const uint32_t *i,
                           const double *weight, int64_t n, int64_t most) {
    int64_t found = 0, a = t->start[r], b = 0;
    const int64_t end = t->start[r + 1];
    while ((a < end || b < n) && found <= most) {
        const int is_here = a < end && (b == n || t->i[a] <= i[b]);
        const int is_there = b < n && (a == end || i[b] <= t->i[a]);
        found += !(is_here && is_there && t->weight[a] == weight[b]);
        a += is_here, b += is_there;
    }
    return found;
}

/* Adds the differences of a row from row r of `shared`. */
static int add_differences(struct table *own, const struct table *shared, int64_t r,
                           const uint32_t *i, const double *weight, int64_t n) {
    int64_t a = shared->start[r], b = 0;
    const int64_t end = shared->start[r + 1];
    int code = EVSIM_OK;
    while ((a < end || b < n) && code >= 0) {
        const int is_here = a < end && (b == n || shared->i[a] <= i[b]);
        const int is_there = b < n && (a == end || i[b] <= shared->i[a]);
        const uint32_t source = is_here ? shared->i[a] : i[b];
        const double more = (is_there ? weight[b] : 0.0) - (is_here ? shared->weight[a] : 0.0);
        if (more != 0.0)
            code = table_add(own, source, more);
        a += is_here, b += is_there;
    }
    return code;
}

/* The shared row for one target's weights, which may be new. */
static int64_t find_row(struct table *shared, const uint32_t *i, const double *weight, int64_t n) {
    int64_t best = -1, fewest = n / ALIKE;
    for (int64_t r = shared->n - 1; r >= 0 && r >= shared->n - MOST_LOOKS; r--) {
        const int64_t found = differences(shared, r, i, weight, n, fewest);
        if (found <= fewest) {
            best = r, fewest = found - 1;
            if (!found)
                break;
        }
    }
    if (best >= 0)
        return best;
    for (int64_t k = 0; k < n; k++)
        if (table_add(shared, i[k], weight[k]) < 0)
            return EVSIM_NO_MEMORY;
    const int code = table_end_row(shared);
    return code < 0 ? code : shared->n - 1;
}

/* Sorts the pairs into rows; those of one source and target are one. */
static int fill(const struct link *l, const int64_t *sorted, struct rows *r, struct table *shared,
                struct table *own) {
    uint32_t *i = allocate((size_t)l->n + 1, sizeof *i);
    double *weight = allocate((size_t)l->n + 1, sizeof *weight);
    int code = i && weight ? EVSIM_OK : EVSIM_NO_MEMORY;
    for (int64_t j = 0, k = 0; j < r->n_targets && code >= 0; j++) {
        int64_t n = 0;
        for (; k < l->n && l->j[sorted[k]] == j; k++) {
            const uint32_t source = l->i[sorted[k]];
            const int is_again = n && i[n - 1] == source;
            n -= is_again;
            weight[n] = l->weight[sorted[k] * l->weight_step] + (is_again ? weight[n] : 0.0);
            i[n++] = source;
        }
        const int64_t row = find_row(shared, i, weight, n);
        code = row < 0 ? (int)row : add_differences(own, shared, row, i, weight, n);
        r->row[j] = row < 0 ? 0 : (uint32_t)row;
        if (code >= 0)
            code = table_end_row(own);
    }
    free(i), free(weight);
    return code;
}

static int64_t filled_up(int64_t n) {
    return (n + EVSIM_RUNNING - 1) / EVSIM_RUNNING * EVSIM_RUNNING;
}

/* The rows of a table as kernels take them, filled up with source number `none`. */
static int rows_of(const struct table *t, uint32_t none, struct evsim_rows *out) {
    int64_t n = 0, same = 0;
    for (int64_t r = 0; r < t->n; r++)
        n += filled_up(t->start[r + 1] - t->start[r]);
    while (same < t->n_pairs && t->weight[same] == t->weight[0])
        same++;
    const int is_equal = same == t->n_pairs;
    int64_t *start = allocate_zeroed((size_t)t->n + 1, sizeof *start);
    uint32_t *i = allocate((size_t)n + 1, sizeof *i);
    double *weight = is_equal ? NULL : allocate_zeroed((size_t)n + 1, sizeof *weight);
    *out = (struct evsim_rows){.n = t->n, .start = start, .i = i, .weight = weight};
    if (!start || !i || (!weight && !is_equal))
        return EVSIM_NO_MEMORY;
    out->equal = t->n_pairs ? t->weight[0] : 0.0;
    for (int64_t r = 0, at = 0; r < t->n; r++) {
        for (int64_t k = t->start[r]; k < t->start[r + 1]; k++, at++) {
            i[at] = t->i[k];
            if (weight)
                weight[at] = t->weight[k];
        }
        for (; at < start[r] + filled_up(t->start[r + 1] - t->start[r]); at++)
            i[at] = none;
        start[r + 1] = at;
    }
    return EVSIM_OK;
}

static void table_free(struct table *t) { free(t->start), free(t->i), free(t->weight); }

static int make(struct link *l, struct rows *r) {
    struct table shared = {0}, own = {0};
    int64_t *sorted = sorted_pairs(l, r->n_sources, r->n_targets);
    int code = sorted ? EVSIM_OK : EVSIM_NO_MEMORY;
    if (code >= 0)
        code = table_begin(&shared);
    if (code >= 0)
        code = table_begin(&own);
    if (code >= 0)
        code = fill(l, sorted, r, &shared, &own);
    free(sorted);
    if (code >= 0)
        code = rows_of(&shared, (uint32_t)r->n_sources, &r->shared);
    if (code >= 0)
        code = rows_of(&own, (uint32_t)r->n_sources, &r->own);
    const int64_t n_own = own.n_pairs;
    table_free(&shared), table_free(&own);
    if (code < 0)
        return code;
    r->sum = allocate_zeroed((size_t)r->shared.n + 1, sizeof *r->sum);
    if (n_own || l->table->is_constant) {
        r->each = allocate_zeroed((size_t)r->n_targets + 1, sizeof *r->each);
        for (int64_t j = 0; j < r->n_targets; j++)
            r->identity[j] = (uint32_t)j;
        if (!r->each)
            return EVSIM_NO_MEMORY;
    }
    return r->sum ? EVSIM_OK : EVSIM_NO_MEMORY;
}

/* What a constant link adds up to, in `each`. */
static void find_constants(struct link *l) {
    struct rows *r = l->rows;
    double *own = r->own.start[r->own.n] ? r->each : NULL;
    l->table->factor(NULL, 0.0, r->n_sources, l->variable, l->step, r->factor);
    l->table->sum(&r->shared, r->factor, r->sum);
    if (own)
        l->table->sum(&r->own, r->factor, own);
    for (int64_t j = 0; j < r->n_targets; j++)
        r->each[j] = r->sum[r->row[j]] + (own ? own[j] : 0.0);
}

int rows_make(struct link *l, int64_t n_sources, int64_t n_targets, int64_t n_padded) {
    if (l->rows || !l->table || !l->table->factor)
        return EVSIM_OK;
    struct rows *r = l->rows = allocate_zeroed(1, sizeof *r);
    if (!r)
        return EVSIM_NO_MEMORY;
    r->n_sources = n_sources, r->n_targets = n_targets;
    r->row = allocate_zeroed((size_t)n_padded + 1, sizeof *r->row);
    r->identity = allocate_zeroed((size_t)n_padded + 1, sizeof *r->identity);
    r->factor = allocate_zeroed((size_t)n_sources + 1, sizeof *r->factor);
    int code = r->row && r->factor && r->identity ? EVSIM_OK : EVSIM_NO_MEMORY;
    if (code >= 0)
        code = make(l, r);
    if (code < 0) {
        rows_free(r);
        l->rows = NULL;
        return code;
    }
    if (l->table->is_constant)
        find_constants(l);
    return EVSIM_OK;
}

/* ---- what they add up to ---- */

/* The sums of a state, in r->sum and, where targets have differences, all in r->each. */
static void sum_up(struct link *l, double *const *from, double t) {
    struct rows *r = l->rows;
    l->table->factor(from, t, r->n_sources, l->variable, l->step, r->factor);
    l->table->sum(&r->shared, r->factor, r->sum);
    if (!r->each)
        return;
    l->table->sum(&r->own, r->factor, r->each);
    for (int64_t j = 0; j < r->n_targets; j++)
        r->each[j] += r->sum[r->row[j]];
}

void rows_add(struct link *l, double *const *from, double t, double *out) {
    const struct rows *r = l->rows;
    if (!l->table->is_constant)
        sum_up(l, from, t);
    for (int64_t j = 0; j < r->n_targets; j++)
        out[j] += r->each ? r->each[j] : r->sum[r->row[j]];
}

/* ---- courses ---- */

static int64_t n_of_course(const struct rows *r) { return r->each ? r->n_targets : r->shared.n; }

void course_begin(struct link *l, double begin) { l->rows->n_pieces = 0, l->rows->begin = begin; }

static int new_piece(struct rows *r, double end, double **coefficient) {
    const int64_t n = n_of_course(r) * TERMS, at = r->n_pieces * n;
    if (GROW(r->end, r->n_pieces, r->pieces_room) < 0)
        return EVSIM_NO_MEMORY;
    if (at + n > r->coefficient_room &&
        shard_grow((void **)&r->coefficient, at + n, &r->coefficient_room, sizeof *r->coefficient) <
            0)
        return EVSIM_NO_MEMORY;
    r->end[r->n_pieces++] = end;
    *coefficient = r->coefficient + at;
    return EVSIM_OK;
}

/* The states at a part of the step that m has made last. */
static double *const *states_at(const struct member *m, int n_states, double part) {
    if (part == 0.0 || part == 1.0)
        return part == 0.0 ? m->x : m->next;
    const double u = part, v = 1.0 - part;
    for (int s = 0; s < n_states; s++) {
        const double *x = m->x[s], *next = m->next[s];
        const double *b0 = m->bend[0][s], *b1 = m->bend[1][s], *b2 = m->bend[2][s];
        double *y = m->y[s];
        for (int64_t i = 0; i < m->n_padded; i++)
            y[i] = x[i] + u * ((next[i] - x[i]) + v * (b0[i] + u * (b1[i] + v * b2[i])));
    }
    return m->y;
}

/* Powers of the polynomial through the values at 0, 1/4, ..., 1 that stand in c. */
static void to_powers(double *c) {
    const double p0 = c[0], p1 = c[1], p2 = c[2], p3 = c[3], p4 = c[4];
    c[1] = (-25.0 * p0 + 48.0 * p1 - 36.0 * p2 + 16.0 * p3 - 3.0 * p4) * (1.0 / 3.0);
    c[2] = (70.0 * p0 - 208.0 * p1 + 228.0 * p2 - 112.0 * p3 + 22.0 * p4) * (1.0 / 3.0);
    c[3] = (-80.0 * p0 + 288.0 * p1 - 384.0 * p2 + 224.0 * p3 - 48.0 * p4) * (1.0 / 3.0);
    c[4] = (32.0 * p0 - 128.0 * p1 + 192.0 * p2 - 128.0 * p3 + 32.0 * p4) * (1.0 / 3.0);
}

int course_add(struct link *l, const struct member *m, int n_states, double t, double h,
               double end) {
    struct rows *r = l->rows;
    const int64_t n = n_of_course(r);
    double *c;
    if (new_piece(r, end, &c) < 0)
        return EVSIM_NO_MEMORY;
    for (int k = 0; k < TERMS; k++) {
        const double part = 0.25 * k;
        sum_up(l, states_at(m, n_states, part), t + part * h);
        const double *values = r->each ? r->each : r->sum;
        for (int64_t row = 0; row < n; row++)
            c[row * TERMS + k] = values[row];
    }
    for (int64_t row = 0; row < n; row++)
        to_powers(c + row * TERMS);
    return EVSIM_OK;
}

int course_constant(struct link *l) {
    struct rows *r = l->rows;
    double *c;
    course_begin(l, 0.0);
    if (new_piece(r, HUGE_VAL, &c) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t j = 0; j < r->n_targets; j++) {
        c[j * TERMS] = r->each[j];
        for (int k = 1; k < TERMS; k++)
            c[j * TERMS + k] = 0.0;
    }
    return EVSIM_OK;
}

struct evsim_course course_view(const struct link *l) {
    const struct rows *r = l->rows;
    return (struct evsim_course){
        .n = l->is_resting ? 0 : r->n_pieces,
        .begin = r->begin,
        .end = r->end,
        .n_rows = n_of_course(r),
        .coefficient = r->coefficient,
        .row = r->each ? r->identity : r->row,
    };
}

/* The number of the piece that holds just after an offset. */
static int64_t piece_after(const struct rows *r, double offset) {
    int64_t k = 0;
    while (k < r->n_pieces - 1 && r->end[k] <= offset)
        k++;
    return k;
}

double course_next_end(const struct link *l, double offset) {
    const struct rows *r = l->rows;
    return r->n_pieces ? r->end[piece_after(r, offset)] : HUGE_VAL;
}

void course_add_at(const struct link *l, double after, double offset, double *out) {
    const struct rows *r = l->rows;
    if (!r->n_pieces)
        return;
    const int64_t k = piece_after(r, after), n = n_of_course(r);
    const double begin = k ? r->end[k - 1] : r->begin, u = (offset - begin) / (r->end[k] - begin);
    const double *c = r->coefficient + k * n * TERMS;
    const uint32_t *row = r->each ? r->identity : r->row;
    for (int64_t j = 0; j < r->n_targets; j++) {
        const double *p = c + (int64_t)row[j] * TERMS;
        out[j] += p[0] + u * (p[1] + u * (p[2] + u * (p[3] + u * p[4])));
    }
}
