/* Samples: states of recorded neurons at their instants, without a trace on the run. See shard.h. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "shard.h"

/* Whether anything happens to the population at or before offset `at`. */
static int is_disturbed(struct simulation *sim, struct shard *sh, int32_t population, double at) {
    for (int64_t k = 0; k < sh->n_slices; k++) {
        const struct slice *s = &sh->slices[k];
        if (s->projection->target != population) continue;
        const int64_t n = s->offsets ? s->n : 1; /* a piece begins with its earliest */
        for (int64_t e = 0; e < n; e++)
            if (slice_offset(s, e, sim->window) <= at) return 1;
    }
    for (int64_t k = 0; k < sh->n_local; k++)
        if (sh->local[k].population == population && sh->local[k].event.offset <= at) return 1;
    const struct spikes *out = &sh->out[(sh->tick + 1) & 1];
    const int32_t emitter = sim->populations[population]->emitter;
    for (int64_t k = 0; k < out->n; k++)
        if (out->all[k].emitter == emitter && out->all[k].offset <= at) return 1;
    return 0;
}

/* Follows recorded neurons anew, from `from` to `at`, and notes their states. */
static int sample_walks(struct simulation *sim, struct shard *sh, struct state_output *o,
                        double from, double at, double *row) {
    struct population *p = sim->populations[o->population];
    const int64_t n_cells = sh->n_cells, n_starts = sh->n_starts;
    if (p->n > sh->sample_slot_room &&
        shard_grow((void **)&sh->sample_slot, p->n, &sh->sample_slot_room, sizeof *sh->sample_slot) < 0)
        return EVSIM_NO_MEMORY;
    memset(sh->sample_slot, 0, (size_t)p->n * sizeof *sh->sample_slot);
    int code = EVSIM_OK;
    for (int64_t k = 0; k < o->n && code >= 0; k++) {
        const uint32_t i = o->indices[k];
        if (i < sh->first[o->population] || i >= sh->last[o->population] || sh->sample_slot[i])
            continue;
        const int32_t slot = p->slot[i];
        code = cells_add(sim, sh, o->population, i, NULL);
        if (code < 0) break;
        sh->sample_slot[i] = (int32_t)sh->n_cells;
        p->slot[i] = slot;
        if (!slot) continue;
        sh->cells[sh->n_cells - 1].release_tick = sh->cells[slot - 1].release_tick;
        sh->cells[sh->n_cells - 1].release_offset = sh->cells[slot - 1].release_offset;
    }
    const double end = at > 0.0 ? nextafter(at, HUGE_VAL) : DBL_MIN; /* denormals are flushed */
    sh->n_events = 0;
    for (int64_t k = 0; k < sh->n_slices && code >= 0; k++)
        if (sh->slices[k].projection->target == o->population)
            code = events_gather_slice(sim, sh, &sh->slices[k], sh->sample_slot, from, end);
    for (int k = 0; k < sim->n_drives; k++)
        for (int64_t c = n_cells; c < sh->n_cells && code >= 0; c++)
            if (o->population == sim->drives[k].target)
                code = events_gather_drive(sim, sh, &sim->drives[k], sh->cells[c].i, c, from, end);
    for (int64_t k = 0; k < sh->n_local && code >= 0; k++) {
        const struct local_event *e = &sh->local[k];
        if (e->population != o->population || e->event.offset < from || e->event.offset >= end) continue;
        const int32_t mark = sh->sample_slot[e->i];
        if (mark) code = events_add(sh, mark - 1, &e->event);
    }
    if (code >= 0) code = events_group(sh, n_cells);
    for (int64_t c = n_cells; c < sh->n_cells && code >= 0; c++)
        code = walk_follow(sim, sh, &sh->cells[c], sh->starts + sh->cells[c].x, from, end, NULL);
    for (int64_t k = 0; k < o->n && code >= 0; k++) {
        const uint32_t i = o->indices[k];
        if (i < sh->first[o->population] || i >= sh->last[o->population]) continue;
        const double *x = sh->starts + sh->cells[sh->sample_slot[i] - 1].x;
        for (int s = 0; s < o->n_states; s++) row[s * o->n + k] = x[o->states[s]];
    }
    sh->n_cells = n_cells, sh->n_starts = n_starts;
    return code;
}

static int sample(struct simulation *sim, struct shard *sh, struct state_output *o, double from,
                  const struct sample_place *place) {
    if (!sim->is_grid &&
        (place->at > from || is_disturbed(sim, sh, o->population, place->at)))
        return sample_walks(sim, sh, o, from, place->at, place->row);
    const struct population *p = sim->populations[o->population];
    for (int64_t k = 0; k < o->n; k++) {
        const uint32_t i = o->indices[k];
        if (i < sh->first[o->population] || i >= sh->last[o->population]) continue;
        for (int s = 0; s < o->n_states; s++)
            place->row[s * o->n + k] = p->begin[o->states[s]][i];
    }
    return EVSIM_OK;
}

int samples_take(struct simulation *sim, struct shard *sh, double from) {
    for (int r = 0; r < sim->n_state_outputs; r++) {
        struct state_output *o = &sim->state_outputs[r];
        for (int k = 0; k < o->n_places[sh->tick & 1]; k++) {
            const int code = sample(sim, sh, o, from, &o->places[sh->tick & 1][k]);
            if (code < 0) return code;
        }
    }
    return EVSIM_OK;
}
