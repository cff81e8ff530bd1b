/* Recorders: what a run remembers of spikes and of sampled states.
 *
 * Both grow by chunks in a list, each twice as large as the one before up to a limit, so that
 * growth never moves what was recorded, a short recording stays small, and a failed allocation
 * loses nothing:
 *
 *     first -> [ 64 ] -> [ 128 ] -> ... -> [ limit ] -> [ limit ]   <- last, the only one with room
 */
#ifndef EVSIM_RECORD_H
#define EVSIM_RECORD_H

#include <stdint.h>

/* Spikes in the order of their appending; sorting them is the business of who appends. */
struct spike_record;

/* An empty record; NULL when there is no memory. */
struct spike_record *record_spikes_new(void);
void record_spikes_free(struct spike_record *r);

/* Appends one spike; EVSIM_NO_MEMORY leaves the record as it was. */
int record_spikes_append(struct spike_record *r, int64_t tick, double offset, uint32_t index);

/* Forgets all but the first `count`. */
void record_spikes_truncate(struct spike_record *r, int64_t count);

int64_t record_spikes_count(const struct spike_record *r);

/* Copies the spikes [start, start + n) out to three flat arrays; a NULL array is left out.
 * EVSIM_BAD_ARGUMENT when the record does not hold all of them. */
int record_spikes_copy(const struct spike_record *r, int64_t start, int64_t n, int64_t *tick,
                       double *offset, int64_t *index);

/* Samples of `width` numbers each. */
struct sample_record;

/* An empty record; NULL when there is no memory. */
struct sample_record *record_samples_new(uint32_t width);
void record_samples_free(struct sample_record *r);

/* Appends one sample and returns where its `width` numbers are to be written; NULL when there is no
 * memory, and the record is as it was. The place holds as long as the record. */
double *record_samples_append(struct sample_record *r);

/* Forgets all but the first `count`. */
void record_samples_truncate(struct sample_record *r, int64_t count);

int64_t record_samples_count(const struct sample_record *r);

/* Copies the numbers [column, column + n_columns) of the samples [start, start + n) out, one row
 * per column: out[c*n + s]. EVSIM_BAD_ARGUMENT when the record does not hold all of them. */
int record_samples_copy(const struct sample_record *r, int64_t start, int64_t n, uint32_t column,
                        uint32_t n_columns, double *out);

#endif
