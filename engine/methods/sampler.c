#include "engine/methods/sampler.h"

#include "engine/base/alloc.h"
#include "engine/kernels/kernels.h"
#include "engine/methods/settings.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// The filters keep the "best" tokens, where best is by value, then by lower
// id: a strict order, so that every machine keeps the same ones. They use a
// binary heap of candidate ids: build in O(n), pop only as many as are kept.
//
// Before the top_p heap, tokens with less than (1 - top_p) / n of the total
// are set aside: together they hold less than 1 - top_p, so the others alone
// reach top_p. That leaves a few dozen candidates of a large vocabulary.
//
// exp and maximum come from the kernel table; sums are double, in a fixed
// order.

int sampler_init(struct sampler *s, int n_vocab, struct error *err) {
    *s = (struct sampler){.n_vocab = n_vocab, .top_p = 1};
    s->kernels = kern_get(KERN_AUTO, err);
    if (!s->kernels) return -1;
    s->heap = alloc_try((size_t)n_vocab, sizeof *s->heap,
                        "candidates of the sampler", err);
    return s->heap ? 0 : -1;
}

void sampler_release(struct sampler *s) {
    free(s->heap);
    s->heap = NULL;
}

void sampler_set(struct sampler *s, const struct settings *settings) {
    s->temperature = settings->temperature;
    s->top_p = settings->top_p;
    s->min_p = settings->min_p;
    s->top_k = settings->top_k;
}

// ---- candidates -----------------------------------------------------------

static bool is_better(const float *value, int a, int b) {
    return value[a] > value[b] || (value[a] == value[b] && a < b);
}

static void sift_down(int *heap, int n, int i, const float *value) {
    int id = heap[i];
    for (;;) {
        int child = 2 * i + 1;
        if (child >= n) break;
        if (child + 1 < n && is_better(value, heap[child + 1], heap[child]))
            child++;
        if (!is_better(value, heap[child], id)) break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = id;
}

static void heap_build(int *heap, int n, const float *value) {
    for (int i = n / 2 - 1; i >= 0; i--)
        sift_down(heap, n, i, value);
}

// Removes and returns the best of heap[0..*n), n > 0.
static int heap_pop(int *heap, int *n, const float *value) {
    int id = heap[0];
    heap[0] = heap[--*n];
    if (*n) sift_down(heap, *n, 0, value);
    return id;
}

// ---- filters --------------------------------------------------------------

// The worst of the k best logits.
static int top_k_last(struct sampler *s, const float *logits, int k) {
    int n = s->n_vocab, last = 0;
    for (int i = 0; i < n; i++)
        s->heap[i] = i;
    heap_build(s->heap, n, logits);
    while (k-- > 0)
        last = heap_pop(s->heap, &n, logits);
    return last;
}

// Drop all but the nucleus: everything worse than its last member goes.
static void filter_top_p(struct sampler *s, float *w) {
    double total = sample_total(w, s->n_vocab), sum = 0;
    double least = (1 - s->top_p) * total / s->n_vocab;
    int n = 0, last = -1;
    for (int i = 0; i < s->n_vocab; i++) {
        if (w[i] > 0 && w[i] >= least) s->heap[n++] = i;
    }
    heap_build(s->heap, n, w);
    do {
        last = heap_pop(s->heap, &n, w);
        sum += w[last];
    } while (n > 0 && sum < s->top_p * total);
    float worst = w[last];
    for (int i = 0; i < s->n_vocab; i++) {
        if (w[i] < worst || (w[i] == worst && i > last)) w[i] = 0;
    }
}

static void filter_min_p(const struct sampler *s, float *w) {
    double least = s->min_p * s->kernels->max(w, s->n_vocab);
    for (int i = 0; i < s->n_vocab; i++) {
        if (w[i] < least) w[i] = 0;
    }
}

// ---- weights --------------------------------------------------------------

static void copy_logits(const float *logits, float *w, int n) {
    for (int i = 0; i < n; i++) {
        float v = logits[i];
        w[i] = isnan(v) ? -INFINITY : v > FLT_MAX ? FLT_MAX : v;
    }
}

static double one_hot(const struct sampler *s, float *w, float max) {
    int best = 0;
    while (w[best] != max)
        best++;
    memset(w, 0, (size_t)s->n_vocab * sizeof *w);
    w[best] = 1;
    return 1;
}

static void drop_below_top_k(struct sampler *s, float *w) {
    int last = top_k_last(s, w, s->top_k);
    float worst = w[last];
    for (int i = 0; i < s->n_vocab; i++) {
        if (w[i] < worst || (w[i] == worst && i > last)) w[i] = -INFINITY;
    }
}

// exp of what is left. Dropped tokens get exactly 0 here, whatever a kernel
// makes of infinities; the heap holds their marks meanwhile.
static void exponentiate(struct sampler *s, float *w, float max) {
    for (int i = 0; i < s->n_vocab; i++) {
        s->heap[i] = w[i] > -INFINITY;
        if (!s->heap[i]) w[i] = max;
    }
    double inv_temp = 1 / s->temperature;
    s->kernels->exp_sum(w, s->n_vocab, max,
                        (float)(inv_temp < 1e30 ? inv_temp : 1e30));
    for (int i = 0; i < s->n_vocab; i++) {
        if (!s->heap[i]) w[i] = 0;
    }
}

double sampler_weights(struct sampler *s, const float *logits, float *w) {
    int n = s->n_vocab;
    copy_logits(logits, w, n);
    float max = s->kernels->max(w, n);
    if (max == -INFINITY) return 0;
    if (s->temperature <= 0) return one_hot(s, w, max);
    if (s->top_k > 0 && s->top_k < n) drop_below_top_k(s, w);
    exponentiate(s, w, max);
    if (s->top_p < 1) filter_top_p(s, w);
    if (s->min_p > 0) filter_min_p(s, w);
    return sample_total(w, n);
}

// Eight sums side by side: one chain of dependent additions would take longer
// than all the rest of sampling.
double sample_total(const float *w, int n) {
    double part[8] = {0};
    int i = 0;
    for (; i + 8 <= n; i += 8)
        for (int j = 0; j < 8; j++)
            part[j] += w[i + j];
    for (; i < n; i++)
        part[i % 8] += w[i];
    return ((part[0] + part[4]) + (part[2] + part[6])) +
           ((part[1] + part[5]) + (part[3] + part[7]));
}

int sample_pick(const float *w, int n, double total, double u) {
    double limit = u * total, sum = 0;
    int last = 0;
    for (int i = 0; i < n; i++) {
        if (!(w[i] > 0)) continue;
        last = i;
        sum += w[i];
        if (sum > limit) break;
    }
    return last;
}
