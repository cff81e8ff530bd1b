/* A team of threads that run one function side by side and meet at a barrier. */
#ifndef EVSIM_TEAM_H
#define EVSIM_TEAM_H

struct barrier;

/* A barrier for n threads; NULL without memory. */
struct barrier *barrier_new(int n);
void barrier_free(struct barrier *b);

/* Waits until all n threads are here: spins briefly, then blocks. */
void barrier_wait(struct barrier *b);

/* Runs work(context, 0 ... n-1), each on a thread of its own, 0 on the caller's. Returns EVSIM_OK,
 * or EVSIM_NO_THREAD when a thread cannot be had (then nothing ran). */
int team_run(int n, void (*work)(void *context, int number), void *context);

#endif
