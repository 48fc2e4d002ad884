#include "tests/helper_prm.h"

#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <string.h>

static void settings_of(struct settings *s, enum prm_format format) {
    memset(s, 0, sizeof *s);
    option_set_defaults(settings_table, s);
    s->prm_format = format;
}

void reader_resolve(struct prm *p, const struct lm *lm, const struct lm *base,
                    enum prm_format format) {
    struct settings s;
    struct error err = {0};
    settings_of(&s, format);
    cr_assert_eq(prm_resolve(p, lm, base, &s, &err), 0, "%s", err.text);
}

void reader_expect_refused(const struct lm *lm, enum prm_format format,
                           const char *message) {
    struct prm p;
    struct settings s;
    struct error err = {0};
    settings_of(&s, format);
    cr_expect_eq(prm_resolve(&p, lm, lm, &s, &err), -1);
    cr_expect(strstr(err.text, message), "%s", err.text);
}

bool reader_push(const struct prm *p, struct lm_seq *seq, int number,
                 const char *text) {
    static const int32_t ids[] = {'X', 'Y'}; // by what path did it come?
    struct error err = {0};
    bool fits = false;
    struct lm_scratch *scratch = lm_scratch_new();
    const struct prm_step step = {number, ids, 2, text, strlen(text)};
    cr_assert_eq(prm_push_step(p, seq, scratch, &step, &fits, &err), 0, "%s",
                 err.text);
    lm_scratch_free(scratch);
    return fits;
}

struct lm_seq *reader_begin(const struct prm *p, struct lm *lm,
                            const char *problem) {
    struct error err = {0};
    struct lm_seq *seq = lm_seq_new(lm, &err);
    struct lm_scratch *scratch = lm_scratch_new();
    cr_assert_eq(prm_push_problem(p, seq, scratch, problem, &err), 0, "%s",
                 err.text);
    lm_scratch_free(scratch);
    return seq;
}
