#include "engine/methods/settings.h"

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "engine/methods/method.h"

#include <criterion/criterion.h>
#include <string.h>

Test(settings, defaults_are_valid_and_survive_printing) {
    struct settings a, b;
    memset(&a, 0, sizeof a);
    memset(&b, 0, sizeof b);
    option_set_defaults(settings_table, &a);
    for (const struct option *o = settings_table; o->name; o++) {
        struct buf out;
        struct error err = {0};
        buf_init(&out);
        option_print(o, &a, &out);
        bool text = o->type == OPT_TEXT; // printed quoted, set unquoted
        const char *value = text ? (const char *)&a + o->offset : out.text;
        cr_expect_eq(option_set(o, &b, value, &err), 0, "%s", err.text);
        buf_release(&out);
    }
    cr_expect_eq(memcmp(&a, &b, sizeof a), 0);
}

Test(settings, defaults_are_those_of_the_paper) {
    struct settings s;
    option_set_defaults(settings_table, &s);
    cr_expect_eq(s.temperature, 0.6);
    cr_expect_eq(s.top_p, 0.95);
    cr_expect_eq(s.budget_tokens, 8192);
    cr_expect_eq(s.step_tokens, 512);
    cr_expect_eq(s.draft_tokens, 5);
    cr_expect_eq(s.threshold, 7.0);
    cr_expect_eq(s.first_n_base, 0);
    cr_expect_str_eq(s.step_delimiter, "\n\n");
}

Test(settings, every_field_has_one_documented_row) {
    size_t covered = 0;
    for (const struct option *o = settings_table; o->name; o++) {
        cr_expect(o->help && *o->help && !strchr(o->help, '\n'), "%s", o->name);
        cr_expect_neq(o->mask, 0u, "%s", o->name);
        cr_expect_eq(option_find(settings_table, o->name), o, "%s twice",
                     o->name);
        covered += o->type == OPT_TEXT    ? o->text_size
                   : o->type == OPT_FLOAT ? sizeof(double)
                                          : sizeof(int);
    }
    // All but padding.
    cr_expect(sizeof(struct settings) - covered < 16, "%zu of %zu bytes",
              covered, sizeof(struct settings));
}

static bool knows(const char *method, const char *setting) {
    const struct option *o = option_find(settings_table, setting);
    cr_assert(o, "%s", setting);
    return o->mask & (SETTINGS_SHARED | method_find(method)->bit);
}

Test(settings, methods_know_what_concerns_them) {
    cr_expect(knows("vanilla", "temperature"));
    cr_expect_not(knows("vanilla", "threshold"));
    cr_expect_not(knows("vanilla", "draft_tokens"));
    cr_expect(knows("specdecode", "accept"));
    cr_expect_not(knows("specdecode", "threshold"));
    cr_expect(knows("specreason", "threshold"));
    cr_expect_not(knows("specreason", "draft_tokens"));
    cr_expect(knows("specreason+decode", "threshold"));
    cr_expect(knows("specreason+decode", "draft_tokens"));
}
