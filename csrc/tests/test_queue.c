/* The queue against a naive sorted array, at the edges of the wheel, and when memory runs out. */
#include "../queue.h"

#include <stdlib.h>
#include <string.h>

#include "../error.h"
#include "../random.h"
#include "check.h"

static int push(struct queue *q, int64_t tick, int64_t position) {
    const struct queue_entry entry = {.tick = tick, .offset = 0.25, .position = position};
    return queue_push(q, &entry);
}

/* Pops up to `tick` and checks that exactly these positions come, in this order. */
static void check_pop(struct queue *q, int64_t tick, int n, const int64_t *positions) {
    const struct queue_entry *out;
    if (!CHECK(queue_pop_tick(q, tick, &out) == n))
        return;
    for (int i = 0; i < n; i++)
        CHECK_EQUAL(out[i].position, positions[i]);
    CHECK(queue_verify(q));
}

/* --- order --- */

static void test_equal_ticks_leave_in_order_of_insertion(void) {
    struct queue *q = queue_new();
    push(q, 5, 1), push(q, 3, 2), push(q, 5, 3), push(q, 3, 4), push(q, 5, 5);
    CHECK_EQUAL(queue_size(q), 5);
    check_pop(q, 4, 2, (int64_t[]){2, 4});
    check_pop(q, 5, 3, (int64_t[]){1, 3, 5});
    CHECK_EQUAL(queue_size(q), 0);
    queue_free(q);
}

static void test_entries_come_back_unchanged(void) {
    struct queue *q = queue_new();
    const struct queue_entry near = {
        .tick = 7, .offset = 1.5e-5, .kind = UINT32_MAX, .index = 123456789, .position = -1};
    const struct queue_entry far = {
        .tick = QUEUE_NEVER - 1, .offset = -0.0, .index = UINT32_MAX, .position = INT64_MIN};
    const struct queue_entry *out;
    CHECK_EQUAL(queue_push(q, &near), EVSIM_OK);
    CHECK_EQUAL(queue_push(q, &far), EVSIM_OK);
    CHECK_EQUAL(queue_pop_tick(q, 7, &out), 1);
    CHECK(memcmp(out, &near, sizeof near) == 0);
    CHECK_EQUAL(queue_pop_tick(q, QUEUE_NEVER - 1, &out), 1);
    CHECK(memcmp(out, &far, sizeof far) == 0);
    queue_free(q);
}

/* Tick 300 is far for the first two entries and near for the third. */
static void test_far_entries_leave_before_near_ones_that_came_later(void) {
    struct queue *q = queue_new();
    push(q, 300, 1), push(q, 300, 2);
    check_pop(q, 99, 0, NULL);
    push(q, 300, 3);
    check_pop(q, 300, 3, (int64_t[]){1, 2, 3});
    queue_free(q);
}

static void test_the_horizon_is_between_ticks_255_and_256(void) {
    for (int64_t start = 0; start < 600; start += 37) {
        struct queue *q = queue_new();
        check_pop(q, start - 1, 0, NULL);
        push(q, start + 257, 1), push(q, start + 256, 2), push(q, start + 255, 3),
            push(q, start, 4);
        CHECK(queue_verify(q));
        CHECK_EQUAL(queue_next_tick(q), start);
        check_pop(q, start, 1, (int64_t[]){4});
        CHECK_EQUAL(queue_next_tick(q), start + 255);
        check_pop(q, start + 255, 1, (int64_t[]){3});
        check_pop(q, start + 257, 2, (int64_t[]){2, 1});
        CHECK_EQUAL(queue_next_tick(q), QUEUE_NEVER);
        queue_free(q);
    }
}

static void test_one_pop_takes_from_wheel_and_heap_in_order(void) {
    struct queue *q = queue_new();
    push(q, 1000000, 1), push(q, 10, 2), push(q, 1000, 3), push(q, 200, 4), push(q, 1000, 5);
    check_pop(q, 1000000, 5, (int64_t[]){2, 4, 3, 5, 1});
    queue_free(q);
}

/* --- ticks --- */

static void test_ticks_handed_out_and_no_ticks_are_refused(void) {
    struct queue *q = queue_new();
    CHECK_EQUAL(push(q, -1, 1), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(push(q, QUEUE_NEVER, 1), EVSIM_BAD_ARGUMENT);
    check_pop(q, 41, 0, NULL);
    CHECK_EQUAL(push(q, 41, 1), EVSIM_BAD_ARGUMENT);
    CHECK_EQUAL(queue_size(q), 0);
    CHECK_EQUAL(push(q, 42, 1), EVSIM_OK);
    check_pop(q, 41, 0, NULL);
    const struct queue_entry *out;
    CHECK_EQUAL(queue_pop_tick(q, QUEUE_NEVER, &out), EVSIM_BAD_ARGUMENT);
    check_pop(q, 42, 1, (int64_t[]){1});
    queue_free(q);
}

/* With a step for every tick this test would take hours. */
static void test_empty_ticks_cost_nothing(void) {
    const int64_t stride = INT64_C(1) << 40;
    struct queue *q = queue_new();
    for (int64_t k = 1; k <= 1000; k++)
        push(q, k * stride, k);
    for (int64_t k = 1; k <= 1000; k++) {
        CHECK_EQUAL(queue_next_tick(q), k * stride);
        check_pop(q, queue_next_tick(q), 1, (int64_t[]){k});
    }
    queue_free(q);
}

static void test_an_empty_queue_has_no_next_tick(void) {
    struct queue *q = queue_new();
    CHECK_EQUAL(queue_next_tick(q), QUEUE_NEVER);
    CHECK_EQUAL(queue_size(q), 0);
    check_pop(q, QUEUE_NEVER - 1, 0, NULL);
    CHECK(queue_verify(q));
    queue_free(q);
    queue_free(NULL);
}

/* --- the array handed out --- */

static void test_pushing_does_not_disturb_the_array_being_read(void) {
    struct queue *q = queue_new();
    const struct queue_entry *out;
    for (int64_t k = 0; k < 100; k++)
        push(q, 1, k);
    CHECK_EQUAL(queue_pop_tick(q, 1, &out), 100);
    for (int64_t k = 0; k < 100; k++) {
        CHECK_EQUAL(out[k].position, k);
        for (int64_t j = 0; j < 50; j++) /* the pool grows from 128 to 8192 meanwhile */
            push(q, 2 + 10 * j, 1000 + k);
    }
    CHECK(queue_verify(q));
    CHECK_EQUAL(queue_size(q), 5000);
    queue_free(q);
}

/* --- copies --- */

static void test_a_copy_lives_apart_from_its_original(void) {
    struct queue *a = queue_new(), *b = queue_new();
    check_pop(a, 9, 0, NULL);
    push(a, 10, 1), push(a, 5000, 2), push(a, 10, 3), push(b, 1, 99);
    CHECK_EQUAL(queue_copy(b, a), EVSIM_OK);
    push(a, 10, 4), push(a, 5000, 5);
    push(b, 10, 6);
    check_pop(a, 10, 3, (int64_t[]){1, 3, 4});
    CHECK_EQUAL(push(b, 9, 7), EVSIM_BAD_ARGUMENT);
    check_pop(b, 10, 3, (int64_t[]){1, 3, 6});
    check_pop(b, 5000, 1, (int64_t[]){2});
    queue_free(b);
    check_pop(a, 5000, 2, (int64_t[]){2, 5});
    queue_free(a);
}

static void test_empty_queues_copy_and_a_copy_onto_itself_changes_nothing(void) {
    struct queue *a = queue_new(), *b = queue_new();
    push(a, 3, 1);
    CHECK_EQUAL(queue_copy(a, a), EVSIM_OK);
    CHECK_EQUAL(queue_size(a), 1);
    CHECK_EQUAL(queue_copy(a, b), EVSIM_OK);
    CHECK_EQUAL(queue_next_tick(a), QUEUE_NEVER);
    push(a, 8, 2), push(a, 800, 3);
    check_pop(a, 800, 2, (int64_t[]){2, 3});
    queue_free(a);
    queue_free(b);
}

/* --- memory runs out --- */

static void test_a_queue_that_cannot_be_made_is_null(void) {
    allocations_left = 1;
    CHECK(queue_new() == NULL);
    allocations_left = -1;
}

/* 400 entries let the pool grow four times and the heap three times; each growth is refused once.
 */
static void test_a_push_without_memory_is_refused_and_loses_nothing(void) {
    struct queue *q = queue_new();
    int refused = 0;
    for (int64_t k = 0; k < 400; k++) {
        int code = EVSIM_NO_MEMORY;
        for (int64_t left = 1; code != EVSIM_OK && left < 5; left++) {
            allocations_left = left;
            code = push(q, k % 2 ? k / 2 : 100000 + k, k);
            allocations_left = -1;
            refused += code == EVSIM_NO_MEMORY;
            CHECK_EQUAL(queue_size(q), code == EVSIM_OK ? k + 1 : k);
            CHECK(queue_verify(q));
        }
        CHECK_EQUAL(code, EVSIM_OK);
    }
    CHECK_EQUAL(refused, 7);
    const struct queue_entry *out;
    CHECK_EQUAL(queue_pop_tick(q, 1000000, &out), 400);
    for (int64_t k = 0; k < 200; k++) {
        CHECK_EQUAL(out[k].position, 2 * k + 1);
        CHECK_EQUAL(out[200 + k].position, 2 * k);
    }
    queue_free(q);
}

static void test_a_pop_without_memory_is_refused_and_loses_nothing(void) {
    struct queue *q = queue_new();
    const struct queue_entry *out;
    push(q, 1, 1), push(q, 2, 2), push(q, 900, 3);
    allocations_left = 1;
    CHECK_EQUAL(queue_pop_tick(q, 2, &out), EVSIM_NO_MEMORY);
    allocations_left = -1;
    CHECK(queue_verify(q));
    CHECK_EQUAL(queue_size(q), 3);
    CHECK_EQUAL(push(q, 1, 4), EVSIM_OK);
    check_pop(q, 2, 3, (int64_t[]){1, 4, 2});
    queue_free(q);
}

static void test_a_copy_without_memory_leaves_both_as_they_were(void) {
    struct queue *a = queue_new(), *b = queue_new();
    push(a, 1, 1), push(a, 999, 2), push(b, 7, 3);
    for (int64_t left = 1; left <= 2; left++) {
        allocations_left = left;
        CHECK_EQUAL(queue_copy(b, a), EVSIM_NO_MEMORY);
        allocations_left = -1;
        CHECK(queue_verify(a) && queue_verify(b));
        CHECK_EQUAL(queue_size(b), 1);
    }
    check_pop(b, 7, 1, (int64_t[]){3});
    check_pop(a, 999, 2, (int64_t[]){1, 2});
    queue_free(a);
    queue_free(b);
}

/* --- against a naive sorted array --- */

/* Entries sorted by (tick, insertion), and the first tick not handed out. */
struct naive {
    int64_t now;
    int n;
    struct queue_entry entries[4000];
};

static void naive_push(struct naive *m, struct queue_entry entry) {
    int place = m->n++;
    for (; place > 0 && m->entries[place - 1].tick > entry.tick; place--)
        m->entries[place] = m->entries[place - 1];
    m->entries[place] = entry;
}

static int naive_due(const struct naive *m, int64_t tick) {
    int n = 0;
    while (n < m->n && m->entries[n].tick <= tick)
        n++;
    return n;
}

static void naive_drop(struct naive *m, int n, int64_t tick) {
    m->n -= n;
    memmove(m->entries, m->entries + n, (size_t)m->n * sizeof m->entries[0]);
    m->now = tick + 1;
}

static int64_t below(struct random_stream *s, double n) {
    return (int64_t)(random_unit_next(s) * n);
}

/* How far ahead an entry or a pop goes: mostly near, often at the edge of the wheel, at times far
 * or very far. */
static int64_t distance(struct random_stream *s) {
    double choice = random_unit_next(s);
    if (choice < 0.6)
        return below(s, 40);
    if (choice < 0.8)
        return 250 + below(s, 12);
    return choice < 0.99 ? below(s, 3000) : below(s, 1e12);
}

static void random_push(struct queue *q, struct naive *m, struct random_stream *s, int64_t number) {
    struct queue_entry entry = {
        .tick = m->now + distance(s), .offset = (double)number, .position = number};
    allocations_left = random_unit_next(s) < 0.1 ? 1 : -1;
    int code = queue_push(q, &entry);
    allocations_left = -1;
    if (code == EVSIM_OK)
        naive_push(m, entry);
    else
        CHECK_EQUAL(code, EVSIM_NO_MEMORY);
}

static void random_pop(struct queue *q, struct naive *m, struct random_stream *s) {
    const struct queue_entry *out;
    double choice = random_unit_next(s);
    int64_t tick = m->now + (choice < 0.7    ? below(s, 8)
                             : choice < 0.99 ? below(s, 600)
                                             : distance(s));
    if (choice < 0.1 && m->n > 0)
        tick = queue_next_tick(q);
    allocations_left = random_unit_next(s) < 0.3 ? 1 : -1;
    int64_t n = queue_pop_tick(q, tick, &out);
    allocations_left = -1;
    if (n == EVSIM_NO_MEMORY)
        return;
    if (CHECK(n == naive_due(m, tick)) && n > 0)
        CHECK(memcmp(out, m->entries, (size_t)n * sizeof *out) == 0);
    naive_drop(m, (int)n, tick);
}

static void check_same(const struct queue *q, const struct naive *m) {
    CHECK(queue_verify(q));
    CHECK_EQUAL(queue_size(q), m->n);
    CHECK_EQUAL(queue_next_tick(q), m->n > 0 ? m->entries[0].tick : QUEUE_NEVER);
}

static void test_a_hundred_thousand_operations_agree_with_a_sorted_array(void) {
    enum { OPERATIONS = 100000 };
    struct queue *q = queue_new(), *saved = queue_new();
    static struct naive m, saved_m;
    struct random_stream s;
    int pushes = 0, pops = 0, restores = 0, most = 0;
    random_stream_start(&s, 1, 2, 3, 4);
    for (int64_t k = 0; k < OPERATIONS; k++) {
        double busy =
            k / 5000 % 2 ? 0.55 : 0.95; /* phases in which it fills, and in which it empties */
        if (random_unit_next(&s) < busy && m.n < 3999)
            random_push(q, &m, &s, k), pushes++;
        else
            random_pop(q, &m, &s), pops++;
        CHECK_EQUAL(queue_size(q), m.n);
        most = m.n > most ? m.n : most;
        if (k % 50 == 0)
            check_same(q, &m);
        if (k % 1000 == 500) {
            CHECK_EQUAL(queue_copy(saved, q), EVSIM_OK);
            saved_m = m;
        }
        if (k % 4000 == 3600) {
            CHECK_EQUAL(queue_copy(q, saved), EVSIM_OK);
            m = saved_m;
            restores++;
        }
    }
    CHECK(pushes > 50000 && pops > 10000 && restores == 25 && most > 500);
    queue_free(q);
    queue_free(saved);
}

int main(void) {
    test_equal_ticks_leave_in_order_of_insertion();
    test_entries_come_back_unchanged();
    test_far_entries_leave_before_near_ones_that_came_later();
    test_the_horizon_is_between_ticks_255_and_256();
    test_one_pop_takes_from_wheel_and_heap_in_order();
    test_ticks_handed_out_and_no_ticks_are_refused();
    test_empty_ticks_cost_nothing();
    test_an_empty_queue_has_no_next_tick();
    test_pushing_does_not_disturb_the_array_being_read();
    test_a_copy_lives_apart_from_its_original();
    test_empty_queues_copy_and_a_copy_onto_itself_changes_nothing();
    test_a_queue_that_cannot_be_made_is_null();
    test_a_push_without_memory_is_refused_and_loses_nothing();
    test_a_pop_without_memory_is_refused_and_loses_nothing();
    test_a_copy_without_memory_leaves_both_as_they_were();
    test_a_hundred_thousand_operations_agree_with_a_sorted_array();
    return check_report("queue");
}
