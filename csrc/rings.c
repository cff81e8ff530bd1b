/* Rings: deliveries dealt out to the windows of their arrival. See shard.h. */
#include <stdlib.h>

#include "allocation.h"
#include "error.h"
#include "shard.h"

#define LONGEST_RING 4096 /* windows */
#define LEAST_PIECE 20    /* synapses of a row that arrive in one window, to let it walk */

int is_ringed(const struct projection *p) {
    const int64_t windows = (int64_t)p->longest - p->shortest + 1;
    const int64_t row = p->n_sources ? p->n / p->n_sources : 0;
    return p->delay_tick && p->longest < LONGEST_RING && row < LEAST_PIECE * windows;
}

int ring_new(struct ring *r, int64_t longest) {
    int64_t length = 4;
    while (length < longest + 3)
        length *= 2;
    r->bucket = allocate_zeroed((size_t)length, sizeof *r->bucket);
    if (!r->bucket)
        return EVSIM_NO_MEMORY;
    r->length = length;
    return EVSIM_OK;
}

void ring_free(struct ring *r) {
    for (int64_t k = 0; k < r->length; k++)
        free(r->bucket[k].all);
    free(r->bucket);
    *r = (struct ring){0};
}

int bucket_grow(struct bucket *b) {
    const int64_t room = b->room ? 2 * b->room : 32;
    struct arrival *all = reallocate(b->all, (size_t)room, sizeof *all);
    if (!all)
        return EVSIM_NO_MEMORY;
    b->all = all, b->room = room;
    return EVSIM_OK;
}

int rings_find_due(struct simulation *sim, struct shard *sh) {
    for (int k = 0; k < sh->n_rings; k++) {
        const struct ring *r = &sh->rings[k];
        if (!r->length)
            continue;
        r->bucket[(sh->tick - 1) & (r->length - 1)].n = 0; /* done with */
        const struct bucket *b = &r->bucket[sh->tick & (r->length - 1)];
        if (!b->n)
            continue;
        if (GROW(sh->slices, sh->n_slices, sh->slices_room) < 0)
            return EVSIM_NO_MEMORY;
        sh->slices[sh->n_slices++] =
            (struct slice){.projection = sim->projections[k], .n = b->n, .arrivals = b->all};
    }
    return EVSIM_OK;
}
