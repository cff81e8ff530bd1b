/* How many nanoseconds the queue takes; prints one JSON line per case. */
#include <stdio.h>
#include <time.h>

#include "../queue.h"
#include "../random.h"

static double seconds(void) {
    struct timespec t;
    timespec_get(&t, TIME_UTC);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* `n` entries wait; each popped one is pushed again `near` to `far` ticks ahead. ns per pop and
 * push; negative when the queue fails. */
static double turn_over(int64_t n, int64_t near, int64_t far, int64_t pushes) {
    struct queue *q = queue_new();
    struct random_stream s;
    int64_t ahead[4096], done = 0;
    double result = -1;
    if (q == NULL)
        return result;
    random_stream_start(&s, 1, 1, 1, 1);
    for (int i = 0; i < 4096; i++)
        ahead[i] = near + (int64_t)(random_unit_next(&s) * (double)(far - near + 1));
    for (int64_t k = 0; k < n; k++)
        if (queue_push(q, &(struct queue_entry){.tick = ahead[k % 4096], .position = k}) < 0)
            goto end;
    double start = seconds();
    while (done < pushes) {
        const struct queue_entry *due;
        int64_t count = queue_pop_tick(q, queue_next_tick(q), &due);
        if (count < 0)
            goto end;
        for (int64_t k = 0; k < count; k++, done++) {
            struct queue_entry entry = due[k];
            entry.tick += ahead[done % 4096];
            if (queue_push(q, &entry) < 0)
                goto end;
        }
    }
    result = (seconds() - start) * 1e9 / (double)done;
end:
    queue_free(q);
    return result;
}

static int report(const char *name, int64_t n, int64_t near, int64_t far, int64_t pushes) {
    double ns = turn_over(n, near, far, pushes);
    printf("{\"case\": \"%s\", \"waiting\": %lld, \"ns_per_push_and_pop\": %.1f}\n", name,
           (long long)n, ns);
    return ns < 0;
}

int main(void) {
    return report("one window ahead", 100, 1, 1, 20000000) |
           report("1 to 50 windows ahead", 100, 1, 50, 20000000) |
           report("1 to 50 windows ahead", 5000, 1, 50, 20000000) |
           report("1 to 50 windows ahead", 100000, 1, 50, 20000000) |
           report("far: 1000 to 100000 ticks ahead", 100, 1000, 100000, 5000000) |
           report("far: 1000 to 100000 ticks ahead", 5000, 1000, 100000, 5000000) |
           report("far: 1000 to 100000 ticks ahead", 100000, 1000, 100000, 5000000);
}
