#include "harness/problem_cluster.h"

#include "engine/base/alloc.h"
#include "harness/problem_set.h"

#include <stdlib.h>
#include <string.h>

const char *problem_cluster(const struct problem *p, const char *tag) {
    size_t n = strlen(tag);
    for (int i = 0; i < p->n_tags; i++) {
        const char *text = p->tags[i];
        if (!strncmp(text, tag, n) && text[n] == ':' && text[n + 1])
            return text + n + 1;
    }
    return NULL;
}

struct named {
    const char *name;
    int place;
};

static int compare(const void *x, const void *y) {
    const struct named *a = x, *b = y;
    int c = strcmp(a->name, b->name);
    return c ? c : a->place - b->place;
}

int problem_clusters_number(const char *const *names, int n, int *cluster) {
    struct named *sorted = xcalloc((size_t)n + 1, sizeof *sorted);
    int n_named = 0, n_clusters = 0;
    for (int i = 0; i < n; i++) {
        if (names[i])
            sorted[n_named++] = (struct named){names[i], i};
        else
            cluster[i] = n_clusters++;
    }
    qsort(sorted, (size_t)n_named, sizeof *sorted, compare);
    for (int i = 0; i < n_named; i++) {
        if (!i || strcmp(sorted[i].name, sorted[i - 1].name)) n_clusters++;
        cluster[sorted[i].place] = n_clusters - 1;
    }
    free(sorted);
    return n_clusters;
}
