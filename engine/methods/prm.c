#include "engine/methods/prm.h"

#include "engine/base/error.h"
#include "engine/methods/prompt.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

// A blank between two texts belongs to the one that follows: " Janet" is a
// token, "Janet" after a blank may be another. So the presets' problem ends
// without one and steps begin with it, as if the whole had been encoded at
// once. The tag is always pushed as its own token, whatever stands before it.

// ---- formats --------------------------------------------------------------

// A preset's texts, each of which must be this one token.
static const struct preset {
    const char *name;
    struct preset_token {
        const char *text;
        int32_t id;
    } tag, good, bad;
} presets[] = {
    [PRM_MATH_SHEPHERD] = {"math-shepherd",
                           {" \xd0\xba\xd0\xb8", 12902},
                           {" +", 648},
                           {" -", 387}},
    [PRM_MATH_PSA] = {"math-psa",
                      {" \n\n\n\n\n", 76325},
                      {" +", 488},
                      {" -", 481}},
};

static const char key_prompt[] = "specsweep.prompt";
static const char key_suffix[] = "specsweep.prm_suffix";
static const char key_good[] = "specsweep.prm_good";
static const char key_bad[] = "specsweep.prm_bad";

// Encode a text of the template, which goes on after a step. -1 with an error.
static int encode(const struct lm *lm, struct lm_scratch *scratch,
                  const char *text, int32_t *out, int cap, const char *what,
                  struct error *err) {
    const int32_t *tokens;
    int n = lm_encode_more(lm, scratch, text, strlen(text), true, &tokens, err);
    if (n < 0) return error_prefix(err, "%s", what);
    if (n < 1 || n > cap)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s '%s' is %d tokens of this vocabulary, expected "
                         "%s%d",
                         what, text, n, cap > 1 ? "1 to " : "", cap);
    memcpy(out, tokens, (size_t)n * sizeof *out);
    return n;
}

static int resolve_own(struct prm *p, const struct lm *lm,
                       struct lm_scratch *scratch, struct error *err) {
    static const char *const keys[] = {key_prompt, key_suffix, key_good,
                                       key_bad};
    for (int i = 0; i < 4; i++) {
        const char *text = lm_meta(lm, keys[i]);
        if (!text || !*text)
            return error_set(err, ERR_UNSUPPORTED,
                             "its file does not say how it is asked: no %s "
                             "(prm_format own)",
                             keys[i]);
    }
    p->problem = lm_meta(lm, key_prompt);
    if (!strstr(p->problem, "{problem}"))
        return error_set(err, ERR_INPUT, "%s has no {problem}", key_prompt);
    p->n_tag = encode(lm, scratch, lm_meta(lm, key_suffix), p->tag, PRM_TAG_MAX,
                      key_suffix, err);
    if (p->n_tag < 0 ||
        encode(lm, scratch, lm_meta(lm, key_good), &p->good, 1, key_good, err) <
            0 ||
        encode(lm, scratch, lm_meta(lm, key_bad), &p->bad, 1, key_bad, err) < 0)
        return -1;
    if (p->good != p->bad) return 0;
    return error_set(err, ERR_INPUT, "%s and %s are the same token, '%s'",
                     key_good, key_bad, lm_meta(lm, key_good));
}

// The text must be that one token, found as text.
static int resolve_token(const struct lm *lm, struct lm_scratch *scratch,
                         const char *preset, const struct preset_token *t,
                         int32_t *out, struct error *err) {
    const int32_t *tokens;
    int n = lm_encode_more(lm, scratch, t->text, strlen(t->text), false,
                           &tokens, err);
    const char *shown = t->text[1] == '\n' ? " \\n\\n\\n\\n\\n" : t->text;
    if (n < 0) return error_prefix(err, "%s", preset);
    if (n != 1)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: '%s' is %d tokens of this vocabulary, expected "
                         "token %d",
                         preset, shown, n, t->id);
    if (tokens[0] != t->id)
        return error_set(err, ERR_UNSUPPORTED,
                         "%s: '%s' is token %d of this vocabulary, expected %d",
                         preset, shown, tokens[0], t->id);
    *out = t->id;
    return 0;
}

static int resolve_preset(struct prm *p, const struct lm *lm,
                          struct lm_scratch *scratch, struct error *err) {
    const struct preset *preset = &presets[p->format];
    const struct {
        const struct preset_token *token;
        int32_t *out;
    } parts[] = {{&preset->good, &p->good},
                 {&preset->bad, &p->bad},
                 {&preset->tag, p->tag}};
    p->problem = "{problem}";
    p->keeps_tag = true;
    p->n_tag = 1;
    for (int i = 0; i < 3; i++) {
        if (resolve_token(lm, scratch, preset->name, parts[i].token,
                          parts[i].out, err))
            return -1;
    }
    return 0;
}

int prm_resolve(struct prm *p, const struct lm *lm, const struct lm *base,
                const struct settings *s, struct error *err) {
    struct lm_scratch *scratch = lm_scratch_new();
    bool own = s->prm_format == PRM_OWN;
    *p = (struct prm){.format = s->prm_format};
    int rc = own ? resolve_own(p, lm, scratch, err)
                 : resolve_preset(p, lm, scratch, err);
    p->shares_ids = own && strcmp(lm_facts(lm)->vocab_hash,
                                  lm_facts(base)->vocab_hash) == 0;
    lm_scratch_free(scratch);
    return rc;
}

// ---- reading --------------------------------------------------------------

int prm_push_problem(const struct prm *p, struct lm_seq *seq,
                     struct lm_scratch *scratch, const char *problem,
                     struct error *err) {
    const struct prompt prompt = {.chat = chat_get(CHAT_PLAIN),
                                  .template = p->problem};
    return prompt_push(&prompt, seq, scratch, problem, err);
}

// Push tokens if the tag still fits behind them.
static int push(const struct prm *p, struct lm_seq *seq, const int32_t *tokens,
                int n, bool *fits, struct error *err) {
    *fits = *fits && n <= lm_n_free(seq) - p->n_tag;
    return *fits && n > 0 ? lm_push(seq, tokens, n, err) : 0;
}

static int push_text(const struct prm *p, struct lm_seq *seq,
                     struct lm_scratch *scratch, const char *text,
                     size_t n_bytes, bool *fits, struct error *err) {
    const int32_t *tokens;
    if (n_bytes == 0) return 0;
    int n = lm_encode_more(lm_seq_lm(seq), scratch, text, n_bytes, false,
                           &tokens, err);
    if (n < 0) return error_prefix(err, "text of a step");
    return push(p, seq, tokens, n, fits, err);
}

// What a preset puts between a step and what stands before it.
static size_t step_head(const struct prm *p, const struct prm_step *step,
                        char *out, size_t size) {
    static const char word[] = "Step";
    bool is_named =
        step->n_bytes >= 4 && memcmp(step->text, word, strlen(word)) == 0;
    const char *gap =
        p->format == PRM_MATH_SHEPHERD && step->number > 1 ? "\n" : " ";
    int n = p->format == PRM_MATH_SHEPHERD && !is_named
                ? snprintf(out, size, "%sStep %d: ", gap, step->number)
                : snprintf(out, size, "%s", gap);
    assert(n > 0 && (size_t)n < size);
    return (size_t)n;
}

// Head and step are encoded as one text; a step of many words in two, cut in
// front of a blank.
static int push_written(const struct prm *p, struct lm_seq *seq,
                        struct lm_scratch *scratch, const struct prm_step *step,
                        bool *fits, struct error *err) {
    char text[4096];
    size_t n_head = step_head(p, step, text, sizeof text), n = step->n_bytes;
    while (n > 0 && step->text[n - 1] == '\n')
        n--;
    size_t n_first = n;
    if (n_first > sizeof text - n_head) {
        n_first = sizeof text - n_head;
        size_t cut = n_first;
        while (cut > 0 && step->text[cut] != ' ')
            cut--;
        if (cut > 0) n_first = cut;
    }
    memcpy(text + n_head, step->text, n_first);
    if (push_text(p, seq, scratch, text, n_head + n_first, fits, err))
        return -1;
    return push_text(p, seq, scratch, step->text + n_first, n - n_first, fits,
                     err);
}

int prm_push_step(const struct prm *p, struct lm_seq *seq,
                  struct lm_scratch *scratch, const struct prm_step *step,
                  bool *fits, struct error *err) {
    int before = lm_n_tokens(seq), rc = 0;
    *fits = true;
    if (p->keeps_tag && step->number > 1)
        rc = push(p, seq, p->tag, p->n_tag, fits, err);
    if (!rc && p->shares_ids)
        rc = push(p, seq, step->tokens, step->n_tokens, fits, err);
    else if (!rc && p->format == PRM_OWN)
        rc = push_text(p, seq, scratch, step->text, step->n_bytes, fits, err);
    else if (!rc)
        rc = push_written(p, seq, scratch, step, fits, err);
    if (rc || !*fits) lm_truncate(seq, before);
    return rc;
}

// ---- verdict --------------------------------------------------------------

double prm_score(const struct prm *p, const float *row) {
    double good = row[p->good], bad = row[p->bad];
    if (isnan(good) || isnan(bad)) return NAN;
    return 1 / (1 + exp(bad - good)); // NAN for equal infinities
}
