#include "engine/methods/threshold.h"

#include <math.h>

static double mean(const double *scores, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += scores[i];
    return sum / n;
}

static double maximum(const double *scores, int n) {
    double most = scores[0];
    for (int i = 1; i < n; i++)
        most = fmax(most, scores[i]);
    return most;
}

static double standard_error(const double *scores, int n) {
    double sum = 0, centre = mean(scores, n);
    if (n < 2) return 0;
    for (int i = 0; i < n; i++)
        sum += (scores[i] - centre) * (scores[i] - centre);
    return sqrt(sum / (n - 1) / n);
}

double threshold_quality(const double *scores, int n,
                         const struct settings *s) {
    if (n == 0) return NAN;
    if (s->quality == QUALITY_MEAN) return fmin(mean(scores, n), 1);
    if (s->quality == QUALITY_MAX) return fmin(maximum(scores, n), 1);
    double above = s->ucb_factor * standard_error(scores, n);
    return fmin(mean(scores, n) + above, 1);
}

void threshold_update(struct threshold *t, const double *scores, int n,
                      const struct settings *s) {
    if (n == 0) return;
    double quality = threshold_quality(scores, n, s);
    t->value = isnan(t->value) ? quality
                               : s->theta * t->value + (1 - s->theta) * quality;
}
