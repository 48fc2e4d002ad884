#include "engine/methods/prompt.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/lm/lm.h"

#include <stdlib.h>
#include <string.h>

// A chat prompt's text is encoded in runs from one special token to the next,
// as the family's own tokenizer does it: the end of "user\n" and the beginning
// of the problem may be one token. A special part that is no single token of
// this vocabulary ("[INST]" in Mistral's first) is text like any other.

static const char slot[] = "{problem}";

// ---- choosing -------------------------------------------------------------

static const struct chat_template *
chat_of(const struct lm *lm, const struct settings *s, struct error *err) {
    if (s->chat > 0) return chat_get((enum chat_kind)(s->chat - 1));
    return chat_detect(lm_meta(lm, "tokenizer.chat_template"), err);
}

int prompt_resolve(struct prompt *p, const struct lm *lm,
                   const struct prompt *base, const struct settings *s,
                   struct error *err) {
    *p = (struct prompt){.chat = chat_of(lm, s, err)};
    if (!p->chat) return -1;
    bool plain = p->chat == chat_get(CHAT_PLAIN);
    if (s->system[0]) p->system = s->system;
    p->template = s->prompt[0] ? s->prompt : lm_meta(lm, "specsweep.prompt");
    if (!p->template && base) p->template = base->template;
    if (!p->template && !plain) p->template = PROMPT_DEFAULT;
    if (!p->template)
        return error_set(err, ERR_USAGE,
                         "no prompt template: the base model names none "
                         "(specsweep.prompt) and the setting 'prompt' is "
                         "empty");
    if (!strstr(p->template, slot))
        return error_set(err, ERR_USAGE, "prompt template has no {problem}");
    if (plain && p->system)
        return error_set(err, ERR_USAGE,
                         "the setting 'system' needs a chat template: the "
                         "model has none, and 'chat' names none");
    return 0;
}

int prompt_resolve_pair(struct prompt out[ROLE_N], const struct lm *base,
                        const struct lm *draft, bool equal_vocab,
                        const struct settings *s, struct error *err) {
    if (prompt_resolve(&out[ROLE_BASE], base, NULL, s, err))
        return error_prefix(err, "base model");
    out[ROLE_DRAFT] = out[ROLE_BASE];
    if (!draft || equal_vocab) return 0;
    if (prompt_resolve(&out[ROLE_DRAFT], draft, &out[ROLE_BASE], s, err))
        return error_prefix(err, "draft model");
    return 0;
}

const char *prompt_grade_suffix(const struct prompt *p, const struct lm *lm,
                                const struct settings *s, struct error *err) {
    if (s->grade_suffix[0]) return s->grade_suffix;
    const char *own = lm_meta(lm, "specsweep.grade_suffix");
    if (own && own[0]) return own;
    if (p->chat->judge) return p->chat->judge;
    error_set(err, ERR_USAGE,
              "no grade suffix: the base model names none "
              "(specsweep.grade_suffix), it has no chat template, and the "
              "setting 'grade_suffix' is empty");
    return NULL;
}

// ---- pushing --------------------------------------------------------------

static int push_text(struct lm_seq *seq, const char *text, size_t n_bytes,
                     bool special, struct error *err) {
    int32_t *tokens;
    int n = lm_encode(lm_seq_lm(seq), text, n_bytes, special, &tokens, err);
    if (n < 0) return -1;
    int rc = lm_push(seq, tokens, n, err);
    free(tokens);
    return rc;
}

// The special token with this name, or -1: it is none of this vocabulary.
static int32_t special_token(const struct lm *lm, const char *name,
                             size_t n_bytes) {
    int32_t *tokens;
    int n = lm_encode(lm, name, n_bytes, true, &tokens, NULL);
    int32_t token = n == 1 ? tokens[0] : -1;
    if (n >= 0) free(tokens);
    return token;
}

static int push_run(struct lm_seq *seq, struct buf *run, struct error *err) {
    int rc =
        run->n_bytes ? push_text(seq, run->text, run->n_bytes, false, err) : 0;
    buf_clear(run);
    return rc;
}

static int push_parts(struct lm_seq *seq, const struct chat_text *text,
                      struct error *err) {
    struct buf run;
    int rc = 0;
    buf_init(&run);
    for (size_t i = 0; i < text->n && !rc; i++) {
        const struct chat_part *part = &text->parts[i];
        const char *bytes = text->bytes.text + part->begin;
        int32_t token =
            part->special ? special_token(lm_seq_lm(seq), bytes, part->n_bytes)
                          : -1;
        if (token < 0)
            buf_add(&run, bytes, part->n_bytes);
        else
            rc = push_run(seq, &run, err) ? -1 : lm_push(seq, &token, 1, err);
    }
    if (!rc) rc = push_run(seq, &run, err);
    buf_release(&run);
    return rc;
}

static int push_chat(const struct prompt *p, struct lm_seq *seq,
                     const char *problem, struct error *err) {
    const char *at = strstr(p->template, slot);
    struct buf user;
    struct chat_text text;
    buf_init(&user);
    chat_text_init(&text);
    buf_add(&user, p->template, (size_t)(at - p->template));
    buf_adds(&user, problem);
    buf_adds(&user, at + strlen(slot));
    const struct chat_turn turns[] = {{CHAT_SYSTEM, p->system},
                                      {CHAT_USER, user.text}};
    int skip = p->system ? 0 : 1;
    int rc =
        chat_render(p->chat, turns + skip, 2 - skip, CHAT_GENERATE, &text, err);
    if (!rc) rc = push_parts(seq, &text, err);
    chat_text_release(&text);
    buf_release(&user);
    return rc;
}

// A template may name the BOS token itself.
static int push_bos(struct lm_seq *seq, const char *template,
                    struct error *err) {
    const struct lm *lm = lm_seq_lm(seq);
    int32_t bos = lm_facts(lm)->bos_token;
    size_t n;
    if (bos < 0) return 0;
    const char *name = lm_token_bytes(lm, bos, &n);
    if (strlen(template) >= n && memcmp(template, name, n) == 0) return 0;
    return lm_push(seq, &bos, 1, err);
}

static int push_plain(const struct prompt *p, struct lm_seq *seq,
                      const char *problem, struct error *err) {
    const char *at = strstr(p->template, slot), *after = at + strlen(slot);
    return push_bos(seq, p->template, err) ||
                   push_text(seq, p->template, (size_t)(at - p->template), true,
                             err) ||
                   push_text(seq, problem, strlen(problem), false, err) ||
                   push_text(seq, after, strlen(after), true, err)
               ? -1
               : 0;
}

int prompt_push(const struct prompt *p, struct lm_seq *seq, const char *problem,
                struct error *err) {
    bool plain = p->chat == chat_get(CHAT_PLAIN);
    if (plain ? push_plain(p, seq, problem, err)
              : push_chat(p, seq, problem, err))
        return error_prefix(err, "prompt");
    if (lm_n_tokens(seq) == 0)
        return error_set(err, ERR_INPUT, "prompt: no tokens");
    return 0;
}
