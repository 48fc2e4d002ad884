#include "engine/methods/vanilla.h"

#include "engine/methods/generate.h"

// The base model alone: the reference for accuracy and speed. It does not
// pause between steps; they are recorded as they go by.

static int vanilla_solve(struct workspace *w, const struct settings *s,
                         const struct rng *rng, struct trace *t,
                         struct error *err) {
    struct sample m;
    sample_init(&m, w, s, rng, t);
    if (generate(&m, false, err)) return -1;
    return sample_finish(&m, err);
}

const struct method method_vanilla = {
    .name = "vanilla",
    .help = "the base model writes everything",
    .bit = BIT_VANILLA,
    .base_caps = LM_CAP_LOGITS,
    .solve = vanilla_solve,
};
