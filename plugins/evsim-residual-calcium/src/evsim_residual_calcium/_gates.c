/* Release of transmitter as residual calcium facilitates it and speeds up its recovery.
 *
 * Calcium is counted in what one spike brings in. From a spike on, with c = calcium_D and
 * k = k_0 + (k_max - k_0)*c/(K_D + c),
 *
 *     d calcium_F/dt = -calcium_F/tau_F        d calcium_D/dt = -c/tau_D
 *     d ready/dt = (1 - ready)*k
 *
 * The last one is not linear in c, and yet solved in closed form, since
 *
 *     integral of c/(K_D + c) over h = tau_D*log((K_D + c)/(K_D + c*exp(-h/tau_D))).
 */
#include <kernel/gate.h>

enum { F_1, K_F, TAU_F, K_D, TAU_D, K_0, K_MAX };
enum { CALCIUM_F, CALCIUM_D, READY };

static void recover(double h, const double *p, double *own) {
    const double before = own[CALCIUM_D];
    own[CALCIUM_F] *= evsim_exp(-h / p[TAU_F]);
    own[CALCIUM_D] *= evsim_exp(-h / p[TAU_D]);
    const double faster = evsim_log((p[K_D] + own[CALCIUM_D]) / (p[K_D] + before));
    const double recovered = (p[K_MAX] - p[K_0]) * p[TAU_D] * faster - p[K_0] * h;
    own[READY] = 1.0 - (1.0 - own[READY]) * evsim_exp(recovered);
}

static void release(double since, const double *p, double *own, double *jump) {
    recover(since, p, own);
    const double bound = own[CALCIUM_F] / (p[K_F] + own[CALCIUM_F]);
    jump[0] = (p[F_1] + (1.0 - p[F_1]) * bound) * own[READY];
    own[READY] -= jump[0];
    own[CALCIUM_F] += 1.0;
    own[CALCIUM_D] += 1.0;
}

EVSIM_GATE(residual_calcium, release,
           EVSIM_NAMES("F_1", "K_F", "tau_F", "K_D", "tau_D", "k_0", "k_max"),
           EVSIM_NAMES("calcium_F", "calcium_D", "ready"), EVSIM_NAMES("s"))
