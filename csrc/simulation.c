/* The main loop: windows, shards, sources and records. See simulation.h. */
#define _POSIX_C_SOURCE 200809L
#include "simulation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allocation.h"
#include "error.h"
#include "evsim.h"
#include "shard.h"
#include "snapshot.h"
#include "team.h"

#if defined(__x86_64__) || defined(_M_X64)
#include <xmmintrin.h>
static unsigned flush_denormals(void) {
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040); /* flush to zero, denormals are zero */
    return before;
}
static void restore_denormals(unsigned before) { _mm_setcsr(before); }
#else
static unsigned flush_denormals(void) { return 0; }
static void restore_denormals(unsigned before) { (void)before; }
#endif

/* ---- sources and records ---- */

void simulation_record_spike(struct simulation *sim, const struct spike *spike) {
    if (spike->tick == sim->seen_tick && spike->offset < sim->seen) return;
    const struct emitter *e = &sim->emitters[spike->emitter];
    for (int k = 0; k < e->n_records; k++) {
        const struct spike_output *o = &sim->spike_outputs[e->records[k]];
        if (spike->index < o->start || spike->index >= o->stop) continue;
        const uint32_t index = spike->index - (uint32_t)o->start;
        const int code = record_spikes_append(o->record, spike->tick, spike->offset, index);
        if (code < 0) sim->record_code = code;
    }
}

/* When sample k is due: its tick, and its offset in it. */
static int64_t sample_instant(const struct simulation *sim, int64_t k, double dt, double *offset) {
    const double time = (double)k * dt, error = fma((double)k, dt, -time);
    double tick = rint(time / sim->window);
    double rest = fma(-tick, sim->window, time) + error;
    if (fabs(rest) <= 8e-16 * time) rest = 0.0;
    if (rest < 0.0) rest += sim->window, tick -= 1.0;
    *offset = rest;
    return (int64_t)tick;
}

/* Makes room for the samples due in [from, to) of a window. */
static int prepare_samples(struct simulation *sim, int64_t tick, double from, double to) {
    const int parity = tick & 1;
    for (int r = 0; r < sim->n_state_outputs; r++) {
        struct state_output *o = &sim->state_outputs[r];
        double at;
        int64_t due;
        o->n_places[parity] = 0;
        for (;; o->next++) {
            due = sample_instant(sim, o->next, o->dt, &at);
            if (due < tick || (due == tick && at < from)) continue;
            if (due > tick || at >= to) break;
            if (o->n_places[parity] == o->places_room[parity]) {
                const int64_t room = 2 * o->places_room[parity] + 1;
                struct sample_place *more =
                    reallocate(o->places[parity], (size_t)room, sizeof *more);
                if (!more) return EVSIM_NO_MEMORY;
                o->places[parity] = more, o->places_room[parity] = room;
            }
            double *row = record_samples_append(o->record);
            if (!row) return EVSIM_NO_MEMORY;
            o->places[parity][o->n_places[parity]++] = (struct sample_place){at, row};
        }
    }
    return EVSIM_OK;
}

/* Draws the sources' spikes of a window. */
static int prepare_sources(struct simulation *sim, int64_t tick) {
    struct spikes *out = &sim->source_out[tick & 1];
    int code = EVSIM_OK;
    out->n = 0;
    for (int e = 0; e < sim->n_emitters && code >= 0; e++) {
        const struct emitter *emitter = &sim->emitters[e];
        if (emitter->poisson)
            code = poisson_draw(emitter->poisson, &sim->clock, tick, out);
        else if (emitter->train)
            code = train_draw(emitter->train, tick, out);
    }
    spikes_sort(out);
    return code;
}

static int prepare(struct simulation *sim, int64_t tick) {
    const int code = prepare_sources(sim, tick);
    return code < 0 ? code : prepare_samples(sim, tick, 0.0, sim->window);
}

/* ---- shards ---- */

static void shard_free(struct shard *sh) {
    free(sh->first), free(sh->last);
    queue_free(sh->flights), queue_free(sh->timers);
    for (int k = 0; k < sh->n_rings; k++) ring_free(&sh->rings[k]);
    free(sh->rings);
    free(sh->incoming.all), free(sh->out[0].all), free(sh->out[1].all);
    free(sh->due), free(sh->slices), free(sh->cells), free(sh->starts);
    free(sh->events), free(sh->sorted), free(sh->found), free(sh->found_starts);
    free(sh->offsets), free(sh->sample_slot), free(sh->sample_walks), free(sh->local), free(sh->indexed);
    free(sh->sampled.all);
}

static void shards_free(struct shard *shards, int n) {
    for (int s = 0; s < n; s++) shard_free(&shards[s]);
    free(shards);
}

void simulation_free_shards(struct simulation *sim) {
    snapshot_free(sim->preview);
    shards_free(sim->shards, sim->n_shards);
}

/* First neuron of a population that shard s of n owns. */
static int64_t bound(const struct population *p, int s, int n) {
    return p->n_padded / EVSIM_PAD * s / n * EVSIM_PAD;
}

static int shard_init(struct simulation *sim, struct shard *sh, int number, int n_shards) {
    *sh = (struct shard){.number = number, .tick = sim->tick};
    const size_t n = (size_t)sim->n_populations;
    sh->first = allocate_zeroed(n, sizeof *sh->first);
    sh->last = allocate_zeroed(n, sizeof *sh->last);
    sh->flights = queue_new();
    sh->timers = queue_new();
    sh->rings = allocate_zeroed((size_t)sim->n_projections, sizeof *sh->rings);
    if (!sh->first || !sh->last || !sh->flights || !sh->timers || !sh->rings)
        return EVSIM_NO_MEMORY;
    for (sh->n_rings = 0; sh->n_rings < sim->n_projections; sh->n_rings++) {
        const struct projection *p = sim->projections[sh->n_rings];
        if (is_ringed(p) && ring_new(&sh->rings[sh->n_rings], p->longest) < 0)
            return EVSIM_NO_MEMORY;
    }
    for (int p = 0; p < sim->n_populations; p++) {
        sh->first[p] = bound(sim->populations[p], number, n_shards);
        sh->last[p] = bound(sim->populations[p], number + 1, n_shards);
    }
    return EVSIM_OK;
}

static int set_timers(struct simulation *sim, struct shard *sh) {
    for (int p = 0; p < sim->n_populations; p++) {
        const struct population *population = sim->populations[p];
        for (int64_t i = sh->first[p]; i < sh->last[p] && i < population->n; i++) {
            if (population->release_tick[i] < sim->tick) continue;
            const struct queue_entry timer = {
                .tick = population->is_coupled ? sim->tick : population->release_tick[i],
                .kind = (uint32_t)p,
                .index = (uint32_t)i};
            const int code = queue_push(sh->timers, &timer);
            if (code < 0) return code;
        }
    }
    return EVSIM_OK;
}

static int compare_flights(const void *a, const void *b) {
    const struct queue_entry *x = a, *y = b;
    if (x->sequence != y->sequence) return x->sequence < y->sequence ? -1 : 1;
    return x->kind < y->kind ? -1 : x->kind > y->kind;
}

/* All spikes in flight, each once for each of its projections. */
static int collect_flights(struct simulation *sim, struct queue_entry **out, int64_t *n) {
    int64_t room = 0;
    for (int s = 0; s < sim->n_shards; s++) room += queue_size(sim->shards[s].flights);
    struct queue_entry *all = allocate((size_t)room, sizeof *all);
    *out = all, *n = 0;
    if (!all) return EVSIM_NO_MEMORY;
    for (int s = 0; s < sim->n_shards; s++) {
        const struct queue_entry *popped;
        const int64_t count = queue_pop_tick(sim->shards[s].flights, QUEUE_NEVER - 1, &popped);
        if (count < 0) return (int)count;
        if (count) memcpy(all + *n, popped, (size_t)count * sizeof *all);
        *n += count;
    }
    qsort(all, (size_t)*n, sizeof *all, compare_flights);
    int64_t kept = 0;
    for (int64_t k = 0; k < *n; k++)
        if (!kept || compare_flights(&all[kept - 1], &all[k])) all[kept++] = all[k];
    *n = kept;
    return EVSIM_OK;
}

static int relaunch(struct simulation *sim, const struct queue_entry *flights, int64_t n) {
    for (int s = 0; s < sim->n_shards; s++)
        for (int64_t k = 0; k < n; k++) {
            const struct projection *p = sim->projections[flights[k].kind];
            const struct spike spike = {flights[k].since, flights[k].offset, p->emitter,
                                        flights[k].index};
            const int code = flights_launch(sim, &sim->shards[s], p, flights[k].sequence, &spike,
                                          sim->tick);
            if (code < 0) return code;
        }
    return EVSIM_OK;
}

/* A delivery out of a ring, by synapse, while rows are cut anew. */
struct waiting {
    int32_t projection;
    uint32_t synapse;
    int64_t tick;
    double offset;
};

struct waitings {
    struct waiting *all;
    int64_t n, room;
};

static int collect_rings(struct simulation *sim, struct waitings *out) {
    for (int s = 0; s < sim->n_shards; s++)
        for (int k = 0; k < sim->shards[s].n_rings; k++) {
            const struct ring *r = &sim->shards[s].rings[k];
            for (int64_t t = sim->tick; t < sim->tick + r->length - 1; t++) {
                const struct bucket *b = &r->bucket[t & (r->length - 1)];
                for (int64_t e = 0; e < b->n; e++) {
                    if (GROW(out->all, out->n, out->room) < 0) return EVSIM_NO_MEMORY;
                    const uint32_t synapse = projection_synapse(sim->projections[k], b->all[e].position);
                    out->all[out->n++] = (struct waiting){k, synapse, t, b->all[e].offset};
                }
            }
        }
    return EVSIM_OK;
}

/* Puts the collected deliveries of one projection back, where its synapses now stand. */
static int refill_rings(struct simulation *sim, const struct waitings *in, int projection) {
    const struct projection *p = sim->projections[projection];
    int64_t latest = -1;
    for (int64_t k = 0; k < in->n; k++)
        if (in->all[k].projection == projection && in->all[k].tick > latest)
            latest = in->all[k].tick;
    if (latest < 0) return EVSIM_OK;
    uint32_t *position = allocate((size_t)p->n, sizeof *position);
    if (!position) return EVSIM_NO_MEMORY;
    for (int64_t at = 0; at < p->n; at++) position[p->synapse_of[at]] = (uint32_t)at;
    int code = EVSIM_OK;
    for (int s = 0; s < sim->n_shards && code >= 0; s++) {
        struct ring *r = &sim->shards[s].rings[projection];
        if (r->length >= latest - sim->tick + 3 && r->length) continue;
        ring_free(r);
        code = ring_new(r, p->longest > latest - sim->tick ? p->longest : latest - sim->tick);
    }
    for (int64_t k = 0; k < in->n && code >= 0; k++) {
        const struct waiting *w = &in->all[k];
        if (w->projection != projection) continue;
        int s = 0;
        while (p->j[w->synapse] >= sim->shards[s].last[p->target]) s++;
        code = ring_add(&sim->shards[s].rings[projection], w->tick, position[w->synapse],
                        p->j[w->synapse],
                        w->offset);
    }
    free(position);
    return code;
}

static int cut_projections(struct simulation *sim, int n_shards) {
    int code = EVSIM_OK;
    for (int k = 0; k < sim->n_projections && code >= 0; k++) {
        struct projection *p = sim->projections[k];
        if (p->n_shards == n_shards) continue;
        int64_t *bounds = allocate((size_t)n_shards + 1, sizeof *bounds);
        if (!bounds) return EVSIM_NO_MEMORY;
        for (int s = 0; s <= n_shards; s++)
            bounds[s] = bound(sim->populations[p->target], s, n_shards);
        code = projection_cut(p, n_shards, bounds);
        free(bounds);
    }
    return code;
}

/* Deals neurons, rows, spikes in flight and timers out to n shards. */
static int arrange(struct simulation *sim, int n_shards) {
    if (sim->is_arranged && sim->n_shards == n_shards) return EVSIM_OK;
    struct queue_entry *flights = NULL;
    int64_t n_flights = 0;
    struct spikes waiting = {0};
    struct waitings in_rings = {0};
    int code = collect_flights(sim, &flights, &n_flights);
    if (code >= 0) code = collect_rings(sim, &in_rings);
    for (int s = 0; s < sim->n_shards; s++)
        for (int parity = 0; parity < 2; parity++)
            for (int64_t k = 0; k < sim->shards[s].out[parity].n && code >= 0; k++)
                code = spikes_add(&waiting, &sim->shards[s].out[parity].all[k]);
    spikes_sort(&waiting);
    const int64_t sequence = sim->n_shards ? sim->shards[0].sequence : 0;
    if (code >= 0) code = cut_projections(sim, n_shards);
    struct shard *shards = code < 0 ? NULL : allocate_zeroed((size_t)n_shards, sizeof *shards);
    if (!shards) {
        free(flights), free(waiting.all), free(in_rings.all);
        return code < 0 ? code : EVSIM_NO_MEMORY;
    }
    shards_free(sim->shards, sim->n_shards);
    sim->shards = shards, sim->n_shards = n_shards;
    for (int s = 0; s < n_shards && code >= 0; s++) {
        code = shard_init(sim, &shards[s], s, n_shards);
        shards[s].sequence = sequence;
        if (code >= 0) code = set_timers(sim, &shards[s]);
    }
    for (int64_t k = 0; k < waiting.n && code >= 0; k++)
        code = spikes_add(&shards[0].out[(waiting.all[k].tick + 1) & 1], &waiting.all[k]);
    if (code >= 0) code = relaunch(sim, flights, n_flights);
    for (int k = 0; k < sim->n_projections && code >= 0 && in_rings.n; k++)
        code = refill_rings(sim, &in_rings, k);
    free(flights), free(waiting.all), free(in_rings.all);
    sim->is_arranged = code >= 0;
    return code;
}

/* ---- the loop ---- */

struct run {
    struct simulation *sim;
    struct barrier *barrier;
    int64_t until;
    _Atomic int64_t stop;
    struct timespec deadline;
};

static struct timespec deadline_in(double milliseconds) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    const double seconds = floor(milliseconds * 1e-3);
    t.tv_sec += (time_t)seconds;
    t.tv_nsec += (long)((milliseconds * 1e-3 - seconds) * 1e9);
    if (t.tv_nsec >= 1000000000) t.tv_nsec -= 1000000000, t.tv_sec++;
    return t;
}

static int is_past(const struct timespec *deadline) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec > deadline->tv_sec ||
           (t.tv_sec == deadline->tv_sec && t.tv_nsec >= deadline->tv_nsec);
}

static void fail(struct shard *sh, int code) {
    if (code < 0 && !sh->failure.code)
        sh->failure = (struct failure){code, -1, 0, sh->tick, 0.0};
}

/* What shard 0 does for all at the end of a window: stop in time, or prepare the next one. */
static void look_ahead(struct run *run, struct shard *sh) {
    if (is_past(&run->deadline)) run->stop = sh->tick + 1;
    if (sh->tick + 1 < run->stop) fail(sh, prepare(run->sim, sh->tick + 1));
    fail(sh, run->sim->record_code);
    run->sim->is_recorded = 0;
}

static int any_failure(const struct simulation *sim) {
    for (int s = 0; s < sim->n_shards; s++)
        if (sim->shards[s].failure.code < 0) return sim->shards[s].failure.code;
    return EVSIM_OK;
}

static void run_shard(void *context, int number) {
    struct run *run = context;
    struct simulation *sim = run->sim;
    struct shard *sh = &sim->shards[number];
    const unsigned before = flush_denormals();
    while (sh->tick < run->stop) {
        fail(sh, sim->is_grid ? shard_grid_step(sim, sh) : shard_window(sim, sh, 0.0, sim->window));
        if (number == 0) look_ahead(run, sh);
        barrier_wait(run->barrier);
        if (any_failure(sim)) break;
        sh->tick++, sh->is_open = 0;
    }
    restore_denormals(before);
}

/* Records what the shards have made of window `tick` in [from, ...) and not yet handed on. */
static void record_out(struct simulation *sim, int64_t tick, double from) {
    const int parity = (tick + 1) & 1;
    struct spikes all = {0};
    int code = EVSIM_OK;
    for (int s = 0; s < sim->n_shards; s++)
        for (int64_t k = 0; k < sim->shards[s].out[parity].n && code >= 0; k++)
            code = spikes_add(&all, &sim->shards[s].out[parity].all[k]);
    spikes_sort(&all);
    for (int64_t k = 0; k < all.n; k++)
        if (all.all[k].offset >= from) simulation_record_spike(sim, &all.all[k]);
    if (code < 0) sim->record_code = code;
    free(all.all);
}

static int run_windows(struct simulation *sim, int64_t until, double milliseconds) {
    struct run run = {.sim = sim, .until = until, .stop = until};
    run.deadline = deadline_in(milliseconds);
    run.barrier = barrier_new(sim->n_shards);
    if (!run.barrier) return EVSIM_NO_MEMORY;
    const int was_recorded = sim->is_recorded;
    sim->is_recording_sources = 1;
    int code = prepare(sim, sim->tick);
    if (code >= 0) code = team_run(sim->n_shards, run_shard, &run);
    barrier_free(run.barrier);
    if (code >= 0) code = any_failure(sim);
    const int64_t reached = sim->shards[0].tick;
    if (reached > sim->tick && !sim->is_grid) record_out(sim, reached - 1, 0.0);
    sim->is_recorded = reached > sim->tick || was_recorded;
    sim->is_recording_sources = 0;
    sim->tick = reached;
    return code;
}

static void record_sources(struct simulation *sim, double from, double to) {
    const struct spikes *sources = &sim->source_out[sim->tick & 1];
    for (int64_t k = 0; k < sources->n; k++)
        if (sources->all[k].offset >= from && sources->all[k].offset < to)
            simulation_record_spike(sim, &sources->all[k]);
}

/* The rest of the present window up to `to`, from states that the user has changed inside it. */
static int run_part(struct simulation *sim, double to) {
    const double from = sim->from;
    int code = prepare_samples(sim, sim->tick, from, to);
    const unsigned before = flush_denormals();
    for (int s = 0; s < sim->n_shards && code >= 0; s++)
        code = shard_window(sim, &sim->shards[s], from, to);
    restore_denormals(before);
    if (code < 0) return code;
    record_sources(sim, from, to);
    record_out(sim, sim->tick, from);
    sim->is_recorded = 1;
    sim->from = to;
    if (to < sim->window) return EVSIM_OK;
    sim->from = 0.0;
    sim->tick++;
    for (int s = 0; s < sim->n_shards; s++) sim->shards[s].tick++, sim->shards[s].is_open = 0;
    return EVSIM_OK;
}

static void keep_before(struct spikes *list, double offset) {
    int64_t kept = 0;
    for (int64_t k = 0; k < list->n; k++)
        if (list->all[k].offset < offset) list->all[kept++] = list->all[k];
    list->n = kept;
}

/* Runs the window whole, as if no run ended in it, and records what is before `to`. */
static int record_preview(struct simulation *sim, double to) {
    int code = prepare_sources(sim, sim->tick);
    if (code >= 0) code = prepare_samples(sim, sim->tick, 0.0, to);
    for (int s = 0; s < sim->n_shards && code >= 0; s++)
        code = shard_window(sim, &sim->shards[s], 0.0, sim->window);
    if (code < 0) return code;
    for (int s = 0; s < sim->n_shards; s++)
        keep_before(&sim->shards[s].out[(sim->tick + 1) & 1], to);
    record_out(sim, sim->tick, 0.0);
    record_sources(sim, 0.0, to);
    sim->is_recorded = 1;
    sim->seen_tick = sim->tick, sim->seen = to;
    return EVSIM_OK;
}

/* Takes all neurons to `to`, for the user to look at. The spikes of the window are known by then. */
static int show_states(struct simulation *sim, double to) {
    int code = snapshot_restore(sim->preview, sim, 1);
    for (int s = 0; s < sim->n_shards && code >= 0; s++) {
        struct spikes *out = &sim->shards[s].out[(sim->tick + 1) & 1];
        struct spikes kept = *out;
        *out = (struct spikes){0};
        code = shard_part(sim, &sim->shards[s], 0.0, to);
        free(out->all);
        *out = kept;
    }
    return code;
}

/* A run that ends inside a window: what happens until then is recorded and shown, but the window itself is
 * still to come, so that it makes no difference where runs end. */
static int preview(struct simulation *sim, double to) {
    if (!(sim->preview = snapshot_new(sim))) return EVSIM_NO_MEMORY;
    const unsigned before = flush_denormals();
    int code = record_preview(sim, to);
    if (code >= 0) code = show_states(sim, to);
    restore_denormals(before);
    sim->from = to;
    return code;
}

/* Goes back to the start of the window that the last run ended in; or, where the user has changed something
 * since, goes on from there with new spikes of the sources. */
static int resume(struct simulation *sim) {
    if (!sim->preview) return EVSIM_OK;
    int code = snapshot_restore(sim->preview, sim, !sim->is_changed);
    snapshot_free(sim->preview);
    sim->preview = NULL;
    for (int s = 0; s < sim->n_shards; s++) sim->shards[s].is_open = 0;
    if (!sim->is_changed) {
        sim->from = 0.0;
        return code;
    }
    struct spikes *sources = &sim->source_out[sim->tick & 1];
    struct spikes before = {0};
    keep_before(sources, sim->from);
    for (int64_t k = 0; k < sources->n && code >= 0; k++)
        code = spikes_add(&before, &sources->all[k]);
    if (code >= 0) code = prepare_sources(sim, sim->tick);
    for (int64_t k = 0; k < sources->n; k++)
        if (sources->all[k].offset >= sim->from && code >= 0)
            code = spikes_add(&before, &sources->all[k]);
    free(sources->all);
    *sources = before;
    return code;
}

static void find_short(struct simulation *sim) {
    sim->is_short = 0;
    for (int k = 0; k < sim->n_projections; k++) {
        const struct projection *p = sim->projections[k];
        sim->is_short |= p->is_short && sim->emitters[p->emitter].population >= 0;
    }
}

static int keep_begins(struct simulation *sim) {
    int code = EVSIM_OK;
    for (int p = 0; p < sim->n_populations; p++) sim->populations[p]->walks_from_begin = 0;
    for (int r = 0; r < sim->n_state_outputs && code >= 0; r++)
        code = population_keep_begin(sim->populations[sim->state_outputs[r].population]);
    for (int k = 0; k < sim->n_projections && code >= 0; k++) {
        const struct projection *p = sim->projections[k];
        if (!p->is_short || sim->emitters[p->emitter].population < 0) continue;
        struct population *target = sim->populations[p->target];
        code = population_keep_begin(target);
        if (code >= 0) code = population_index_deliveries(target);
        target->walks_from_begin = code >= 0;
    }
    return code;
}

static int run_to(struct simulation *sim, int64_t tick, double offset, int n_threads,
                  double milliseconds) {
    int code = resume(sim);
    sim->is_changed = 0;
    sim->is_recording_sources = 0;
    if (code >= 0) code = arrange(sim, sim->is_short || sim->is_grid ? 1 : n_threads);
    if (sim->from > 0.0 && code >= 0) /* changed inside a window: that is finished first */
        code = run_part(sim, tick > sim->tick ? sim->window : offset);
    if (code < 0 || sim->from > 0.0) return code;
    if (sim->tick < tick) code = run_windows(sim, tick, milliseconds);
    if (code >= 0 && sim->tick == tick && offset > 0.0 && !sim->is_grid) code = preview(sim, offset);
    return code;
}

int evsim_run(struct simulation *sim, int64_t tick, double offset, int n_threads, int is_grid,
              double milliseconds) {
    sim->failure = (struct failure){0};
    sim->record_code = 0;
    sim->is_grid = is_grid;
    find_short(sim);
    int code = keep_begins(sim);
    if (code >= 0) code = run_to(sim, tick, offset, n_threads, milliseconds);
    if (code >= 0 && sim->record_code < 0) code = sim->record_code;
    for (int s = 0; s < sim->n_shards && code < 0; s++)
        if (sim->shards[s].failure.code) {
            sim->failure = sim->shards[s].failure;
            sim->shards[s].failure.code = 0;
            break;
        }
    if (code < 0) return code;
    return sim->tick == tick && (sim->is_grid || sim->from == offset);
}

int64_t evsim_members(struct simulation *sim, int64_t max, int *population, int64_t *neuron) {
    const struct failure *f = &sim->failure;
    int64_t n = 0;
    for (int s = 0; s < sim->n_shards && f->code < 0; s++) {
        const struct spikes *out = &sim->shards[s].out[(f->tick + 1) & 1];
        for (int64_t k = out->n - 1; k >= 0 && n < max; k--) {
            if (out->all[k].tick != f->tick || out->all[k].offset != f->offset) break;
            population[n] = sim->emitters[out->all[k].emitter].population;
            neuron[n++] = out->all[k].index;
        }
    }
    return n;
}
