#include "harness/show.h"

#include "harness/sample_record.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static char *shown_as(const struct sample *s, const struct show_options *o) {
    char *text;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    show_sample(s, o, out);
    fclose(out);
    return text;
}

static char *shown(const struct sample *s, bool color) {
    return shown_as(s, &(struct show_options){.color = color, .depth = 1000});
}

static struct sample make(struct sample_step *step, const char *text) {
    *step = (struct sample_step){.author = AUTHOR_DRAFT,
                                 .judged = true,
                                 .score = 3,
                                 .threshold = 7,
                                 .n_tokens = 4,
                                 .time_ns = 1500000,
                                 .text = text,
                                 .n_bytes = strlen(text)};
    return (struct sample){.cell = "0123456789",
                           .base = "b",
                           .draft = "d",
                           .prm = "",
                           .dataset = "s",
                           .method = "m",
                           .label = "m",
                           .threshold = NAN,
                           .problem = "p",
                           .answer = "",
                           .reason = "",
                           .steps = step,
                           .n_steps = 1};
}

// A model's text must not reach the terminal as commands.
Test(show, control_characters_are_shown_as_question_marks) {
    struct sample_step step;
    struct sample s = make(&step, "a\033[2Jb\x07 \xc2\x9b c\xff\nd\x7f");
    char *text = shown(&s, false);
    cr_assert(strstr(text, "| a?[2Jb? ? c?\n     | d?"), "%s", text);
    cr_assert_null(strchr(text, '\033'));
    free(text);
}

Test(show, dropped_steps_are_dim_in_colour) {
    struct sample_step step;
    struct sample s = make(&step, "x\n\n");
    char *text = shown(&s, true);
    cr_assert(strstr(text, "\033[2m  1  draft  dropped"), "%s", text);
    cr_assert(strstr(text, "score 3, threshold 7"), "%s", text);
    cr_assert(strstr(text, "4 tokens  1.500 ms\n     | x\033[0m"), "%s", text);
    free(text);
}

// ---- trees ----------------------------------------------------------------

static struct sample_step node(int parent, enum author author,
                               enum decision decision, double score,
                               const char *text) {
    return (struct sample_step){.author = author,
                                .kept = decision == DECISION_KEPT,
                                .judged = true,
                                .score = score,
                                .second = NAN,
                                .threshold = parent < 0 ? NAN : 0.75,
                                .decision = decision,
                                .parent = parent,
                                .n_copies = 1,
                                .n_tokens = 4,
                                .time_ns = 1500000,
                                .text = text,
                                .n_bytes = strlen(text)};
}

enum { N_NODES = 7 };

static struct sample make_tree(struct sample_step nodes[N_NODES]) {
    nodes[0] = node(-1, AUTHOR_BASE, DECISION_KEPT, 0.9, "3+4=7\n\n");
    nodes[1] = node(-1, AUTHOR_BASE, DECISION_PRUNED, 0.5, "3+4=8\n\n");
    nodes[2] = node(0, AUTHOR_DRAFT, DECISION_REJECTED, 0.12345, "a\nb\n\n");
    nodes[3] = node(1, AUTHOR_DRAFT, DECISION_SURPLUS, 0.8, "8*2=16\n\n");
    nodes[4] = node(0, AUTHOR_DRAFT, DECISION_KEPT, 0.85, "7*2=14\n\n");
    nodes[5] = node(4, AUTHOR_BASE, DECISION_PRUNED, 0.3, "15");
    nodes[6] = node(4, AUTHOR_BASE, DECISION_KEPT, 0.95, "\\boxed{14}");
    nodes[1].n_copies = 3;
    nodes[6].second = 0.5;
    struct sample s = make(&nodes[0], nodes[0].text);
    nodes[0] = node(-1, AUTHOR_BASE, DECISION_KEPT, 0.9, "3+4=7\n\n");
    s.n_steps = N_NODES;
    s.tree = true;
    s.prm = "judge7";
    s.count.calls[ROLE_PRM] = 3;
    s.count.evaluated[ROLE_PRM] = 40;
    return s;
}

static const char whole_tree[] =
    "├── * base  kept  score 0.900  4 tokens  1.500 ms\n"
    "│   │   3+4=7\n"
    "│   ├── draft  rejected  score 0.123  threshold 0.750  4 tokens  1.500 "
    "ms\n"
    "│   │       a\n"
    "│   │       b\n"
    "│   └── * draft  kept  score 0.850  threshold 0.750  4 tokens  1.500 ms\n"
    "│       │   7*2=14\n"
    "│       ├── base  pruned  score 0.300  threshold 0.750  4 tokens  1.500 "
    "ms\n"
    "│       │       15\n"
    "│       └── * base  kept  score 0.950  threshold 0.750  second 0.500  4 "
    "tokens  1.500 ms\n"
    "│               \\boxed{14}\n"
    "└── base  pruned  score 0.500  x3  4 tokens  1.500 ms\n"
    "    │   3+4=8\n"
    "    └── draft  surplus  score 0.800  threshold 0.750  4 tokens  1.500 "
    "ms\n"
    "            8*2=16\n";

static void expect_end(const char *text, const char *end) {
    size_t n = strlen(text), n_end = strlen(end);
    cr_assert(n >= n_end && !strcmp(text + n - n_end, end), "%s", text);
}

Test(show, a_search_is_drawn_as_a_tree) {
    struct sample_step nodes[N_NODES];
    struct sample s = make_tree(nodes);
    char *text = shown(&s, false);
    expect_end(text, whole_tree);
    cr_assert(strstr(text, "\nprm       judge7\n"), "%s", text);
    cr_assert(strstr(text, "\nprm       40 tokens read in 3 calls\n"), "%s",
              text);
    cr_assert(strstr(text, "\nthoughts  4 by the base, 3 by the draft, 2 "
                           "copies; 3 kept, 1 rejected, 1 surplus, 2 pruned\n"),
              "%s", text);
    free(text);
}

Test(show, a_tree_can_be_cut) {
    struct sample_step nodes[N_NODES];
    struct sample s = make_tree(nodes);
    char *text = shown_as(&s, &(struct show_options){.depth = 1});
    expect_end(text,
               "\n\n"
               "├── * base  kept  score 0.900  4 tokens  1.500 ms  (4 more "
               "below)\n"
               "│       3+4=7\n"
               "└── base  pruned  score 0.500  x3  4 tokens  1.500 ms  (1 more "
               "below)\n"
               "        3+4=8\n");
    free(text);
    text =
        shown_as(&s, &(struct show_options){.depth = 1000, .kept_only = true});
    expect_end(
        text,
        "\n\n"
        "└── * base  kept  score 0.900  4 tokens  1.500 ms  (1 more below)\n"
        "    │   3+4=7\n"
        "    └── * draft  kept  score 0.850  threshold 0.750  4 tokens  1.500 "
        "ms  (1 more below)\n"
        "        │   7*2=14\n"
        "        └── * base  kept  score 0.950  threshold 0.750  second 0.500  "
        "4 tokens  1.500 ms\n"
        "                \\boxed{14}\n");
    free(text);
}

Test(show, trees_are_painted_but_for_their_bars) {
    struct sample_step nodes[N_NODES];
    struct sample s = make_tree(nodes);
    char *text = shown(&s, true);
    cr_assert(strstr(text, "├── \033[34m* base  kept"), "%s", text);
    cr_assert(strstr(text, "│   └── \033[32m* draft  kept"), "%s", text);
    cr_assert(strstr(text, "│   │       \033[2ma\n"
                           "\033[0m│   │       \033[2mb\033[0m\n"),
              "%s", text);
    free(text);
}

// A stored tree may be a chain of any length.
Test(show, deep_trees_end_somewhere) {
    enum { N = 5000 };
    struct sample_step *nodes = calloc(N, sizeof *nodes);
    struct sample s = make(&nodes[0], "x");
    for (int i = 0; i < N; i++)
        nodes[i] = node(i - 1, AUTHOR_BASE, DECISION_KEPT, 1, "x");
    s.tree = true;
    s.n_steps = N;
    char *text = shown_as(&s, &(struct show_options){.depth = 1 << 30});
    cr_assert(strstr(text, "(4000 more below)\n"));
    free(text);
    free(nodes);
}

Test(show, linear_samples_can_show_kept_steps_alone) {
    struct sample_step steps[2];
    struct sample s = make(&steps[0], "dropped text");
    steps[1] = steps[0];
    steps[1].kept = true;
    steps[1].text = "kept text";
    steps[1].n_bytes = strlen("kept text");
    s.n_steps = 2;
    char *text =
        shown_as(&s, &(struct show_options){.depth = 1, .kept_only = true});
    cr_assert_null(strstr(text, "dropped text"), "%s", text);
    cr_assert(strstr(text, "kept text"), "%s", text);
    free(text);
}
