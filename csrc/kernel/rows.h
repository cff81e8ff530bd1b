/* Sums over rows of weights, always in the same order: running sums, then these. */
#include <kernel.h>
#include <string.h>

#define HALF (EVSIM_RUNNING / 2)

typedef double running __attribute__((vector_size(HALF * sizeof(double))));

/* Factors of four sources, whose numbers come two at a time. */
static inline running gathered(const double *factor, const uint32_t *i) {
    uint64_t a, b;
    memcpy(&a, i, sizeof a), memcpy(&b, i + 2, sizeof b);
    return (running){factor[(uint32_t)a], factor[a >> 32], factor[(uint32_t)b], factor[b >> 32]};
}

static inline running weights(const double *weight) {
    running w;
    memcpy(&w, weight, sizeof w);
    return w;
}

/* Rows are a multiple of EVSIM_RUNNING long. */
static void sum_rows(const struct evsim_rows *rows, const double *factor, double *out) {
    for (int64_t r = 0; r < rows->n; r++) {
        const int64_t end = rows->start[r + 1];
        const uint32_t *i = rows->i;
        const double *w = rows->weight;
        running a = {0.0}, b = {0.0};
        for (int64_t k = rows->start[r]; k < end && !w; k += EVSIM_RUNNING)
            a += gathered(factor, i + k), b += gathered(factor, i + k + HALF);
        for (int64_t k = rows->start[r]; k < end && w; k += EVSIM_RUNNING) {
            a += weights(w + k) * gathered(factor, i + k);
            b += weights(w + k + HALF) * gathered(factor, i + k + HALF);
        }
        const running s = a + b;
        const double sum = (s[0] + s[2]) + (s[1] + s[3]);
        out[r] = w ? sum : rows->equal * sum;
    }
}
