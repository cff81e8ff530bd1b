/* The first root of a polynomial, by proof: Bernstein coefficients exclude roots or isolate them.
 *
 * The includer defines MAX_DEGREE and IS_OVER(g), whether the value g counts as above zero.
 */
#include <math.h>

#define DEEPEST 56 /* halvings after which two roots are one touch */
#define NO_ROOT 2.0

/* The only root of c in [low, high], with the values `below` < 0 at low and `above` > 0 at high:
 * Newton, kept in its bracket. Newton's steps shrink like their squares; it ends when the next one
 * would be nothing. */
static double single_root(const double *c, int degree, double low, double high, double below,
                          double above) {
    double u = low + (high - low) * (below / (below - above)), before = 1.0;
    for (int i = 0; i < 200; i++) {
        double value = c[degree], slope = 0.0;
        for (int k = degree - 1; k >= 0; k--) {
            slope = slope * u + value;
            value = value * u + c[k];
        }
        if (value == 0.0)
            return u;
        if (value < 0.0)
            low = u;
        else
            high = u;
        double next = u - value / slope;
        if (!(next > low && next < high))
            next = low + 0.5 * (high - low);
        const double step = fabs(next - u);
        if (next <= low || next >= high || step <= 1e-17 + 1e-16 * u ||
            step * step * step <= 1e-18 * before * before)
            return next;
        u = next;
        before = step;
    }
    return u;
}

/* First upward root in [low, high] of c, given its Bernstein coefficients b on that interval. */
static double root_between(const double *c, int degree, double *b, double low, double high,
                           int depth) {
    int k = 0;
    while (k <= degree && b[k] == 0.0)
        k++;
    if (k > degree)
        return NO_ROOT;
    if (b[k] > 0.0)
        return low;
    int changes = 0;
    for (; k < degree; k++)
        changes += (b[k] < 0.0) != (b[k + 1] < 0.0);
    if (changes == 0)
        return NO_ROOT;
    if (changes == 1 && b[0] < 0.0 && b[degree] > 0.0)
        return single_root(c, degree, low, high, b[0], b[degree]);
    if (depth == DEEPEST)
        return IS_OVER(0.0) ? low : NO_ROOT;
    double left[MAX_DEGREE + 1]; /* de Casteljau at the middle; b becomes the right half */
    left[0] = b[0];
    for (int l = 1; l <= degree; l++) {
        for (int j = 0; j <= degree - l; j++)
            b[j] = 0.5 * (b[j] + b[j + 1]);
        left[l] = b[0];
    }
    const double middle = low + 0.5 * (high - low);
    const double root = root_between(c, degree, left, low, middle, depth + 1);
    return root == NO_ROOT ? root_between(c, degree, b, middle, high, depth + 1) : root;
}

/* First u in [0, 1] where the polynomial c, not over at 0, comes from below to zero. */
static double first_root(const double *c, int degree) {
    double rest = 0.0;
    for (int k = 4; k <= degree; k++)
        rest += fabs(c[k]);
    const double c3 = degree >= 3 ? c[3] : 0.0, c2 = degree >= 2 ? c[2] : 0.0;
    const double third = c[1] / 3.0;
    const double b1 = c[0] + third, b2 = c[0] + 2.0 * third + c2 / 3.0;
    const double b3 = c[0] + c[1] + c2 + c3;
    if (c[0] + rest < 0.0 && b1 + rest < 0.0 && b2 + rest < 0.0 && b3 + rest < 0.0)
        return NO_ROOT;

    double end = c[0] + c[1], slope = c[1]; /* at 1; at least, anywhere */
    for (int k = 2; k <= degree; k++) {
        end += c[k];
        slope -= k * fabs(c[k]);
    }
    if (slope > 0.0 && c[0] < 0.0)
        return end > 0.0 ? single_root(c, degree, 0.0, 1.0, c[0], end) : NO_ROOT;

    double b[MAX_DEGREE + 1], binomial = 1.0;
    for (int k = 0; k <= degree; k++) {
        b[k] = c[k] / binomial;
        binomial = binomial * (degree - k) / (k + 1);
    }
    for (int l = degree - 1; l >= 0; l--)
        for (int j = l; j < degree; j++)
            b[j + 1] += b[j];
    return root_between(c, degree, b, 0.0, 1.0, 0);
}
