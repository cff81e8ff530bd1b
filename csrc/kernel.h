/* The kernel table: all that the core knows of a neuron model.
 *
 * Generated C, the kernels of shipped models and a plugin's hand-written C include this header and
 * nothing else of the core. A kernel is one constant table of functions over a population's arrays.
 * Functions are called from several threads at once, each for neurons of its own; they keep no
 * state.
 *
 * Time inside a window is an offset in seconds, 0 <= offset <= window.
 */
#ifndef EVSIM_KERNEL_H
#define EVSIM_KERNEL_H

#include <stdint.h>

#define EVSIM_KERNEL_ABI 9

/* Arrays are padded to a multiple of this many neurons. */
#define EVSIM_PAD 16

/* `slack` of a neuron whose threshold is not tested: refractory, or padding. */
#define EVSIM_DORMANT (-1e300)
#define EVSIM_IS_DORMANT(slack) ((slack) < -1e299)

/* A function of time, or of time and a column, held constant between multiples of dt. */
struct evsim_table {
    double dt;
    int64_t n, columns;
    const double *values; /* [n][columns] */
};

#define EVSIM_TERMS 5 /* of a polynomial of a course */

/* What links add up to, as a function of time in the window: pieces end to end, each a polynomial
 * in the part of the piece. Nothing that the function depends on happens inside a piece. */
struct evsim_course {
    int64_t n;         /* pieces; 0: there is no such function in this window */
    double begin;      /* offset where the first begins... */
    const double *end; /* [n] ...and where each ends */
    int64_t n_rows;
    const double *coefficient; /* [n][n_rows][EVSIM_TERMS] of the powers, lowest first */
    const uint32_t *row;       /* of each neuron */
};

/* One population as its kernel sees it in one window. The core owns everything here.
 *
 *   state[s][i]          state s of neuron i at the start of the window
 *   slack[i]             how much higher the threshold form may have been inside the window than
 *                        at its ends, because of folded events; or EVSIM_DORMANT
 *   coefficient[c][i]    numbers of the linear system, or coefficient[c][0] for all neurons
 *   parameter[p][i*step] parameters that reset, event code and general kernels name
 *   last_tick[i], last_offset[i]
 *                        the latest spike; the tick is negative when there was none
 *   holding[i]           custom events whose conditions hold, one bit each, event 0 lowest
 *   table, option        functions of time, and numbers of the method, of general kernels
 *   fold[(j*S + r)*(degree + 1) + k]
 *                        Taylor coefficient k of state r per unit added to state j, one window
 *                        length back in time (only when all neurons have equal coefficients)
 */
struct evsim_cells {
    int64_t n;
    int64_t tick;       /* number of the window... */
    double begin;       /* ...and the time at its start, seconds */
    double window;      /* seconds */
    double step;        /* of the user's clock, seconds */
    uint64_t key;       /* of the population's random numbers */
    int32_t pieces;     /* a window is walked in so many pieces... */
    int32_t degree;     /* ...each with a Taylor polynomial of this degree */
    int32_t degrees[4]; /* enough for 1/8, 1/4, 1/2 and the whole of a piece */
    double *const *state;
    double *slack;
    const double *const *coefficient;
    double *const *parameter;
    const int64_t *parameter_step;
    const double *fold;
    const int64_t *last_tick;
    const double *last_offset;
    const uint32_t *holding;
    const struct evsim_table *table;
    const double *option;
    double *const *input; /* [input][i] what links add up to, of the latest evaluation; held over a
                             step on the grid; or NULL: zero */
    const struct evsim_course *course; /* [input] the same as functions of time, or NULL */
};

/* A step of populations that links join, as the kernel of one of them sees it. Arrays are padded;
 * `input` are what the links add up to at the time of the call. */
struct evsim_piece {
    double t, h;
    double offset; /* of t in the window */
    double middle; /* a time that stands for the step in functions of time */
    double *const *x, *const *y, *const *next; /* at its start, in a stage, at its end */
    double *const *k[7];                       /* rates of the stages */
    double *const *bend[3];                    /* of the solution in between */
    const double *active;
    double *const *input;
    double *const *input_node[5]; /* at 0, 1/4, 1/2, 3/4 and 1 of the step, for `asks_inputs` */
};

#define EVSIM_RUNNING 8 /* sums that run side by side along a row */

/* Weights of pairs, row by row: row r has the sources i[k] for start[r] <= k < start[r + 1], filled
 * up to a multiple of EVSIM_RUNNING with the number of no source, whose factor is zero. */
struct evsim_rows {
    int64_t n;
    const int64_t *start;
    const uint32_t *i;
    const double *weight; /* NULL: all are `equal` */
    double equal;
};

/* Continuous coupling, compiled from the expression of a link: of any form, with `add`, or a weight
 * of the pair times a factor of the source, with `factor` and `sum`. */
struct evsim_link {
    int32_t abi;
    int32_t is_constant; /* the factor names neither states nor the time */
    /* out[j[k]] += the expression of pair k, for k < n, at time t. `own` are the states of a
     * population with an element for each pair, or NULL. Functions of time, whose tables stand in
     * the place of variables, are taken at `at`, which stands for a step without switches. */
    void (*add)(double *const *from, double *const *to, double *const *own, double t, double at,
                int64_t n, const uint32_t *i, const uint32_t *j, double *const *variable,
                const int64_t *step, double *out);
    /* out[i] = the factor of source neuron i, for i < n, at time t. */
    void (*factor)(double *const *from, double t, int64_t n, double *const *variable,
                   const int64_t *step, double *out);
    /* out[r] = sum of weight*factor over row r, always in the same order. */
    void (*sum)(const struct evsim_rows *rows, const double *factor, double *out);
};

/* When event code runs, and what its target is like then. `pre` is the state of the source neuron,
 * for code that names one; NULL elsewhere. It may be the same as that of the target. `own` is that
 * of the synapse's element in the population of its integrated variables, where code names one. */
struct evsim_now {
    double offset;
    double last; /* time of the target's latest spike, seconds; minus infinity without one */
    int32_t is_refractory;
    int32_t is_pre_refractory;
    double *pre, *own;
    const struct evsim_cells *pre_cells; /* of the source neuron... */
    int64_t pre_i;                       /* ...and its number among them */
};

/* Event code that is more than an addition, compiled from a synapse's statements. */
struct evsim_code {
    int32_t abi;
    /* Runs the statements of one synapse on the state x of its target i.
     * `variable[v][synapse*step[v]]` are the synapse's variables and constants; for a function of
     * time, `variable[v]` is the address of its struct evsim_table. */
    void (*run)(double *x, const struct evsim_cells *cells, int64_t i, const struct evsim_now *now,
                double *const *variable, const int64_t *step, int64_t synapse);
    /* Brings the variables that have equations of their own to `now`; NULL: there are none. */
    void (*bring)(const struct evsim_cells *cells, const struct evsim_now *now,
                  double *const *variable, const int64_t *step, int64_t synapse);
    int32_t n_written; /* the code changes variable[written[k]], k < n_written */
    const int32_t *written;
    /* The same as `run` for several synapses of one target, one after the other; or NULL. */
    void (*run_row)(double *x, const struct evsim_cells *cells, int64_t i,
                    const struct evsim_now *now, double *const *variable, const int64_t *step,
                    const uint32_t *synapses, int64_t n);
    int32_t asks_inputs; /* the code names what links add up to, at either end */
    /* The same for n synapses of one target whose variables stand side by side from `first` on; or
     * NULL. */
    void (*run_range)(double *x, const struct evsim_cells *cells, int64_t i,
                      const struct evsim_now *now, double *const *variable, const int64_t *step,
                      int64_t first, int64_t n);
};

/* What a spike does to a gate, written by hand: see kernel/gate.h. The sizes are those that the
 * file was compiled with, so that evsim can tell a library that was made for another version. Names
 * are those of the gate's declaration; numbers are in SI units. */
struct evsim_gate {
    int32_t abi;  /* EVSIM_KERNEL_ABI */
    int32_t size; /* of this struct, of struct evsim_cells, evsim_now and evsim_code */
    int32_t size_of_cells, size_of_now, size_of_code;
    int32_t n_parameters, n_own, n_jumps;
    const char *const *parameters; /* of the gate, which it reads */
    const char *const *own;        /* what a synapse keeps */
    const char *const *jumps;      /* variables of the gate that a spike makes jump */
    /* A spike arrives `since` seconds after the one before, or, if it is the first, after the
     * beginning. Changes `own`, and says in `jump` (which comes as zeros) by how much the variables
     * jump for a weight of 1. Called from several threads at once; keeps nothing else. */
    void (*arrive)(double since, const double *parameter, double *own, double *jump);
    const struct evsim_code *code; /* the same as event code of a synapse */
};

/* One delivery to one neuron. Ordered by (offset, round, projection, source, synapse). */
struct evsim_event {
    double offset;
    double amount; /* added to state `port`... */
    int32_t port;  /* ...or -1: run the code */
    int32_t round; /* deliveries of zero delay come in rounds at one instant */
    int32_t projection;
    uint32_t source;
    uint32_t synapse; /* number of the synapse in its projection */
    uint32_t slot;    /* where its variables stand */
    const struct evsim_code *code;
    double *const *variable;
    const int64_t *step;
};

/* A neuron on its way through a window. */
struct evsim_walk {
    double *x; /* its state at (offset, round) */
    double offset;
    double release; /* refractory while offset < release; negative when it is not; infinite: in a
                       later window, or as long as a condition holds, which `walk` finds */
    double last;    /* time of the latest spike, seconds; minus infinity without one */
    double step;    /* of the last piece of integration that was good enough; 0 before the first */
    int64_t next;   /* the first event not yet delivered */
    int32_t round;
    int32_t spikes;    /* in this window so far */
    uint32_t holding;  /* custom events whose conditions hold, as in evsim_cells */
    uint32_t happened; /* with EVSIM_WALK_SPIKE, of a kernel with custom events: these, one bit
                          each, and above them EVSIM_HAPPENED_SPIKE */
};

#define EVSIM_MOST_EVENTS 31
#define EVSIM_HAPPENED_SPIKE 0x80000000u

enum evsim_walk_result { EVSIM_WALK_END = 0, EVSIM_WALK_SPIKE = 1, EVSIM_WALK_ALONE = 2 };

struct evsim_kernel {
    int32_t abi; /* EVSIM_KERNEL_ABI */
    int32_t n_states;
    int32_t n_coefficients;
    int32_t n_parameters;
    int32_t has_threshold;
    int32_t is_foldable; /* additions may be folded into the state at the start of the window */

    /* Adds amount[k*amount_step] to state `port` of neuron target[k] at offset[k*offset_step], as
     * the equivalent change at the start of the window. Dormant neurons lose what touches clamped
     * states. cost[0], cost[1]: what a unit of positive or negative amount adds to the slack. */
    void (*fold)(const struct evsim_cells *cells, int32_t port, int64_t n, const uint32_t *target,
                 const double *amount, int64_t amount_step, const double *offset,
                 int64_t offset_step, const double cost[2]);

    /* Takes back what `fold` of one event did to the state x of neuron i. */
    void (*unfold)(const struct evsim_cells *cells, int64_t i, int32_t port, double amount,
                   double offset, double *x);

    /* Advances neurons [first, last) by one window. Neurons whose spikes cannot be excluded are
     * listed in `found`, their states before the step in `start[k*n_states + s]`. Returns how many.
     * With `is_grid` the listed neurons are those at or above threshold at the end of the step.
     * The slack stays as it is: the core clears it. */
    int64_t (*advance)(const struct evsim_cells *cells, int64_t first, int64_t last, int is_grid,
                       uint32_t *found, double *start);

    /* Takes neuron i through its events up to `end`, or to its first spike. Returns a walk result
     * or a negative error. */
    int (*walk)(const struct evsim_cells *cells, int64_t i, struct evsim_walk *walk,
                const struct evsim_event *events, int64_t n_events, double end);

    /* Takes n neurons through their events up to `end`, each as `walk` does; those whose result is
     * EVSIM_WALK_ALONE only as far as nothing happens. NULL: `walk` alone can. */
    void (*walk_pack)(const struct evsim_cells *cells, int n, const int64_t *i,
                      struct evsim_walk *walk, const struct evsim_event *const *events,
                      const int64_t *n_events, double end, int *result);

    /* Runs the reset code on the state at `offset`. */
    void (*reset)(const struct evsim_cells *cells, int64_t i, double *x, double offset);

    /* Whether a neuron that is not refractory spikes in this state. */
    int (*is_over)(const struct evsim_cells *cells, int64_t i, const double *x, double offset);

    /* How long the neuron rests after a spike in this state, in seconds; NULL: the population's
     * refractory period. */
    double (*rest)(const struct evsim_cells *cells, int64_t i, const double *x, double offset);

    /* Whether the state holds a neuron refractory after its spike; NULL: time alone does. */
    int (*holds)(const struct evsim_cells *cells, int64_t i, const double *x, double offset);

    /* Custom events, at most EVSIM_MOST_EVENTS: which conditions hold in a state, and what event e
     * does to it. An event happens where its condition begins to hold, refractory or not. */
    int32_t n_events;
    uint32_t (*conditions)(const struct evsim_cells *cells, int64_t i, const double *x,
                           double offset);
    void (*react)(const struct evsim_cells *cells, int64_t i, double *x,
                  const struct evsim_now *now, int e);

    /* For populations that links join, else NULL. `rates`: of all neurons in the state x at time t.
     * `watch` lists the neurons to which something may happen in a step, `find` gives the part of
     * the step at which it does after the part `from`, by its polynomials, and which form crosses
     * there how steeply; `value` is that form in a state. `next_switch`: of functions of time,
     * after t. `stage`: the states of a stage, those of the last one into `next`. `error`: the
     * largest of the step, in units of the tolerance. `bend`: makes the solution in between. */
    int32_t n_inputs;
    int32_t asks_inputs; /* conditions or code of the neurons' own events name inputs, which must be
                            those of the instant then */
    void (*rates)(const struct evsim_cells *cells, const struct evsim_piece *piece, double t,
                  double *const *x, double *const *y);
    int64_t (*watch)(const struct evsim_cells *cells, const struct evsim_piece *piece,
                     uint32_t *found);
    double (*find)(const struct evsim_cells *cells, int64_t i, const struct evsim_piece *piece,
                   double from, int32_t *form, double *slope);
    double (*value)(const struct evsim_cells *cells, int64_t i, const struct evsim_piece *piece,
                    const double *x, double t, int32_t form);
    double (*next_switch)(const struct evsim_cells *cells, double t);
    void (*stage)(const struct evsim_cells *cells, const struct evsim_piece *piece, int stage);
    double (*error)(const struct evsim_cells *cells, const struct evsim_piece *piece);
    void (*bend)(const struct evsim_cells *cells, const struct evsim_piece *piece);
    int32_t is_silent; /* a spike changes nothing that rates depend on */

    /* With noise: next = x after half of what the noise adds between two offsets of the window.
     * Each neuron has its path from origin[i] to the window's end, the same for all pieces of it.
     */
    void (*diffuse)(const struct evsim_cells *cells, const struct evsim_piece *piece,
                    const double *origin, double from, double to, double *const *x,
                    double *const *next);

    /* Adds `amount` to x[port], unless the neuron is refractory and the state is clamped. */
    void (*add)(double *x, int32_t port, double amount, int is_refractory);
};

#endif
