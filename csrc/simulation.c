/* The main loop: windows on a team of threads, and where a run begins and ends. See simulation.h.
 */
#define _POSIX_C_SOURCE 200809L
#include "simulation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allocation.h"
#include "checkpoint.h"
#include "error.h"
#include "evsim.h"
#include "shard.h"
#include "team.h"
#include "unit.h"

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

static int prepare(struct simulation *sim, int64_t tick) {
    const int code = simulation_prepare_sources(sim, tick);
    return code < 0 ? code : simulation_prepare_samples(sim, tick, 0.0, sim->window);
}

struct run {
    struct simulation *sim;
    struct barrier *barrier;
    int64_t until;
    _Atomic int64_t stop;
    _Atomic int64_t failed; /* the window in which a shard has failed */
    struct timespec deadline;
};

static struct timespec deadline_in(double milliseconds) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    const double seconds = floor(milliseconds * 1e-3);
    t.tv_sec += (time_t)seconds;
    t.tv_nsec += (long)((milliseconds * 1e-3 - seconds) * 1e9);
    if (t.tv_nsec >= 1000000000)
        t.tv_nsec -= 1000000000, t.tv_sec++;
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
        sh->failure = (struct failure){code, -1, 0, sh->tick, 0.0, 0};
}

/* What shard 0 does for all at the end of a window: stop in time, or prepare the next one. */
static void look_ahead(struct run *run, struct shard *sh) {
    if (is_past(&run->deadline))
        run->stop = sh->tick + 1;
    if (sh->tick + 1 < run->stop)
        fail(sh, prepare(run->sim, sh->tick + 1));
    fail(sh, run->sim->record_code);
    run->sim->is_recorded = 0;
}

static int any_failure(const struct simulation *sim) {
    for (int s = 0; s < sim->n_shards; s++)
        if (sim->shards[s].failure.code < 0)
            return sim->shards[s].failure.code;
    return EVSIM_OK;
}

static void run_shard(void *context, int number) {
    struct run *run = context;
    struct simulation *sim = run->sim;
    struct shard *sh = &sim->shards[number];
    const unsigned before = flush_denormals();
    while (sh->tick < run->stop) {
        fail(sh, sim->is_grid ? shard_grid_step(sim, sh) : shard_window(sim, sh, 0.0, sim->window));
        if (number == 0)
            look_ahead(run, sh);
        if (sh->failure.code < 0)
            run->failed = sh->tick;
        barrier_wait(run->barrier);
        if (run->failed <= sh->tick) /* others may have failed in the next one by now */
            break;
        sh->tick++, sh->is_open = 0;
    }
    restore_denormals(before);
}

int simulation_run_windows(struct simulation *sim, int64_t until, double milliseconds) {
    struct run run = {.sim = sim, .until = until, .stop = until, .failed = INT64_MAX};
    run.deadline = deadline_in(milliseconds);
    run.barrier = barrier_new(sim->n_shards);
    if (!run.barrier)
        return EVSIM_NO_MEMORY;
    const int was_recorded = sim->is_recorded;
    sim->is_recording_sources = 1;
    int code = prepare(sim, sim->tick);
    if (code >= 0)
        code = team_run(sim->n_shards, run_shard, &run);
    barrier_free(run.barrier);
    if (code >= 0)
        code = any_failure(sim);
    const int64_t reached = sim->shards[0].tick;
    if (code >= 0 && reached > sim->tick && !sim->is_grid) /* a window that failed has done it */
        simulation_record_out(sim, reached - 1, 0.0);
    sim->is_recorded = reached > sim->tick || was_recorded;
    sim->is_recording_sources = 0;
    sim->tick = reached;
    return code;
}

static void find_short(struct simulation *sim) {
    sim->is_short = 0;
    for (int k = 0; k < sim->n_populations; k++)
        sim->populations[k]->has_posts = 0;
    for (int k = 0; k < sim->n_projections; k++) {
        struct projection *p = sim->projections[k];
        p->is_short &= p->code || p->n_ports;
        sim->is_short |= p->is_short && sim->emitters[p->emitter].population >= 0;
        if (p->is_post)
            sim->populations[p->target]->has_posts = 1;
    }
}

static int keep_begins(struct simulation *sim) {
    int code = EVSIM_OK;
    for (int p = 0; p < sim->n_populations; p++)
        sim->populations[p]->walks_from_begin = 0;
    for (int r = 0; r < sim->n_state_outputs && code >= 0; r++)
        code = population_keep_begin(sim->populations[sim->state_outputs[r].population]);
    for (int k = 0; k < sim->n_projections && code >= 0; k++) {
        const struct projection *p = sim->projections[k];
        if (!p->is_short || sim->emitters[p->emitter].population < 0)
            continue;
        struct population *target = sim->populations[p->target];
        code = population_keep_begin(target);
        if (code >= 0)
            code = population_index_deliveries(target);
        target->walks_from_begin = code >= 0;
    }
    return code;
}

/* All in its place for a run: what a run before has left inside a window, rows, a checkpoint. */
static int begin(struct simulation *sim, int n_threads) {
    struct late_deliveries late = {0};
    sim->is_going_on &= !sim->is_changed;
    int code = simulation_resume(sim);
    sim->is_changed = 0;
    sim->is_recording_sources = 0;
    if (code >= 0)
        code = simulation_take_late(sim, &late);
    if (code >= 0)
        code = simulation_deal(sim, sim->is_short || sim->is_grid || sim->n_links ? 1 : n_threads);
    if (code >= 0)
        code = simulation_give_late(sim, &late);
    free(late.all);
    sim->is_broken = code < 0;
    return code < 0 ? code : checkpoint_renew(sim);
}

static int run_to(struct simulation *sim, int64_t tick, double offset, double milliseconds) {
    int code = EVSIM_OK;
    if (sim->from > 0.0) /* changed inside a window: that is finished first */
        code = simulation_run_part(sim, tick > sim->tick ? sim->window : offset);
    if (code < 0 || sim->from > 0.0)
        return code;
    if (sim->tick < tick)
        code = simulation_run_windows(sim, tick, milliseconds);
    if (code >= 0 && sim->tick == tick && offset > 0.0 && !sim->is_grid)
        code = simulation_preview(sim, offset);
    return code;
}

static int run_or_recover(struct simulation *sim, int64_t tick, double offset,
                          double milliseconds) {
    int code = run_to(sim, tick, offset, milliseconds);
    if (code >= 0)
        code = sim->record_code;
    if (code >= 0 && simulation_is_finite(sim))
        return EVSIM_OK;
    return simulation_recover(sim, tick, offset);
}

int evsim_run(struct simulation *sim, int64_t tick, double offset, int n_threads, int is_grid,
              double milliseconds) {
    sim->failure = (struct failure){0};
    sim->members.n = 0;
    sim->record_code = 0;
    sim->is_grid = is_grid;
    if (sim->is_broken)
        return EVSIM_BAD_ARGUMENT;
    find_short(sim);
    int code = keep_begins(sim);
    if (code >= 0)
        code = units_find(sim);
    const unsigned before = flush_denormals();
    if (code >= 0)
        code = begin(sim, n_threads);
    if (code >= 0)
        code = run_or_recover(sim, tick, offset, milliseconds);
    restore_denormals(before);
    const int is_at_end = sim->tick == tick && (sim->is_grid || sim->from == offset);
    sim->is_going_on = code >= 0 && !is_at_end;
    return code < 0 ? code : is_at_end;
}

int64_t evsim_members(struct simulation *sim, int64_t max, int *population, int64_t *neuron) {
    int64_t n = 0;
    for (; n < sim->members.n && n < max; n++) {
        population[n] = sim->emitters[sim->members.all[n].emitter].population;
        neuron[n] = sim->members.all[n].index;
    }
    return n;
}
