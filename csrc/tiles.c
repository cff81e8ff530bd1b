/* Tiles: deliveries to a population that no cache holds, one part of it after the other.
 *
 * Rows whose targets ascend are folded piece by piece: first what falls into the first tile of
 * neurons, of all spikes, then the second tile. Each neuron gets what it gets in the same order as
 * without tiles, so that sums are the same to the last bit. See shard.h.
 */
#include <string.h>

#include "error.h"
#include "shard.h"

#define TILE 32768    /* neurons; their states stay in the second cache */
#define LEAST_TILES 4 /* before it is worth the trouble */
#define LEAST_PIECE 2 /* deliveries in a piece, on average */

static int is_tiled(const struct simulation *sim, const struct slice *s) {
    const struct projection *p = s->projection;
    return p->is_ascending && !s->arrivals && is_folded(sim, p);
}

int64_t tiles_count(const struct simulation *sim, const struct shard *sh, int64_t first,
                    int *is_worth_it) {
    const struct slice *const from = &sh->slices[first];
    const int32_t target = from->projection->target;
    const int64_t n_tiles = (sh->last[target] - sh->first[target]) / TILE;
    int64_t n = 0, deliveries = 0;
    for (; n_tiles >= LEAST_TILES && first + n < sh->n_slices; n++) {
        const struct slice *s = &from[n];
        if (s->projection->target != target || !is_tiled(sim, s))
            break;
        deliveries += s->n;
    }
    *is_worth_it = n > 1 && deliveries >= n * n_tiles * LEAST_PIECE;
    return n > 0 ? n : 1;
}

/* Folds the deliveries of a slice from position `at` on to neurons before `end`; where it came to.
 */
static int64_t fold_piece(const struct simulation *sim, const struct shard *sh,
                          const struct slice *s, int64_t at, uint32_t end) {
    const struct projection *p = s->projection;
    const struct population *target = sim->populations[p->target];
    const double offset = slice_offset(s, 0, sim->window);
    int64_t to = at;
    while (to < s->first + s->n && p->target_of[to] < end)
        to++;
    for (int k = 0; k < p->n_ports && to > at; k++) {
        const struct port *port = &p->port[k];
        target->kernel->fold(&sh->views[p->target], port->state, to - at, p->target_of + at,
                             port->amount + at * port->step, port->step, &offset, 0,
                             target->cost[port->state]);
    }
    return to;
}

int deliver_tiles(struct simulation *sim, struct shard *sh, int64_t first, int64_t n) {
    const int32_t target = sh->slices[first].projection->target;
    if (n > sh->reached_room &&
        shard_grow((void **)&sh->reached, n, &sh->reached_room, sizeof *sh->reached) < 0)
        return EVSIM_NO_MEMORY;
    for (int64_t k = 0; k < n; k++)
        sh->reached[k] = sh->slices[first + k].first;
    for (int64_t end = sh->first[target]; end < sh->last[target];) {
        end = end + TILE < sh->last[target] ? end + TILE : sh->last[target];
        for (int64_t k = 0; k < n; k++)
            sh->reached[k] =
                fold_piece(sim, sh, &sh->slices[first + k], sh->reached[k], (uint32_t)end);
    }
    return EVSIM_OK;
}
