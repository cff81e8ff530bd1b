/* Steps of units with noise. See journey.h.
 *
 * A step is of the length that the noisy groups have, at most: half of the noise, the drift alone
 * to its tolerance, the other half. Noise that is added has weak order 2 so; one with factors that
 * change is that of Stratonovich. In between the solution is taken as a line, and a Brownian bridge
 * decides whether a cell has crossed between two points below its threshold.
 *
 * What crosses cuts the step of all. The others go to that instant on the paths that they had
 * anyway; the one that crosses is on the line between the ends of its step, and gets a new path.
 */
#include <math.h>
#include <string.h>

#include "journey.h"
#include "kernel/tableau.h"

#define SMALLEST_PART 1e-10 /* of a step, in which the drift goes */

static void copy_states(const struct journey *j, const struct member *m, double *const *from,
                        double *const *to) {
    for (int s = 0; s < population_of(j, m)->kernel->n_states; s++)
        memcpy(to[s], from[s], (size_t)population_of(j, m)->n * sizeof(double));
}

/* x after half of the noise of a step. */
static void diffuse(struct journey *j, double from, double to) {
    EACH_MEMBER(m, j->u) {
        const struct evsim_kernel *kernel = population_of(j, m)->kernel;
        if (!kernel->diffuse)
            continue;
        kernel->diffuse(cells_of(j, m), &m->piece, m->origin, from, to, m->x, m->next);
        copy_states(j, m, m->next, m->x);
    }
}

/* x after the drift over h. */
static int drift(struct journey *j, double h) {
    const double begin = j->now;
    double done = 0.0, step = h;
    j->has_first = 0;
    while (done < h) {
        const double part = step < h - done ? step : h - done;
        j->now = begin + done;
        const double error = joint_step(j, part);
        step = part * (error < HUGE_VAL ? pair_growth(error) : 0.15);
        if (!(error <= 1.0)) {
            if (!(part > SMALLEST_PART * h))
                return journey_fail(j);
            continue;
        }
        done = part < h - done ? done + part : h;
        joint_accept(j);
    }
    j->now = begin;
    j->has_first = 0;
    return 0;
}

/* A step of length h from x to next, as a line. bend[0] keeps x meanwhile. */
static int step_by(struct journey *j, double h) {
    EACH_MEMBER(m, j->u) {
        copy_states(j, m, m->x, m->bend[0]);
        copy_states(j, m, m->x, m->next);
    }
    int code = 0;
    if (h > 0.0) {
        diffuse(j, j->now, j->now + h);
        code = drift(j, h);
        diffuse(j, j->now, j->now + h);
    }
    EACH_MEMBER(m, j->u) {
        const int n_states = population_of(j, m)->kernel->n_states;
        copy_states(j, m, m->x, m->next);
        copy_states(j, m, m->bend[0], m->x);
        for (int k = 0; k < 3; k++)
            for (int s = 0; s < n_states; s++)
                memset(m->bend[k][s], 0, (size_t)m->n_padded * sizeof(double));
        m->piece.offset = j->now;
        m->piece.t = cells_of(j, m)->begin + j->now, m->piece.h = h;
    }
    return code;
}

static double longest(const struct journey *j, double rest) {
    double h = HUGE_VAL;
    EACH_MEMBER(m, j->u) {
        const struct population *p = population_of(j, m);
        h = p->kernel->diffuse && p->option[0] < h ? p->option[0] : h;
    }
    const double n = ceil(rest / h * (1.0 - 1e-9)); /* equal steps */
    return n > 1.0 ? rest / n : rest;
}

/* Cuts the step at a crossing: all go to that part of it, the neuron on its line. */
static int cut(struct journey *j, const struct crossing *c, double h) {
    double line[MOST_STATES];
    const int n_states = population_of(j, c->member)->kernel->n_states;
    for (int s = 0; s < n_states; s++)
        line[s] = joint_between(c->member, s, c->i, c->part);
    const int code = step_by(j, c->part * h);
    for (int s = 0; s < n_states; s++)
        c->member->next[s][c->i] = line[s];
    return code;
}

double noisy_step(struct journey *j, double rest, struct crossing *c) {
    double h = longest(j, rest);
    int code = step_by(j, h);
    struct crossing first = joint_crossing(j);
    while (code >= 0 && first.part <= 1.0 && (first.member != c->member || first.i != c->i)) {
        *c = first; /* of the others one may cross before: the step is shorter each time */
        code = cut(j, c, h);
        h *= c->part;
        first = joint_crossing(j);
    }
    if (code < 0)
        return code;
    if (!(h < rest))
        c->part = NO_PART; /* at the very end: what comes next begins across */
    if (c->part <= 1.0 && c->member->active[c->i] != 0.0) {
        j->crossed = c->member, j->crossed_i = c->i;
        if (c->member->origin)
            c->member->origin[c->i] = j->now + h;
    }
    return h;
}
