#include "harness/report.h"

#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"
#include "tests/helper_table.h"

#include <criterion/criterion.h>

// 48 samples of 1, 2, ..., 48 ms, dealt to three problems in turn: as good as
// independent. The 17th and the 32nd are around the median; for p90 they are
// worth 47 (R, as tests/golden/series.R does), of which the 38th and the 47th
// are the 38th and the 48th of 48. mad(1:48) = 17.7912; p99 needs 100 samples.
// Means of the problems 23.5, 24.5, 25.5: se .577.
Test(table_latency, quantiles_have_intervals) {
    struct helper_store h;
    struct error err;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    h.manifest.k = 16;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    for (int i = 0; i < 48; i++) {
        struct sample s = helper_sample(&h, 0, i % 3, i / 3, i + 1, 10, true);
        helper_add(dir, &s);
    }
    helper_expect_rows(dir, &table_latency,
                       "big,,set,vanilla,,24.500,24.500,17.000,32.000,43.300,"
                       "38.000,48.000,,,,17.791,10.0,408.2,0.577,48,0.000,"
                       "24.500,0.000,0.000,0.000,0.000,,,,,aaaaaaaa\n");
    helper_dir_free(dir);
}

// From two samples on there is a median, from ten a p90; intervals need more.
Test(table_latency, quantiles_need_samples) {
    struct helper_store h;
    struct error err;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    h.manifest.n_cells = 1;
    h.dataset.n_problems = 1;
    h.manifest.k = 10;
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    for (int i = 0; i < 10; i++) {
        struct sample s = helper_sample(&h, 0, 0, i, i + 1, 10, true);
        helper_add(dir, &s);
        static const char *const rows[] = {
            [0] = "big,,set,vanilla,,1.000,,,,,,,,,,0.000,10.0,10000.0,,1,"
                  "0.000,1.000,0.000,0.000,0.000,0.000,invalid,9,,,aaaaaaaa\n",
            [1] = "big,,set,vanilla,,1.500,1.500,,,,,,,,,0.741,10.0,6666.7,,2,"
                  "0.000,1.500,0.000,0.000,0.000,0.000,invalid,8,,,aaaaaaaa\n",
            [8] = "big,,set,vanilla,,5.000,5.000,,,,,,,,,2.965,10.0,2000.0,,9,"
                  "0.000,5.000,0.000,0.000,0.000,0.000,invalid,1,,,aaaaaaaa\n",
            [9] = "big,,set,vanilla,,5.500,5.500,,,9.100,,,,,,3.706,10.0,"
                  "1818.2,,10,0.000,5.500,0.000,0.000,0.000,0.000,,,,,"
                  "aaaaaaaa\n"};
        if (rows[i]) helper_expect_partial_rows(dir, &table_latency, rows[i]);
    }
    helper_dir_free(dir);
}
