/* Samples: states of recorded neurons at their instants, without a trace on the run. See shard.h.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "error.h"
#include "random.h"
#include "shard.h"

static int is_sampled(const struct simulation *sim, const struct shard *sh, int32_t population) {
    if (sim->populations[population]->unit)
        return 0; /* its unit takes them on the way */
    for (int r = 0; r < sim->n_state_outputs; r++) {
        const struct state_output *o = &sim->state_outputs[r];
        if (o->population == population && o->n_places[sh->tick & 1])
            return 1;
    }
    return 0;
}

int samples_keep_one(struct simulation *sim, struct shard *sh, const struct projection *p,
                     int64_t position) {
    if (!p->code || !p->code->n_written || !is_sampled(sim, sh, p->target))
        return EVSIM_OK;
    return undo_keep(&sh->sampled, p->code, p->variable, p->step,
                     projection_slot(p, projection_synapse(p, position)));
}

int samples_keep(struct simulation *sim, struct shard *sh) {
    sh->sampled.n = 0;
    int code = EVSIM_OK;
    for (int64_t k = 0; k < sh->n_slices; k++) {
        const struct slice *s = &sh->slices[k];
        const struct evsim_code *written = s->projection->code;
        if (!written || !written->n_written || !is_sampled(sim, sh, s->projection->target))
            continue;
        for (int64_t e = 0; e < s->n && code >= 0; e++)
            code = samples_keep_one(sim, sh, s->projection, slice_position(s, e));
    }
    for (int64_t k = 0; k < sh->n_local && code >= 0; k++) { /* of parts before */
        const struct evsim_event *e = &sh->local[k].event;
        if (e->port < 0 && e->code->n_written && is_sampled(sim, sh, sh->local[k].population))
            code = undo_keep(&sh->sampled, e->code, e->variable, e->step, e->slot);
    }
    return code;
}

/* Whether anything happens to the population at or before offset `at`. */
static int is_disturbed(struct simulation *sim, struct shard *sh, int32_t population, double at) {
    for (int64_t k = 0; k < sh->n_slices; k++) {
        const struct slice *s = &sh->slices[k];
        if (s->projection->target != population)
            continue;
        const int64_t n = s->arrivals ? s->n : 1; /* a piece begins with its earliest */
        for (int64_t e = 0; e < n; e++)
            if (slice_offset(s, e, sim->window) <= at)
                return 1;
    }
    for (int64_t k = 0; k < sh->n_local; k++)
        if (sh->local[k].population == population && sh->local[k].event.offset <= at)
            return 1;
    const struct spikes *out = &sh->out[(sh->tick + 1) & 1];
    for (int64_t k = 0; k < out->n; k++)
        if (sim->emitters[out->all[k].emitter].population == population && out->all[k].offset <= at)
            return 1;
    return 0;
}

/* A cell of its own for every recorded neuron that this shard owns, marked in sample_slot. */
static int add_sample_cells(struct simulation *sim, struct shard *sh, struct state_output *o) {
    struct population *p = sim->populations[o->population];
    if (p->n > sh->sample_slot_room &&
        shard_grow((void **)&sh->sample_slot, p->n, &sh->sample_slot_room,
                   sizeof *sh->sample_slot) < 0)
        return EVSIM_NO_MEMORY;
    memset(sh->sample_slot, 0, (size_t)p->n * sizeof *sh->sample_slot);
    for (int64_t k = 0; k < o->n; k++) {
        const uint32_t i = sampled_neuron(sim, o, k);
        if (i < sh->first[o->population] || i >= sh->last[o->population] || sh->sample_slot[i])
            continue;
        const int32_t slot = p->slot[i];
        if (cells_add(sim, sh, o->population, i, NULL) < 0)
            return EVSIM_NO_MEMORY;
        sh->sample_slot[i] = (int32_t)sh->n_cells;
        p->slot[i] = slot;
        struct cell *cell = &sh->cells[sh->n_cells - 1];
        for (int s = 0; s < p->kernel->n_states; s++)
            sh->starts[cell->x + s] = p->begin[s][i];
        if (!slot)
            continue;
        cell->release_tick = sh->cells[slot - 1].release_tick; /* as when the window began */
        cell->release_offset = sh->cells[slot - 1].release_offset;
        cell->last = sh->cells[slot - 1].last, cell->holding = sh->cells[slot - 1].holding;
    }
    return EVSIM_OK;
}

static int gather_samples(struct simulation *sim, struct shard *sh, struct state_output *o,
                          int64_t first_cell, double from, double to) {
    int code = EVSIM_OK;
    sh->n_events = 0;
    for (int64_t k = 0; k < sh->n_slices && code >= 0; k++)
        if (sh->slices[k].projection->target == o->population)
            code = events_gather_slice(sim, sh, &sh->slices[k], sh->sample_slot, NULL, from, to);
    for (int k = 0; k < sim->n_drives; k++)
        for (int64_t c = first_cell; c < sh->n_cells && code >= 0; c++)
            if (o->population == sim->drives[k].target)
                code = events_gather_drive(sim, sh, &sim->drives[k], sh->cells[c].i, c, from, to);
    for (int64_t k = 0; k < sh->n_local && code >= 0; k++) {
        const struct local_event *e = &sh->local[k];
        if (e->population != o->population || e->event.offset < from || e->event.offset >= to)
            continue;
        const int32_t mark = sh->sample_slot[e->i];
        if (mark)
            code = events_add(sh, mark - 1, &e->event);
    }
    return code < 0 ? code : events_group(sh, first_cell);
}

static int note_samples(const struct simulation *sim, const struct shard *sh,
                        const struct state_output *o, const struct sample_place *place,
                        int64_t first_cell) {
    double *row = place->row;
    if (!row)
        return EVSIM_OK;
    if (o->projection >= 0)
        return note_synapses(sim, sh, o, place->at, row, NULL, 0);
    for (int64_t k = 0; k < o->n; k++) {
        const uint32_t i = sampled_neuron(sim, o, k);
        if (i < sh->first[o->population] || i >= sh->last[o->population])
            continue;
        const int64_t c = sh->sample_slot[i] - 1;
        const double *x = sh->starts + sh->cells[c].x;
        const int is_at_rest = place->at == sh->from && !sh->cells[c].n_events &&
                               !sh->sample_walks[c - first_cell].spikes;
        for (int s = 0; s < o->n_states; s++)
            row[s * o->n + k] = is_at_rest ? sim->populations[o->population]->begin[o->states[s]][i]
                                           : x[o->states[s]];
    }
    return EVSIM_OK;
}

/* Follows recorded neurons anew, from sample to sample, with all that happens at the instant of
 * one. */
static int follow_samples(struct simulation *sim, struct shard *sh, struct state_output *o,
                          int64_t first_cell, double from, const struct sample_place *places,
                          int n_places) {
    const int64_t n = sh->n_cells - first_cell;
    if (n > sh->sample_walks_room &&
        shard_grow((void **)&sh->sample_walks, n, &sh->sample_walks_room,
                   sizeof *sh->sample_walks) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t c = 0; c < n; c++)
        sh->sample_walks[c] = walk_begin(sh, &sh->cells[first_cell + c], from);
    for (int k = 0; k < n_places; k++) {
        const double at = places[k].at;
        const double end = at > 0.0 ? nextafter(at, HUGE_VAL) : DBL_MIN; /* denormals are flushed */
        for (int64_t c = 0; c < n; c++) {
            const int code =
                walk_follow(sim, sh, &sh->cells[first_cell + c], &sh->sample_walks[c], end, NULL);
            if (code < 0)
                return code;
        }
        const int code = note_samples(sim, sh, o, &places[k], first_cell);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}

static int sample_walks(struct simulation *sim, struct shard *sh, struct state_output *o,
                        double from, const struct sample_place *places, int n_places) {
    const int64_t n_cells = sh->n_cells, n_starts = sh->n_starts;
    int code = add_sample_cells(sim, sh, o);
    const double end = nextafter(places[n_places - 1].at, HUGE_VAL);
    if (code >= 0)
        code = gather_samples(sim, sh, o, n_cells, from, end > DBL_MIN ? end : DBL_MIN);
    if (code >= 0)
        code = follow_samples(sim, sh, o, n_cells, from, places, n_places);
    sh->n_cells = n_cells, sh->n_starts = n_starts;
    return code;
}

/* Samples at the start of the window, where nothing happens. */
static int copy_samples(struct simulation *sim, struct shard *sh, const struct state_output *o,
                        const struct sample_place *place) {
    double *row = place->row;
    if (o->projection >= 0) {
        undo_back(&sh->sampled);
        const int code = note_synapses(sim, sh, o, place->at, row, NULL, 0);
        undo_forth(&sh->sampled);
        return code;
    }
    const struct population *p = sim->populations[o->population];
    for (int64_t k = 0; k < o->n; k++) {
        const uint32_t i = sampled_neuron(sim, o, k);
        if (i < sh->first[o->population] || i >= sh->last[o->population])
            continue;
        for (int s = 0; s < o->n_states; s++)
            row[s * o->n + k] = p->begin[o->states[s]][i];
    }
    return EVSIM_OK;
}

static int followed(struct simulation *sim, struct shard *sh, struct state_output *o, double from,
                    const struct sample_place *places, int n) {
    if (!n)
        return EVSIM_OK;
    undo_back(&sh->sampled);
    const int code = sample_walks(sim, sh, o, from, places, n);
    undo_forth(&sh->sampled);
    return code;
}

/* A sample at the start is taken apart, so that what happens to others at that instant makes no
 * difference to the way from there to the next. */
int samples_take(struct simulation *sim, struct shard *sh, double from) {
    for (int r = 0; r < sim->n_state_outputs; r++) {
        struct state_output *o = &sim->state_outputs[r];
        const struct sample_place *places = o->places[sh->tick & 1];
        int n = o->n_places[sh->tick & 1], code = EVSIM_OK;
        if (sim->populations[o->population]->unit)
            continue; /* its unit has taken them on the way */
        if (n && places->at == from) {
            if (places->row)
                code = is_disturbed(sim, sh, o->population, from)
                           ? followed(sim, sh, o, from, places, 1)
                           : copy_samples(sim, sh, o, places);
            places++, n--;
        }
        if (code >= 0)
            code = followed(sim, sh, o, from, places, n);
        if (code < 0)
            return code;
    }
    return EVSIM_OK;
}
