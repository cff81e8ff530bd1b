/* One step of each integration method on a batch, with what it says about the solution in between.
 *
 * `step` goes from b->x at b->t over b->h to b->next; `dense` makes b->bend, so that with y = next
 * - x
 *
 *   x(u) = x + u*(y + (1 - u)*(bend0 + u*(bend1 + (1 - u)*bend2)))        0 <= u <= 1.
 *
 * ADAPTIVE is the pair of tableau.h. The others are of fixed step, and take the cubic through both
 * ends and their slopes in between, EULER and the methods of noisy equations the line.
 */
#include <kernel/tableau.h>

#define RTOL 0 /* option[RTOL], option[ATOL + state] of ADAPTIVE */
#define ATOL 1
#define LONGEST_STEP                                                                               \
    0 /* option[LONGEST_STEP] of the others, seconds; option[ATOL + STATES] is the                 \
         relative tolerance too, for steps common to several populations */

/* The length of the next step, where `rest` is left; `last`: what the step before has proposed. */
static inline double next_step(const struct evsim_cells *cells, double rest, double last) {
#if METHOD == ADAPTIVE
    (void)cells;
    const double h = last > 0.0 && last < rest ? last : rest;
    return h < rest && h > 0.6 * rest ? 0.6 * rest : h;
#else
    const double longest = cells->option[LONGEST_STEP];
    const double wanted = last > 0.0 && last < longest ? last : longest;
    const double n = ceil(rest / wanted * (1.0 - 1e-9)); /* equal steps */
    return n > 1.0 ? rest / n : rest;
#endif
}

ALWAYS void at_part(const int lanes, const struct batch *b, double part, double *t) {
    EACH_LANE t[l] = b->t[l] + part * b->h[l];
}

#if NOISES > 0

#include "stochastic.h"

#elif METHOD == ADAPTIVE

#define K(number) b->k[number][s][l]
#define W(stage, number) (PAIR_WEIGHT[stage][number] * K(number))
#define E(number) (PAIR_ERROR[number] * K(number))
#define B(number) (PAIR_BEND[number] * K(number))

ALWAYS void step(const int lanes, struct batch *b) {
    double t[LANES], y[STATES][LANES];
#define STAGE(number, ...)                                                                         \
    EACH_STATE EACH_LANE y[s][l] = b->x[s][l] + b->h[l] * (__VA_ARGS__);                           \
    at_part(lanes, b, PAIR_AT[number], t);                                                         \
    rates(lanes, b, t, y, b->k[number])
    rates(lanes, b, b->t, b->x, b->k[0]);
    STAGE(1, W(1, 0));
    STAGE(2, W(2, 0) + W(2, 1));
    STAGE(3, W(3, 0) + W(3, 1) + W(3, 2));
    STAGE(4, W(4, 0) + W(4, 1) + W(4, 2) + W(4, 3));
    STAGE(5, W(5, 0) + W(5, 1) + W(5, 2) + W(5, 3) + W(5, 4));
    EACH_STATE EACH_LANE b->next[s][l] =
        b->x[s][l] + b->h[l] * (W(6, 0) + W(6, 2) + W(6, 3) + W(6, 4) + W(6, 5));
    at_part(lanes, b, 1.0, t);
    rates(lanes, b, t, b->next, b->k[6]);
    double unknown[LANES]; /* not a number where any error is none */
    EACH_LANE b->error[l] = unknown[l] = 0.0;
    const double *option = b->cells->option;
    EACH_STATE {
        const double rtol = option[RTOL], atol = option[ATOL + s];
        EACH_LANE {
            const double e = b->h[l] * (E(0) + E(2) + E(3) + E(4) + E(5) + E(6));
            const double before = fabs(b->x[s][l]), after = fabs(b->next[s][l]);
            const double size = before > after ? before : after;
            const double part = fabs(e) / (atol + rtol * size);
            b->error[l] = part > b->error[l] ? part : b->error[l];
            unknown[l] += part * 0.0;
        }
    }
    EACH_LANE b->error[l] += unknown[l];
}

ALWAYS void dense(const int lanes, struct batch *b) {
    EACH_STATE EACH_LANE {
        const double y = b->next[s][l] - b->x[s][l], h = b->h[l];
        const double bend = h * K(0) - y;
        b->bend[0][s][l] = bend;
        b->bend[1][s][l] = y - h * K(6) - bend;
        b->bend[2][s][l] = h * (B(0) + B(2) + B(3) + B(4) + B(5) + B(6));
    }
}
#undef STAGE
#undef K
#undef W
#undef E
#undef B

#else

/* On the grid a step does not end at the switches of functions of time: each stage looks them up.
 */
ALWAYS void look_up_again(const int lanes, struct batch *b, const double *t) {
    double just_after[LANES];
    if (!TABLES || !b->is_on_grid)
        return;
    EACH_LANE just_after[l] = t[l] + 1e-3 * b->cells->window;
    load_tables(lanes, b, just_after);
}

/* next = x + part*h*k[stage], with the rates there in k[into] */
ALWAYS void try_slope(const int lanes, struct batch *b, double part, int stage, int into) {
    double t[LANES], y[STATES][LANES];
    EACH_STATE EACH_LANE y[s][l] = b->x[s][l] + part * b->h[l] * b->k[stage][s][l];
    at_part(lanes, b, part, t);
    look_up_again(lanes, b, t);
    rates(lanes, b, t, y, b->k[into]);
}

ALWAYS void step(const int lanes, struct batch *b) {
    EACH_LANE b->error[l] = 0.0;
    rates(lanes, b, b->t, b->x, b->k[0]);
#if METHOD == EULER
    EACH_STATE EACH_LANE b->next[s][l] = b->x[s][l] + b->h[l] * b->k[0][s][l];
#elif METHOD == RK2
    try_slope(lanes, b, 0.5, 0, 1);
    EACH_STATE EACH_LANE b->next[s][l] = b->x[s][l] + b->h[l] * b->k[1][s][l];
#elif METHOD == HEUN
    try_slope(lanes, b, 1.0, 0, 1);
    EACH_STATE EACH_LANE b->next[s][l] =
        b->x[s][l] + b->h[l] * 0.5 * (b->k[0][s][l] + b->k[1][s][l]);
#elif METHOD == RK4
    try_slope(lanes, b, 0.5, 0, 1);
    try_slope(lanes, b, 0.5, 1, 2);
    try_slope(lanes, b, 1.0, 2, 3);
    EACH_STATE EACH_LANE b->next[s][l] =
        b->x[s][l] +
        b->h[l] * ((b->k[0][s][l] + b->k[3][s][l]) + 2.0 * (b->k[1][s][l] + b->k[2][s][l])) / 6.0;
#elif METHOD == EXPONENTIAL_EULER
    double a[STATES][LANES];
    slopes(lanes, b, b->t, b->x, a); /* of each rate in its own state */
    EACH_STATE EACH_LANE b->next[s][l] =
        b->x[s][l] + b->h[l] * b->k[0][s][l] * evsim_exprel(a[s][l] * b->h[l]);
#endif
}

ALWAYS void dense(const int lanes, struct batch *b) {
#if METHOD == EULER
    EACH_STATE EACH_LANE b->bend[0][s][l] = b->bend[1][s][l] = b->bend[2][s][l] = 0.0;
#else
    double t[LANES];
    at_part(lanes, b, 1.0, t);
    rates(lanes, b, t, b->next, b->k[6]);
    EACH_STATE EACH_LANE {
        const double y = b->next[s][l] - b->x[s][l], h = b->h[l];
        b->bend[0][s][l] = h * b->k[0][s][l] - y;
        b->bend[1][s][l] = y - h * b->k[6][s][l] - b->bend[0][s][l];
        b->bend[2][s][l] = 0.0;
    }
#endif
}

#endif

/* The solution at the part u of the step: the states that forms name. */
ALWAYS void between(const int lanes, const struct batch *b, double u, double y[][LANES]) {
    const double v = 1.0 - u;
    EACH_STATE {
        if (!IS_WATCHED(s))
            continue;
        EACH_LANE y[s][l] =
            b->x[s][l] +
            u * ((b->next[s][l] - b->x[s][l]) +
                 v * (b->bend[0][s][l] + u * (b->bend[1][s][l] + v * b->bend[2][s][l])));
    }
}
