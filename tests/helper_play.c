#include "tests/helper_play.h"

#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { END = 256, GRADE = 257 };

static const char *const play_specials[] = {"<|grade|>", NULL};
static const char *const play_meta[] = {"specsweep.prompt", "P:{problem}\n",
                                        "specsweep.grade_suffix", "?<|grade|>",
                                        NULL};

static int64_t play_now(void *ctx) {
    return *(int64_t *)ctx;
}

// Number of the current step and the offset in it.
static int locate(const struct play_role *r, const int32_t *tokens, int n,
                  int *offset) {
    int i = 0, step = 0;
    while ((tokens[i] ^ r->byte_xor) != '\n')
        i++; // the prompt
    int begin = ++i;
    for (; i < n; i++) {
        if (i - 1 < begin || (tokens[i] ^ r->byte_xor) != '\n' ||
            (tokens[i - 1] ^ r->byte_xor) != '\n')
            continue;
        step++;
        begin = i + 1;
    }
    *offset = n - begin;
    return step;
}

static void play_logits(void *ctx, const int32_t *tokens, int n, float *row) {
    const struct play_role *r = ctx;
    int offset, n_steps = 0;
    bool graded = tokens[n - 1] == GRADE;
    while (r->steps[n_steps].base)
        n_steps++;
    int step = locate(r, tokens, graded ? n - 2 : n, &offset);
    if (graded) {
        // A step without delimiter is still the current one.
        const char *g = r->steps[offset ? step : step - 1].grades;
        for (; *g; g++)
            row[(unsigned char)*g] = 30;
        return;
    }
    const char *text = "";
    if (step < n_steps)
        text = r->is_draft ? r->steps[step].draft : r->steps[step].base;
    bool over = offset >= (int)strlen(text);
    row[over ? END : ((unsigned char)text[offset] ^ r->byte_xor)] = 30;
}

static struct lm *open_role(struct play *p, struct play_role *r,
                            const struct play_step *steps, bool is_draft,
                            uint8_t byte_xor) {
    struct error err = {0};
    *r = (struct play_role){
        .steps = steps,
        .is_draft = is_draft,
        .byte_xor = byte_xor,
        .model = {.logits = play_logits,
                  .ctx = r,
                  .n_ctx = 512,
                  .specials = play_specials,
                  .meta = play_meta,
                  .byte_xor = byte_xor,
                  .name = is_draft ? "draft" : "base",
                  .now_ns = &p->now_ns,
                  .ns_per_call = is_draft ? 100 : 1000},
    };
    struct lm *lm = lm_scripted_open(&r->model, 12, &err);
    cr_assert(lm, "%s", err.text);
    return lm;
}

void play_open(struct play *p, const struct play_step *steps,
               uint8_t byte_xor) {
    struct error err = {0};
    memset(p, 0, sizeof *p);
    p->clock = (struct clock){play_now, &p->now_ns};
    p->base = open_role(p, &p->base_role, steps, false, 0);
    p->draft = open_role(p, &p->draft_role, steps, true, byte_xor);
    option_set_defaults(settings_table, &p->s);
    p->s.temperature = 0;
    p->s.threshold = 5;
    p->s.budget_tokens = 400;
    p->w = workspace_new(&(struct models){{p->base, p->draft}}, &p->s, &err);
    cr_assert(p->w, "%s", err.text);
    cr_assert_eq(workspace_load(p->w, "1+1", &p->s, &p->clock, &err), 0, "%s",
                 err.text);
    trace_init(&p->t, &p->clock, p->s.max_steps, 400);
}

void play_close(struct play *p) {
    trace_release(&p->t);
    workspace_free(p->w);
    lm_free(p->base);
    lm_free(p->draft);
}

void play_solve(struct play *p, const char *method, uint64_t seed) {
    struct error err = {0};
    struct rng rng = rng_make(seed, "play", 0);
    int rc = method_solve(method_find(method), p->w, &p->s, &rng, &p->t, &err);
    cr_assert_eq(rc, 0, "%s", err.text);
    cr_assert_eq(p->t.count.repeated[ROLE_BASE], 0);
    cr_assert_eq(p->t.count.repeated[ROLE_DRAFT], 0);
}

const char *play_account(const struct play *p, char *out, size_t size) {
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < p->t.n_steps; i++) {
        const struct step *s = &p->t.steps[i];
        char score[16] = "-";
        if (!isnan(s->score)) snprintf(score, sizeof score, "%g", s->score);
        int n = (int)(s->text_end - s->text_begin);
        used += (size_t)snprintf(
            out + used, size - used, "%s%s:%s:%s:%.*s", i ? "|" : "",
            s->author == AUTHOR_DRAFT ? "draft" : "base",
            s->kept ? "kept" : "dropped", score, n, p->t.text + s->text_begin);
        cr_assert(used < size);
    }
    for (char *c = out; *c; c++) {
        if (*c == '\n') *c = '/';
    }
    return out;
}
