/* What the user may ask about the present instant. */
#include "error.h"
#include "evsim.h"
#include "simulation.h"

int evsim_refractory(struct simulation *sim, int population, int8_t *out) {
    const struct population *p = sim->populations[population];
    for (int64_t i = 0; i < p->n; i++)
        out[i] = (int8_t)population_is_refractory(p, i, sim->tick, sim->from);
    return EVSIM_OK;
}
