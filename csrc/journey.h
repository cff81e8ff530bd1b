/* A unit's way through one window: its steps, and what ends them. See unit.h.
 *
 *   joint.c         one step of the whole, the solution in between, the first crossing
 *   noisy.c         the same of one with noise
 *   silent.c        crossings that change no rate: steps go on over them
 *   unit.c          what happens at an instant, and the way from one to the next
 */
#ifndef EVSIM_JOURNEY_H
#define EVSIM_JOURNEY_H

#include "rows.h"
#include "shard.h"
#include "unit.h"

#define NO_PART 2.0

/* Something that is due in this window, in the order of all. */
struct due {
    struct evsim_event event;
    int32_t population;
    uint32_t i;
};

struct journey {
    struct simulation *sim;
    struct shard *sh;
    struct unit *u;
    struct due *due;
    int64_t n_due, due_room, next;
    double now, step;
    double at; /* the time at which links take functions of time: of an instant, or inside a step */
    double to; /* where the window, or this part of it, ends */
    int has_first;       /* the rates at `now` are known */
    struct due *touched; /* neurons to test, at this instant */
    int64_t n_touched, touched_room;
    struct spike *spikes; /* of this round */
    int64_t n_spikes, spikes_room;
    const struct member *crossed; /* where noise has taken neuron i across, whatever its state */
    uint32_t crossed_i;
};

#define EACH_MEMBER(m, u)                                                                          \
    for (struct member *m = (u)->members; m < (u)->members + (u)->n_members; m++)

static inline struct population *population_of(const struct journey *j, const struct member *m) {
    return j->sim->populations[m->population];
}

static inline const struct evsim_cells *cells_of(const struct journey *j, const struct member *m) {
    return &j->sh->views[m->population];
}

static inline struct member *member_of(struct unit *u, int32_t population) {
    EACH_MEMBER(m, u) {
        if (m->population == population)
            return m;
    }
    return NULL;
}

struct crossing {
    struct member *member;
    uint32_t i;
    int32_t form;
    double part, slope;
};

/* One step of length h from x to next; its error in units of the tolerance. Then the solution in
 * between, and the state s of neuron i at the part u of the step; in the end the step is made. */
double joint_step(struct journey *j, double h);
void joint_bend(struct journey *j);
void joint_accept(struct journey *j);
double joint_between(const struct member *m, int s, int64_t i, double u);

/* What links add up to at five points of a step of length h, for conditions that name it. */
void joint_nodes(struct journey *j, double h);

/* The first thing that happens in the step, by its polynomials; its part is NO_PART without one. */
struct crossing joint_crossing(struct journey *j);

/* Cuts a step of length h at a crossing. Returns the length; h where the method does not confirm
 * it. */
double joint_cut(struct journey *j, const struct crossing *c, double h);

/* noisy.c: a step with noise, of at most `rest`, from x to next; returns its length, which is that
 * up to a crossing, c, if there is one (its part is NO_PART otherwise), or a negative error. */
double noisy_step(struct journey *j, double rest, struct crossing *c);
int journey_fail(struct journey *j);

/* The states of neuron i, out of those arrays. */
void joint_state(const struct journey *j, const struct member *m, double *const *from, int64_t i,
                 double *x);

/* Pieces of an instant: a neuron to test; something due; a delivery; the spikes of a round among
 * the neurons to test; one of these spikes, with what it does at its own instant. */
int journey_touch(struct journey *j, int32_t population, uint32_t i);
int journey_insert(struct journey *j, const struct due *d);
int journey_deliver(struct journey *j, const struct due *d);
int journey_test(struct journey *j);
int journey_spike(struct journey *j, const struct spike *spike, int32_t round);

/* What the links add up to at an offset, in states of the step. */
enum joint_states { AT_START, AT_STAGE, AT_END };
void joint_sums(struct journey *j, double offset, enum joint_states which);

/* Whether spikes of a member change nothing in this window; what happens to its neurons in the step
 * of this length. */
int silent_is(const struct journey *j, const struct member *m);
int silent_spikes(struct journey *j, struct member *m, double length);

#endif
