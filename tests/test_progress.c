#include "harness/progress.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char *duration(double s) {
    static char text[24];
    progress_duration(text, sizeof text, s);
    return text;
}

Test(progress, durations_are_short) {
    cr_assert_str_eq(duration(0), "0s");
    cr_assert_str_eq(duration(59.4), "59s");
    cr_assert_str_eq(duration(59.6), "1m00s");
    cr_assert_str_eq(duration(3725), "1h02m");
    cr_assert_str_eq(duration(NAN), "?");
    cr_assert_str_eq(duration(-1), "?");
    cr_assert_str_eq(duration(INFINITY), "?");
}

Test(progress, line_has_share_accuracy_and_eta) {
    char line[256];
    struct progress p = {.n_total = 200,
                         .n_stored = 80,
                         .n_done = 20,
                         .n_correct = 15,
                         .start_ns = 1000000000};
    progress_line(&p, 11000000000, line, sizeof line);
    cr_assert_str_eq(line, "100/200 samples (50 %), correct 75.0 %, 10s, "
                           "ETA 50s");
    p.n_errors = 2;
    p.terminal = true;
    progress_line(&p, 11000000000, line, sizeof line);
    cr_assert_str_eq(line, "[############............] 100/200 samples (50 %), "
                           "correct 75.0 %, 2 failed, 10s, ETA 50s");
}

Test(progress, nothing_done_has_no_eta) {
    char line[256];
    struct progress p = {.n_total = 200};
    progress_line(&p, 5, line, sizeof line);
    cr_assert_str_eq(line, "0/200 samples (0 %), correct -, 0s, ETA ?");
}

Test(progress, quiet_writes_nothing) {
    char text[200] = "";
    FILE *log = fmemopen(text, sizeof text, "w");
    struct progress p;
    progress_begin(&p, log, true, 2, 0);
    progress_sample(&p, true, false);
    progress_end(&p);
    fclose(log);
    cr_assert_str_eq(text, "");
    cr_assert_eq(p.n_done, 1);
}

// A pipe gets one plain line at the end of a short run.
Test(progress, plain_line_without_terminal) {
    char text[200] = "";
    FILE *log = fmemopen(text, sizeof text, "w");
    struct progress p;
    progress_begin(&p, log, false, 2, 0);
    progress_sample(&p, true, false);
    progress_sample(&p, false, false);
    progress_end(&p);
    fclose(log);
    cr_assert(strstr(text, "2/2 samples (100 %), correct 50.0 %"), "%s", text);
    cr_assert_null(strchr(text, '\r'));
    cr_assert_null(strchr(text, '\033'));
}
