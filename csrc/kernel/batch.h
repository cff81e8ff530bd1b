/* A batch: a few neurons of a general kernel side by side, each with its own time and step.
 *
 * Included by generated C before the functions of its equations. All loops over lanes have the same
 * code for one neuron and for LANES of them, so a neuron's numbers do not depend on its company.
 *
 *   ONE, EACH       how many numbers of the equations all neurons share, or have one each
 *   TABLES          how many values of functions of time the equations use
 *   NOISES          how many noise processes
 *   INPUTS          how many sums of links
 *   ASKS_INPUTS     whether conditions, or code of the neurons' own events, name one
 *   METHOD          one of the numbers below
 */
#include <kernel.h>
#include <kernel/functions.h>
#include <kernel/tables.h>
#include <math.h>
#include <string.h>

#define ADAPTIVE 0
#define EULER 1
#define RK2 2
#define RK4 3
#define HEUN 4
#define MILSTEIN 5
#define EXPONENTIAL_EULER 6
#define ORNSTEIN_UHLENBECK 7

#define FEW_KEPT                                                                                   \
    12 /* series of parts of formulas: with more, those of many lanes leave the cache */
#if IS_SERIES && KEPT <= FEW_KEPT
#define LANES 16
#else
#define LANES 8
#endif
#define ALWAYS static inline __attribute__((always_inline))
#define ONCE static __attribute__((noinline)) /* compiled once: quick to build, and as fast */
#define EACH_LANE _Pragma("GCC ivdep") for (int l = 0; l < lanes; l++)
#define EACH_STATE _Pragma("GCC unroll 32") for (int s = 0; s < STATES; s++)
#define STAGES 7
#define NORMALS (METHOD == ORNSTEIN_UHLENBECK ? STATES : NOISES)

#if IS_SERIES
#include <kernel/series.h>
#endif

struct batch {
    const struct evsim_cells *cells;
    int64_t first; /* neuron of lane 0 */
    double one[ONE + 1];
    double each[EACH + 1][LANES];
    double table[TABLES + 1][LANES];
    double input[INPUTS + 1][LANES];
    double input_node[ASKS_INPUTS ? 5 : 1][INPUTS + 1][LANES]; /* over the step; see `watch` */
    int64_t neuron[LANES];
    double course[INPUTS + 1][EVSIM_TERMS][LANES]; /* what links add up to, as in evsim_course... */
    double course_begin[INPUTS + 1][LANES];        /* ...in a piece that begins there, seconds... */
    double course_rate[INPUTS + 1][LANES];         /* ...and is 1/rate long */
    double active[LANES];    /* 1 where the neuron is not refractory, else 0 */
    double last[LANES];      /* time of the latest spike */
    uint32_t holding[LANES]; /* as in evsim_cells */
    double t[LANES];         /* where the step begins, seconds */
    double h[LANES];         /* its length */
    double x[STATES][LANES];
    double next[STATES][LANES]; /* the state at its end */
    double k[STAGES][STATES][LANES];
    double bend[3][STATES][LANES]; /* of the solution between its ends; see `dense` */
    double z[NOISES ? STATES + NOISES : 1][LANES]; /* what each process adds over the step */
    int is_on_grid;      /* tables are looked up at every stage of a step, not once for it */
    double error[LANES]; /* of the step, in units of the tolerance */
#if IS_SERIES
    double part[LANES]; /* of the step, up to which the series is good; 0: nowhere */
    int order;          /* the highest of all lanes */
    struct series series[CHUNKS];
#endif
};

#include <kernel/courses.h>
