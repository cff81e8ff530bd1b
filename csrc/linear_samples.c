/* Samples of a linear unit, component by component. See linear_unit.h. */
#include <stdlib.h>

#include "allocation.h"
#include "error.h"
#include "journey.h"
#include "linear_unit.h"

static int list_output(const struct linear_unit *l, struct sample_list *list,
                       const struct state_output *o, const int32_t *component_of) {
    list->first = allocate((size_t)l->n_components, sizeof *list->first);
    list->next = allocate((size_t)o->n, sizeof *list->next);
    if (!list->first || !list->next)
        return EVSIM_NO_MEMORY;
    for (int32_t k = 0; k < l->n_components; k++)
        list->first[k] = -1;
    for (int64_t n = o->n - 1; n >= 0 && component_of; n--) {
        const int32_t k = component_of[o->indices[n]];
        list->next[n] = list->first[k], list->first[k] = n;
    }
    return EVSIM_OK;
}

/* Where the neurons of a population stand among those of the unit; NULL for samples of synapses,
 * and of others. */
static const int32_t *components_of(struct unit *u, const struct state_output *o) {
    const struct member *m = member_of(u, o->population);
    return m && o->projection < 0 ? u->linear->component_of + u->linear->base[m - u->members]
                                  : NULL;
}

int linear_samples_list(struct simulation *sim, struct unit *u) {
    struct linear_unit *l = u->linear;
    if (l->n_lists == sim->n_state_outputs)
        return EVSIM_OK;
    const size_t n = (size_t)sim->n_state_outputs;
    struct sample_list *lists = reallocate(l->lists, n, sizeof *lists);
    if (!lists)
        return EVSIM_NO_MEMORY;
    l->lists = lists;
    for (; l->n_lists < sim->n_state_outputs; l->n_lists++) {
        const struct state_output *o = &sim->state_outputs[l->n_lists];
        struct sample_list *list = &lists[l->n_lists];
        *list = (struct sample_list){0};
        if (list_output(l, list, o, components_of(u, o)) < 0) {
            free(list->first), free(list->next);
            return EVSIM_NO_MEMORY;
        }
    }
    return EVSIM_OK;
}

int linear_samples_take(const struct journey *j, int32_t number, const double *coefficients,
                        int degree, double h, double length) {
    const struct linear_unit *l = j->u->linear;
    const struct component *c = &l->components[number];
    for (int r = 0; r < j->sim->n_state_outputs; r++) {
        const struct state_output *o = &j->sim->state_outputs[r];
        const struct member *m = member_of(j->u, o->population);
        if (!m)
            continue;
        const int64_t base = l->base[m - j->u->members];
        for (int k = 0; k < o->n_places[j->sh->tick & 1]; k++) {
            const struct sample_place *place = &o->places[j->sh->tick & 1][k];
            if (!place->row || place->at < j->now || place->at >= j->now + length)
                continue;
            if (o->projection >= 0 && note_synapses(j->sim, j->sh, o, place->at, place->row,
                                                    l->component_of + base, number) < 0)
                return EVSIM_NO_MEMORY;
            const double u = h > 0.0 ? (place->at - j->now) / h : 0.0;
            for (int64_t n = l->lists[r].first[number]; n >= 0; n = l->lists[r].next[n])
                for (int s = 0; s < o->n_states; s++)
                    place->row[s * o->n + n] =
                        taylor_at(c, coefficients, degree,
                                  l->first_of[base + o->indices[n]] + o->states[s], u);
        }
    }
    return EVSIM_OK;
}
