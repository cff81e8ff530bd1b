/* A simulation: emitters, projections, records, and the shards that take them through time.
 *
 *   emitter (population or source) --spikes--> rows of its projections --deliveries--> population
 *
 * Time goes in windows of one grid tick. A delay of a window or more cannot act in the window of
 * its spike, so within a window every shard works alone on the neurons it owns:
 *
 *   take in the spikes of the window before, push them into the queue of spikes in flight;
 *   pop what is due, fold it into its targets;
 *   advance all neurons, find those that may have spiked;
 *   take these through their events one by one; hand the spikes to all shards.
 *
 * `out[tick & 1]` and `source_out[tick & 1]` hold what window `tick` takes in: the neurons' spikes
 * of the window before and the sources' spikes of the window itself.
 */
#ifndef EVSIM_SIMULATION_H
#define EVSIM_SIMULATION_H

#include <stdint.h>

#include "population.h"
#include "queue.h"
#include "record.h"
#include "sources.h"
#include "synapses.h"

struct shard;
struct link;
struct unit;

/* Whether a spike does anything in a projection: it is made at or after the latest change of the
 * projection's delays, and there is code or an addition. */
static inline int projection_takes(const struct projection *p, const struct spike *s) {
    if (!p->code && !p->n_ports)
        return 0;
    return s->tick > p->since_tick || (s->tick == p->since_tick && s->offset >= p->since_offset);
}

struct emitter {
    int32_t population; /* or -1 */
    struct poisson_source *poisson;
    struct train_source *train;
    int32_t *projections; /* numbers, in order */
    int n_projections;
    int32_t *records;
    int n_records;
};

struct spike_output {
    int64_t start, stop; /* elements */
    struct spike_record *record;
    int n_states; /* whose values at the spikes, before the reset, are in `values` */
    int32_t *states;
    struct sample_record *values; /* or NULL */
};

struct sample_place {
    double at;   /* offset in the window */
    double *row; /* NULL: the sample is in the record already */
};

/* Samples k*dt of some states of some neurons, or of some variables of some synapses. */
struct state_output {
    int32_t population;
    int32_t projection; /* whose synapses end on the population; -1: samples of neurons */
    int n_states;
    int32_t *states; /* or variables */
    int64_t n;
    uint32_t *indices; /* of neurons or synapses */
    double dt;
    int64_t first, next; /* numbers of the first sample, and of the one to come */
    struct sample_record *record;
    struct sample_place *places[2]; /* [tick & 1] the samples of a window */
    int n_places[2];
    int64_t places_room[2];
};

/* Where a run failed: at a neuron; or, with a population of -2 - p, at variable v of a synapse of
 * projection p. */
struct failure {
    int code;
    int32_t population;
    int64_t neuron, tick;
    double offset;
    int32_t variable;
};

struct simulation {
    double window;
    struct clock clock;
    int64_t tick;
    double from; /* offset inside the present window that is done */
    int is_grid;
    int is_short; /* some spike may act inside its own window */

    struct population **populations;
    struct emitter *emitters;
    struct projection **projections;
    struct link **links;
    struct unit *units;
    struct drive *drives;
    struct spike_output *spike_outputs;
    struct state_output *state_outputs;
    int n_populations, n_links, n_units, n_emitters, n_projections, n_drives, n_spike_outputs,
        n_state_outputs;

    int n_shards;
    struct shard *shards;
    int is_arranged;
    int is_unlinked;    /* there are new links, whose units are to be found */
    int64_t short_mark; /* of the projections that acted inside their windows then */
    struct spikes source_out[2];
    struct snapshot
        *preview;      /* the present window's start, where a run has ended inside it; or NULL */
    int is_changed;    /* by the user, since the last run */
    int64_t seen_tick; /* of this window... */
    double seen;       /* ...what is before this offset is in the records already */
    int is_recording_sources; /* as windows take them in */
    int is_recorded;          /* the neurons' spikes of the window before are in the records */
    int record_code;          /* a record that could not grow */
    struct failure failure;
    struct spikes members;         /* the last spikes of an instant that does not end */
    struct checkpoint *checkpoint; /* what a failed run goes back to; or NULL */
    int is_going_on;               /* the last run is to be continued as it is */
    int is_broken;                 /* there was no memory to put things right after a failure */
};

/* dealing.c: everything to n shards, unless it is so already. */
int simulation_deal(struct simulation *sim, int n_shards);
void simulation_free_shards(struct simulation *sim);

/* outputs.c: the sources' spikes of a window, and room for its samples in [from, to); spikes into
 * the records: one, with the states x of its neuron if they are recorded; those that the shards
 * have made in a window, those of the sources. */
int simulation_prepare_sources(struct simulation *sim, int64_t tick);
int simulation_prepare_samples(struct simulation *sim, int64_t tick, double from, double to);
void simulation_record_spike(struct simulation *sim, const struct spike *spike, const double *x);
const double *simulation_seen(const struct simulation *sim, const struct spike *spike);
void simulation_record_out(struct simulation *sim, int64_t tick, double from);
void simulation_record_sources(struct simulation *sim, double from, double to);

/* Deliveries that spikes of the present window make in it after sim->from. */
struct late_delivery {
    int32_t projection;
    int64_t synapse;
    double offset;
};

struct late_deliveries {
    struct late_delivery *all;
    int64_t n, room;
};

/* late.c: takes them out of the shards; gives them, with the values that their synapses have now,
 * to the shards of their targets. */
int simulation_take_late(struct simulation *sim, struct late_deliveries *out);
int simulation_give_late(struct simulation *sim, const struct late_deliveries *in);

/* simulation.c: whole windows. */
int simulation_run_windows(struct simulation *sim, int64_t until, double milliseconds);

/* recovery.c: takes a failed run to (tick, offset) back to the instant of its failure, which
 * sim->failure then tells; EVSIM_OK when the run may go on after all. */
int simulation_recover(struct simulation *sim, int64_t tick, double offset);
int simulation_is_finite(const struct simulation *sim);

/* preview.c: the end of a run inside the present window; the beginning of the next one there; the
 * rest of the window up to `to`, when the user has changed something in between, and before: as
 * that may be what is under way, it becomes again what it was when the window began. */
int simulation_preview(struct simulation *sim, double to);
int simulation_settle(struct simulation *sim);
int simulation_resume(struct simulation *sim);
int simulation_run_part(struct simulation *sim, double to);

#endif
