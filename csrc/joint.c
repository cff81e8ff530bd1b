/* One step of a unit as a whole, and the first crossing in it. See journey.h. */
#include <math.h>
#include <string.h>

#include "journey.h"
#include "kernel/tableau.h"

/* ---- the system ---- */

static double *const *states_of(const struct member *m, enum joint_states which) {
    return which == AT_START ? m->x : which == AT_STAGE ? m->y : m->next;
}

/* What a link inside the unit adds up to. */
static void add_link(struct journey *j, struct link *l, double t, enum joint_states which) {
    const struct member *from = member_of(j->u, l->source), *to = member_of(j->u, l->target);
    const struct member *own = l->own < 0 ? NULL : member_of(j->u, l->own);
    double *out = to->input[l->input];
    if (l->rows)
        rows_add(l, states_of(from, which), t, out);
    else
        l->table->add(states_of(from, which), states_of(to, which),
                      own ? states_of(own, which) : NULL, t, j->at, l->n, l->i, l->j, l->variable,
                      l->step, out);
}

void joint_sums(struct journey *j, double offset, enum joint_states which) {
    const double t = j->sh->views[j->u->members->population].begin + offset;
    EACH_MEMBER(m, j->u) {
        for (int k = 0; m->input[k]; k++)
            memset(m->input[k], 0, (size_t)m->n_padded * sizeof(double));
    }
    for (int k = 0; k < j->u->n_links; k++) {
        struct link *l = j->u->links[k];
        if (!l->is_resting && l->table)
            add_link(j, l, t, which);
    }
    for (int k = 0; k < j->u->n_in; k++) {
        const struct link *l = j->u->in[k];
        if (!l->is_resting)
            course_add_at(l, j->now, offset, member_of(j->u, l->target)->input[l->input]);
    }
}

/* Rates of all, in the states of a stage, into k[stage]. */
static void stage_rates(struct journey *j, double offset, int stage) {
    const double t = j->sh->views[j->u->members->population].begin + offset;
    const enum joint_states which = stage == 0 ? AT_START : stage < 6 ? AT_STAGE : AT_END;
    joint_sums(j, offset, which);
    EACH_MEMBER(m, j->u)
    population_of(j, m)->kernel->rates(cells_of(j, m), &m->piece, t, states_of(m, which),
                                       m->k[stage]);
}

double joint_step(struct journey *j, double h) {
    const double t = j->sh->views[j->u->members->population].begin + j->now;
    double largest = 0.0, unknown = 0.0;
    EACH_MEMBER(m, j->u) m->piece.t = t, m->piece.h = h, m->piece.offset = j->now;
    if (!j->has_first)
        stage_rates(j, j->now, 0);
    j->has_first = 1;
    for (int stage = 1; stage < 7; stage++) {
        EACH_MEMBER(m, j->u) population_of(j, m)->kernel->stage(cells_of(j, m), &m->piece, stage);
        stage_rates(j, j->now + PAIR_AT[stage] * h, stage);
    }
    EACH_MEMBER(m, j->u) {
        const double error = population_of(j, m)->kernel->error(cells_of(j, m), &m->piece);
        largest = error > largest ? error : largest;
        unknown += error * 0.0;
    }
    return largest + unknown;
}

void joint_accept(struct journey *j) {
    EACH_MEMBER(m, j->u) {
        double **last = m->k[6];
        for (int s = 0; s < population_of(j, m)->kernel->n_states; s++)
            memcpy(m->x[s], m->next[s], (size_t)population_of(j, m)->n * sizeof(double));
        m->k[6] = m->k[0], m->k[0] = last; /* the rates at the end are those at the next start */
        m->piece.k[0] = m->k[0], m->piece.k[6] = m->k[6];
    }
}

void joint_bend(struct journey *j) {
    EACH_MEMBER(m, j->u) population_of(j, m)->kernel->bend(cells_of(j, m), &m->piece);
}

double joint_between(const struct member *m, int s, int64_t i, double u) {
    const double v = 1.0 - u, y = m->next[s][i] - m->x[s][i];
    return m->x[s][i] +
           u * (y + v * (m->bend[0][s][i] + u * (m->bend[1][s][i] + v * m->bend[2][s][i])));
}

/* What links add up to at five points of the step, for conditions that name it. */
void joint_nodes(struct journey *j, double h) {
    for (int node = 0; node < 5; node++) {
        EACH_MEMBER(m, j->u) {
            for (int s = 0; s < population_of(j, m)->kernel->n_states; s++)
                for (int64_t i = 0; i < m->n_padded; i++)
                    m->y[s][i] = node < 4 ? joint_between(m, s, i, 0.25 * node) : m->next[s][i];
        }
        joint_sums(j, j->now + 0.25 * node * h, AT_STAGE);
        EACH_MEMBER(m, j->u) {
            for (int k = 0; m->input_node[node] && m->input[k]; k++)
                memcpy(m->input_node[node][k], m->input[k], (size_t)m->n_padded * sizeof(double));
        }
    }
}

/* ---- crossings ---- */

/* The first thing that happens in the step and changes rates, by its polynomials. */
struct crossing joint_crossing(struct journey *j) {
    struct crossing first = {.part = NO_PART};
    EACH_MEMBER(m, j->u) {
        const struct evsim_kernel *kernel = population_of(j, m)->kernel;
        if (!kernel->watch || m->is_silent)
            continue;
        const int64_t n = kernel->watch(cells_of(j, m), &m->piece, m->found);
        for (int64_t f = 0; f < n; f++) {
            struct crossing c = {.member = m, .i = m->found[f]};
            c.part = kernel->find(cells_of(j, m), c.i, &m->piece, 0.0, &c.form, &c.slope);
            if (c.part < first.part)
                first = c;
        }
    }
    return first;
}

void joint_state(const struct journey *j, const struct member *m, double *const *from, int64_t i,
                 double *x) {
    for (int s = 0; s < population_of(j, m)->kernel->n_states; s++)
        x[s] = from[s][i];
}

static int has_happened(const struct journey *j, const struct crossing *c, double offset) {
    const struct evsim_kernel *kernel = population_of(j, c->member)->kernel;
    double x[MOST_STATES];
    joint_state(j, c->member, c->member->next, c->i, x);
    return c->member->active[c->i] != 0.0 ? kernel->is_over(cells_of(j, c->member), c->i, x, offset)
                                          : !kernel->holds(cells_of(j, c->member), c->i, x, offset);
}

/* Cuts a step of length h at a crossing: Newton on steps that end there, until it has just
 * happened. Returns the length; h where the method does not confirm the crossing. */
double joint_cut(struct journey *j, const struct crossing *c, double h) {
    const struct evsim_kernel *kernel = population_of(j, c->member)->kernel;
    double part = c->part, before = HUGE_VAL, x[MOST_STATES];
    joint_step(j, part * h);
    for (int k = 0; k < 8 && c->form >= 0 && c->slope != 0.0; k++) {
        joint_state(j, c->member, c->member->next, c->i, x);
        const double t = c->member->piece.t + part * h;
        const double g =
            kernel->value(cells_of(j, c->member), c->i, &c->member->piece, x, t, c->form);
        const double change = g / c->slope;
        if (!(fabs(change) < before) || part - change <= 0.0 || part - change > 1.0)
            break;
        before = 0.5 * fabs(change);
        part -= change;
        joint_step(j, part * h);
        if (fabs(change) < 1e-16)
            break;
    }
    for (double push = 0x1p-53; !has_happened(j, c, j->now + part * h) && part < 1.0; push *= 2.0) {
        part = push < 1e-3 && part + push < 1.0 ? part + push : 1.0;
        joint_step(j, part * h);
    }
    return part * h;
}
