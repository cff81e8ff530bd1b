/* The pair of orders 5 and 4 of Dormand and Prince 1980 ("A family of embedded Runge-Kutta
 * formulae", J. Comp. Appl. Math. 6:19), and its continuous extension of order 4 (Hairer, Norsett,
 * Wanner 1993, "Solving ordinary differential equations I", II.6).
 *
 *   stage k is at part PAIR_AT[k] of the step, from x + h*sum(PAIR_WEIGHT[k][m]*rates[m]);
 *   the last stage is the result; h*sum(PAIR_ERROR*rates) its error;
 *   h*sum(PAIR_BEND*rates) the highest term of the extension, see methods.h
 */
#ifndef EVSIM_KERNEL_TABLEAU_H
#define EVSIM_KERNEL_TABLEAU_H

#include <math.h>

#define PAIR_STAGES 7

static const double PAIR_AT[PAIR_STAGES] = {0.0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1.0, 1.0};

static const double PAIR_WEIGHT[PAIR_STAGES][PAIR_STAGES - 1] = {
    {0.0},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0.0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}};

static const double PAIR_ERROR[PAIR_STAGES] = {
    71.0 / 57600, 0.0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525, -1.0 / 40};

static const double PAIR_BEND[PAIR_STAGES] = {
    -12715105075.0 / 11282082432.0,  0.0,
    87487479700.0 / 32700410799.0,   -10690763975.0 / 1880347072.0,
    701980252875.0 / 199316789632.0, -1453857185.0 / 822651844.0,
    69997945.0 / 29380423.0};

/* How much longer the next step may be, after one with this error in units of the tolerance. */
static inline double pair_growth(double error) {
    const double factor = 0.85 / sqrt(sqrt(error + 1e-30));
    return factor < 5.0 ? (factor > 0.15 ? factor : 0.15) : 5.0;
}

#endif
