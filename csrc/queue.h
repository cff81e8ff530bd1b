/* The priority queue of spikes in flight and of timers: what is due at which tick, in order of
 * arrival.
 *
 * Time in the queue is the grid tick; the offset inside the tick is the caller's business. Entries
 * leave in order of (tick, order of insertion), all entries up to a tick at once. Near entries cost
 * a few nanoseconds whatever the queue holds; entries 256 ticks ahead or more go through a heap
 * first. Ticks in which nothing is due cost nothing. A queue copies entries in and out and owns all
 * its memory: a few KiB, and six times the size of the most entries that ever waited at once. */
#ifndef EVSIM_QUEUE_H
#define EVSIM_QUEUE_H

#include <stdint.h>

#define QUEUE_NEVER INT64_MAX /* the tick that does not come */

struct queue_entry {
    int64_t tick;  /* when: 0 <= tick < QUEUE_NEVER */
    double offset; /* from here on the caller's: the queue only carries it */
    uint32_t kind;
    uint32_t index;
    int64_t position;
    int64_t sequence;
    int64_t since;
};

struct queue;

/* An empty queue whose first tick is 0; NULL when there is no memory. */
struct queue *queue_new(void);

/* Ends the queue, and with it the array popped last; NULL is allowed. */
void queue_free(struct queue *q);

/* Adds a copy of the entry; EVSIM_BAD_ARGUMENT for a tick already handed out, EVSIM_NO_MEMORY
 * leaves all as it was. */
int queue_push(struct queue *q, const struct queue_entry *entry);

/* Takes out all entries with entry.tick <= tick and points `out` at them: the count, or a negative
 * error.
 *
 * Those ticks are then handed out for good: nothing can be pushed there any more. The array belongs
 * to the queue and holds until the next queue_pop_tick, queue_copy into this queue or queue_free;
 * pushing does not disturb it. A tick that was handed out before gives 0 entries. */
int64_t queue_pop_tick(struct queue *q, int64_t tick, const struct queue_entry **out);

/* The tick of the earliest entry, QUEUE_NEVER when there is none. */
int64_t queue_next_tick(const struct queue *q);

/* How many entries wait. */
int64_t queue_size(const struct queue *q);

/* Makes dst an independent copy of what waits in src; EVSIM_NO_MEMORY leaves dst as it was. */
int queue_copy(struct queue *dst, const struct queue *src);

/* Whether every invariant holds; slow, for tests. */
int queue_verify(const struct queue *q);

#endif
