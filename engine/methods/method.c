#include "engine/methods/method.h"

#include "engine/base/error.h"
#include "engine/methods/null.h"
#include "engine/methods/prm.h"
#include "engine/methods/prompt.h"
#include "engine/methods/sample.h"
#include "engine/methods/search.h"
#include "engine/methods/specdecode.h"
#include "engine/methods/specreason.h"
#include "engine/methods/vanilla.h"
#include "engine/methods/vocab_map.h"

#include <string.h>

// A new method is a file and a line here.
static const struct method *const methods[] = {
    &method_vanilla,           &method_specdecode, &method_specreason,
    &method_specreason_decode, &method_null,       &method_search_ar,
    &method_search_sps,        &method_specsearch,
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

// ---- what it uses ---------------------------------------------------------

static bool scores_with(const struct method *m, const struct settings *s,
                        enum evaluator_kind kind) {
    return (m->needs & METHOD_SEARCHES) &&
           (s->evaluator == (int)kind || s->second_evaluator == (int)kind);
}

static bool is_judged(const struct method *m, const struct settings *s,
                      enum judge_kind kind) {
    unsigned judged = (unsigned)BIT_SPECREASON | BIT_SPECREASON_DECODE;
    return (m->bit & judged) && s->judge == (int)kind;
}

static bool needs_judge(const struct method *m, const struct settings *s) {
    return is_judged(m, s, JUDGE_DIGIT) || scores_with(m, s, EVALUATOR_JUDGE);
}

unsigned method_roles(const struct method *m, const struct settings *s) {
    unsigned roles = 1u << ROLE_BASE;
    if (m->needs & METHOD_NEEDS_DRAFT) roles |= 1u << ROLE_DRAFT;
    if (is_judged(m, s, JUDGE_PRM) || scores_with(m, s, EVALUATOR_PRM))
        roles |= 1u << ROLE_PRM;
    return roles;
}

struct trace_size method_trace_size(const struct method *m,
                                    const struct settings *s) {
    enum { WRITTEN_MAX = 1 << 22 }; // texts beyond are not stored
    struct trace_size size = {
        .n_steps = 2 * s->max_steps + 2,
        .n_tokens = s->budget_tokens + s->answer_tokens,
        .n_written = 2 * ((int64_t)s->budget_tokens + s->answer_tokens + 512),
    };
    if (!(m->needs & METHOD_SEARCHES)) return size;
    struct search_size search;
    search_size(m, s, &search);
    size.n_steps = search.n_nodes;
    if (s->answer_tokens > 0) size.n_steps += s->max_steps + 2;
    size.n_written = (int64_t)search.n_nodes * search.fork_tokens;
    if (size.n_written > WRITTEN_MAX) size.n_written = WRITTEN_MAX;
    return size;
}

struct method_seqs method_seqs(const struct method *m, const struct settings *s,
                               enum model_role role) {
    struct method_seqs seqs = {0};
    if (!(method_roles(m, s) & (1u << role))) return seqs;
    seqs.n_seq = seqs.n_live = 1;
    if (!(m->needs & METHOD_SEARCHES)) return seqs;
    struct search_size size;
    search_size(m, s, &size);
    seqs.n_seq += size.n_full;
    seqs.n_forks = size.n_live + size.n_pasts;
    seqs.n_live += size.n_live;
    seqs.fork_tokens = size.fork_tokens;
    return seqs;
}

// ---- checks ---------------------------------------------------------------

static int check_caps(const struct method *m, const struct lm *lm,
                      unsigned needed, enum model_role role,
                      struct error *err) {
    if (m->needs & METHOD_SEARCHES) needed |= LM_CAP_FORK;
    if (needed & LM_CAP_LOGITS & ~lm_caps(lm))
        return error_set(err, ERR_UNSUPPORTED,
                         "%s needs logits of the %s model, which backend %s "
                         "does not give",
                         m->name, role_name[role], lm_facts(lm)->backend);
    if (needed & ~lm_caps(lm))
        return error_set(err, ERR_UNSUPPORTED,
                         "%s needs to fork transcripts of the %s model, which "
                         "backend %s cannot",
                         m->name, role_name[role], lm_facts(lm)->backend);
    return 0;
}

static int check_roles(const struct method *m, const struct models *models,
                       const struct settings *s, struct error *err) {
    unsigned roles = method_roles(m, s);
    unsigned caps[ROLE_N] = {m->base_caps, m->draft_caps, LM_CAP_LOGITS};
    for (int r = 0; r < ROLE_N; r++) {
        if (!(roles & (1u << r))) continue;
        if (!models->lm[r])
            return error_set(err, ERR_USAGE, "%s%s needs a %s model", m->name,
                             r == ROLE_PRM ? " with these settings" : "",
                             role_name[r]);
        if (check_caps(m, models->lm[r], caps[r], (enum model_role)r, err))
            return -1;
    }
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

// Settings that are right one by one but not together.
static int check_settings(const struct method *m, const struct settings *s,
                          struct error *err) {
    bool unit = is_judged(m, s, JUDGE_PRM) || is_judged(m, s, JUDGE_LIKELIHOOD);
    if (unit && s->threshold > 1)
        return error_set(err, ERR_USAGE,
                         "threshold %g: judge prm and likelihood score from 0 "
                         "to 1",
                         s->threshold);
    if (!(m->needs & METHOD_SEARCHES)) return 0;
    if (s->second_evaluator == s->evaluator)
        return error_set(err, ERR_USAGE,
                         "second_evaluator is the evaluator itself");
    struct search_size size;
    search_size(m, s, &size);
    if (size.n_nodes > SEARCH_NODES_MAX)
        return error_set(err, ERR_USAGE,
                         "a search may write more than %d thoughts; lower "
                         "max_depth, widths or iterations",
                         SEARCH_NODES_MAX);
    return 0;
}

int method_check(const struct method *m, const struct models *models,
                 const struct settings *s, struct error *err) {
    if (check_roles(m, models, s, err) || check_settings(m, s, err)) return -1;
    const struct lm *base = models->lm[ROLE_BASE];
    const struct lm *draft = models->lm[ROLE_DRAFT];
    enum vocab_relation relation =
        draft ? vocab_relation(base, draft) : VOCAB_APART;
    if ((m->needs & METHOD_EXCHANGES_IDS) && relation == VOCAB_APART)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s needs a draft and a base with the same "
                         "vocabulary but for special tokens, as it exchanges "
                         "token ids; %s does not need it",
                         m->name, method_specreason.name);
    struct prm prm;
    if ((method_roles(m, s) & (1u << ROLE_PRM)) &&
        prm_resolve(&prm, models->lm[ROLE_PRM], base, s, err))
        return error_prefix(err, "prm model");
    if (!(m->needs & METHOD_NEEDS_DRAFT)) draft = NULL;
    return check_prompts(m, base, draft, relation == VOCAB_EQUAL, s, err);
}

// ---- solving --------------------------------------------------------------

static void count_work(const struct lm_seq *seq, const struct lm_work *before,
                       enum model_role role, struct counters *c) {
    struct lm_work now = lm_work(seq);
    // Searches have counted what they did in sequences of their own.
    c->calls[role] += now.n_calls - before->n_calls;
    c->evaluated[role] += now.n_tokens - before->n_tokens;
    c->repeated[role] += now.n_repeated - before->n_repeated;
}

int method_solve(const struct method *m, struct workspace *w,
                 const struct settings *s, const struct rng *rng,
                 struct trace *t, struct error *err) {
    struct lm_work before[ROLE_N] = {0};
    unsigned roles = method_roles(m, s);
    trace_reset(t);
    t->stop = STOP_ERROR;
    if (!w->loaded) return error_set(err, ERR_INTERNAL, "no problem is loaded");
    for (int r = 0; r < ROLE_N; r++) {
        if ((roles & (1u << r)) && !w->lm[r])
            return error_set(err, ERR_USAGE, "%s needs a %s model", m->name,
                             role_name[r]);
    }
    if (workspace_fit(w, s, needs_judge(m, s), err)) return -1;
    if ((m->needs & METHOD_SEARCHES) && search_fit(w, m, s, err)) return -1;
    for (int r = 0; r < ROLE_N; r++) {
        if (!w->seq[r]) continue;
        lm_truncate(w->seq[r], w->n_prompt[r]);
        before[r] = lm_work(w->seq[r]);
        if (roles & (1u << r)) trace_charge(t, PHASE_PROMPT, w->prompt_ns[r]);
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
