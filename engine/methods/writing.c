#include "engine/methods/writing.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/base/minmax.h"
#include "engine/methods/sample.h"
#include "engine/methods/transcript.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

uint64_t member_draw(const struct writer *v, int member, int i) {
    return (v->first + (uint64_t)member + 1) << 32 | (uint64_t)i;
}

// ---- buffers ----------------------------------------------------------------

static int fit_items(struct writer *v, int n, size_t step_tokens,
                     size_t text_bytes, struct error *err) {
    size_t n_items = (size_t)n, n_tokens, n_text;
    if (n <= v->n_items && step_tokens <= v->step_tokens &&
        text_bytes <= v->text_bytes)
        return 0;
    if (__builtin_mul_overflow(n_items, step_tokens, &n_tokens) ||
        __builtin_mul_overflow(n_items, text_bytes, &n_text))
        return error_set(err, ERR_MEMORY,
                         "%d thoughts of %zu tokens do not fit", n,
                         step_tokens);
    free(v->items);
    free(v->tokens);
    free(v->text);
    v->n_items = 0;
    v->items = alloc_try(n_items, sizeof *v->items, "thoughts", err);
    v->tokens = alloc_try(n_tokens, sizeof *v->tokens, "thoughts' tokens", err);
    v->text = malloc(n_text); // rarely used to the end
    if (!v->items || !v->tokens) return -1;
    if (!v->text)
        return error_set(err, ERR_MEMORY,
                         "no memory for %zu bytes of thoughts' texts", n_text);
    v->n_items = n;
    v->step_tokens = step_tokens;
    v->text_bytes = text_bytes;
    return 0;
}

int writer_fit(struct search *x, int n_tokens, struct error *err) {
    size_t text_bytes, step_tokens = (size_t)n_tokens;
    if (!x->writer) x->writer = xcalloc(1, sizeof *x->writer);
    // The thought before, and this one.
    if (__builtin_mul_overflow(2 * step_tokens, x->w->max_token_bytes,
                               &text_bytes))
        return error_set(err, ERR_MEMORY, "thoughts of %zu tokens do not fit",
                         step_tokens);
    return fit_items(x->writer, x->n_live, step_tokens, text_bytes, err);
}

void writer_free(struct search *x) {
    struct writer *v = x->writer;
    if (!v) return;
    free(v->items);
    free(v->tokens);
    free(v->text);
    free(v);
    x->writer = NULL;
}

// ---- life -------------------------------------------------------------------

static struct writing *take(struct search *x, uint64_t members, int parent) {
    struct writer *v = x->writer;
    assert(v->n < v->n_items);
    size_t i = (size_t)v->n++;
    struct writing *w = &v->items[i];
    w->members = members;
    w->parent = parent;
    w->tokens = v->tokens + i * v->step_tokens;
    w->text = v->text + i * v->text_bytes;
    w->seq = transcript_take(x, v->role);
    w->drafter = NULL;
    return w;
}

struct writing *writing_new(struct search *x, uint64_t members, int parent) {
    struct writing *w = take(x, members, parent);
    w->n_tokens = w->n_read = 0;
    w->n_before = w->n_text = 0;
    w->log_p = 0;
    w->done = false;
    w->end = STOP_NONE;
    stop_scan_init(&w->scan, x->s);
    if (parent == TREE_ROOT) return w;
    const struct node *up = &x->tree.nodes[parent];
    w->scan = up->scan;
    w->n_before = w->n_text = up->n_text;
    memcpy(w->text, tree_text(&x->tree, parent), up->n_text);
    return w;
}

struct writing *writing_fork(struct search *x, struct writing *from,
                             uint64_t members) {
    struct writing *w = take(x, members, from->parent);
    const struct writing own = *w;
    if (from->drafter) w->drafter = transcript_take(x, ROLE_DRAFT);
    struct lm_seq *drafter = w->drafter;
    from->members &= ~members;
    *w = *from;
    w->members = members;
    w->seq = own.seq;
    w->drafter = drafter;
    w->tokens = own.tokens;
    w->text = own.text;
    memcpy(w->tokens, from->tokens, (size_t)from->n_tokens * sizeof *w->tokens);
    memcpy(w->text, from->text, from->n_text);
    return w;
}

void writing_pop(struct search *x) {
    struct writer *v = x->writer;
    struct writing *w = &v->items[--v->n];
    transcript_give(x, v->role, w->seq);
    if (w->drafter) transcript_give(x, ROLE_DRAFT, w->drafter);
}

void writing_clear(struct search *x) {
    while (x->writer->n > 0)
        writing_pop(x);
}

// ---- tokens -----------------------------------------------------------------

static bool is_end(const struct search *x, int32_t token, bool drafted) {
    const struct workspace *w = x->w;
    if (lm_token_is_end(w->lm[ROLE_BASE], token)) return true;
    return drafted &&
           lm_token_is_end(w->lm[ROLE_DRAFT], vocab_map_own(&w->map, token));
}

// Control tokens have no text.
static void add_text(const struct search *x, struct writing *w, int32_t token,
                     size_t *n_text) {
    const struct lm *base = x->w->lm[ROLE_BASE];
    size_t n;
    if (lm_token_is_control(base, token)) return;
    const char *bytes = lm_token_bytes(base, token, &n);
    assert(n <= x->writer->text_bytes - *n_text);
    memcpy(w->text + *n_text, bytes, n);
    *n_text += n;
}

bool writing_add(const struct search *x, struct writing *w, int32_t token) {
    const struct settings *s = x->s;
    w->done = is_end(x, token, x->writer->author == AUTHOR_DRAFT);
    if (w->done) {
        w->end = STOP_END;
        return false;
    }
    w->tokens[w->n_tokens++] = token;
    add_text(x, w, token, &w->n_text);
    stop_scan_token(&w->scan, w->text, w->n_text);
    int n_path = w->n_tokens;
    if (w->parent != TREE_ROOT)
        n_path += x->tree.nodes[w->parent].n_path_tokens;
    w->end = sample_stop(&w->scan, n_path, s->budget_tokens,
                         min_int(s->max_depth, s->max_steps));
    w->done = w->end || w->scan.step_done;
    return true;
}

bool writing_try(const struct search *x, struct writing *w, int32_t token) {
    w->over = is_end(x, token, false);
    if (is_end(x, token, true)) return false;
    add_text(x, w, token, &w->n_tried);
    stop_scan_token(&w->tried, w->text, w->n_tried);
    w->over = w->tried.answer || w->tried.step_done;
    return !w->over;
}
