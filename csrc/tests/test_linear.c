/* Linear kernels: roots against brute force, walks against closed forms. */
#include "lif.h"

#include <stdlib.h>

#include "check.h"

static uint64_t state_of_draw = 1;

static double draw(void) { /* in [0, 1) */
    uint64_t z = state_of_draw += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* ---- roots ---- */

static long double value_at(const double *c, int degree, long double u) {
    long double value = c[degree];
    for (int k = degree - 1; k >= 0; k--)
        value = value * u + c[k];
    return value;
}

/* Checks first_root against the polynomial's values: a root, or none at all, within rounding. */
static double check_first_root(const double *c, int degree) {
    enum { SAMPLES = 2000 };
    double size = 0.0;
    for (int k = 0; k <= degree; k++)
        size += fabs(c[k]);
    const double tolerance = 4e-16 * size, root = first_root(c, degree);
    const double end = root == NO_ROOT ? 1.0 : root;
    int above = 0;
    for (int s = 0; s <= SAMPLES; s++)
        above += value_at(c, degree, (long double)end * s / SAMPLES) > tolerance;
    CHECK_EQUAL(above, 0);
    if (root != NO_ROOT) {
        CHECK(root >= 0.0 && root <= 1.0);
        CHECK(fabsl(value_at(c, degree, root)) <= tolerance);
    }
    return root;
}

static void test_the_first_root_is_one_and_there_is_none_before_it(void) {
    int found = 0, none = 0;
    for (int trial = 0; trial < 4000; trial++) {
        double c[MAX_DEGREE + 1], scale = 1.0;
        const int degree = 1 + (int)(draw() * MAX_DEGREE);
        const double falloff = draw() < 0.5 ? 1.0 : draw();
        for (int k = 0; k <= degree; k++, scale *= falloff)
            c[k] = (2.0 * draw() - 1.0) * scale;
        c[0] = -fabs(c[0]);
        if (check_first_root(c, degree) == NO_ROOT)
            none++;
        else
            found++;
    }
    CHECK(found > 1000 && none > 1000);
}

/* Polynomials with many roots in [0, 1]: products of (u - r). */
static void test_the_first_of_many_roots_is_found(void) {
    for (int trial = 0; trial < 2000; trial++) {
        const int degree = 1 + 2 * (int)(draw() * 5); /* odd: negative at 0 */
        double c[MAX_DEGREE + 1] = {1.0}, least = 1.0, next = 2.0;
        for (int k = 0; k < degree; k++) {
            const double r = 0.02 + 0.96 * draw();
            if (r < least)
                next = least, least = r;
            else if (r < next)
                next = r;
            for (int j = k + 1; j > 0; j--)
                c[j] = c[j - 1] - r * c[j];
            c[0] *= -r;
        }
        const double root = check_first_root(c, degree);
        if (next - least > 0.05)
            CHECK_NEAR(root, least, 1e-6);
    }
}

static void test_short_crossings_are_found_where_they_begin(void) {
    static const double heights[] = {1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12, 1e-14};
    for (int k = 0; k < 7; k++) { /* h - (u - 1/2)^2 */
        const double c[] = {heights[k] - 0.25, 1.0, -1.0};
        CHECK_NEAR(first_root(c, 2), 0.5 - sqrt(heights[k]), 1e-16 / sqrt(heights[k]));
    }
}

static void test_touching_from_below_is_a_spike_only_with_at_least(void) {
    const double c[] = {-0.25, 1.0, -1.0}, below[] = {-0.25 - 1e-15, 1.0, -1.0};
    CHECK(first_root(c, 2) == NO_ROOT);
    CHECK(first_root(below, 2) == NO_ROOT);
    is_strict = 0;
    CHECK_NEAR(first_root(c, 2), 0.5, 1e-15);
    CHECK(first_root(below, 2) == NO_ROOT);
    is_strict = 1;
}

static void test_starting_at_threshold_counts_when_it_rises(void) {
    const double rising[] = {0.0, 1.0}, falling[] = {0.0, -1.0, 0.5}, later[] = {0.0, -1.0, 4.0};
    CHECK(first_root(rising, 1) == 0.0);
    CHECK(first_root(falling, 2) == NO_ROOT);
    CHECK_NEAR(first_root(later, 2), 0.25, 1e-16);
}

static void test_a_root_of_threefold_multiplicity_is_found(void) {
    const double c[] = {-0.125, 0.75, -1.5, 1.0};
    CHECK_NEAR(first_root(c, 3), 0.5, 1e-5);
}

/* ---- walks ---- */

struct bench { /* one neuron with its arrays */
    struct evsim_cells cells;
    double x[STATES], slack, v_reset;
    double c[COEFFICIENTS];
    double *state[STATES], *parameter[PARAMETERS];
    const double *coefficient[COEFFICIENTS];
    int64_t step[PARAMETERS];
};

static const double TAU_M = 20e-3, TAU_S = 5e-3;

static void bench_set(struct bench *b, double window, int pieces, double e, double v_th) {
    *b = (struct bench){
        .cells = {
            .n = 1, .window = window, .pieces = pieces, .degree = 18, .degrees = {18, 18, 18, 18}}};
    lif_coefficients(b->c, window / pieces, TAU_M, TAU_S, e, v_th);
    for (int k = 0; k < COEFFICIENTS; k++)
        b->coefficient[k] = &b->c[k];
    for (int s = 0; s < STATES; s++)
        b->state[s] = &b->x[s];
    b->parameter[0] = &b->v_reset;
    b->cells.state = b->state, b->cells.coefficient = b->coefficient;
    b->cells.parameter = b->parameter, b->cells.parameter_step = b->step;
    b->cells.slack = &b->slack;
}

/* V after t seconds; also for tau_m very different from tau_s only. */
static long double potential(long double v, long double i, long double e, long double t) {
    const long double m = expl(-t / TAU_M), s = expl(-t / TAU_S);
    const long double shared = (long double)TAU_M * TAU_S / ((long double)TAU_M - TAU_S);
    return e + (v - e) * m + i * shared * (m - s);
}

static void test_a_walk_follows_the_closed_form(void) {
    static const double windows[] = {1e-4, 1e-3, 2e-2};
    static const int pieces[] = {1, 1, 8};
    for (int trial = 0; trial < 300; trial++) {
        struct bench b;
        const double window = windows[trial % 3], e = 2.0 * draw() - 1.0;
        bench_set(&b, window, pieces[trial % 3], e, 1e9);
        double x[STATES] = {2.0 * draw() - 1.0, 400.0 * draw() - 200.0};
        const double v = x[0], i = x[1], end = window * draw();
        struct evsim_walk w = {.x = x, .release = -1.0};
        CHECK_EQUAL(walk(&b.cells, 0, &w, NULL, 0, end), EVSIM_WALK_END);
        CHECK(w.offset == end);
        CHECK_NEAR(x[0], (double)potential(v, i, e, end), 1e-15 * pieces[trial % 3]);
        CHECK_NEAR(x[1], i * exp(-end / TAU_S), 1e-13);
    }
}

static void test_constant_current_crosses_when_the_logarithm_says(void) {
    struct bench b;
    bench_set(&b, 20e-3, 8, 2.0, 1.0);
    double x[STATES] = {0.0, 0.0};
    struct evsim_walk w = {.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, NULL, 0, 20e-3), EVSIM_WALK_SPIKE);
    CHECK_NEAR(w.offset, TAU_M * log(2.0), 2e-17);
    CHECK_NEAR(x[0], 1.0, 1e-15);
}

static void test_crossings_agree_with_bisection_of_the_closed_form(void) {
    int spikes = 0;
    for (int trial = 0; trial < 500; trial++) {
        struct bench b;
        bench_set(&b, 1e-3, 1, 0.9, 1.0);
        double x[STATES] = {0.8 + 0.2 * draw(), 300.0 * draw() - 50.0};
        const double v = x[0], i = x[1];
        long double low = -1.0L, high = -1.0L;
        for (int s = 0; s <= 20000 && high < 0; s++) {
            const long double t = 1e-3L * s / 20000;
            if (potential(v, i, 0.9L, t) > 1.0L)
                high = t;
            else
                low = t;
        }
        for (int k = 0; k < 60 && high > 0; k++) {
            const long double middle = 0.5L * (low + high);
            *(potential(v, i, 0.9L, middle) > 1.0L ? &high : &low) = middle;
        }
        struct evsim_walk w = {.x = x, .release = -1.0};
        const int result = walk(&b.cells, 0, &w, NULL, 0, 1e-3);
        CHECK_EQUAL(result, high > 0 ? EVSIM_WALK_SPIKE : EVSIM_WALK_END);
        if (result != EVSIM_WALK_SPIKE)
            continue;
        const double slope = fabs((0.9 - 1.0) / TAU_M + x[1]);
        CHECK_NEAR(w.offset, (double)high, 4e-16 / slope + 1e-18);
        spikes++;
    }
    CHECK(spikes > 100 && spikes < 450);
}

static struct evsim_event event_at(double offset, int32_t port, double amount) {
    return (struct evsim_event){.offset = offset, .port = port, .amount = amount};
}

static void test_events_at_one_instant_count_together(void) {
    struct bench b;
    bench_set(&b, 1e-3, 1, 0.0, 1.0);
    const struct evsim_event opposed[] = {event_at(3e-4, 0, 1.6), event_at(3e-4, 0, -1.6)};
    double x[STATES] = {0.5, 0.0};
    struct evsim_walk w = {.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, opposed, 2, 1e-3), EVSIM_WALK_END);
    CHECK_EQUAL(w.next, 2);

    const struct evsim_event apart[] = {event_at(3e-4, 0, 1.6), event_at(4e-4, 0, -1.6)};
    x[0] = 0.5;
    w = (struct evsim_walk){.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, apart, 2, 1e-3), EVSIM_WALK_SPIKE);
    CHECK(w.offset == 3e-4);
    CHECK_EQUAL(w.next, 1);
}

static void test_rounds_of_one_instant_are_tested_one_by_one(void) {
    struct bench b;
    bench_set(&b, 1e-3, 1, 0.0, 1.0);
    struct evsim_event events[] = {event_at(3e-4, 0, 1.6), event_at(3e-4, 0, -1.6)};
    events[1].round = 1;
    double x[STATES] = {0.0, 0.0};
    struct evsim_walk w = {.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, events, 2, 1e-3), EVSIM_WALK_SPIKE);
    CHECK_EQUAL(w.next, 1);
}

static void test_an_event_at_the_end_is_left_for_what_follows(void) {
    struct bench b;
    bench_set(&b, 1e-3, 1, 0.0, 1.0);
    const struct evsim_event event = event_at(1e-3, 0, 5.0);
    double x[STATES] = {0.0, 0.0};
    struct evsim_walk w = {.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, &event, 1, 1e-3), EVSIM_WALK_END);
    CHECK_EQUAL(w.next, 0);
    CHECK(x[0] == 0.0);
}

static void test_clamped_states_stand_and_lose_events_until_the_release(void) {
    struct bench b;
    bench_set(&b, 1e-3, 1, 0.5, 1.0);
    const struct evsim_event events[] = {event_at(1e-4, 0, 5.0), event_at(2e-4, 1, 10.0)};
    double x[STATES] = {0.25, 3.0};
    struct evsim_walk w = {.x = x, .release = HUGE_VAL};
    CHECK_EQUAL(walk(&b.cells, 0, &w, events, 2, 1e-3), EVSIM_WALK_END);
    CHECK(x[0] == 0.25);
    CHECK_NEAR(x[1], 3.0 * exp(-0.2) + 10.0 * exp(-0.16), 1e-14);
}

static void test_an_event_at_the_release_counts(void) {
    struct bench b;
    bench_set(&b, 1e-3, 1, 0.0, 1.0);
    const struct evsim_event event = event_at(4e-4, 0, 5.0);
    double x[STATES] = {0.0, 0.0};
    struct evsim_walk w = {.x = x, .release = 4e-4};
    CHECK_EQUAL(walk(&b.cells, 0, &w, &event, 1, 1e-3), EVSIM_WALK_SPIKE);
    CHECK(w.offset == 4e-4);
}

static void test_a_neuron_above_threshold_spikes_at_once_or_at_its_release(void) {
    struct bench b;
    bench_set(&b, 1e-3, 1, 0.0, 1.0);
    double x[STATES] = {2.0, 0.0};
    struct evsim_walk w = {.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, NULL, 0, 1e-3), EVSIM_WALK_SPIKE);
    CHECK(w.offset == 0.0);
    w = (struct evsim_walk){.x = x, .release = 7e-4};
    CHECK_EQUAL(walk(&b.cells, 0, &w, NULL, 0, 1e-3), EVSIM_WALK_SPIKE);
    CHECK(w.offset == 7e-4);
    CHECK(x[0] == 2.0);
}

static void test_a_neuron_that_rests_at_threshold_spikes_only_with_at_least(void) {
    struct bench b;
    bench_set(&b, 1e-3, 1, 1.0, 1.0);
    double x[STATES] = {1.0, 0.0};
    struct evsim_walk w = {.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, NULL, 0, 1e-3), EVSIM_WALK_END);
    is_strict = 0;
    w = (struct evsim_walk){.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, NULL, 0, 1e-3), EVSIM_WALK_SPIKE);
    is_strict = 1;
}

static void test_a_state_that_is_not_finite_is_told(void) {
    struct bench b;
    bench_set(&b, 1e-3, 1, 0.0, 1.0);
    double x[STATES] = {0.0, HUGE_VAL};
    struct evsim_walk w = {.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, NULL, 0, 1e-3), NOT_FINITE);
    const struct evsim_event event = event_at(5e-4, 0, NAN);
    x[1] = 0.0;
    w = (struct evsim_walk){.x = x, .release = -1.0};
    CHECK_EQUAL(walk(&b.cells, 0, &w, &event, 1, 1e-3), NOT_FINITE);
    CHECK(w.offset == 5e-4);
}

/* ---- folding ---- */

static void test_a_folded_event_is_worth_the_same_at_the_end(void) {
    for (int trial = 0; trial < 200; trial++) {
        struct bench b;
        const double window = 2e-3;
        bench_set(&b, window, 1, 0.3, 1e9);
        b.x[0] = draw(), b.x[1] = 20.0 * draw();
        double walked[STATES] = {b.x[0], b.x[1]};
        const int32_t port = trial % 2;
        const struct evsim_event event = event_at(window * draw(), port, 2.0 * draw() - 1.0);
        struct evsim_walk w = {.x = walked, .release = -1.0};
        walk(&b.cells, 0, &w, &event, 1, window);
        const uint32_t target = 0;
        double folded[STATES];
        fold(&b.cells, port, 1, &target, &event.amount, 0, &event.offset, 0, (double[2]){0});
        memcpy(folded, b.x, sizeof folded);
        unfold(&b.cells, 0, port, event.amount, event.offset, b.x);
        w = (struct evsim_walk){.x = folded, .release = -1.0};
        walk(&b.cells, 0, &w, NULL, 0, window);
        CHECK_NEAR(folded[0], walked[0], 1e-15);
        CHECK_NEAR(folded[1], walked[1], 1e-14);
        w = (struct evsim_walk){.x = b.x, .release = -1.0};
        walk(&b.cells, 0, &w, &event, 1, window);
        CHECK_NEAR(b.x[0], walked[0], 1e-15);
    }
}

int main(void) {
    test_the_first_root_is_one_and_there_is_none_before_it();
    test_the_first_of_many_roots_is_found();
    test_short_crossings_are_found_where_they_begin();
    test_touching_from_below_is_a_spike_only_with_at_least();
    test_starting_at_threshold_counts_when_it_rises();
    test_a_root_of_threefold_multiplicity_is_found();
    test_a_walk_follows_the_closed_form();
    test_constant_current_crosses_when_the_logarithm_says();
    test_crossings_agree_with_bisection_of_the_closed_form();
    test_events_at_one_instant_count_together();
    test_rounds_of_one_instant_are_tested_one_by_one();
    test_an_event_at_the_end_is_left_for_what_follows();
    test_clamped_states_stand_and_lose_events_until_the_release();
    test_an_event_at_the_release_counts();
    test_a_neuron_above_threshold_spikes_at_once_or_at_its_release();
    test_a_neuron_that_rests_at_threshold_spikes_only_with_at_least();
    test_a_state_that_is_not_finite_is_told();
    test_a_folded_event_is_worth_the_same_at_the_end();
    return check_report("linear");
}
