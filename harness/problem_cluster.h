#pragma once
// Problems that belong together: several of one document, year or family, named
// by a tag such as "doc:17" (report.cluster_tag: doc). They are not independent
// of one another, and intervals over problems say so (stats_cluster.h).

struct problem;

// The name of the problem's cluster: what follows "TAG:" in the first of its
// tags that begins so. NULL: it has none, and is a cluster of its own.
const char *problem_cluster(const struct problem *p, const char *tag);

// Numbers clusters: cluster[i] of names[n], equal for equal names; NULL is a
// cluster of its own. Returns how many there are.
int problem_clusters_number(const char *const *names, int n, int *cluster);
