/* Teams: every member runs once, and nobody passes a barrier before all have come. */
#include "../team.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "../error.h"
#include "check.h"

enum { MOST = 8, ROUNDS = 3000 };

struct shared {
    struct barrier *barrier;
    int n, round[MOST]; /* plain numbers: the barrier must order them */
    int seen_behind[MOST], runs[MOST];
};

static void work(void *context, int number) {
    struct shared *s = context;
    s->runs[number]++;
    for (int r = 1; r <= ROUNDS; r++) {
        s->round[number] = r;
        barrier_wait(s->barrier);
        for (int k = 0; k < s->n; k++)
            s->seen_behind[number] += s->round[k] != r;
        barrier_wait(s->barrier);
    }
}

static void test_all_are_in_the_same_round_after_a_barrier(void) {
    for (int n = 1; n <= MOST; n = n < 4 ? n + 1 : 2 * n) {
        struct shared s = {.barrier = barrier_new(n), .n = n};
        CHECK_EQUAL(team_run(n, work, &s), EVSIM_OK);
        for (int k = 0; k < MOST; k++) {
            CHECK_EQUAL(s.runs[k], k < n);
            CHECK_EQUAL(s.round[k], k < n ? ROUNDS : 0);
            CHECK_EQUAL(s.seen_behind[k], 0);
        }
        barrier_free(s.barrier);
    }
    barrier_free(NULL);
}

static void mark(void *context, int number) { ((int *)context)[number]++; }

static void test_a_team_of_one_needs_no_memory(void) {
    int runs[MOST] = {0};
    allocations_left = 1;
    CHECK_EQUAL(team_run(1, mark, runs), EVSIM_OK);
    allocations_left = -1;
    CHECK_EQUAL(runs[0], 1);
}

static void test_without_memory_nobody_runs(void) {
    int runs[MOST] = {0};
    allocations_left = 1;
    CHECK(barrier_new(2) == NULL);
    CHECK_EQUAL(team_run(4, mark, runs), EVSIM_NO_MEMORY);
    allocations_left = -1;
    for (int k = 0; k < MOST; k++)
        CHECK_EQUAL(runs[k], 0);
}

int main(void) {
    test_all_are_in_the_same_round_after_a_barrier();
    test_a_team_of_one_needs_no_memory();
    test_without_memory_nobody_runs();
    return check_report("team");
}
