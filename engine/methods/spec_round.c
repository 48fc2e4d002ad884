#include "engine/methods/spec_round.h"

#include "engine/methods/accept.h"
#include "engine/methods/workspace.h"

void spec_round_draw(struct spec_round *r, const struct rng *rng,
                     uint64_t index, int n_draft) {
    for (int i = 0; i <= n_draft; i++) {
        uint64_t at = index + (uint64_t)i;
        r->u_target[i] = rng_u01(rng, RNG_TARGET, at);
        r->u_accept[i] = rng_u01(rng, RNG_ACCEPT, at);
        r->u_residual[i] = rng_u01(rng, RNG_RESIDUAL, at);
    }
}

int spec_round_decide(const struct spec_round *r, const struct workspace *w,
                      int accept, int32_t *next) {
    struct accept_round a = {
        .n_vocab = w->n_vocab,
        .n_draft = r->n,
        .draft = r->draft,
        .p = w->p,
        .p_total = r->p_total,
        .q = w->q,
        .q_total = r->q_total,
        .u_target = r->u_target,
        .u_accept = r->u_accept,
        .u_residual = r->u_residual,
    };
    return accept == ACCEPT_EXACT ? accept_exact(&a, next)
                                  : accept_rejection(&a, next);
}

int spec_catch_up(const struct vocab_map *map, struct lm_seq *drafter,
                  const int32_t *tokens, int n, int *n_read, bool *ready,
                  struct error *err) {
    const int32_t *ids;
    int room = lm_n_free(drafter);
    *ready = true;
    for (int i = *n_read; i < n && *ready; i++) {
        int n_ids = vocab_map_read(map, &tokens[i], &ids);
        room -= n_ids;
        *ready = n_ids >= 0 && room >= 0;
    }
    if (!*ready) return 0;
    for (; *n_read < n; ++*n_read) {
        int n_ids = vocab_map_read(map, &tokens[*n_read], &ids);
        if (lm_push(drafter, ids, n_ids, err)) return -1;
    }
    return 0;
}
