/* A snapshot of a simulation between two windows: all that the work of a window changes. */
#ifndef EVSIM_SNAPSHOT_H
#define EVSIM_SNAPSHOT_H

#include <stddef.h>

#include "simulation.h"

struct snapshot;

/* Shows every block of neurons and synapse variables, in the same order each time. */
typedef void snapshot_visitor(void *context, void *memory, size_t size);
void snapshot_each_block(const struct simulation *sim, snapshot_visitor *show, void *context);

/* NULL without memory; ends with snapshot_free. */
struct snapshot *snapshot_new(const struct simulation *sim);
void snapshot_free(struct snapshot *s);

/* Puts queues and rings back; with `and_states` the neurons and synapse variables too. */
int snapshot_restore(const struct snapshot *s, struct simulation *sim, int and_states);

/* Exchanges what the snapshot holds and what the simulation has; needs no memory. */
void snapshot_swap(struct snapshot *s, struct simulation *sim);

#endif
