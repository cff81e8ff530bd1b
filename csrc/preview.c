/* Runs that end inside a window. See simulation.h. */
#include <stdlib.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"
#include "snapshot.h"

/* What the window began with is still to do. */
static int close_window(struct simulation *sim, const struct snapshot *before, int and_states) {
    for (int s = 0; s < sim->n_shards; s++)
        sim->shards[s].is_open = 0;
    return snapshot_restore(before, sim, and_states);
}

/* The rest of the present window up to `to`, from states that the user has changed inside it. */
int simulation_run_part(struct simulation *sim, double to) {
    const double from = sim->from;
    struct snapshot *before = to < sim->window ? snapshot_new(sim) : NULL;
    if (to < sim->window && !before)
        return EVSIM_NO_MEMORY;
    int code = simulation_prepare_samples(sim, sim->tick, from, to);
    for (int s = 0; s < sim->n_shards && code >= 0; s++)
        code = shard_window(sim, &sim->shards[s], from, to);
    if (code >= 0 && before)
        code = close_window(sim, before, 0);
    snapshot_free(before);
    if (code < 0)
        return code;
    simulation_record_sources(sim, from, to);
    simulation_record_out(sim, sim->tick, from);
    sim->is_recorded = 1;
    sim->from = to;
    if (to < sim->window)
        return EVSIM_OK;
    sim->from = 0.0;
    sim->tick++;
    for (int s = 0; s < sim->n_shards; s++)
        sim->shards[s].tick++, sim->shards[s].is_open = 0;
    return EVSIM_OK;
}

static void keep_before(struct spikes *list, double offset) {
    int64_t kept = 0;
    for (int64_t k = 0; k < list->n; k++)
        if (list->all[k].offset < offset)
            list->all[kept++] = list->all[k];
    list->n = kept;
}

/* Runs the window whole, as if no run ended in it, and records what is before `to`. */
static int record_preview(struct simulation *sim, double to) {
    int code = simulation_prepare_sources(sim, sim->tick);
    if (code >= 0)
        code = simulation_prepare_samples(sim, sim->tick, 0.0, to);
    for (int s = 0; s < sim->n_shards && code >= 0; s++)
        code = shard_window(sim, &sim->shards[s], 0.0, sim->window);
    if (code < 0)
        return code;
    for (int s = 0; s < sim->n_shards; s++)
        keep_before(&sim->shards[s].out[(sim->tick + 1) & 1], to);
    simulation_record_out(sim, sim->tick, 0.0);
    simulation_record_sources(sim, 0.0, to);
    sim->is_recorded = 1;
    sim->seen_tick = sim->tick, sim->seen = to;
    return EVSIM_OK;
}

/* Takes all neurons to `to`, for the user to look at. The spikes of the window are known by then.
 */
static int show_states(struct simulation *sim, double to) {
    int code = snapshot_restore(sim->preview, sim, 1);
    for (int s = 0; s < sim->n_shards && code >= 0; s++) {
        struct spikes *out = &sim->shards[s].out[(sim->tick + 1) & 1];
        struct spikes kept = *out;
        *out = (struct spikes){0};
        code = shard_part(sim, &sim->shards[s], 0.0, to);
        spikes_free(out);
        *out = kept;
    }
    return code;
}

/* A run that ends inside a window: what happens until then is recorded and shown, but the window
 * itself is still to come, so that it makes no difference where runs end. */
int simulation_preview(struct simulation *sim, double to) {
    if (!(sim->preview = snapshot_new(sim)))
        return EVSIM_NO_MEMORY;
    int code = record_preview(sim, to);
    if (code >= 0)
        code = show_states(sim, to);
    sim->from = to;
    return code;
}

int simulation_settle(struct simulation *sim) {
    if (!sim->preview)
        return EVSIM_OK;
    const int code = close_window(sim, sim->preview, 0);
    snapshot_free(sim->preview);
    sim->preview = NULL;
    return code;
}

/* The spikes of the sources from now on are drawn anew, as the user may have changed them. */
static int draw_again(struct simulation *sim) {
    struct spikes *sources = &sim->source_out[sim->tick & 1];
    struct spikes before = {0};
    int code = EVSIM_OK;
    keep_before(sources, sim->from);
    for (int64_t k = 0; k < sources->n && code >= 0; k++)
        code = spikes_add(&before, &sources->all[k]);
    if (code >= 0)
        code = simulation_prepare_sources(sim, sim->tick);
    for (int64_t k = 0; k < sources->n; k++)
        if (sources->all[k].offset >= sim->from && code >= 0)
            code = spikes_add(&before, &sources->all[k]);
    free(sources->all);
    *sources = before;
    return code;
}

/* Goes back to the start of the window that the last run ended in; or, where the user has changed
 * something since, goes on from there. */
int simulation_resume(struct simulation *sim) {
    if (sim->preview && !sim->is_changed) {
        const int code = close_window(sim, sim->preview, 1);
        snapshot_free(sim->preview);
        sim->preview = NULL;
        sim->from = 0.0;
        return code;
    }
    const int code = simulation_settle(sim);
    return code < 0 || sim->from == 0.0 ? code : draw_again(sim);
}
