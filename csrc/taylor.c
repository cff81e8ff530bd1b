/* Polynomials of a component of a linear unit, and the first crossing in them. See linear_unit.h.
 */
#include <math.h>
#include <string.h>

#include "linear_unit.h"

#define ENOUGH 1e-19 /* of the size of a state: what is less does not count */

#define MAX_DEGREE MOST_TERMS
#define IS_OVER(g) ((g) > 0.0)
#define single_root single_root_above
#define root_between root_between_above
#define first_root first_root_above
#include "kernel/roots.h"
#undef IS_OVER
#undef single_root
#undef root_between
#undef first_root
#define IS_OVER(g) ((g) >= 0.0)
#define single_root single_root_at
#define root_between root_between_at
#define first_root first_root_at
#include "kernel/roots.h"

/* next = A x, for the states that move; columns are the states, then the inputs. */
static void multiply(const struct component *c, const int8_t *stands, double *columns,
                     double *next) {
    double *inputs = columns + c->n_states;
    for (int32_t k = 0; k < c->n_slots; k++) {
        double sum = 0.0;
        for (int64_t e = c->start[k]; e < c->start[k + 1]; e++) {
            const struct pair_term *t = &c->terms[e];
            sum += t->a * columns[t->p] + t->b * columns[t->q];
        }
        inputs[k] = sum;
    }
    for (int32_t r = 0; r < c->n_states; r++) {
        double sum = 0.0;
        for (int64_t e = c->row[r]; e < c->row[r + 1]; e++)
            sum += c->factor[e] * columns[c->column[e]];
        next[r] = stands[r] ? 0.0 : sum;
    }
}

static double largest(const struct component *c, const double *x) {
    double most = 0.0;
    for (int32_t r = 0; r < c->n_states; r++) {
        const double part = fabs(x[r]) / c->size[r];
        most = part > most ? part : most;
    }
    return most;
}

int taylor(const struct component *c, const int8_t *stands, double h, double *coefficients,
           double *columns) {
    const size_t n = (size_t)c->n_states;
    const double first = largest(c, coefficients), enough = ENOUGH * (first > 1.0 ? first : 1.0);
    int small = 0;
    for (int k = 0; k < MOST_TERMS; k++) {
        double *next = coefficients + (size_t)(k + 1) * n;
        memcpy(columns, coefficients + (size_t)k * n, n * sizeof *columns);
        multiply(c, stands, columns, next);
        for (size_t r = 0; r < n && k == 0; r++)
            next[r] += stands[r] ? 0.0 : c->drive[r];
        for (size_t r = 0; r < n; r++)
            next[r] *= h / (k + 1);
        small = largest(c, next) <= enough ? small + 1 : 0; /* one may be small by chance */
        if (small == 2)
            return k + 1;
    }
    return MOST_TERMS;
}

double taylor_at(const struct component *c, const double *coefficients, int degree, int64_t r,
                 double u) {
    double sum = coefficients[(int64_t)degree * c->n_states + r];
    for (int k = degree - 1; k >= 1; k--)
        sum = sum * u + coefficients[(int64_t)k * c->n_states + r];
    return coefficients[r] + sum * u;
}

double taylor_crossing(const struct component *c, const double *coefficients, int degree,
                       const struct linear_cell *cell) {
    double form[MOST_TERMS + 1];
    for (int k = 0; k <= degree; k++) {
        const double *x = coefficients + (int64_t)k * c->n_states + cell->first;
        form[k] = 0.0;
        for (int32_t s = 0; s < cell->n_states; s++)
            form[k] += cell->form[s * cell->n] * x[s];
    }
    form[0] += cell->form[cell->n_states * cell->n];
    return cell->is_strict ? first_root_above(form, degree) : first_root_at(form, degree);
}
