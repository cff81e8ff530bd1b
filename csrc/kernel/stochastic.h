/* One step of the methods for equations with noise. See methods.h, which includes this file.
 *
 *   noise(lanes, b, z, t, x, y)   y = sum of factor(x, t) * z over the processes, for each state
 *   load_matrix(b, l, a), load_factors(b, l, g)
 *                                 of ORNSTEIN_UHLENBECK: dx/dt = a x + ..., and the factors
 *
 * EULER is that of Maruyama (Ito). HEUN and MILSTEIN (without derivatives, one process for each
 * state) give the solution in the sense of Stratonovich (Kloeden, Platen 1992, "Numerical solution
 * of stochastic differential equations"). MILSTEIN takes the slope of the factor from points at
 * both sides: from one side only, and with the drift, the square of the noise, which has a mean,
 * leaves an error of order 1/2. ORNSTEIN_UHLENBECK is exact in distribution, for linear equations
 * with constant factors: mean and covariance are their Taylor series.
 */
#define TERMS 26 /* of the series; LONGEST_STEP keeps what follows below rounding */

#if METHOD == ORNSTEIN_UHLENBECK

/* x over h: the mean moves by the series of (exp(a h) - 1)/a applied to the rates k[0]. */
static void move_mean(struct batch *b, int l, double a[STATES][STATES]) {
    double term[STATES], next[STATES];
    const double h = b->h[l];
    EACH_STATE term[s] = h * b->k[0][s][l], b->next[s][l] = b->x[s][l] + term[s];
    for (int k = 2; k <= TERMS; k++) {
        EACH_STATE {
            double sum = 0.0;
            for (int c = 0; c < STATES; c++)
                sum += a[s][c] * term[c];
            next[s] = sum * (h / k);
        }
        EACH_STATE term[s] = next[s], b->next[s][l] += next[s];
    }
}

/* What the noise adds up to over h: its covariance, as a lower triangle. */
static void covariance(double a[STATES][STATES], double g[STATES][NOISES], double h,
                       double p[STATES][STATES]) {
    double term[STATES][STATES], next[STATES][STATES];
    EACH_STATE for (int c = 0; c < STATES; c++) {
        double sum = 0.0;
        for (int n = 0; n < NOISES; n++)
            sum += g[s][n] * g[c][n];
        p[s][c] = term[s][c] = sum * h;
    }
    for (int k = 2; k <= TERMS; k++) {
        EACH_STATE for (int c = 0; c < STATES; c++) {
            double sum = 0.0;
            for (int m = 0; m < STATES; m++)
                sum += a[s][m] * term[m][c] + term[s][m] * a[c][m];
            next[s][c] = sum * (h / k);
        }
        EACH_STATE for (int c = 0; c < STATES; c++) {
            term[s][c] = next[s][c];
            p[s][c] += next[s][c];
        }
    }
}

/* Adds normal numbers with covariance p, by its triangular root. */
static void add_noise(struct batch *b, int l, double p[STATES][STATES]) {
    double root[STATES][STATES];
    for (int j = 0; j < STATES; j++) {
        double left = p[j][j];
        for (int m = 0; m < j; m++)
            left -= root[j][m] * root[j][m];
        const double diagonal = left > 1e-14 * p[j][j] ? sqrt(left) : 0.0;
        root[j][j] = diagonal;
        for (int i = j + 1; i < STATES; i++) {
            double sum = p[i][j];
            for (int m = 0; m < j; m++)
                sum -= root[i][m] * root[j][m];
            root[i][j] = diagonal > 0.0 ? sum / diagonal : 0.0;
        }
        for (int i = j; i < STATES; i++)
            b->next[i][l] += root[i][j] * b->z[j][l];
    }
}

ALWAYS void step(const int lanes, struct batch *b) {
    rates(lanes, b, b->t, b->x, b->k[0]);
    for (int l = 0; l < lanes; l++) {
        double a[STATES][STATES], g[STATES][NOISES], p[STATES][STATES];
        b->error[l] = 0.0;
        load_matrix(b, l, a);
        load_factors(b, l, g);
        move_mean(b, l, a);
        covariance(a, g, b->h[l], p);
        add_noise(b, l, p);
    }
}

#else

ALWAYS void step(const int lanes, struct batch *b) {
    double kick[STATES][LANES];
    EACH_LANE b->error[l] = 0.0;
    rates(lanes, b, b->t, b->x, b->k[0]);
    noise(lanes, b, b->z, b->t, b->x, kick);
    EACH_STATE EACH_LANE b->next[s][l] = b->x[s][l] + b->h[l] * b->k[0][s][l] + kick[s][l];
#if METHOD == HEUN
    double t[LANES], after[STATES][LANES];
    at_part(lanes, b, 1.0, t);
    rates(lanes, b, t, b->next, b->k[1]);
    noise(lanes, b, b->z, t, b->next, after);
    EACH_STATE EACH_LANE b->next[s][l] =
        b->x[s][l] + 0.5 * (b->h[l] * (b->k[0][s][l] + b->k[1][s][l]) + (kick[s][l] + after[s][l]));
#elif METHOD == MILSTEIN
    double square[NOISES][LANES], one[NOISES][LANES], root[LANES], t[LANES];
    double ahead[STATES][LANES], back[STATES][LANES], before[STATES][LANES], after[STATES][LANES];
    at_part(lanes, b, 0.0, t);
    EACH_LANE root[l] = sqrt(b->h[l]);
    for (int n = 0; n < NOISES; n++)
        EACH_LANE square[n][l] = b->z[n][l] * b->z[n][l], one[n][l] = root[l];
    noise(lanes, b, one, t, b->x, ahead);
    EACH_STATE EACH_LANE back[s][l] = b->x[s][l] - ahead[s][l], ahead[s][l] += b->x[s][l];
    noise(lanes, b, square, t, back, before);
    noise(lanes, b, square, t, ahead, after);
    EACH_STATE EACH_LANE b->next[s][l] +=
        b->h[l] > 0.0 ? 0.25 * (after[s][l] - before[s][l]) / root[l] : 0.0;
#endif
}

#endif

ALWAYS void dense(const int lanes, struct batch *b) {
    EACH_STATE EACH_LANE b->bend[0][s][l] = b->bend[1][s][l] = b->bend[2][s][l] = 0.0;
}
