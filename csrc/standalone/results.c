/* Results as files of numpy's format: NAME.tick.npy, NAME.offset.npy and NAME.i.npy of spikes,
 * NAME.k.npy of samples at k*dt, NAME.STATE.npy of values, NAME.STATE.final.npy of last values.
 *
 * A file `finished`, written last, names the export that the results belong to.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "standalone.h"

#define TEXT 1024 /* bytes of a path beyond its folder, and of a header */

static const uint16_t ORDER = 1;

/* int64 ('i') or double ('f') values, `rows` rows of them; rows < 0: a plain list. */
struct values {
    char kind;
    int64_t rows, columns;
    const void *first;
};

static int write_open(FILE *file, const struct values *values) {
    char shape[64], header[TEXT];
    if (values->rows < 0)
        snprintf(shape, sizeof shape, "%lld,", (long long)values->columns);
    else
        snprintf(shape, sizeof shape, "%lld, %lld", (long long)values->rows,
                 (long long)values->columns);
    const char order = *(const unsigned char *)&ORDER ? '<' : '>';
    const int used = snprintf(header, sizeof header,
                              "{'descr': '%c%c8', 'fortran_order': False, 'shape': (%s), }", order,
                              values->kind, shape);
    const int length =
        (10 + used + 1 + 63) / 64 * 64 - 10; /* the values begin at a multiple of 64 */
    const unsigned char start[10] = {0x93,
                                     'N',
                                     'U',
                                     'M',
                                     'P',
                                     'Y',
                                     1,
                                     0,
                                     (unsigned char)(length % 256),
                                     (unsigned char)(length / 256)};
    const size_t n = (size_t)((values->rows < 0 ? 1 : values->rows) * values->columns);
    const int is_written = fwrite(start, 1, sizeof start, file) == sizeof start &&
                           fprintf(file, "%s%*s\n", header, length - used - 1, "") == length &&
                           (n == 0 || fwrite(values->first, 8, n, file) == n);
    return is_written ? 0 : -1;
}

static int write_file(const char *folder, const char *record, const char *what,
                      const struct values *values) {
    const size_t size = strlen(folder) + strlen(record) + strlen(what) + TEXT;
    char *const path = malloc(size);
    if (!path)
        return complain("no memory", folder);
    snprintf(path, size, "%s/%s.%s.npy", folder, record, what);
    FILE *const file = fopen(path, "wb");
    int code = file ? write_open(file, values) : -1;
    if (file && fclose(file))
        code = -1;
    if (code < 0)
        complain(errno ? strerror(errno) : "cannot be written", path);
    free(path);
    return code;
}

static int write_list(const char *folder, const char *record, const char *what, char kind,
                      int64_t n, const void *first) {
    return write_file(folder, record, what,
                      &(struct values){.kind = kind, .rows = -1, .columns = n, .first = first});
}

/* x as a sum of two doubles of half as many digits. */
static void halve(double x, double *high, double *low) {
    const double scaled = x * 134217729.0; /* 2^27 + 1 */
    *high = scaled - (scaled - x);
    *low = x - *high;
}

/* The step of length dt in which a time lies, and what is left. A time within a few units in its
 * last place of a step's start is that start. */
static int64_t split(double t, double dt, double *rest) {
    double step = rint(t / dt), high_a, low_a, high_b, low_b;
    const double product = step * dt;
    halve(step, &high_a, &low_a);
    halve(dt, &high_b, &low_b);
    const double error =
        ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b;
    double left = (t - product) - error;
    if (fabs(left) <= 4 * (nextafter(fabs(t), INFINITY) - fabs(t)))
        left = 0.0;
    if (left < 0) {
        step -= 1;
        left += dt;
    }
    *rest = left;
    return (int64_t)step;
}

/* Instants (window, offset) become (step of the clock, offset). */
static void to_clock(const struct clock *clock, int64_t n, int64_t *tick, double *offset) {
    for (int64_t k = 0; k < n; k++) {
        if (clock->steps > 1) {
            const int64_t step = split(offset[k], clock->dt, &offset[k]);
            tick[k] = tick[k] * clock->steps + step;
        } else if (clock->parts > 1) {
            offset[k] = (double)(tick[k] % clock->parts) * clock->length + offset[k];
            tick[k] /= clock->parts;
        }
    }
}

static int write_seen(evsim_simulation *sim, const char *folder, const struct spike_record *record,
                      int64_t n) {
    if (record->n_states == 0)
        return 0;
    double *const seen = calloc((size_t)(n * record->n_states + 1), sizeof *seen);
    if (!seen)
        return complain("no memory", record->name);
    int code = evsim_seen(sim, record->number, 0, n, seen);
    if (code < 0)
        complain(evsim_error_text(code), record->name);
    for (int s = 0; s < record->n_states && code >= 0; s++)
        code = write_list(folder, record->name, record->states[s], 'f', n, seen + s * n);
    free(seen);
    return code;
}

static int write_spikes(const struct clock *clock, evsim_simulation *sim, const char *folder,
                        const struct spike_record *record) {
    const int64_t n = evsim_spike_count(sim, record->number);
    if (n < 0)
        return complain(evsim_error_text((int)n), record->name);
    int64_t *const tick = calloc((size_t)n + 1, sizeof *tick);
    int64_t *const index = calloc((size_t)n + 1, sizeof *index);
    double *const offset = calloc((size_t)n + 1, sizeof *offset);
    int code = -1;
    if (!tick || !index || !offset)
        complain("no memory", record->name);
    else if (code = evsim_spikes(sim, record->number, 0, n, tick, offset, index), code < 0)
        complain(evsim_error_text(code), record->name);
    else {
        to_clock(clock, n, tick, offset);
        code = write_list(folder, record->name, "tick", 'i', n, tick);
        if (code >= 0)
            code = write_list(folder, record->name, "offset", 'f', n, offset);
        if (code >= 0)
            code = write_list(folder, record->name, "i", 'i', n, index);
    }
    free(tick);
    free(index);
    free(offset);
    return code < 0 ? code : write_seen(sim, folder, record, n);
}

static int write_numbers(const char *folder, const struct state_record *record, int64_t count) {
    int64_t *const number = calloc((size_t)count + 1, sizeof *number);
    if (!number)
        return complain("no memory", record->name);
    for (int p = 0; p < record->n_pieces; p++) {
        const int64_t begin = record->pieces[2 * p], first = record->pieces[2 * p + 1];
        for (int64_t k = begin; k < count; k++)
            number[k] = first + (k - begin);
    }
    const int code = write_list(folder, record->name, "k", 'i', count, number);
    free(number);
    return code;
}

static int write_samples(evsim_simulation *sim, const char *folder,
                         const struct state_record *record) {
    const int64_t count = evsim_sample_count(sim, record->number);
    if (count < 0)
        return complain(evsim_error_text((int)count), record->name);
    int code = write_numbers(folder, record, count);
    if (code < 0)
        return code;
    double *const out = calloc((size_t)(record->n * count) + 1, sizeof *out);
    if (!out)
        return complain("no memory", record->name);
    for (int s = 0; s < record->n_states && code >= 0; s++) {
        const int n = (int)record->n;
        code = evsim_samples(sim, record->number, 0, count, s * n, n, out);
        if (code < 0)
            complain(evsim_error_text(code), record->name);
        else
            code = write_file(folder, record->name, record->states[s],
                              &(struct values){'f', record->n, count, out});
    }
    free(out);
    return code;
}

/* Variable v of so many, at the end of the run. */
static int read_final(evsim_simulation *sim, const struct final_values *final, int v, double *out) {
    if (final->is_brought)
        return evsim_present(sim, final->number, 1, final->variables + v, out);
    if (final->is_projection)
        return evsim_variable(sim, final->number, final->variables[v], out);
    const double *const state = evsim_state(sim, final->number, final->variables[v]);
    if (final->n > 0)
        memcpy(out, state, (size_t) final->n * sizeof *out);
    return 0;
}

/* Event code must not have made a variable of synapses infinite or not a number. */
static int check_finite(const struct final_values *final, int v, const double *values) {
    for (int64_t k = 0; k < final->n && final->is_projection; k++)
        if (!isfinite(values[k])) {
            fprintf(stderr, "%s: its code has made %s of synapse %lld %g\n", final->name,
                    final->names[v], (long long)k, values[k]);
            return -1;
        }
    return 0;
}

static int write_final(evsim_simulation *sim, const char *folder,
                       const struct final_values *final) {
    double *const out = calloc((size_t) final->n + 1, sizeof *out);
    if (!out)
        return complain("no memory", final->name);
    int code = 0;
    for (int v = 0; v < final->n_variables && code >= 0; v++) {
        char what[TEXT / 2];
        snprintf(what, sizeof what, "%s.final", final->names[v]);
        code = read_final(sim, final, v, out);
        if (code < 0)
            complain(evsim_error_text(code), final->name);
        else
            code = check_finite(final, v, out);
        if (code >= 0)
            code = write_list(folder, final->name, what, 'f', final->n, out);
    }
    free(out);
    return code;
}

/* `identity` NULL: as long as results are incomplete there is no such file. */
static int mark(const char *folder, const char *identity) {
    const size_t size = strlen(folder) + TEXT;
    char *const path = malloc(size);
    if (!path)
        return complain("no memory", folder);
    snprintf(path, size, "%s/finished", folder);
    int code = 0;
    if (!identity)
        remove(path);
    else {
        FILE *const file = fopen(path, "wb");
        code = file && fprintf(file, "%s\n", identity) > 0 ? 0 : -1;
        if (file && fclose(file))
            code = -1;
        if (code < 0)
            complain(strerror(errno), path);
    }
    free(path);
    return code;
}

int results_write(const struct project *project, evsim_simulation *sim, const char *folder) {
    int code = mark(folder, NULL);
    for (int k = 0; k < project->n_spike_records && code >= 0; k++)
        code = write_spikes(&project->clock, sim, folder, &project->spike_records[k]);
    for (int k = 0; k < project->n_state_records && code >= 0; k++)
        code = write_samples(sim, folder, &project->state_records[k]);
    for (int k = 0; k < project->n_final_values && code >= 0; k++)
        code = write_final(sim, folder, &project->final_values[k]);
    return code < 0 ? code : mark(folder, project->identity);
}
