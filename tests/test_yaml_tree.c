#include "harness/yaml_tree.h"

#include "engine/base/error.h"
#include "tests/helper_cases.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tree *parse(struct arena *a, const char *text) {
    struct error err = {0};
    struct tree *t = tree_parse(a, "t.yaml", text, strlen(text), &err);
    cr_assert(t, "%s", err.text);
    return t;
}

Test(yaml_tree, nodes_know_where_they_stand) {
    struct arena a = {0};
    struct tree *t = parse(&a, "# q\nname: x\nlist:\n  - {k: 'v'}\n  - 2\n");
    const struct tree *list = tree_find(t, "list");
    cr_assert_eq(t->kind, TREE_MAP);
    cr_assert_eq(list->kind, TREE_LIST);
    cr_expect_eq(list->n, 2);
    const struct tree *v = tree_find(list->items[0], "k");
    cr_expect_str_eq(v->text, "v");
    cr_expect_eq(v->quote, TREE_SINGLE_QUOTED);
    cr_expect_eq(v->place.line, 4);
    cr_expect_eq(v->place.column, 9);
    cr_expect_eq(list->items[0]->key_places[0].column, 6);
    cr_expect_null(tree_find(t, "nam"));
    arena_release(&a);
}

Test(yaml_tree, null_is_plain_only) {
    struct arena a = {0};
    struct tree *t =
        parse(&a, "{a: , b: ~, c: null, d: '', e: \"null\", f: nul}");
    cr_assert_eq(t->n, 6);
    for (int i = 0; i < 3; i++)
        cr_expect_eq(t->items[i]->kind, TREE_NULL, "%d", i);
    for (int i = 3; i < 6; i++)
        cr_expect_eq(t->items[i]->kind, TREE_SCALAR, "%d", i);
    cr_expect_eq(parse(&a, "")->kind, TREE_NULL);
    cr_expect_eq(parse(&a, "# nothing\n")->kind, TREE_NULL);
    arena_release(&a);
}

Test(yaml_tree, long_lists_keep_their_items) {
    struct arena a = {0};
    char text[4096] = "[";
    for (int i = 0; i < 300; i++)
        snprintf(text + strlen(text), 16, "%s%d", i ? "," : "", i);
    strcat(text, "]");
    struct tree *t = parse(&a, text);
    cr_assert_eq(t->n, 300);
    for (int i = 0; i < 300; i++)
        cr_expect_eq(atoi(t->items[i]->text), i);
    arena_release(&a);
}

static void error_case(const struct text_case *c) {
    struct arena a = {0};
    struct error err = {0};
    struct tree *t = tree_parse(&a, "t.yaml", c->input, strlen(c->input), &err);
    cr_expect_null(t, "%s", c->name);
    cr_expect_str_eq(err.text, c->expected, "%s: got '%s'", c->name, err.text);
    cr_expect_eq(err.kind, ERR_USAGE);
    arena_release(&a);
}

Test(yaml_tree, errors) {
    helper_cases("yaml_errors.txt", error_case);
}

Test(yaml_tree, refuses_a_second_document) {
    struct arena a = {0};
    struct error err = {0};
    const char text[] = "a: 1\n--- # another\nb: 2\n";
    cr_expect_null(tree_parse(&a, "t.yaml", text, strlen(text), &err));
    cr_expect_str_eq(err.text,
                     "t.yaml:2:1: a second document; one is expected");
    arena_release(&a);
}

Test(yaml_tree, refuses_bytes_that_are_not_text) {
    struct arena a = {0};
    struct error err = {0};
    cr_expect_null(tree_parse(&a, "t", "a: \xff", 4, &err));
    cr_expect(strstr(err.text, "t: byte 3: "), "%s", err.text);
    cr_expect_null(tree_parse(&a, "t", "a: \"\\0\"", 7, &err));
    cr_expect_str_eq(err.text, "t:1:4: the text holds a NUL byte");
    cr_expect_null(tree_parse(&a, "t", "a: \0", 4, &err));
    arena_release(&a);
}

// ---- overrides ------------------------------------------------------------

static const char base_text[] = "settings: {temperature: 0.6}\n"
                                "methods: [vanilla, {method: x, t: 1}]\n";

static void assign(struct arena *a, struct tree *t, const char *text,
                   const char *error) {
    struct error err = {0};
    int status = tree_assign(a, t, text, "method", &err);
    cr_expect_eq(status, error ? -1 : 0, "%s", err.text);
    cr_expect_str_eq(err.text, error ? error : "");
}

Test(yaml_tree, overrides_replace_and_add) {
    struct arena a = {0};
    struct tree *t = parse(&a, base_text);
    assign(&a, t, "settings.temperature=0", NULL);
    assign(&a, t, "settings.top_k=[1, 2]", NULL);
    assign(&a, t, "methods.1.t=5", NULL);
    assign(&a, t, "methods.0.t=6", NULL);
    assign(&a, t, "engine.threads=2", NULL);
    const struct tree *settings = tree_find(t, "settings");
    const struct tree *methods = tree_find(t, "methods");
    cr_expect_str_eq(tree_find(settings, "temperature")->text, "0");
    cr_expect_eq(tree_find(settings, "top_k")->n, 2);
    cr_expect_str_eq(tree_find(methods->items[1], "t")->text, "5");
    cr_expect_str_eq(tree_find(methods->items[0], "method")->text, "vanilla");
    cr_expect_str_eq(tree_find(methods->items[0], "t")->text, "6");
    cr_expect_str_eq(tree_find(tree_find(t, "engine"), "threads")->text, "2");
    cr_expect_str_eq(tree_find(settings, "temperature")->place.file,
                     "--set settings.temperature=0");
    arena_release(&a);
}

Test(yaml_tree, overrides_say_what_is_wrong) {
    struct arena a = {0};
    struct tree *t = parse(&a, base_text);
    assign(&a, t, "methods.2.t=5",
           "--set methods.2.t=5: there is no item 2, only 0 to 1");
    assign(&a, t, "methods.one.t=5",
           "--set methods.one.t=5: 'one' is not the number of an item");
    assign(&a, t, "settings.temperature.x=5",
           "--set settings.temperature.x=5: nothing can be set below a single "
           "value");
    assign(&a, t, "nothing", "--set nothing: expected PATH=VALUE");
    assign(&a, t, "=1", "--set =1: expected PATH=VALUE");
    assign(&a, t, "a.=1", "--set a.=1: the path ends with a dot");
    arena_release(&a);
}
