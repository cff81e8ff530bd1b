/* The weights of a link by targets, and what it adds up to in a window. See unit.h.
 *
 * Targets whose weights are the same but for a few share a row: the sum over it is made once for
 * all of them, and each adds its own differences. So a link from all to all with equal weights, or
 * with equal ones inside and between groups, costs its sources and its targets, not its pairs.
 *
 *   sum of target j  =  sum over row[j]  +  differences of j
 */
#ifndef EVSIM_ROWS_H
#define EVSIM_ROWS_H

#include <stdint.h>

#include "unit.h"

struct rows {
    struct evsim_rows shared, own; /* own: the differences of each target */
    int64_t n_targets, n_sources;
    uint32_t *row;  /* of each target, padded */
    double *factor; /* of each source */
    double *sum;    /* of each shared row */
    double *each;   /* of each target, where there are differences; else NULL */

    /* The course that the link leaves. */
    int64_t n_pieces, pieces_room;
    double begin, *end;
    double *coefficient;
    int64_t coefficient_room;
    uint32_t *identity; /* target j has row j, where there are differences */
};

/* The rows of l, from its pairs and weights, if they are not made already. */
int rows_make(struct link *l, int64_t n_sources, int64_t n_targets, int64_t n_padded);
void rows_free(struct rows *r);

/* Adds to out what l adds up to for each target, where its sources are in the states `from`. */
void rows_add(struct link *l, double *const *from, double t, double *out);

/* A course without pieces, from offset `begin` on; one more piece, up to `end`, of the step that
 * `m` has made last; what a constant link adds up to, for ever; how a population is to see it. */
void course_begin(struct link *l, double begin);
int course_add(struct link *l, const struct member *m, int n_states, double t, double h,
               double end);
int course_constant(struct link *l);
struct evsim_course course_view(const struct link *l);

/* Where the piece ends that holds just after an offset. */
double course_next_end(const struct link *l, double offset);

/* Adds to out what the course is at an offset inside its piece that holds just after `after`. */
void course_add_at(const struct link *l, double after, double offset, double *out);

#endif
