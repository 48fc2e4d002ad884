#include "engine/methods/beam.h"

#include "tests/helper_search.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SEED = 2 };

// ---- the base alone ---------------------------------------------------------

// Beam width 2, tree width 3. The base's draws: 0-2 give c, b, a.
//   layer 1  c 0.70, b 0.80, a 0.60: on with b and c
//   layer 2  b, draws 3-5: a b a, so ba twice 0.50 and bb 0.90
//            c, draws 6-8: b 1 a, so cb 0.75, c1 0.85, ca 0.20
//            best two: bb, and c1, which is an answer: one place left
//   layer 3  bb, draws 9-11: a a X, so bba twice 0.60 and bbX 0.55: bba
//   layer 4  bba, draws 12-14: 3 3 3, so bba3 thrice 0.90, an answer
// Finished: c1 (last 0.85, least 0.70), bba3 (last 0.90, least 0.60).
static const struct wood_place alone[] = {
    {"", 0, "abc", NULL},      {"a", 0.6, "a", NULL},
    {"b", 0.8, "ab", NULL},    {"c", 0.7, "1ab", NULL},
    {"ba", 0.5, "a", NULL},    {"bb", 0.9, "Xa", NULL},
    {"ca", 0.2, "a", NULL},    {"cb", 0.75, "a", NULL},
    {"c1", 0.85, NULL, NULL},  {"bba", 0.6, "3", NULL},
    {"bbX", 0.55, "3", NULL},  {"bbX3", 0.9, NULL, NULL},
    {"bba3", 0.9, NULL, NULL}, {NULL, 0, NULL, NULL},
};

static const char alone_account[] = "c base pruned 0.70 - 1\n"
                                    "b base kept 0.80 - 1\n"
                                    "a base pruned 0.60 - 1\n"
                                    "ba base pruned 0.50 - 2\n"
                                    "bb base kept 0.90 - 1\n"
                                    "cb base pruned 0.75 - 1\n"
                                    "c1 base pruned 0.85 - 1\n"
                                    "ca base pruned 0.20 - 1\n"
                                    "bba base kept 0.60 - 2\n"
                                    "bbX base pruned 0.55 - 1\n"
                                    "bba3 base kept 0.90 - 3\n";

Test(beam, grows_the_tree_worked_out_by_hand) {
    struct wood p;
    wood_open(&p, alone, SEED);
    wood_expect_drawn(&p, RNG_TARGET, 0, "abc", "cba");
    wood_expect_drawn(&p, RNG_TARGET, 3, "ab", "aba");
    wood_expect_drawn(&p, RNG_TARGET, 6, "1ab", "b1a");
    wood_expect_drawn(&p, RNG_TARGET, 9, "Xa", "aaX");
    wood_solve(&p, "search-ar");
    wood_expect(&p, alone_account);
    cr_expect_eq(p.t.stop, STOP_ANSWER);
    cr_expect_str_eq(p.t.response, "b\n\nb\n\na\n\n3\\boxed{3}");
    cr_expect_eq(p.t.count.kept_tokens, 19);
    cr_expect_eq(p.t.count.kept_from_draft, 0);
    cr_expect(p.t.tree);
    p.s.choose = CHOOSE_MIN;
    wood_solve(&p, "search-ar");
    wood_expect_kept(&p, "c1", STOP_ANSWER);
    cr_expect_str_eq(p.t.response, "c\n\n1\\boxed{1}");
    wood_close(&p);
}

Test(beam, the_drafter_changes_no_node_under_the_exact_rule) {
    struct wood p;
    wood_open(&p, alone, SEED);
    wood_solve(&p, "search-sps");
    wood_expect(&p, alone_account);
    cr_expect_gt(p.t.count.spec_accepted, 0);
    cr_expect_gt(p.t.count.evaluated[ROLE_DRAFT], 0);
    wood_close(&p);
}

// ---- SpecSearch -------------------------------------------------------------

// Beam width 2, tree width 3, 6 drafts a parent, theta 0.9, best score, of the
// base's thoughts and accepted drafts.
//   layer 1  the base, draws 0-2: c 0.70, b 0.80, a 0.60. Threshold 0.80; on
//            with b and c
//   layer 2  b, drafts 3-8: a d a a b d, so ba thrice 0.81, bd twice 0.82, bb
//            0.90: bb has one place, bd two, none is left for ba
//            c, drafts 9-14: b a 1 1 a b, so cb 0.75 and ca 0.20, rejected,
//            and c1 twice 0.85: one place left for the base, draw 15: cb 0.75
//            Threshold 0.9 * 0.80 + 0.1 * 0.90 = 0.81; best two: bb and c1, an
//            answer: one place left
//   layer 3  bb, drafts 16-21: a a a a b a, so bba five times 0.71 and bbb
//            0.60, both rejected. The base, draws 22-24: a 2 2, so bba 0.71
//            and bb2 twice 0.65. Threshold 0.9 * 0.81 + 0.1 * 0.71 = 0.80; on
//            with bba
//   layer 4  bba, drafts 25-30: 3 3 a 3 a a, so bba3 thrice 0.90, which takes
//            all places, and bbaa thrice 0.805, surplus. bba3 is an answer
// Finished: c1 0.85, bba3 0.90.
static const struct wood_place spec[] = {
    {"", 0, "abc", NULL},        {"a", 0.6, "a", NULL},
    {"b", 0.8, "ab", "abd"},     {"c", 0.7, "1ab", NULL},
    {"ba", 0.81, "a", NULL},     {"bb", 0.9, "2ab", "ab"},
    {"bd", 0.82, "a", NULL},     {"ca", 0.2, "a", NULL},
    {"cb", 0.75, "a", NULL},     {"c1", 0.85, NULL, NULL},
    {"bba", 0.71, "3", "3a"},    {"bbb", 0.6, "a", NULL},
    {"bb2", 0.65, NULL, NULL},   {"bba3", 0.9, NULL, NULL},
    {"bbaa", 0.805, NULL, NULL}, {NULL, 0, NULL, NULL},
};

static const char spec_account[] = "c base pruned 0.70 - 1\n"
                                   "b base kept 0.80 - 1\n"
                                   "a base pruned 0.60 - 1\n"
                                   "ba draft surplus 0.81 0.8000 3\n"
                                   "bd draft pruned 0.82 0.8000 2\n"
                                   "bb draft kept 0.90 0.8000 1\n"
                                   "cb draft rejected 0.75 0.8000 2\n"
                                   "ca draft rejected 0.20 0.8000 2\n"
                                   "c1 draft pruned 0.85 0.8000 2\n"
                                   "cb base pruned 0.75 0.8000 1\n"
                                   "bba draft rejected 0.71 0.8100 5\n"
                                   "bbb draft rejected 0.60 0.8100 1\n"
                                   "bba base kept 0.71 0.8100 1\n"
                                   "bb2 base pruned 0.65 0.8100 2\n"
                                   "bba3 draft kept 0.90 0.8000 3\n"
                                   "bbaa draft surplus 0.81 0.8000 3\n";

static void expect_spec_draws(const struct wood *p) {
    wood_expect_drawn(p, RNG_DRAFT, 3, "abd", "adaabd");
    wood_expect_drawn(p, RNG_DRAFT, 9, "1ab", "ba11ab");
    wood_expect_drawn(p, RNG_TARGET, 15, "1ab", "b");
    wood_expect_drawn(p, RNG_DRAFT, 16, "ab", "aaaaba");
    wood_expect_drawn(p, RNG_TARGET, 22, "2ab", "a22");
    wood_expect_drawn(p, RNG_DRAFT, 25, "3a", "33a3aa");
}

Test(beam, specsearch_follows_the_hand_worked_thresholds) {
    struct wood p;
    wood_open(&p, spec, SEED);
    expect_spec_draws(&p);
    wood_solve(&p, "specsearch");
    wood_expect(&p, spec_account);
    cr_expect_eq(p.t.stop, STOP_ANSWER);
    cr_expect_str_eq(p.t.response, "b\n\nb\n\na\n\n3\\boxed{3}");
    // bb and bba3: 3 + 10 tokens.
    const struct counters *c = &p.t.count;
    cr_expect_eq(c->kept_from_draft, 13);
    cr_expect_eq(c->step_tokens_discarded, c->step_tokens_drafted - 13);
    wood_close(&p);
}

// Without the accepted drafts: 0.9 * 0.80 + 0.1 * 0.75 = 0.795 after layer 2,
// 0.9 * 0.795 + 0.1 * 0.71 = 0.7865 after layer 3; decisions are the same.
Test(beam, the_threshold_may_follow_the_base_alone) {
    struct wood p;
    char got[2048];
    wood_open(&p, spec, SEED);
    p.s.quality_input = QUALITY_BASE;
    wood_solve(&p, "specsearch");
    wood_account(&p, got, sizeof got);
    cr_expect(strstr(got, "cb base pruned 0.75 0.8000 1\n"
                          "bba draft rejected 0.71 0.7950 5\n"),
              "%s", got);
    cr_expect(strstr(got, "bba3 draft kept 0.90 0.7865 3\n"), "%s", got);
    wood_close(&p);
}

// The mean, with the accepted drafts: 0.70 after layer 1. Then cb 0.75 is good
// enough for the third place after c, so the base writes nothing: the mean of
// 0.82, 0.90, 0.75 and 0.85 is 0.83, and the threshold 0.9 * 0.70 + 0.1 * 0.83
// = 0.713, which bba and bbb miss. The base, draws 21-23: 2 a 2, mean 0.68, so
// 0.9 * 0.713 + 0.1 * 0.68 = 0.7097.
Test(beam, scores_of_drafts_without_a_place_move_no_threshold) {
    struct wood p;
    char got[2048];
    wood_open(&p, spec, SEED);
    wood_expect_drawn(&p, RNG_TARGET, 21, "2ab", "2a2");
    p.s.quality = QUALITY_MEAN;
    wood_solve(&p, "specsearch");
    wood_account(&p, got, sizeof got);
    cr_expect(strstr(got, "cb draft pruned 0.75 0.7000 2\n"
                          "ca draft rejected 0.20 0.7000 2\n"
                          "c1 draft pruned 0.85 0.7000 2\n"
                          "bbb draft rejected 0.60 0.7130 2\n"
                          "bba draft rejected 0.71 0.7130 4\n"
                          "bb2 base pruned 0.65 0.7130 2\n"
                          "bba base kept 0.71 0.7130 1\n"
                          "bbaa draft surplus 0.81 0.7097 3\n"
                          "bba3 draft kept 0.90 0.7097 3\n"),
              "%s", got);
    wood_close(&p);
}

Test(beam, rewriting_alone_writes_the_same_thoughts) {
    struct wood p;
    wood_open(&p, spec, SEED);
    p.s.rewrite = REWRITE_AR;
    wood_solve(&p, "specsearch");
    wood_expect(&p, spec_account);
    cr_expect_eq(p.t.count.spec_drafted, 0);
    wood_close(&p);
}
