#include "harness/report.h"

#include "engine/base/error.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"
#include "tests/helper_table.h"

#include <criterion/criterion.h>

// A is as it should be but for two samples that were cut off; B writes half as
// much as A and lacks a sample; C has one that failed and one without a
// verdict.
Test(table_validity, a_column_for_every_check) {
    struct helper_store h;
    struct error err;
    char *dir = helper_dir_new();
    helper_store_init(&h);
    cr_assert_eq(manifest_save(&h.manifest, dir, &err), 0);
    for (int i = 0; i < 6; i++) {
        struct sample a = helper_sample(&h, 0, i / 2, i % 2, 10, 10, true);
        struct sample b = helper_sample(&h, 1, i / 2, i % 2, 10, 5, true);
        struct sample c = helper_sample(&h, 2, i / 2, i % 2, 10, 10, true);
        if (i > 3) a.stop = STOP_BUDGET;
        if (i < 2) c.verdict = VERDICT_UNGRADED;
        if (!i) c.error = "no";
        helper_add(dir, &a);
        if (i) helper_add(dir, &b);
        helper_add(dir, &c);
    }
    helper_expect_rows(
        dir, &table_validity,
        "big,,set,vanilla,,suspect,33.3 % truncated (limit 5 %),0.0,0.0,0.0,"
        "33.3,,1,,,,,,,aaaaaaaa\n"
        "big,small,set,specreason,7.0,invalid,16.7 % missing (limit 5 %); "
        "-50.0 % kept tokens against the baseline (limit 10 %),16.7,0.0,0.0,"
        "0.0,-50.0,1,,,,1,,,bbbbbbbb\n"
        "big,small,set,specdecode,,invalid,16.7 % failed (limit 5 %); 16.7 % "
        "ungraded (limit 2 %),0.0,16.7,16.7,0.0,0.0,1,,,,,1,,cccccccc\n");
    helper_dir_free(dir);
}
