/* Threads and their barrier. See team.h. */
#include "team.h"

#include <pthread.h>
#include <stdatomic.h>

#include "allocation.h"
#include "error.h"

#define SPINS 2000

struct barrier {
    int n;
    atomic_int waiting;
    atomic_uint round;
    pthread_mutex_t mutex;
    pthread_cond_t turned;
};

struct barrier *barrier_new(int n) {
    struct barrier *b = allocate_zeroed(1, sizeof *b);
    if (!b)
        return NULL;
    b->n = n;
    pthread_mutex_init(&b->mutex, NULL);
    pthread_cond_init(&b->turned, NULL);
    return b;
}

void barrier_free(struct barrier *b) {
    if (!b)
        return;
    pthread_mutex_destroy(&b->mutex);
    pthread_cond_destroy(&b->turned);
    free(b);
}

void barrier_wait(struct barrier *b) {
    if (b->n == 1)
        return;
    const unsigned round = atomic_load(&b->round);
    if (atomic_fetch_add(&b->waiting, 1) == b->n - 1) {
        atomic_store(&b->waiting, 0);
        pthread_mutex_lock(&b->mutex);
        atomic_fetch_add(&b->round, 1);
        pthread_cond_broadcast(&b->turned);
        pthread_mutex_unlock(&b->mutex);
        return;
    }
    for (int k = 0; k < SPINS; k++)
        if (atomic_load(&b->round) != round)
            return;
    pthread_mutex_lock(&b->mutex);
    while (atomic_load(&b->round) == round)
        pthread_cond_wait(&b->turned, &b->mutex);
    pthread_mutex_unlock(&b->mutex);
}

struct member {
    pthread_t thread;
    struct team *team;
    int number;
};

struct team {
    void (*work)(void *context, int number);
    void *context;
    pthread_mutex_t start; /* held until it is known that all threads exist */
    int is_complete;
};

static void *member_run(void *argument) {
    const struct member *m = argument;
    pthread_mutex_lock(&m->team->start);
    const int is_complete = m->team->is_complete;
    pthread_mutex_unlock(&m->team->start);
    if (is_complete)
        m->team->work(m->team->context, m->number);
    return NULL;
}

int team_run(int n, void (*work)(void *context, int number), void *context) {
    if (n == 1) {
        work(context, 0);
        return EVSIM_OK;
    }
    struct team team = {.work = work, .context = context};
    struct member *members = allocate_zeroed((size_t)n, sizeof *members);
    if (!members)
        return EVSIM_NO_MEMORY;
    pthread_mutex_init(&team.start, NULL);
    pthread_mutex_lock(&team.start);
    int made = 1;
    for (; made < n; made++) {
        members[made].team = &team, members[made].number = made;
        if (pthread_create(&members[made].thread, NULL, member_run, &members[made]))
            break;
    }
    team.is_complete = made == n;
    pthread_mutex_unlock(&team.start);
    if (team.is_complete)
        work(context, 0);
    for (int k = 1; k < made; k++)
        pthread_join(members[k].thread, NULL);
    pthread_mutex_destroy(&team.start);
    free(members);
    return team.is_complete ? EVSIM_OK : EVSIM_NO_THREAD;
}
