/* Functions of time that hold their values for a step each, as kernels, event code and links call
 * them. */
#ifndef EVSIM_KERNEL_TABLES_H
#define EVSIM_KERNEL_TABLES_H

#include <math.h>
#include <stdint.h>

#include "../kernel.h"

/* The value of a function of time in row k of its table. */
static inline double evsim_table_row(const struct evsim_table *table, double row, double column) {
    const double last = (double)(table->n - 1);
    const double k = row >= 0.0 ? (row < last ? row : last) : 0.0;
    return table->values[(int64_t)k * table->columns + (int64_t)column];
}

/* The row that holds at time t; a time within rounding of a switch is after it. */
static inline double evsim_table_row_at(const struct evsim_table *table, double t) {
    const double rows = t / table->dt, nearest = rint(rows);
    return fabs(rows - nearest) <= 1e-13 + 4e-16 * fabs(rows) ? nearest : floor(rows);
}

/* The next switch after t, if it comes before `next`. */
static inline double evsim_sooner(const struct evsim_table *table, double t, double next) {
    const double row = evsim_table_row_at(table, t) + 1.0, at = row * table->dt;
    return row >= 1.0 && row < (double)table->n && at < next ? at : next;
}

/* The same where the function is taken at `argument`, which runs as time does from t on, and begins
 * anew after each period, unless that is 0. */
static inline double evsim_sooner_there(const struct evsim_table *table, double t, double argument,
                                        double period, double next) {
    const double slack = 1e-13 * table->dt + 1e-15 * (fabs(t) + fabs(argument)); /* rounding */
    const double a = period > 0.0 && period - argument <= slack ? argument - period : argument;
    double row = floor((a + slack) / table->dt) + 1.0;
    row = row >= 1.0 ? row : 1.0;
    const double at = t + (row * table->dt - a), again = t + (period - a);
    if (row < (double)table->n && at > t && at < next)
        next = at;
    return period > 0.0 && again > t && again < next ? again : next;
}

static inline double evsim_table_at(const struct evsim_table *table, double t, double column) {
    return evsim_table_row(table, evsim_table_row_at(table, t), column);
}

/* The value at an argument that runs as time does; the rounding of their difference counts as
 * nothing. */
static inline double evsim_table_there(const struct evsim_table *table, double argument, double t,
                                       double column) {
    return evsim_table_at(table, argument + 1e-15 * (fabs(t) + fabs(argument)), column);
}

#endif
