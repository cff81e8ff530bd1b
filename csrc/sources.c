/* Sources: Poisson processes and given trains. See sources.h. */
#include "sources.h"

#include <math.h>
#include <stdlib.h>

#include "allocation.h"
#include "error.h"
#include "random.h"

#define FEW 16 /* spikes that are sorted by insertion */

int spikes_add(struct spikes *list, const struct spike *spike) {
    if (list->n == list->room) {
        const int64_t room = list->room ? 2 * list->room : 64;
        struct spike *all = reallocate(list->all, (size_t)room, sizeof *all);
        if (!all)
            return EVSIM_NO_MEMORY;
        list->all = all, list->room = room;
    }
    list->all[list->n++] = *spike;
    return EVSIM_OK;
}

/* Keeps the states of a neuron at its spike; `seen` says where. */
int spikes_see(struct spikes *list, const double *x, int n_states, int64_t *seen) {
    if (list->n_seen + n_states > list->seen_room) {
        const int64_t room = 2 * (list->n_seen + n_states) + 64;
        double *more = reallocate(list->seen, (size_t)room, sizeof *more);
        if (!more)
            return EVSIM_NO_MEMORY;
        list->seen = more, list->seen_room = room;
    }
    *seen = list->n_seen;
    for (int s = 0; s < n_states; s++)
        list->seen[list->n_seen++] = x[s];
    return EVSIM_OK;
}

void spikes_clear(struct spikes *list) { list->n = list->n_seen = 0; }

void spikes_free(struct spikes *list) { free(list->all), free(list->seen); }

static int compare_spikes(const void *a, const void *b) {
    const struct spike *x = a, *y = b;
    if (x->tick != y->tick)
        return x->tick < y->tick ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    if (x->emitter != y->emitter)
        return x->emitter < y->emitter ? -1 : 1;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->seen < y->seen ? -1 : x->seen > y->seen;
}

void spikes_sort(struct spikes *list) {
    if (list->n > FEW) {
        qsort(list->all, (size_t)list->n, sizeof *list->all, compare_spikes);
        return;
    }
    for (int64_t k = 1; k < list->n; k++) {
        const struct spike spike = list->all[k];
        int64_t j = k;
        for (; j > 0 && compare_spikes(&list->all[j - 1], &spike) > 0; j--)
            list->all[j] = list->all[j - 1];
        list->all[j] = spike;
    }
}

void poisson_clear(struct poisson_source *s) {
    free(s->step), free(s->part), free(s->total), free(s->cumulative);
}

int poisson_set_course(struct poisson_source *s, int64_t n_pieces, const int64_t *step,
                       const double *part, const double *rates, int64_t count) {
    const size_t n = (size_t)n_pieces;
    struct poisson_source new = *s;
    new.n_pieces = n_pieces;
    new.step = allocate(n, sizeof *step);
    new.part = allocate(n, sizeof *part);
    new.total = allocate(n, sizeof *new.total);
    new.cumulative = count > 1 ? allocate(n * (size_t)count, sizeof *rates) : NULL;
    if (!new.step || !new.part || !new.total || (count > 1 && !new.cumulative)) {
        poisson_clear(&new);
        return EVSIM_NO_MEMORY;
    }
    for (int64_t k = 0; k < n_pieces; k++) {
        double sum = 0.0;
        for (int64_t i = 0; i < count && new.cumulative; i++)
            new.cumulative[k * count + i] = sum += rates[k * count + i];
        new.step[k] = step[k], new.part[k] = part[k];
        new.total[k] = new.cumulative ? sum : rates[k] * (double)s->n;
    }
    poisson_clear(s);
    *s = new;
    return EVSIM_OK;
}

int poisson_set_rates(struct poisson_source *s, const double *rates, int64_t count) {
    const int64_t step = 0;
    const double part = 0.0;
    return poisson_set_course(s, 1, &step, &part, rates, count);
}

static int64_t element_at(const struct poisson_source *s, int64_t piece, double u) {
    if (!s->cumulative) {
        const int64_t i = (int64_t)(u * (double)s->n);
        return i < s->n ? i : s->n - 1;
    }
    const double *cumulative = &s->cumulative[piece * s->n], wanted = u * s->total[piece];
    int64_t low = 0, high = s->n - 1; /* first element whose cumulative rate exceeds `wanted` */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (cumulative[middle] > wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The piece in which a step of the clock begins. */
static int64_t piece_at(const struct poisson_source *s, int64_t step) {
    int64_t low = 0, high = s->n_pieces; /* the last that begins then or before */
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (s->step[middle] < step || (s->step[middle] == step && s->part[middle] == 0.0))
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Where in a step the next piece begins; 1 where it begins later. */
static double end_of_piece(const struct poisson_source *s, int64_t piece, int64_t step) {
    return piece + 1 < s->n_pieces && s->step[piece + 1] == step ? s->part[piece + 1] : 1.0;
}

/* The mean of the rates in a step that begins in `piece`. */
static double mean_rate(const struct poisson_source *s, int64_t piece, int64_t step) {
    double sum = 0.0, from = 0.0, to = end_of_piece(s, piece, step);
    if (to == 1.0)
        return s->total[piece];
    for (;; piece++, from = to, to = end_of_piece(s, piece, step)) {
        sum += s->total[piece] * (to - from);
        if (to == 1.0)
            return sum;
    }
}

/* The part of a step before which there are `share` of its spikes on average, and the piece there.
 */
static double part_at(const struct poisson_source *s, int64_t *piece, int64_t step, double mean,
                      double share) {
    double left = share * mean, from = 0.0, to = end_of_piece(s, *piece, step);
    if (to == 1.0)
        return share;
    while (to < 1.0 && left >= s->total[*piece] * (to - from)) {
        left -= s->total[*piece] * (to - from);
        (*piece)++;
        from = to, to = end_of_piece(s, *piece, step);
    }
    const double part = s->total[*piece] > 0.0 ? from + left / s->total[*piece] : from;
    return part < to ? part : nextafter(to, from);
}

/* The steps of the clock in window `tick`: the first, and how many. */
static int64_t steps_of(const struct clock *clock, int64_t tick, int64_t *count) {
    *count = clock->steps;
    return clock->steps > 1 ? tick * clock->steps : tick / clock->parts;
}

/* Part u of step k of the window, as an offset in the window; negative: it is in another window. A
 * window is never longer than the step by which u was drawn, so the subtraction is exact. */
static double in_window(const struct clock *clock, int64_t tick, int64_t k, double u) {
    const double offset = u * clock->dt;
    if (clock->steps > 1)
        return (double)k * clock->dt + offset;
    const int64_t part = tick % clock->parts;
    if ((int64_t)(u * (double)clock->parts) != part)
        return -1.0;
    const double rest = offset - (double)part * clock->window;
    return rest > 0.0 ? rest : 0.0;
}

static int draw_step(const struct poisson_source *s, const struct clock *clock, int64_t tick,
                     int64_t step, int64_t k, struct spikes *out) {
    const int64_t begin = piece_at(s, step);
    const double mean = mean_rate(s, begin, step);
    struct random_stream stream;
    random_stream_start(&stream, clock->seed, s->object, 0, step);
    const int64_t count = random_poisson(&stream, mean * clock->dt);
    if (count < 0)
        return (int)count;
    for (int64_t e = 0; e < count; e++) {
        struct spike spike = {.tick = tick, .emitter = s->emitter};
        int64_t piece = begin;
        const double u = part_at(s, &piece, step, mean, random_unit_next(&stream));
        spike.index = (uint32_t)element_at(s, piece, random_unit_next(&stream));
        spike.offset = in_window(clock, tick, k, u);
        if (spike.offset < 0.0 || spike.offset >= clock->window)
            continue;
        const int code = spikes_add(out, &spike);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}

int poisson_draw(const struct poisson_source *s, const struct clock *clock, int64_t tick,
                 struct spikes *out) {
    int64_t count;
    const int64_t first = steps_of(clock, tick, &count);
    int code = EVSIM_OK;
    for (int64_t k = 0; k < count && code >= 0; k++)
        code = draw_step(s, clock, tick, first + k, k, out);
    return code;
}

void poisson_free(struct poisson_source *s) {
    if (s)
        poisson_clear(s);
    free(s);
}

int train_set(struct train_source *s, int64_t n, const int64_t *tick, const double *offset,
              const uint32_t *index) {
    int64_t *ticks = allocate((size_t)n, sizeof *ticks);
    double *offsets = allocate((size_t)n, sizeof *offsets);
    uint32_t *indices = allocate((size_t)n, sizeof *indices);
    if (!ticks || !offsets || !indices) {
        free(ticks), free(offsets), free(indices);
        return EVSIM_NO_MEMORY;
    }
    for (int64_t k = 0; k < n; k++)
        ticks[k] = tick[k], offsets[k] = offset[k], indices[k] = index[k];
    free(s->tick), free(s->offset), free(s->index);
    s->n_spikes = n;
    s->tick = ticks, s->offset = offsets, s->index = indices;
    return EVSIM_OK;
}

int train_draw(const struct train_source *s, int64_t tick, struct spikes *out) {
    int64_t low = 0, high = s->n_spikes; /* first spike at or after the tick */
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (s->tick[middle] < tick)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < s->n_spikes && s->tick[low] == tick; low++) {
        const struct spike spike = {tick, s->offset[low], s->emitter, s->index[low], 0};
        const int code = spikes_add(out, &spike);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}

void train_free(struct train_source *s) {
    if (!s)
        return;
    free(s->tick), free(s->offset), free(s->index);
    free(s);
}

static int drive_room(double **offsets, int64_t *room, int64_t n) {
    if (n <= *room)
        return EVSIM_OK;
    double *more = reallocate(*offsets, (size_t)(2 * n), sizeof *more);
    if (!more)
        return EVSIM_NO_MEMORY;
    *offsets = more, *room = 2 * n;
    return EVSIM_OK;
}

int64_t drive_draw(const struct drive *d, uint64_t key, const struct clock *clock, int64_t i,
                   int64_t tick, double **offsets, int64_t *room) {
    int64_t n_steps, n = 0;
    const int64_t first = steps_of(clock, tick, &n_steps);
    for (int64_t k = 0; k < n_steps; k++) {
        struct random_stream stream;
        random_stream_open(&stream, key, (uint32_t)i, first + k);
        const int64_t count = random_poisson(&stream, d->rate * clock->dt);
        if (count < 0)
            return count;
        if (drive_room(offsets, room, n + count) < 0)
            return EVSIM_NO_MEMORY;
        for (int64_t e = 0; e < count; e++) {
            const double at = in_window(clock, tick, k, random_unit_next(&stream));
            if (at >= 0.0 && at < clock->window)
                (*offsets)[n++] = at;
        }
    }
    return n;
}
