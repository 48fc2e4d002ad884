// Our logits against float64 reference logits of small random models, at every
// instruction set that this CPU has. The bound is the error that llama.cpp
// makes on the same file (peer.csv), 1e-10 where it has none.

#include "engine/base/error.h"
#include "engine/lm/lm.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REFERENCE "../shared/reference/engine/"
enum { N_TOKENS = 48, N_VOCAB = 320 };

static int read_tokens(int32_t tokens[N_TOKENS]) {
    FILE *f = fopen(REFERENCE "tokens.txt", "r");
    cr_assert_not_null(f);
    int n = 0;
    while (n < N_TOKENS && fscanf(f, "%d", &tokens[n]) == 1)
        n++;
    fclose(f);
    return n;
}

static float *read_reference(const char *model) {
    char path[256];
    snprintf(path, sizeof path, REFERENCE "%.*s.logits.f32",
             (int)(strlen(model) - strlen(".gguf")), model);
    float *ref = malloc(sizeof(float) * N_TOKENS * N_VOCAB);
    FILE *f = fopen(path, "rb");
    cr_assert_not_null(f, "%s", path);
    cr_assert_eq(fread(ref, sizeof(float), N_TOKENS * N_VOCAB, f),
                 N_TOKENS * N_VOCAB);
    fclose(f);
    return ref;
}

// Normalised mean square error over all rows; evaluates them in one batch.
static double nmse(struct lm *lm, const int32_t *tokens, const float *ref,
                   float *first_row) {
    struct error err = {0};
    struct lm_seq *s = lm_seq_new(lm, &err);
    int positions[N_TOKENS];
    const float *rows[N_TOKENS];
    cr_assert_not_null(s, "%s", err.text);
    for (int i = 0; i < N_TOKENS; i++)
        positions[i] = i + 1;
    cr_assert_eq(lm_push(s, tokens, N_TOKENS, &err), 0, "%s", err.text);
    cr_assert_eq(lm_rows(s, positions, N_TOKENS, rows, &err), 0, "%s",
                 err.text);
    double error = 0, norm = 0;
    for (int t = 0; t < N_TOKENS; t++) {
        for (int i = 0; i < N_VOCAB; i++) {
            double r = (double)ref[t * N_VOCAB + i];
            double d = (double)rows[t][i] - r;
            error += d * d;
            norm += r * r;
        }
    }
    memcpy(first_row, rows[N_TOKENS - 1], N_VOCAB * sizeof(float));
    lm_seq_free(s);
    return error / norm;
}

static void conform(const char *model, double peer) {
    static const char *const isas[] = {"ref", "avx2", "avx512", "neon"};
    char path[256];
    int32_t tokens[N_TOKENS];
    float reference_bits[N_VOCAB], bits[N_VOCAB];
    struct error err = {0};
    snprintf(path, sizeof path, REFERENCE "%s", model);
    cr_assert_eq(read_tokens(tokens), N_TOKENS);
    float *ref = read_reference(model);
    double bound = peer > 0 ? peer : 1e-10;
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        struct lm_native_options o = {
            .isa = isas[i], .n_threads = 1, .n_seq = 1, .n_rows = N_TOKENS};
        struct lm *lm = lm_native_open(path, &o, &err);
        if (!lm && err.kind == ERR_UNSUPPORTED) {
            if (i > 0) continue; // this CPU lacks it
            fprintf(stderr, "skip: %s: %s\n", model, err.text);
            break;
        }
        cr_assert_not_null(lm, "%s", err.text);
        double e = nmse(lm, tokens, ref, i == 0 ? reference_bits : bits);
        fprintf(stderr, "conformance %-22s %-6s nmse %.3g (peer %.3g)\n", model,
                isas[i], e, peer);
        cr_expect_leq(e, bound, "%s %s: %g > %g", model, isas[i], e, bound);
        if (i > 0)
            cr_expect_arr_eq(bits, reference_bits, sizeof bits, "%s: %s: bits",
                             model, isas[i]);
        lm_free(lm);
    }
    free(ref);
}

Test(conformance, is_at_most_the_peers_error, .timeout = 120) {
    FILE *f = fopen(REFERENCE "peer.csv", "r");
    if (!f) cr_skip_test("skip: no " REFERENCE);
    char line[256], model[128];
    cr_assert_not_null(fgets(line, sizeof line, f));
    while (fgets(line, sizeof line, f)) {
        double peer = 0;
        if (sscanf(line, "%127[^,],%lf", model, &peer) >= 1)
            conform(model, peer);
    }
    fclose(f);
}
