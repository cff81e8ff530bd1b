/* Functions of equations that <math.h> does not have, with the results of numpy's; the elementary
 * ones are in elementary.h. */
#ifndef EVSIM_KERNEL_FUNCTIONS_H
#define EVSIM_KERNEL_FUNCTIONS_H

#include <math.h>

#include "elementary.h"

/* Powers of formulas, as products. */
static inline double evsim_square(double x) { return x * x; }
static inline double evsim_cube(double x) { return x * x * x; }
static inline double evsim_fourth(double x) { return x * x * x * x; }

static inline double evsim_sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }

/* The smaller and the larger; a NaN where there is one. */
static inline double evsim_min(double a, double b) { return a < b || a != a ? a : b; }
static inline double evsim_max(double a, double b) { return a > b || a != a ? a : b; }

static inline double evsim_clip(double x, double low, double high) {
    const double raised = x < low ? low : x;
    return raised > high ? high : raised;
}

/* What division leaves over, with the sign of the divisor. */
static inline double evsim_mod(double a, double b) {
    const double rest = fmod(a, b);
    return rest != 0.0 && (rest < 0.0) != (b < 0.0) ? rest + b : rest;
}

static inline double evsim_floordiv(double a, double b) {
    return b == 0.0 ? a / b : rint((a - evsim_mod(a, b)) / b);
}

#endif
