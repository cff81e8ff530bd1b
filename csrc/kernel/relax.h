/* Closed forms of dx/dt = A x + b over any time, for variables that are looked at now and then. */
#ifndef EVSIM_KERNEL_RELAX_H
#define EVSIM_KERNEL_RELAX_H

#include <math.h>
#include <stdint.h>
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

/* exp(a h), and what b adds up to in h, for n variables that act on each other; rows of n. */
struct evsim_propagator {
    int n;
    double h, a[EVSIM_MOST_COUPLED * EVSIM_MOST_COUPLED], b[EVSIM_MOST_COUPLED];
    long double e[EVSIM_MOST_COUPLED * EVSIM_MOST_COUPLED], f[EVSIM_MOST_COUPLED];
};

/* The propagator of a short time is a Taylor polynomial, squared as often as needed; in extended
 * precision, since squaring doubles relative errors. */
static void evsim_make_propagator(struct evsim_propagator *p) {
    enum { M = EVSIM_MOST_COUPLED, DEGREE = 18 };
    const int n = p->n;
    const double steps = evsim_rate(n, p->a) * p->h;
    const int halvings = steps > 0.5 ? (int)ceil(log2(steps)) + 1 : 0;
    const long double part = ldexpl((long double)p->h, -halvings);
    long double *const e = p->e, *const f = p->f;
    long double term[M * M], force[M], next[M * M], pushed[M];
    for (int i = 0; i < n; i++) {
        f[i] = force[i] = part * (long double)p->b[i];
        for (int j = 0; j < n; j++)
            e[i * n + j] = term[i * n + j] = i == j;
    }
    for (int k = 1; k <= DEGREE; k++) {
        for (int i = 0; i < n; i++) {
            pushed[i] = 0.0L;
            for (int j = 0; j < n; j++) {
                long double sum = 0.0L;
                for (int l = 0; l < n; l++)
                    sum += (long double)p->a[i * n + l] * term[l * n + j];
                next[i * n + j] = sum * (part / k);
                pushed[i] += (long double)p->a[i * n + j] * force[j];
            }
            pushed[i] *= part / (k + 1);
        }
        for (int i = 0; i < n; i++) {
            f[i] += force[i] = pushed[i];
            for (int j = 0; j < n; j++)
                e[i * n + j] += term[i * n + j] = next[i * n + j];
        }
    }
    for (int k = 0; k < halvings; k++) {
        for (int i = 0; i < n; i++) {
            pushed[i] = f[i];
            for (int j = 0; j < n; j++) {
                long double sum = 0.0L;
                for (int l = 0; l < n; l++)
                    sum += e[i * n + l] * e[l * n + j];
                next[i * n + j] = sum;
                pushed[i] += e[i * n + j] * f[j];
            }
        }
        memcpy(e, next, (size_t)(n * n) * sizeof *e), memcpy(f, pushed, (size_t)n * sizeof *f);
    }
}

/* A propagator made before: the synapses of a source have the same equations, mostly, and come to
 * the same times, one after the other. What is kept changes no value. */
static inline const struct evsim_propagator *evsim_propagator_of(int n, const double *a,
                                                                 const double *b, double h) {
    enum { SETS = 32, WAYS = 2 };
    static _Thread_local struct evsim_propagator kept[SETS][WAYS];
    static _Thread_local uint8_t oldest[SETS];
    uint64_t bits[2];
    memcpy(&bits[0], &h, sizeof h), memcpy(&bits[1], &a[0], sizeof h);
    const uint64_t set = ((bits[0] ^ (bits[1] << 1)) * 0x9e3779b97f4a7c15u) >> 59;
    const size_t of_a = (size_t)(n * n) * sizeof *a, of_b = (size_t)n * sizeof *b;
    struct evsim_propagator *p;
    for (p = kept[set]; p < kept[set] + WAYS; p++)
        if (p->n == n && p->h == h && !memcmp(p->a, a, of_a) && !memcmp(p->b, b, of_b))
            return p;
    p = &kept[set][oldest[set]];
    oldest[set] ^= 1;
    p->n = n, p->h = h;
    memcpy(p->a, a, of_a), memcpy(p->b, b, of_b);
    evsim_make_propagator(p);
    return p;
}

/* x after h seconds of dx/dt = a x + b, for n variables that act on each other. */
static inline void evsim_propagate(int n, const double *a, const double *b, double *x, double h) {
    const struct evsim_propagator *p = evsim_propagator_of(n, a, b, h);
    double moved[EVSIM_MOST_COUPLED];
    for (int i = 0; i < n; i++) {
        long double sum = p->f[i];
        for (int j = 0; j < n; j++)
            sum += p->e[i * n + j] * (long double)x[j];
        moved[i] = (double)sum;
    }
    memcpy(x, moved, (size_t)n * sizeof *x);
}

#endif
