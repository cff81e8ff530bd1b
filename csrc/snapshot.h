/* A snapshot of a simulation between two windows: all that the work of a window changes. */
#ifndef EVSIM_SNAPSHOT_H
#define EVSIM_SNAPSHOT_H

#include "simulation.h"

struct snapshot;

/* NULL without memory; ends with snapshot_free. */
struct snapshot *snapshot_new(const struct simulation *sim);
void snapshot_free(struct snapshot *s);

/* Puts queues and rings back; with `and_states` the neurons and synapse variables too. */
int snapshot_restore(const struct snapshot *s, struct simulation *sim, int and_states);

#endif
