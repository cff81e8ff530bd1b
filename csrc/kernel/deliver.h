/* What a delivery does to a neuron on its walk. The includer defines is_clamped(s). */

static void add(double *x, int32_t port, double amount, int is_refractory) {
    if (!(is_refractory && is_clamped(port)))
        x[port] += amount;
}

static void deliver(const struct evsim_cells *cells, int64_t i, struct evsim_walk *w,
                    const struct evsim_event *e) {
    const int is_refractory = w->offset < w->release;
    if (e->port >= 0)
        add(w->x, e->port, e->amount, is_refractory);
    else {
        const struct evsim_now now = {
            .offset = w->offset, .last = w->last, .is_refractory = is_refractory};
        e->code->run(w->x, cells, i, &now, e->variable, e->step, e->synapse);
    }
}
