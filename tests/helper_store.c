#include "tests/helper_store.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/version.h"
#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

void helper_store_init(struct helper_store *h) {
    static const char *const ids[] = {"p0", "p1", "p2"};
    static const char *const hashes[] = {"h0", "h1", "h2"};
    *h = (struct helper_store){0};
    for (int i = 0; i < HELPER_PROBLEMS; i++) {
        h->problems[i] =
            (struct manifest_problem){.id = ids[i], .hash = hashes[i]};
    }
    h->dataset = (struct manifest_dataset){.name = "set",
                                           .path = "set.jsonl",
                                           .grader = "number",
                                           .hash = "hs",
                                           .problems = h->problems,
                                           .n_problems = HELPER_PROBLEMS};
    h->settings[0] = (struct manifest_setting){"temperature", "0.6", true};
    h->settings[1] = (struct manifest_setting){"threshold", "7", false};
    h->cells[0] = (struct manifest_cell){.id = "aaaaaaaaaa",
                                         .base = "big",
                                         .draft = "",
                                         .prm = "",
                                         .method = "vanilla",
                                         .label = "vanilla",
                                         .variant = "",
                                         .threshold = NAN,
                                         .settings = h->settings,
                                         .n_settings = 1};
    h->cells[1] = (struct manifest_cell){.id = "bbbbbbbbbb",
                                         .base = "big",
                                         .draft = "small",
                                         .prm = "",
                                         .method = "specreason",
                                         .label = "specreason",
                                         .variant = "",
                                         .threshold = 7,
                                         .settings = h->settings,
                                         .n_settings = 2};
    h->cells[2] = h->cells[0];
    h->cells[2].id = "cccccccccc";
    h->cells[2].draft = "small";
    h->cells[2].method = h->cells[2].label = "specdecode";
    h->model = (struct manifest_model){.name = "big",
                                       .path = "big.gguf",
                                       .hash = "m",
                                       .backend = "native",
                                       .arch = "qwen3",
                                       .vocab_hash = "v",
                                       .n_params = 5};
    h->session = (struct manifest_session){.started = "2026-01-01T00:00:00Z",
                                           .host = "h",
                                           .cpu = "c",
                                           .kernels = "ref",
                                           .version = "0",
                                           .machine = "m0",
                                           .n_cpus = 2,
                                           .threads = 1,
                                           .workers = 1,
                                           .wall_s = NAN};
    h->manifest = (struct manifest){.version = "0",
                                    .sample_version = 1,
                                    .grader_version = GRADER_VERSION,
                                    .name = "hand",
                                    .question = "?",
                                    .config = "name: hand\n",
                                    .seed = 1,
                                    .k = HELPER_K,
                                    .mode = MODE_LATENCY,
                                    .concurrency = 1,
                                    .baseline = "vanilla",
                                    .confidence = 0.95,
                                    .models = &h->model,
                                    .n_models = 1,
                                    .datasets = &h->dataset,
                                    .n_datasets = 1,
                                    .cells = h->cells,
                                    .n_cells = HELPER_CELLS,
                                    .sessions = &h->session,
                                    .n_sessions = 1};
}

struct sample helper_sample(const struct helper_store *h, int cell, int problem,
                            int index, double ms, int n_tokens, bool correct) {
    const struct manifest_cell *c = &h->cells[cell];
    struct sample s = {.cell = c->id,
                       .base = c->base,
                       .draft = c->draft,
                       .prm = c->prm,
                       .dataset = "set",
                       .method = c->method,
                       .label = c->label,
                       .threshold = c->threshold,
                       .problem = h->problems[problem].id,
                       .index = index,
                       .seed = 1,
                       .verdict = correct ? VERDICT_CORRECT : VERDICT_WRONG,
                       .answer = "1",
                       .reason = "",
                       .stop = STOP_ANSWER,
                       .token_hash = "t",
                       .total_ns = llround(ms * 1e6)};
    s.phase_ns[PHASE_BASE] = s.total_ns;
    s.count.kept_tokens = n_tokens;
    sample_key(c->id, h->problems[problem].hash, index, s.key);
    return s;
}

void helper_add(const char *dir, const struct sample *s) {
    struct buf line;
    buf_init(&line);
    sample_print(s, &line);
    buf_addc(&line, '\n');
    char *path = helper_path(dir, "samples.jsonl");
    helper_append(path, line.text);
    free(path);
    buf_release(&line);
}

void helper_fill(const struct helper_store *h, const char *dir) {
    struct error err;
    cr_assert_eq(manifest_save(&h->manifest, dir, &err), 0, "%s", err.text);
    for (int p = 0; p < HELPER_PROBLEMS; p++) {
        for (int k = 0; k < HELPER_K; k++) {
            double ms = 10 << p;
            struct sample a = helper_sample(h, 0, p, k, ms, 10, true);
            struct sample b =
                helper_sample(h, 1, p, k, ms / 2, 10, p != 2 || k != 1);
            struct sample c = helper_sample(h, 2, p, k, ms, 10, true);
            helper_add(dir, &a);
            helper_add(dir, &b);
            helper_add(dir, &c);
        }
    }
}
