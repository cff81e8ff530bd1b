/* Sums over rows of weights, in an order of their own: eight running sums, then these. */
#include <kernel.h>

#define RUNNING 8

static void sum_rows(const struct evsim_rows *rows, const double *factor, double *out) {
    for (int64_t r = 0; r < rows->n; r++) {
        const int64_t end = rows->start[r + 1];
        double s[RUNNING] = {0.0}, rest = 0.0;
        int64_t k = rows->start[r];
        for (; k + RUNNING <= end; k += RUNNING)
            for (int m = 0; m < RUNNING; m++)
                s[m] += rows->weight[k + m] * factor[rows->i[k + m]];
        for (; k < end; k++)
            rest += rows->weight[k] * factor[rows->i[k]];
        out[r] = (((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))) + rest;
    }
}
