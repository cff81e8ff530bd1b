/* A checkpoint of a simulation: all that a run changes, to begin again from there. */
#ifndef EVSIM_CHECKPOINT_H
#define EVSIM_CHECKPOINT_H

#include "simulation.h"

struct checkpoint;

/* Renews sim->checkpoint when it is worth its cost: always where a run begins, and in the slices of
 * a long run so seldom that it takes no more than a fiftieth of the time. */
int checkpoint_renew(struct simulation *sim);
void checkpoint_free(struct checkpoint *c);

/* Puts the simulation back; the records forget what they have got since. */
int checkpoint_restore(struct simulation *sim);

#endif
