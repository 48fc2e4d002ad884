#include "engine/methods/specdecode.h"

#include "engine/methods/generate.h"

// Vanilla with the drafter attached: token-level speculative decoding of the
// base, the standard
// baseline of the papers.

static int specdecode_solve(struct workspace *w, const struct settings *s,
                            const struct rng *rng, struct trace *t,
                            struct error *err) {
    struct sample m;
    sample_init(&m, w, s, rng, t);
    m.speculate = true;
    if (generate(&m, false, err)) return -1;
    return sample_finish(&m, err);
}

const struct method method_specdecode = {
    .name = "specdecode",
    .help = "the draft writes a few tokens ahead, the base verifies them",
    .bit = BIT_SPECDECODE,
    .needs = METHOD_NEEDS_DRAFT | METHOD_EXCHANGES_IDS,
    .base_caps = LM_CAP_LOGITS,
    .draft_caps = LM_CAP_LOGITS,
    .solve = specdecode_solve,
};
