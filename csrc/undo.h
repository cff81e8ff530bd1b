/* Undo: what event code is about to write in synapses, kept so that it can be taken back.
 *
 * A walk that does not hold, because something arrives earlier, and a neuron followed anew for its
 * samples run event code that was or will be run for good. Its writes are taken back by putting the
 * kept values in, latest first: of a synapse kept several times, the first kept value remains.
 */
#ifndef EVSIM_UNDO_H
#define EVSIM_UNDO_H

#include <stdint.h>

#include "kernel.h"

struct kept {
    double *place;
    double before, after;
};

struct undo {
    struct kept *all;
    int64_t n, room;
};

/* Keeps the variables of one synapse that the code writes. */
int undo_keep(struct undo *u, const struct evsim_code *code, double *const *variable,
              const int64_t *step, int64_t synapse);

/* Puts the kept values in; `undo_forth` puts back in what was there before that. Both keep them. */
void undo_back(struct undo *u);
void undo_forth(struct undo *u);

#endif
