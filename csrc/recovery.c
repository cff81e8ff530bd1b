/* Recovery: a run that has failed goes back to the instant of its failure. See simulation.h.
 *
 * A failure is noticed late: folded deliveries have no order, windows of several shards go on
 * beyond it, a state that stands still is looked at by nobody. So the run is made again from its
 * checkpoint, window by window, to the first that fails; that one is taken by walks alone, in which
 * everything has its time. What happens before that instant is then done and recorded for good, and
 * the simulation stands there, with all that is due at the instant still to come.
 */
#include <stdlib.h>

#include "allocation.h"
#include "checkpoint.h"
#include "error.h"
#include "shard.h"
#include "snapshot.h"

#define MOST_HALVINGS 64

/* ---- who ---- */

static int is_earlier(const struct failure *a, const struct failure *b) {
    if (!b->code || a->offset != b->offset)
        return !b->code || a->offset < b->offset;
    if (a->population != b->population)
        return a->population < b->population;
    return a->neuron < b->neuron;
}

/* The earliest failure that a shard has noted; they forget it. */
static struct failure take_failure(struct simulation *sim) {
    struct failure first = {0};
    for (int s = 0; s < sim->n_shards; s++) {
        struct failure *f = &sim->shards[s].failure;
        if (f->code && is_earlier(f, &first))
            first = *f;
        *f = (struct failure){0};
    }
    return first;
}

/* The first synapse with a variable that code has made infinite or no number, as a failure. */
static struct failure first_bad_synapse(const struct simulation *sim, double offset) {
    for (int k = 0; k < sim->n_projections; k++) {
        const struct projection *p = sim->projections[k];
        for (int w = 0; p->code && w < p->code->n_written; w++) {
            const int v = p->code->written[w];
            const double *values = p->variable[v];
            double sum = 0.0;
            for (int64_t s = 0; s < p->n; s++)
                sum += 0.0 * values[s * p->step[v]];
            for (int64_t s = 0; s < p->n && sum != 0.0; s++)
                if (values[s * p->step[v]] * 0.0 != 0.0)
                    return (struct failure){EVSIM_NOT_FINITE, -2 - k, s, sim->tick, offset, v};
        }
    }
    return (struct failure){0};
}

/* The first neuron with a state that is not finite, as a failure, or synapse; or code 0. */
static struct failure first_not_finite(const struct simulation *sim, double offset) {
    for (int k = 0; k < sim->n_populations; k++) {
        const struct population *p = sim->populations[k];
        for (int s = 0; s < p->kernel->n_states; s++) {
            double sums[8] = {0.0}, sum = 0.0;
            for (int64_t i = 0; i + 8 <= p->n; i += 8)
                for (int l = 0; l < 8; l++)
                    sums[l] += 0.0 * p->state[s][i + l];
            for (int64_t i = p->n / 8 * 8; i < p->n; i++)
                sum += 0.0 * p->state[s][i];
            for (int l = 0; l < 8; l++)
                sum += sums[l];
            for (int64_t i = 0; i < p->n && sum != 0.0; i++)
                if (p->state[s][i] * 0.0 != 0.0)
                    return (struct failure){EVSIM_NOT_FINITE, k, i, sim->tick, offset, 0};
        }
    }
    return first_bad_synapse(sim, offset);
}

int simulation_is_finite(const struct simulation *sim) { return !first_not_finite(sim, 0.0).code; }

/* ---- the run again, piece by piece ---- */

static int is_at_end(const struct simulation *sim, int64_t tick, double offset) {
    return sim->tick >= tick && (sim->is_grid || sim->from == offset);
}

/* Where the present piece ends: a window, the rest of one, or the part that the run ends in. */
static double end_of_piece(const struct simulation *sim, int64_t tick, double offset) {
    return tick > sim->tick ? sim->window : offset;
}

static struct failure run_piece(struct simulation *sim, int64_t tick, double offset) {
    int code;
    if (sim->from > 0.0)
        code = simulation_run_part(sim, end_of_piece(sim, tick, offset));
    else if (sim->tick < tick)
        code = simulation_run_windows(sim, sim->tick + 1, 1e9);
    else
        code = simulation_preview(sim, offset);
    if (code >= 0)
        code = sim->record_code;
    struct failure f = take_failure(sim);
    if (code < 0 && !f.code)
        f = (struct failure){.code = code, .population = -1, .tick = sim->tick};
    return f.code ? f : first_not_finite(sim, sim->from);
}

/* ---- when ---- */

/* A piece that fails, and what it began with. */
struct piece {
    struct simulation *sim;
    struct snapshot *start;
    double from;
    int64_t *n_out, *n_seen, *n_local; /* [shard] */
};

static int piece_open(struct piece *p, struct simulation *sim) {
    *p = (struct piece){.sim = sim, .from = sim->from};
    int code = sim->from > 0.0 ? EVSIM_OK : simulation_prepare_sources(sim, sim->tick);
    if (code >= 0)
        code = simulation_prepare_samples(sim, sim->tick, sim->from, sim->from); /* none */
    p->start = snapshot_new(sim);
    p->n_out = allocate((size_t)sim->n_shards, sizeof *p->n_out);
    p->n_seen = allocate((size_t)sim->n_shards, sizeof *p->n_seen);
    p->n_local = allocate((size_t)sim->n_shards, sizeof *p->n_local);
    if (code < 0 || !p->start || !p->n_out || !p->n_seen || !p->n_local)
        return EVSIM_NO_MEMORY;
    for (int s = 0; s < sim->n_shards; s++) {
        const struct spikes *out = &sim->shards[s].out[(sim->tick + 1) & 1];
        p->n_out[s] = out->n, p->n_seen[s] = out->n_seen;
        p->n_local[s] = sim->shards[s].n_local;
    }
    sim->is_recorded = 1, sim->is_recording_sources = 0;
    return EVSIM_OK;
}

static void piece_close(struct piece *p) {
    snapshot_free(p->start);
    free(p->n_out), free(p->n_seen), free(p->n_local);
}

static int piece_restore(struct piece *p) {
    for (int s = 0; s < p->sim->n_shards; s++) {
        struct shard *sh = &p->sim->shards[s];
        struct spikes *out = &sh->out[(sh->tick + 1) & 1];
        out->n = p->n_out[s], out->n_seen = p->n_seen[s];
        sh->n_local = p->n_local[s];
        sh->is_open = 0;
    }
    return snapshot_restore(p->start, p->sim, 1);
}

/* Takes all neurons by walks from the start of the piece to `to`: their earliest failure. */
static struct failure try_until(struct piece *p, double to) {
    int code = piece_restore(p);
    for (int s = 0; s < p->sim->n_shards && code != EVSIM_NO_MEMORY; s++)
        code = shard_walks(p->sim, &p->sim->shards[s], p->from, to);
    const struct failure f = take_failure(p->sim);
    if (code == EVSIM_NO_MEMORY)
        return (struct failure){.code = code, .population = -1, .tick = p->sim->tick};
    return f.code ? f : first_not_finite(p->sim, to);
}

static int keep_members(struct simulation *sim, const struct failure *f) {
    int code = EVSIM_OK;
    sim->members.n = 0;
    for (int s = 0; s < sim->n_shards; s++) {
        const struct spikes *out = &sim->shards[s].out[(f->tick + 1) & 1];
        for (int64_t k = out->n - 1; k >= 0 && out->all[k].offset == f->offset && code >= 0; k--)
            code = spikes_add(&sim->members, &out->all[k]);
    }
    return code;
}

/* The latest instant up to which nothing fails; a state that grows beyond all bounds does so
 * between events. */
static double last_good(struct piece *p, double failed) {
    double good = p->from, bad = failed;
    struct failure f = good < bad ? try_until(p, bad) : (struct failure){0};
    if (!f.code)
        return bad;
    for (int k = 0; k < MOST_HALVINGS && f.code != EVSIM_NO_MEMORY; k++) {
        const double middle = good + 0.5 * (bad - good);
        if (middle <= good || middle >= bad)
            break;
        f = try_until(p, middle);
        if (f.code)
            bad = middle;
        else
            good = middle;
    }
    return good;
}

/* Takes the simulation to the failure in the piece [sim->from, end), or to `end` when walks, which
 * add one delivery after the other, come to no failure. */
static struct failure go_to_failure(struct piece *p, double end) {
    struct simulation *sim = p->sim;
    struct failure f = try_until(p, end);
    double to = end;
    if (f.code == EVSIM_ENDLESS && keep_members(sim, &f) < 0)
        f.code = EVSIM_NO_MEMORY;
    if (f.code && f.code != EVSIM_NO_MEMORY)
        f.offset = to = last_good(p, f.offset);
    int code = piece_restore(p);
    if (code >= 0 && f.code != EVSIM_NO_MEMORY && to > p->from)
        code = simulation_run_part(sim, to);
    if (code < 0)
        f = (struct failure){.code = EVSIM_NO_MEMORY, .population = -1, .tick = sim->tick};
    return f;
}

static struct failure find_instant(struct simulation *sim, double end) {
    struct piece p;
    struct failure f = {.code = EVSIM_NO_MEMORY, .population = -1, .tick = sim->tick};
    if (piece_open(&p, sim) >= 0)
        f = go_to_failure(&p, end);
    piece_close(&p);
    return f;
}

/* ---- all ---- */

/* Back to the checkpoint; without memory for that, nothing holds any more. */
static int restore(struct simulation *sim) {
    sim->is_broken = checkpoint_restore(sim) < 0;
    return sim->is_broken ? EVSIM_NO_MEMORY : EVSIM_OK;
}

static int run_pieces_again(struct simulation *sim, int64_t n, int64_t tick, double offset) {
    int code = restore(sim);
    for (int64_t k = 0; k < n && code >= 0; k++)
        code = run_piece(sim, tick, offset).code;
    return code;
}

/* Counts the pieces before the one that fails, up to the window in which a failure was seen. */
static struct failure count_pieces(struct simulation *sim, int64_t tick, double offset,
                                   int64_t *n) {
    const int64_t failed = sim->tick;
    struct failure f = {0};
    *n = 0;
    if (restore(sim) < 0)
        return (struct failure){.code = EVSIM_NO_MEMORY, .population = -1, .tick = failed};
    while (!is_at_end(sim, tick, offset) && sim->tick <= failed) {
        const int64_t now = sim->tick;
        f = run_piece(sim, tick, offset);
        f.tick = now;
        if (f.code)
            break;
        ++*n;
    }
    return f;
}

int simulation_recover(struct simulation *sim, int64_t tick, double offset) {
    int64_t n;
    struct failure f = count_pieces(sim, tick, offset, &n);
    if (!f.code)
        return EVSIM_OK;
    f.offset = 0.0;
    if (!sim->is_broken && run_pieces_again(sim, n, tick, offset) < 0)
        restore(sim);
    else if (!sim->is_broken && !sim->is_grid && f.code != EVSIM_NO_MEMORY)
        f = find_instant(sim, end_of_piece(sim, tick, offset));
    if (f.code == EVSIM_NO_MEMORY && !sim->is_broken)
        restore(sim);
    sim->failure = f;
    return f.code;
}
