#include "harness/compare/cell_times.h"

#include "engine/base/error.h"
#include "harness/report.h"
#include "harness/sample_record.h"
#include "tests/helper_dir.h"
#include "tests/helper_store.h"

#include <criterion/criterion.h>
#include <string.h>

// A and B are folders of the hand-written store; B's is changed.
static struct times_comparison compare_first(struct helper_store *a,
                                             struct helper_store *b) {
    struct report ra, rb;
    struct error err = {0};
    char *dir_a = helper_dir_new(), *dir_b = helper_dir_new();
    helper_fill(a, dir_a);
    helper_fill(b, dir_b);
    cr_assert_eq(report_open(&ra, dir_a, false, &err), 0, "%s", err.text);
    cr_assert_eq(report_open(&rb, dir_b, false, &err), 0, "%s", err.text);
    struct times_comparison t =
        cell_times_compare(&ra, ra.cells, &rb, rb.cells);
    report_release(&ra);
    report_release(&rb);
    helper_dir_free(dir_a);
    helper_dir_free(dir_b);
    return t;
}

static void expect(void (*change)(struct helper_store *),
                   enum times_obstacle obstacle, const char *text) {
    struct helper_store a, b;
    helper_store_init(&a);
    helper_store_init(&b);
    if (change) change(&b);
    struct times_comparison t = compare_first(&a, &b);
    cr_assert_eq(t.obstacle, obstacle, "%s", t.text);
    cr_assert_str_eq(t.text, text);
    t = compare_first(&b, &a);
    cr_assert_eq(t.obstacle, obstacle, "%s", t.text);
    cr_assert_eq(strlen(t.text), strlen(text));
}

static void on_another_machine(struct helper_store *h) {
    h->session.machine = "m1";
}

static void on_an_unknown_machine(struct helper_store *h) {
    h->session.machine = "";
}

static void with_more_threads(struct helper_store *h) {
    h->session.threads = 2;
}

static void with_more_workers(struct helper_store *h) {
    h->session.workers = 4;
}

static void of_a_virtual_clock(struct helper_store *h) {
    h->manifest.virtual_time = true;
}

Test(cell_times, says_what_cannot_be_compared) {
    expect(NULL, TIMES_COMPARABLE, "");
    expect(on_another_machine, TIMES_MACHINES, "times of different machines");
    expect(on_an_unknown_machine, TIMES_MACHINES,
           "times of different machines");
    expect(with_more_threads, TIMES_THREADS, "times with 1 and 2 threads");
    expect(with_more_workers, TIMES_THREADS, "times with 1 and 4 workers");
    expect(of_a_virtual_clock, TIMES_CLOCKS,
           "times of a virtual clock against real ones");
}

// A virtual clock is the same everywhere.
Test(cell_times, virtual_times_have_no_machine) {
    struct helper_store a, b;
    helper_store_init(&a);
    helper_store_init(&b);
    a.manifest.virtual_time = b.manifest.virtual_time = true;
    on_another_machine(&b);
    b.cells[2].id = "dddddddddd"; // another run
    cr_assert_eq(compare_first(&a, &b).obstacle, TIMES_COMPARABLE);
    cr_assert(compare_first(&a, &b).interleaved);
}

// The cells of one folder; vanilla's samples are changed one by one.
struct folder {
    struct helper_store h;
    struct manifest_session sessions[2];
    char *dir;
};

static void folder_init(struct folder *f) {
    helper_store_init(&f->h);
    f->sessions[0] = f->sessions[1] = f->h.session;
    f->h.manifest.sessions = f->sessions;
    f->h.manifest.n_sessions = 2;
    f->h.manifest.n_cells = 2;
    f->dir = helper_dir_new();
}

// Samples of cell i are of session of_cell[i]; those of the second cell have no
// times, as they have failed, unless `timed`.
static struct times_comparison compare_cells(struct folder *f,
                                             const int *of_cell, bool timed) {
    struct report r;
    struct error err = {0};
    cr_assert_eq(manifest_save(&f->h.manifest, f->dir, NULL), 0);
    for (int i = 0; i < 2 * HELPER_PROBLEMS * HELPER_K; i++) {
        int at = i / 2;
        struct sample s = helper_sample(&f->h, i % 2, at / HELPER_K,
                                        at % HELPER_K, 1, 1, true);
        s.session = of_cell[i % 2];
        if (!timed && i % 2) {
            s.error = "does not fit";
            s.verdict = VERDICT_UNGRADED;
        }
        helper_add(f->dir, &s);
    }
    cr_assert_eq(report_open(&r, f->dir, false, &err), 0, "%s", err.text);
    struct times_comparison t =
        cell_times_compare(&r, &r.cells[0], &r, &r.cells[1]);
    report_release(&r);
    helper_dir_free(f->dir);
    return t;
}

Test(cell_times, cells_of_one_session_are_interleaved) {
    struct folder f;
    folder_init(&f);
    struct times_comparison t = compare_cells(&f, (int[]){0, 0}, true);
    cr_assert_eq(t.obstacle, TIMES_COMPARABLE);
    cr_assert(t.interleaved);
    folder_init(&f);
    t = compare_cells(&f, (int[]){0, 1}, true);
    cr_assert_eq(t.obstacle, TIMES_COMPARABLE);
    cr_assert_not(t.interleaved);
}

Test(cell_times, cells_of_one_folder_may_be_of_two_machines) {
    struct folder f;
    folder_init(&f);
    f.sessions[1].machine = "m1";
    cr_assert_eq(compare_cells(&f, (int[]){0, 1}, true).obstacle,
                 TIMES_MACHINES);
}

Test(cell_times, a_cell_may_have_run_with_several_numbers_of_threads) {
    struct helper_store h;
    struct report r;
    struct error err = {0};
    char *dir = helper_dir_new();
    helper_store_init(&h);
    struct manifest_session sessions[] = {h.session, h.session};
    sessions[1].threads = 2;
    h.manifest.sessions = sessions;
    h.manifest.n_sessions = 2;
    h.manifest.n_cells = 1;
    cr_assert_eq(manifest_save(&h.manifest, dir, NULL), 0);
    for (int i = 0; i < HELPER_PROBLEMS * HELPER_K; i++) {
        struct sample s =
            helper_sample(&h, 0, i / HELPER_K, i % HELPER_K, 1, 1, true);
        s.session = i % 2;
        helper_add(dir, &s);
    }
    cr_assert_eq(report_open(&r, dir, false, &err), 0, "%s", err.text);
    struct times_comparison t = cell_times_compare(&r, r.cells, &r, r.cells);
    cr_assert_eq(t.obstacle, TIMES_THREADS);
    cr_assert_str_eq(t.text, "times with different numbers of threads");
    report_release(&r);
    helper_dir_free(dir);
}

Test(cell_times, failed_samples_have_no_times) {
    struct folder f;
    folder_init(&f);
    struct times_comparison t = compare_cells(&f, (int[]){0, 0}, false);
    cr_assert_eq(t.obstacle, TIMES_NONE);
    cr_assert_str_eq(t.text, "B has no times");
    cr_assert(t.timed_a && !t.timed_b);
}

// A copy of a folder is the same run; another file of samples is another one.
Test(cell_times, two_runs_are_not_interleaved) {
    struct helper_store a, b;
    helper_store_init(&a);
    helper_store_init(&b);
    cr_assert(compare_first(&a, &b).interleaved);
    b.cells[2].id = "dddddddddd";
    cr_assert_not(compare_first(&a, &b).interleaved);
}
