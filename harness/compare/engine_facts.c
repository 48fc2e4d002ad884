#include "harness/compare/engine_facts.h"

#include "engine/base/arena.h"
#include "harness/manifest.h"
#include "harness/yaml_tree.h"

#include <stdio.h>
#include <string.h>

static void take(char *to, size_t size, const struct tree *engine,
                 const char *key) {
    const struct tree *t = tree_find(engine, key);
    if (t && t->kind == TREE_SCALAR) snprintf(to, size, "%s", t->text);
}

void engine_facts_read(struct engine_facts *f, const struct manifest *m) {
    struct arena a = {0};
    const struct tree *root =
        tree_parse(&a, "config", m->config, strlen(m->config), NULL);
    const struct tree *engine = tree_find(root, "engine");
    *f = (struct engine_facts){.prefill = "exact", .kv = "f32", .context = "0"};
    snprintf(f->sample_version, sizeof f->sample_version, "%d",
             m->sample_version);
    take(f->prefill, sizeof f->prefill, engine, "prefill");
    take(f->kv, sizeof f->kv, engine, "kv");
    take(f->context, sizeof f->context, engine, "context");
    arena_release(&a);
}

const char *engine_facts_differ(const struct engine_facts *a,
                                const struct engine_facts *b, char text[64]) {
    const struct {
        const char *name, *a, *b;
    } facts[] = {{"sample version", a->sample_version, b->sample_version},
                 {"prefill", a->prefill, b->prefill},
                 {"kv", a->kv, b->kv},
                 {"context", a->context, b->context}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        if (!strcmp(facts[i].a, facts[i].b)) continue;
        snprintf(text, 64, "%s %s against %s", facts[i].name, facts[i].a,
                 facts[i].b);
        return text;
    }
    return NULL;
}

bool engine_facts_portable(const struct engine_facts *f) {
    return !strcmp(f->prefill, "exact");
}
