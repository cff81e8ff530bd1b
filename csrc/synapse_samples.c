/* Samples of synapses: their variables at an instant, those with equations of their own brought to
 * it. See shard.h.
 *
 * Neurons with recorded synapses are followed as recorded neurons are (samples.c): event code runs
 * anew, up to the instant of each sample, and what it writes is taken back in the end. Units take
 * their samples on the way.
 */
#include <math.h>
#include <stdlib.h>

#include "allocation.h"
#include "shard.h"

/* One synapse at an instant: where its variables stand, those that time changes in `own`. */
struct glance {
    double **variable;
    double *own;
    int64_t *step; /* all zero */
};

static int glance_new(struct glance *g, int n_variables) {
    const size_t n = (size_t)n_variables + 1;
    g->variable = allocate(n, sizeof *g->variable);
    g->own = allocate(n, sizeof *g->own);
    g->step = allocate_zeroed(n, sizeof *g->step);
    return g->variable && g->own && g->step ? EVSIM_OK : EVSIM_NO_MEMORY;
}

static void glance_free(struct glance *g) { free(g->variable), free(g->own), free(g->step); }

static void glance_at(struct glance *g, const struct projection *p, const struct evsim_cells *cells,
                      int64_t synapse, double offset) {
    const int64_t slot = projection_slot(p, synapse);
    for (int v = 0; v < p->n_variables; v++)
        g->variable[v] = &p->variable[v][slot * p->step[v]];
    if (!p->code || !p->code->bring)
        return;
    for (int k = 0; k < p->code->n_written; k++) {
        const int32_t v = p->code->written[k];
        g->own[v] = *g->variable[v];
        g->variable[v] = &g->own[v];
    }
    const struct evsim_now now = {.offset = offset, .last = -HUGE_VAL};
    p->code->bring(cells, &now, g->variable, g->step, 0);
}

uint32_t sampled_neuron(const struct simulation *sim, const struct state_output *o, int64_t k) {
    return o->projection < 0 ? o->indices[k] : sim->projections[o->projection]->j[o->indices[k]];
}

int note_synapses(const struct simulation *sim, const struct shard *sh,
                  const struct state_output *o, double offset, double *row, const int32_t *part_of,
                  int32_t part) {
    const struct projection *p = sim->projections[o->projection];
    struct glance g = {0};
    const int code = glance_new(&g, p->n_variables);
    for (int64_t k = 0; k < o->n && code >= 0; k++) {
        const uint32_t i = sampled_neuron(sim, o, k);
        if (i < sh->first[o->population] || i >= sh->last[o->population])
            continue;
        if (part_of && part_of[i] != part)
            continue;
        glance_at(&g, p, &sh->views[o->population], o->indices[k], offset);
        for (int v = 0; v < o->n_states; v++)
            row[v * o->n + k] = *g.variable[o->states[v]];
    }
    glance_free(&g);
    return code;
}
