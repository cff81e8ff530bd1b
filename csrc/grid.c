/* One step on the grid, as clock-driven simulators take it: advance, test the threshold, deliver, reset.
 *
 * A spike belongs to the start of its step; deliveries act after the threshold test of the step in
 * which they arrive; delays and refractory periods count in steps. For comparison with published
 * figures and other simulators, not for accuracy.
 */
#include <math.h>
#include <string.h>

#include "error.h"
#include "shard.h"

int shard_grid_step(struct simulation *sim, struct shard *sh) {
    (void)sim, (void)sh;
    return EVSIM_BAD_ARGUMENT;
}
