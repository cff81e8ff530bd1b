/* Recorders: chunk lists of spikes and of samples, and their copying out to flat arrays. */
#include "record.h"

#include <string.h>

#include "allocation.h"
#include "error.h"

#define FIRST_SPIKES 64
#define MOST_SPIKES 65536
#define FIRST_SAMPLES 8
#define MOST_NUMBERS 32768 /* in one chunk of samples, unless a single sample is wider: 256 KiB */

/* Whether [start, start + n) lies in [0, count). */
static int is_inside(int64_t start, int64_t n, int64_t count) {
    return start >= 0 && n >= 0 && start <= count && n <= count - start;
}

/* --- spikes --- */

struct spike {
    int64_t tick;
    double offset;
    uint32_t index;
};

struct spike_chunk {
    struct spike_chunk *next;
    int64_t n, capacity;
    struct spike spikes[];
};

struct spike_record {
    struct spike_chunk *first, *last; /* NULL in an empty record */
    int64_t count;
};

struct spike_record *record_spikes_new(void) {
    return allocate_zeroed(1, sizeof(struct spike_record));
}

void record_spikes_free(struct spike_record *r) {
    if (r == NULL)
        return;
    for (struct spike_chunk *chunk = r->first, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(r);
}

static int spikes_grow(struct spike_record *r) {
    int64_t capacity = r->last == NULL ? FIRST_SPIKES : 2 * r->last->capacity;
    if (capacity > MOST_SPIKES)
        capacity = MOST_SPIKES;
    struct spike_chunk *chunk =
        allocate(1, sizeof *chunk + (size_t)capacity * sizeof(struct spike));
    if (chunk == NULL)
        return EVSIM_NO_MEMORY;
    chunk->next = NULL;
    chunk->n = 0;
    chunk->capacity = capacity;
    *(r->last == NULL ? &r->first : &r->last->next) = chunk;
    r->last = chunk;
    return EVSIM_OK;
}

int record_spikes_append(struct spike_record *r, int64_t tick, double offset, uint32_t index) {
    struct spike_chunk *chunk = r->last;
    if (chunk == NULL || chunk->n == chunk->capacity) {
        if (spikes_grow(r) < 0)
            return EVSIM_NO_MEMORY;
        chunk = r->last;
    }
    chunk->spikes[chunk->n++] = (struct spike){tick, offset, index};
    r->count++;
    return EVSIM_OK;
}

void record_spikes_truncate(struct spike_record *r, int64_t count) {
    int64_t before = 0; /* in the chunks walked past */
    struct spike_chunk *chunk = r->first;
    for (; chunk && before + chunk->n < count; chunk = chunk->next)
        before += chunk->n;
    if (!chunk || r->count <= count)
        return;
    chunk->n = count - before, r->count = count, r->last = chunk;
    for (struct spike_chunk *next = chunk->next, *after; next; next = after) {
        after = next->next;
        free(next);
    }
    chunk->next = NULL;
}

int64_t record_spikes_count(const struct spike_record *r) { return r->count; }

int record_spikes_copy(const struct spike_record *r, int64_t start, int64_t n, int64_t *tick,
                       double *offset, int64_t *index) {
    if (!is_inside(start, n, r->count))
        return EVSIM_BAD_ARGUMENT;
    int64_t done = 0, before = 0; /* before: spikes in the chunks walked past */
    for (const struct spike_chunk *c = r->first; done < n; before += c->n, c = c->next) {
        for (int64_t k = start + done - before; k < c->n && done < n; k++, done++) {
            if (tick != NULL)
                tick[done] = c->spikes[k].tick;
            if (offset != NULL)
                offset[done] = c->spikes[k].offset;
            if (index != NULL)
                index[done] = c->spikes[k].index;
        }
    }
    return EVSIM_OK;
}

/* --- samples --- */

struct sample_chunk {
    struct sample_chunk *next;
    int64_t n, capacity; /* samples */
    double numbers[];
};

struct sample_record {
    struct sample_chunk *first, *last; /* NULL in an empty record */
    int64_t count;
    uint32_t width;
};

struct sample_record *record_samples_new(uint32_t width) {
    struct sample_record *r = allocate_zeroed(1, sizeof *r);
    if (r != NULL)
        r->width = width;
    return r;
}

void record_samples_free(struct sample_record *r) {
    if (r == NULL)
        return;
    for (struct sample_chunk *chunk = r->first, *next; chunk != NULL; chunk = next) {
        next = chunk->next;
        free(chunk);
    }
    free(r);
}

/* How many samples the next chunk has. */
static int64_t samples_next_capacity(const struct sample_record *r) {
    int64_t most = r->width > MOST_NUMBERS ? 1 : MOST_NUMBERS / (r->width + (r->width == 0));
    int64_t wished = r->last == NULL ? FIRST_SAMPLES : 2 * r->last->capacity;
    return wished < most ? wished : most;
}

static int samples_grow(struct sample_record *r) {
    int64_t capacity = samples_next_capacity(r);
    size_t numbers = (size_t)capacity * r->width;
    struct sample_chunk *chunk = allocate(1, sizeof *chunk + numbers * sizeof(double));
    if (chunk == NULL)
        return EVSIM_NO_MEMORY;
    chunk->next = NULL;
    chunk->n = 0;
    chunk->capacity = capacity;
    *(r->last == NULL ? &r->first : &r->last->next) = chunk;
    r->last = chunk;
    return EVSIM_OK;
}

double *record_samples_append(struct sample_record *r) {
    if ((r->last == NULL || r->last->n == r->last->capacity) && samples_grow(r) < 0)
        return NULL;
    r->count++;
    return r->last->numbers + r->last->n++ * r->width;
}

void record_samples_truncate(struct sample_record *r, int64_t count) {
    int64_t before = 0; /* in the chunks walked past */
    struct sample_chunk *chunk = r->first;
    for (; chunk && before + chunk->n < count; chunk = chunk->next)
        before += chunk->n;
    if (!chunk || r->count <= count)
        return;
    chunk->n = count - before, r->count = count, r->last = chunk;
    for (struct sample_chunk *next = chunk->next, *after; next; next = after) {
        after = next->next;
        free(next);
    }
    chunk->next = NULL;
}

int64_t record_samples_count(const struct sample_record *r) { return r->count; }

/* Copies samples [from, to) of one chunk; `out` is where the first of them goes in the first row of
 * length n. */
static void chunk_copy(const struct sample_chunk *chunk, int64_t from, int64_t to, uint32_t width,
                       uint32_t column, uint32_t n_columns, int64_t n, double *out) {
    for (uint32_t c = 0; c < n_columns; c++)
        for (int64_t k = from; k < to; k++)
            out[c * n + (k - from)] = chunk->numbers[k * width + column + c];
}

int record_samples_copy(const struct sample_record *r, int64_t start, int64_t n, uint32_t column,
                        uint32_t n_columns, double *out) {
    if (!is_inside(start, n, r->count) || !is_inside(column, n_columns, r->width))
        return EVSIM_BAD_ARGUMENT;
    int64_t done = 0, before = 0; /* before: samples in the chunks walked past */
    for (const struct sample_chunk *chunk = r->first; done < n;
         before += chunk->n, chunk = chunk->next) {
        int64_t from = start + done - before;
        if (from >= chunk->n)
            continue;
        int64_t to = n - done < chunk->n - from ? from + n - done : chunk->n;
        chunk_copy(chunk, from, to, r->width, column, n_columns, n, out + done);
        done += to - from;
    }
    return EVSIM_OK;
}
