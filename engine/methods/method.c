#include "engine/methods/method.h"

#include "engine/base/error.h"
#include "engine/methods/null.h"
#include "engine/methods/prompt.h"
#include "engine/methods/sample.h"
#include "engine/methods/specdecode.h"
#include "engine/methods/specreason.h"
#include "engine/methods/vanilla.h"
#include "engine/methods/vocab_map.h"

#include <string.h>

// A new method is a file and a line here.
static const struct method *const methods[] = {
    &method_vanilla,           &method_specdecode, &method_specreason,
    &method_specreason_decode, &method_null,
};
enum { N_METHODS = sizeof methods / sizeof *methods };

const struct method *method_at(int i) {
    return i >= 0 && i < N_METHODS ? methods[i] : NULL;
}

const struct method *method_find(const char *name) {
    for (int i = 0; i < N_METHODS; i++) {
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    }
    return NULL;
}

// ---- checks ---------------------------------------------------------------

static bool needs_judge(const struct method *m, const struct settings *s) {
    unsigned judged = (unsigned)BIT_SPECREASON | BIT_SPECREASON_DECODE;
    return (m->bit & judged) && s->judge == JUDGE_DIGIT;
}

static int check_caps(const struct method *m, const struct lm *lm,
                      unsigned needed, const char *role, struct error *err) {
    if (needed & ~lm_caps(lm))
        return error_set(err, ERR_UNSUPPORTED,
                         "%s needs logits of the %s model, which backend %s "
                         "does not give",
                         m->name, role, lm_facts(lm)->backend);
    return 0;
}

static int check_prompts(const struct method *m, const struct lm *base,
                         const struct lm *draft, bool equal_vocab,
                         const struct settings *s, struct error *err) {
    struct prompt prompts[ROLE_N];
    if (prompt_resolve_pair(prompts, base, draft, equal_vocab, s, err))
        return -1;
    if (needs_judge(m, s) &&
        !prompt_grade_suffix(&prompts[ROLE_BASE], base, s, err))
        return error_prefix(err, "%s with judge digit", m->name);
    return 0;
}

int method_check(const struct method *m, const struct lm *base,
                 const struct lm *draft, const struct settings *s,
                 struct error *err) {
    if (check_caps(m, base, m->base_caps, "base", err)) return -1;
    if (m->needs & METHOD_NEEDS_DRAFT) {
        if (!draft)
            return error_set(err, ERR_USAGE, "%s needs a draft model", m->name);
        if (check_caps(m, draft, m->draft_caps, "draft", err)) return -1;
    }
    enum vocab_relation relation =
        draft ? vocab_relation(base, draft) : VOCAB_APART;
    if ((m->needs & METHOD_EXCHANGES_IDS) && relation == VOCAB_APART)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s needs a draft and a base with the same "
                         "vocabulary but for special tokens, as it exchanges "
                         "token ids; %s does not need it",
                         m->name, method_specreason.name);
    if (!(m->needs & METHOD_NEEDS_DRAFT)) draft = NULL;
    return check_prompts(m, base, draft, relation == VOCAB_EQUAL, s, err);
}

// ---- solving --------------------------------------------------------------

static void count_work(const struct lm_seq *seq, const struct lm_work *before,
                       enum model_role role, struct counters *c) {
    struct lm_work now = lm_work(seq);
    c->calls[role] = now.n_calls - before->n_calls;
    c->evaluated[role] = now.n_tokens - before->n_tokens;
    c->repeated[role] = now.n_repeated - before->n_repeated;
}

int method_solve(const struct method *m, struct workspace *w,
                 const struct settings *s, const struct rng *rng,
                 struct trace *t, struct error *err) {
    struct lm_work before[ROLE_N] = {0};
    bool drafts = m->needs & METHOD_NEEDS_DRAFT;
    trace_reset(t);
    t->stop = STOP_ERROR;
    if (!w->loaded) return error_set(err, ERR_INTERNAL, "no problem is loaded");
    if (drafts && !w->lm[ROLE_DRAFT])
        return error_set(err, ERR_USAGE, "%s needs a draft model", m->name);
    if (workspace_fit(w, s, needs_judge(m, s), err)) return -1;
    for (int r = 0; r < ROLE_N; r++) {
        if (!w->seq[r]) continue;
        lm_truncate(w->seq[r], w->n_prompt[r]);
        before[r] = lm_work(w->seq[r]);
        if (r == ROLE_BASE || drafts)
            trace_charge(t, PHASE_PROMPT, w->prompt_ns[r]);
    }
    t->count.prompt_tokens = w->n_prompt[ROLE_BASE];
    trace_start(t);
    int rc = m->solve(w, s, rng, t, err);
    trace_stop(t, rc ? STOP_ERROR : t->stop);
    for (int r = 0; r < ROLE_N; r++) {
        if (w->seq[r])
            count_work(w->seq[r], &before[r], (enum model_role)r, &t->count);
    }
    return rc;
}
