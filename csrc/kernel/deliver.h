/* What a delivery does to a neuron on its walk. The includer defines is_clamped(s). */

static void add(double *x, int32_t port, double amount, int is_refractory) {
    if (!(is_refractory && is_clamped(port)))
        x[port] += amount;
}

/* Asks for what a delivery will work on, while the neuron is on its way there. */
static inline __attribute__((unused)) void fetch(const struct evsim_event *e) {
    for (int k = 0; e->port < 0 && k < e->code->n_written; k++) {
        const int32_t v = e->code->written[k];
        __builtin_prefetch(&e->variable[v][e->slot * e->step[v]], 1);
    }
}

static void deliver(const struct evsim_cells *cells, int64_t i, struct evsim_walk *w,
                    const struct evsim_event *e) {
    const int is_refractory = w->offset < w->release;
    if (e->port >= 0)
        add(w->x, e->port, e->amount, is_refractory);
    else {
        const struct evsim_now now = {
            .offset = w->offset, .last = w->last, .is_refractory = is_refractory};
        e->code->run(w->x, cells, i, &now, e->variable, e->step, e->slot);
    }
}
