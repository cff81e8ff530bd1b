/* The queue: a wheel of 256 ticks for the near future over a 4-ary heap for what is later.
 *
 * Every entry sits in one node of a pool from push to pop; wheel, heap and the list of free nodes
 * only refer to it by number. Each slot of the wheel is a chain of the nodes of one tick, in order
 * of insertion:
 *
 *     now                                       now + 256
 *      |  0   1   2   3   4   5  ...  254  255 | later
 *      | [ ] [o] [ ] [o] [ ] [ ] ... [o]  [ ]  |      3            heap of (tick, sequence, node),
 *             |       |               |        |   8     5         the earliest on top, four
 * children o       o               o        |  9 9   7 6        under each | | o            slot of
 * a tick: tick % 256
 *
 * When `now` moves, what comes under the horizon moves from heap to wheel, in heap order, before
 * anything can be pushed to those ticks directly: so a chain is in order of insertion without
 * looking. `sequence` is that order inside the heap. A bit for each slot that is not empty makes
 * empty ticks free.
 *
 * Memory is taken only by queue_push (pool, heap) and by queue_pop_tick before it changes anything
 * (the array handed out), so a failed allocation leaves the queue as it was. */
#include "queue.h"

#include <string.h>

#include "allocation.h"
#include "error.h"

#define SLOTS 256 /* a power of two, and a multiple of 64 */
#define WORDS (SLOTS / 64)
#define NONE UINT32_MAX
#define ARITY 4
#define FIRST_CAPACITY 64

struct node {
    struct queue_entry entry;
    uint32_t next; /* in its chain, or among the free */
};

struct slot {
    uint32_t first, last; /* undefined where the slot's bit is 0 */
};

struct later {
    int64_t tick;
    uint64_t sequence;
    uint32_t node;
};

struct queue {
    int64_t now; /* all ticks before this one are handed out */
    int64_t size;
    uint64_t occupied[WORDS];
    struct slot wheel[SLOTS];

    struct node *nodes;
    uint32_t capacity; /* nodes in the pool */
    uint32_t used;     /* nodes [used, capacity) were never used */
    uint32_t free;     /* chain of nodes that were */

    struct later *heap;
    uint32_t heap_size, heap_capacity;
    uint64_t sequence;

    struct queue_entry *popped;
    uint32_t popped_capacity;
};

struct queue *queue_new(void) {
    struct queue *q = allocate_zeroed(1, sizeof *q);
    if (q != NULL)
        q->free = NONE;
    return q;
}

void queue_free(struct queue *q) {
    if (q == NULL)
        return;
    free(q->nodes);
    free(q->heap);
    free(q->popped);
    free(q);
}

/* --- the pool --- */

/* The next capacity of a growing array, 0 when it cannot grow. */
static uint32_t grown(uint32_t capacity) {
    if (capacity == 0)
        return FIRST_CAPACITY;
    return capacity > (NONE - 1) / 2 ? 0 : capacity * 2;
}

static int pool_reserve(struct queue *q) {
    if (q->free != NONE || q->used < q->capacity)
        return EVSIM_OK;
    uint32_t capacity = grown(q->capacity);
    struct node *nodes = capacity ? reallocate(q->nodes, capacity, sizeof *nodes) : NULL;
    if (nodes == NULL)
        return EVSIM_NO_MEMORY;
    q->nodes = nodes;
    q->capacity = capacity;
    return EVSIM_OK;
}

static uint32_t pool_take(struct queue *q) {
    uint32_t node = q->free;
    if (node == NONE)
        return q->used++;
    q->free = q->nodes[node].next;
    return node;
}

/* Gives a whole chain back. */
static void pool_give(struct queue *q, uint32_t first, uint32_t last) {
    q->nodes[last].next = q->free;
    q->free = first;
}

/* --- the wheel --- */

static uint32_t slot_of(int64_t tick) { return (uint32_t)tick & (SLOTS - 1); }

static int is_near(const struct queue *q, int64_t tick) { return tick - q->now < SLOTS; }

static void wheel_append(struct queue *q, int64_t tick, uint32_t node) {
    uint32_t number = slot_of(tick);
    struct slot *slot = &q->wheel[number];
    uint64_t bit = UINT64_C(1) << (number % 64);
    q->nodes[node].next = NONE;
    if (q->occupied[number / 64] & bit)
        q->nodes[slot->last].next = node;
    else
        slot->first = node;
    slot->last = node;
    q->occupied[number / 64] |= bit;
}

static uint32_t lowest_bit(uint64_t word) {
#if defined(__GNUC__)
    return (uint32_t)__builtin_ctzll(word);
#else
    uint32_t bit = 0;
    while (!(word >> bit & 1))
        bit++;
    return bit;
#endif
}

/* The tick of the first occupied slot, QUEUE_NEVER when the wheel is empty. */
static int64_t wheel_next_tick(const struct queue *q) {
    uint32_t start = slot_of(q->now);
    uint64_t from_start = ~UINT64_C(0) << (start % 64);
    for (uint32_t i = 0; i <= WORDS;
         i++) { /* the word of `start` comes first and, its lower part, last */
        uint32_t word = (start / 64 + i) % WORDS;
        uint64_t mask = i == 0 ? from_start : i == WORDS ? ~from_start : ~UINT64_C(0);
        uint64_t bits = q->occupied[word] & mask;
        if (bits != 0)
            return q->now + slot_of((int64_t)(word * 64 + lowest_bit(bits)) - start);
    }
    return QUEUE_NEVER;
}

/* Copies the chain of a tick out and empties its slot; the count. */
static int64_t wheel_empty(struct queue *q, int64_t tick, struct queue_entry *out) {
    uint32_t number = slot_of(tick);
    struct slot slot = q->wheel[number];
    int64_t n = 0;
    for (uint32_t node = slot.first; node != NONE; node = q->nodes[node].next)
        out[n++] = q->nodes[node].entry;
    pool_give(q, slot.first, slot.last);
    q->occupied[number / 64] &= ~(UINT64_C(1) << (number % 64));
    return n;
}

/* --- the heap --- */

static int is_earlier(const struct later *a, const struct later *b) {
    return a->tick < b->tick || (a->tick == b->tick && a->sequence < b->sequence);
}

static int heap_reserve(struct queue *q) {
    if (q->heap_size < q->heap_capacity)
        return EVSIM_OK;
    uint32_t capacity = grown(q->heap_capacity);
    struct later *heap = capacity ? reallocate(q->heap, capacity, sizeof *heap) : NULL;
    if (heap == NULL)
        return EVSIM_NO_MEMORY;
    q->heap = heap;
    q->heap_capacity = capacity;
    return EVSIM_OK;
}

static void heap_add(struct queue *q, struct later added) {
    size_t hole = q->heap_size++;
    while (hole > 0) {
        size_t parent = (hole - 1) / ARITY;
        if (!is_earlier(&added, &q->heap[parent]))
            break;
        q->heap[hole] = q->heap[parent];
        hole = parent;
    }
    q->heap[hole] = added;
}

/* The earliest child of a place, `n` when it has none. */
static size_t heap_child(const struct later *heap, size_t place, size_t n) {
    size_t first = place * ARITY + 1;
    if (first >= n)
        return n;
    size_t end = n - first < ARITY ? n : first + ARITY, best = first;
    for (size_t child = first + 1; child < end; child++)
        if (is_earlier(&heap[child], &heap[best]))
            best = child;
    return best;
}

/* Takes the earliest out; its node. */
static uint32_t heap_remove(struct queue *q) {
    uint32_t node = q->heap[0].node;
    struct later moved = q->heap[--q->heap_size];
    size_t n = q->heap_size, hole = 0;
    for (size_t child; (child = heap_child(q->heap, hole, n)) < n; hole = child) {
        if (!is_earlier(&q->heap[child], &moved))
            break;
        q->heap[hole] = q->heap[child];
    }
    if (n > 0)
        q->heap[hole] = moved;
    return node;
}

static int64_t heap_next_tick(const struct queue *q) {
    return q->heap_size > 0 ? q->heap[0].tick : QUEUE_NEVER;
}

/* --- the queue --- */

int queue_push(struct queue *q, const struct queue_entry *entry) {
    if (entry->tick < q->now || entry->tick == QUEUE_NEVER)
        return EVSIM_BAD_ARGUMENT;
    int is_far = !is_near(q, entry->tick);
    if (pool_reserve(q) < 0 || (is_far && heap_reserve(q) < 0))
        return EVSIM_NO_MEMORY;
    uint32_t node = pool_take(q);
    q->nodes[node].entry = *entry;
    if (is_far)
        heap_add(q, (struct later){entry->tick, q->sequence++, node});
    else
        wheel_append(q, entry->tick, node);
    q->size++;
    return EVSIM_OK;
}

/* Room for all that could be popped. The array handed out before is not needed any more. */
static int popped_reserve(struct queue *q) {
    if (q->size <= q->popped_capacity)
        return EVSIM_OK;
    struct queue_entry *popped = allocate(q->capacity, sizeof *popped);
    if (popped == NULL)
        return EVSIM_NO_MEMORY;
    free(q->popped);
    q->popped = popped;
    q->popped_capacity = q->capacity;
    return EVSIM_OK;
}

/* Copies what the heap has up to `tick` out; the count. */
static int64_t heap_empty(struct queue *q, int64_t tick, struct queue_entry *out) {
    int64_t n = 0;
    while (heap_next_tick(q) <= tick) {
        uint32_t node = heap_remove(q);
        out[n++] = q->nodes[node].entry;
        pool_give(q, node, node);
    }
    return n;
}

/* Moves `now`, and what has come near from the heap to the wheel. */
static void queue_advance(struct queue *q, int64_t now) {
    q->now = now;
    while (q->heap_size > 0 && is_near(q, q->heap[0].tick)) {
        int64_t tick = q->heap[0].tick;
        wheel_append(q, tick, heap_remove(q));
    }
}

int64_t queue_pop_tick(struct queue *q, int64_t tick, const struct queue_entry **out) {
    *out = q->popped;
    if (tick == QUEUE_NEVER)
        return EVSIM_BAD_ARGUMENT;
    if (tick < q->now)
        return 0;
    if (popped_reserve(q) < 0)
        return EVSIM_NO_MEMORY;
    int64_t n = 0;
    for (int64_t due; (due = wheel_next_tick(q)) <= tick;)
        n += wheel_empty(q, due, q->popped + n);
    n += heap_empty(q, tick, q->popped + n);
    q->size -= n;
    queue_advance(q, tick + 1);
    *out = q->popped;
    return n;
}

int64_t queue_next_tick(const struct queue *q) {
    int64_t near = wheel_next_tick(q);
    return near != QUEUE_NEVER ? near : heap_next_tick(q);
}

int64_t queue_size(const struct queue *q) { return q->size; }

int queue_copy(struct queue *dst, const struct queue *src) {
    if (dst == src)
        return EVSIM_OK;
    struct queue copy = *src;
    copy.popped = NULL;
    copy.popped_capacity = 0;
    copy.nodes = allocate(src->capacity, sizeof *copy.nodes);
    copy.heap = allocate(src->heap_capacity, sizeof *copy.heap);
    if (copy.nodes == NULL || copy.heap == NULL) {
        free(copy.nodes);
        free(copy.heap);
        return EVSIM_NO_MEMORY;
    }
    if (src->used > 0)
        memcpy(copy.nodes, src->nodes, src->used * sizeof *copy.nodes);
    if (src->heap_size > 0)
        memcpy(copy.heap, src->heap, src->heap_size * sizeof *copy.heap);
    free(dst->nodes);
    free(dst->heap);
    free(dst->popped);
    *dst = copy;
    return EVSIM_OK;
}

/* --- invariants --- */

/* How many nodes a chain has, -1 when it is broken or an entry is not of `tick` (any tick if
 * negative). */
static int64_t chain_verify(const struct queue *q, uint32_t first, uint32_t last, int64_t tick) {
    int64_t n = 0;
    uint32_t end = NONE;
    for (uint32_t node = first; node != NONE; node = q->nodes[node].next) {
        if (node >= q->used || n++ > q->used || (tick >= 0 && q->nodes[node].entry.tick != tick))
            return -1;
        end = node;
    }
    return last == NONE || last == end ? n : -1;
}

/* How many entries the wheel has, -1 when a slot is wrong. */
static int64_t wheel_verify(const struct queue *q) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (!(q->occupied[i / 64] >> (i % 64) & 1))
            continue;
        int64_t tick = q->now + slot_of((int64_t)i - slot_of(q->now));
        int64_t n = chain_verify(q, q->wheel[i].first, q->wheel[i].last, tick);
        if (n <= 0)
            return -1;
        sum += n;
    }
    return sum;
}

static int heap_verify(const struct queue *q) {
    for (uint32_t i = 0; i < q->heap_size; i++) {
        const struct later *item = &q->heap[i];
        if (is_near(q, item->tick) || item->node >= q->used || item->sequence >= q->sequence)
            return 0;
        if (q->nodes[item->node].entry.tick != item->tick)
            return 0;
        if (i > 0 && is_earlier(item, &q->heap[(i - 1) / ARITY]))
            return 0;
    }
    return 1;
}

int queue_verify(const struct queue *q) {
    if (q->used > q->capacity || q->heap_size > q->heap_capacity || !heap_verify(q))
        return 0;
    int64_t near = wheel_verify(q), unused = chain_verify(q, q->free, NONE, -1);
    return near >= 0 && unused >= 0 && near + q->heap_size == q->size &&
           q->size + unused == q->used;
}
