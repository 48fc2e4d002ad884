#include "harness/problem_cluster.h"

#include "harness/problem_set.h"

#include <criterion/criterion.h>

Test(problem_cluster, is_what_follows_the_tag) {
    static const char *const tags[] = {
        "document:1", "doc", "doc:", "year:2024", "doc:17", "doc:9"};
    struct problem p = {.tags = tags, .n_tags = 6};
    cr_expect_str_eq(problem_cluster(&p, "doc"), "17"); // the first of two
    cr_expect_str_eq(problem_cluster(&p, "year"), "2024");
    cr_expect_null(problem_cluster(&p, "do"));
    cr_expect_null(problem_cluster(&p, "family"));
    p.n_tags = 0;
    cr_expect_null(problem_cluster(&p, "doc"));
}

Test(problem_cluster, without_a_name_it_is_its_own) {
    static const char *const names[] = {"b", NULL, "a", "b", NULL, "a", "c"};
    int cluster[7], n_seen[5] = {0};
    cr_assert_eq(problem_clusters_number(names, 7, cluster), 5);
    cr_expect_eq(cluster[0], cluster[3]);
    cr_expect_eq(cluster[2], cluster[5]);
    for (int i = 0; i < 7; i++) {
        cr_assert(cluster[i] >= 0 && cluster[i] < 5);
        n_seen[cluster[i]]++;
    }
    for (int i = 0; i < 5; i++)
        cr_expect_gt(n_seen[i], 0);
    cr_expect_eq(n_seen[cluster[1]], 1);
    cr_expect_eq(n_seen[cluster[4]], 1);
    cr_expect_eq(n_seen[cluster[6]], 1);
    cr_expect_eq(problem_clusters_number(names, 0, cluster), 0);
}
