/* The gates of this package as event code, on arrays of exactly the size that they may touch.
 * Sanitizers watch. */
#include <stdio.h>
#include <stdlib.h>

#include "../src/evsim_residual_calcium/_gates.c"

enum { N = 5, N_VARIABLES = 3 + 3 + 1 + 7 + 1 };

static double *filled(int n, double value) {
    double *made = malloc((size_t)n * sizeof *made);
    if (!made)
        exit(2);
    for (int k = 0; k < n; k++)
        made[k] = value;
    return made;
}

static int is_near(double a, double b) { return fabs(a - b) < 1e-14; }

int main(void) {
    const double start[N_VARIABLES] = {0, 0, 0, 0, 0, 1, 2, 0.24, 0.67, 0.1, 2, 0.05, 2, 30, 1};
    double *variable[N_VARIABLES];
    int64_t step[N_VARIABLES];
    for (int v = 0; v < N_VARIABLES; v++) {
        step[v] = v < 7; /* what is written, and the weight, is the synapse's own */
        variable[v] = filled(step[v] ? N : 1, start[v]);
    }
    double *x = filled(2, 0.0);
    struct evsim_cells cells = {.n = 1, .window = 1e-3};
    struct evsim_now now = {.last = -HUGE_VAL};
    const struct evsim_gate *gate = evsim_gate_residual_calcium();
    double own[3] = {0, 0, 1}, jump[1], total = 0.0;
    for (int spike = 0; spike < 200; spike++) {
        const double since = spike ? 7e-3 + 0.25e-3 : 3e-3 + 0.25e-3;
        cells.tick += spike ? 7 : 3, now.offset = 0.25e-3 * (1 + spike % 2);
        const double h = spike ? (spike % 2 ? since : since - 0.5e-3) : since;
        for (int64_t s = 0; s < N; s++)
            gate->code->run(x, &cells, 0, &now, variable, step, s);
        jump[0] = 0.0;
        gate->arrive(h, start + 7, own, jump);
        total += N * 2.0 * jump[0];
        for (int64_t s = 0; s < N; s++)
            if (!is_near(variable[5][s], own[2]) || variable[2][s] != 0.0)
                return printf("synapse %d, spike %d: ready %.17g\n", (int)s, spike, variable[5][s]),
                       1;
    }
    cells.tick += 4;
    gate->code->bring(&cells, &now, variable, step, N - 1);
    if (!is_near(variable[2][N - 1], 4e-3) || variable[2][0] != 0.0)
        return printf("since %.17g\n", variable[2][N - 1]), 1;
    if (fabs(x[1] - total) > 1e-11 || x[0] != 0.0)
        return printf("%.17g is not %.17g\n", x[1], total), 1;
    for (int v = 0; v < N_VARIABLES; v++)
        free(variable[v]);
    free(x);
    return printf("released %.6f\n", total), 0;
}
