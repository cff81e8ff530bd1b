/* What links add up to, in the lanes of a batch: a held value, or the piece of a course.
 *
 * A step lies inside one piece of each course, as a leg of a walk ends where a piece does.
 */

/* The input k of lane l is a constant. */
static inline void hold_input(struct batch *b, int k, int l, double value) {
    b->input[k][l] = b->course[k][0][l] = value;
    for (int m = 1; m < EVSIM_TERMS; m++)
        b->course[k][m][l] = 0.0;
    b->course_begin[k][l] = b->course_rate[k][l] = 0.0;
}

/* The number of the piece that holds just after an offset; there is one. */
static inline int64_t piece_after(const struct evsim_course *course, double offset) {
    int64_t low = 0, high = course->n - 1;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (course->end[middle] > offset)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The first end of a piece after an offset. */
static inline double next_piece(const struct evsim_cells *cells, double offset) {
    double next = HUGE_VAL;
    for (int k = 0; k < INPUTS && cells->course; k++) {
        const struct evsim_course *course = &cells->course[k];
        const double end = course->n ? course->end[piece_after(course, offset)] : HUGE_VAL;
        next = end > offset && end < next ? end : next;
    }
    return next;
}

/* Brings lanes [first, last) to the pieces that hold at an offset between their ends. */
static inline void load_courses(struct batch *b, int first, int last, double offset) {
    const struct evsim_cells *cells = b->cells;
    for (int k = 0; k < INPUTS && cells->course; k++) {
        const struct evsim_course *course = &cells->course[k];
        if (!course->n)
            continue;
        const int64_t piece = piece_after(course, offset);
        const double begin = piece ? course->end[piece - 1] : course->begin;
        const double *of_piece = course->coefficient + piece * course->n_rows * EVSIM_TERMS;
        for (int l = first; l < last; l++) {
            const double *c = of_piece + (int64_t)course->row[b->neuron[l]] * EVSIM_TERMS;
            for (int m = 0; m < EVSIM_TERMS; m++)
                b->course[k][m][l] = c[m];
            b->course_begin[k][l] = cells->begin + begin;
            b->course_rate[k][l] = 1.0 / (course->end[piece] - begin);
        }
    }
}

/* The inputs of all lanes at times t. */
ALWAYS void inputs_of(const int lanes, const struct batch *b, const double *t,
                      double input[][LANES]) {
    for (int k = 0; k < INPUTS; k++) {
        EACH_LANE {
            const double u = (t[l] - b->course_begin[k][l]) * b->course_rate[k][l];
            double sum = b->course[k][EVSIM_TERMS - 1][l];
            for (int m = EVSIM_TERMS - 2; m >= 0; m--)
                sum = b->course[k][m][l] + u * sum;
            input[k][l] = sum;
        }
    }
}
