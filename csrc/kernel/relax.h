/* Closed forms of dx/dt = A x + b over any time, for variables that are looked at now and then. */
#ifndef EVSIM_KERNEL_RELAX_H
#define EVSIM_KERNEL_RELAX_H

#include <math.h>
#include <string.h>

#include "functions.h"

/* x after h seconds of dx/dt = a x + b; comes to rest at exactly -b/a, or 0. */
static inline double evsim_relaxed(double x, double a, double b, double h) {
    const double z = a * h;
    if (b == 0.0)
        return x * evsim_exp(z);
    if (fabs(z) <= 1.0)
        return x + (a * x + b) * (h * evsim_exprel(z));
    const double rest = -b / a;
    return rest + (x - rest) * evsim_exp(z);
}

#define EVSIM_MOST_COUPLED 8

/* A bound r of how fast x can change: |A| v <= r v for a positive v, which takes care of units. */
static inline double evsim_rate(int n, const double *a) {
    double v[EVSIM_MOST_COUPLED], w[EVSIM_MOST_COUPLED], rate = HUGE_VAL;
    for (int i = 0; i < n; i++)
        v[i] = 1.0;
    for (int round = 0; round < 12 && rate > 0.0; round++) {
        double largest = 0.0;
        for (int i = 0; i < n; i++) {
            w[i] = 0.0;
            for (int j = 0; j < n; j++)
                w[i] += fabs(a[i * n + j]) * v[j];
            largest = w[i] > largest * v[i] ? w[i] / v[i] : largest;
        }
        rate = largest < rate ? largest : rate;
        for (int i = 0; i < n && rate > 0.0; i++)
            v[i] = w[i] / rate + v[i] * 0x1p-6;
    }
    return rate;
}

/* The same for n variables that act on each other; `a` has rows of n. The propagator of a short
 * time is a Taylor polynomial, squared as often as needed; in extended precision, since squaring
 * doubles relative errors. */
static inline void evsim_propagate(int n, const double *a, const double *b, double *x, double h) {
    enum { M = EVSIM_MOST_COUPLED, DEGREE = 18 };
    const double steps = evsim_rate(n, a) * h;
    const int halvings = steps > 0.5 ? (int)ceil(log2(steps)) + 1 : 0;
    const long double part = ldexpl((long double)h, -halvings);
    long double e[M][M], f[M], term[M][M], force[M], next[M][M], pushed[M];
    for (int i = 0; i < n; i++) {
        f[i] = force[i] = part * (long double)b[i];
        for (int j = 0; j < n; j++)
            e[i][j] = term[i][j] = i == j;
    }
    for (int k = 1; k <= DEGREE; k++) {
        for (int i = 0; i < n; i++) {
            pushed[i] = 0.0L;
            for (int j = 0; j < n; j++) {
                next[i][j] = 0.0L;
                for (int l = 0; l < n; l++)
                    next[i][j] += (long double)a[i * n + l] * term[l][j];
                next[i][j] *= part / k;
                pushed[i] += (long double)a[i * n + j] * force[j];
            }
            pushed[i] *= part / (k + 1);
        }
        for (int i = 0; i < n; i++) {
            f[i] += force[i] = pushed[i];
            for (int j = 0; j < n; j++)
                e[i][j] += term[i][j] = next[i][j];
        }
    }
    for (int k = 0; k < halvings; k++) {
        for (int i = 0; i < n; i++) {
            pushed[i] = f[i];
            for (int j = 0; j < n; j++) {
                next[i][j] = 0.0L;
                for (int l = 0; l < n; l++)
                    next[i][j] += e[i][l] * e[l][j];
                pushed[i] += e[i][j] * f[j];
            }
        }
        memcpy(e, next, sizeof e), memcpy(f, pushed, sizeof f);
    }
    double moved[M];
    for (int i = 0; i < n; i++) {
        long double sum = f[i];
        for (int j = 0; j < n; j++)
            sum += e[i][j] * (long double)x[j];
        moved[i] = (double)sum;
    }
    memcpy(x, moved, (size_t)n * sizeof *x);
}

#endif
