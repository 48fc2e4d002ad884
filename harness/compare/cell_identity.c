#include "harness/compare/cell_identity.h"

#include "engine/base/buf.h"
#include "harness/compare/engine_facts.h"
#include "harness/report.h"

#include <stdbool.h>
#include <string.h>

// One pass that prints where somebody wants it printed, so that flags and lines
// cannot disagree.

const char *const identity_part_name[IDENTITY_PARTS] = {"model", "engine",
                                                        "settings", "seed"};

struct sides {
    const struct report *ra, *rb;
    const struct report_cell *a, *b;
    struct buf *out; // NULL: only the flags
};

// ---- models ---------------------------------------------------------------

static const struct manifest_model *find_model(const struct report *r,
                                               const char *name) {
    for (int i = 0; i < r->manifest.n_models; i++) {
        if (!strcmp(r->manifest.models[i].name, name))
            return &r->manifest.models[i];
    }
    return NULL;
}

static bool model_differs(const struct sides *s, const char *name_a,
                          const char *name_b) {
    if (!*name_a || !*name_b) return false;
    const struct manifest_model *a = find_model(s->ra, name_a);
    const struct manifest_model *b = find_model(s->rb, name_b);
    const char *hash_a = a ? a->hash : "", *hash_b = b ? b->hash : "";
    if (!strcmp(hash_a, hash_b)) return false;
    if (!s->out) return true;
    if (!strcmp(name_a, name_b))
        buf_addf(s->out, "model %s differs", name_a);
    else
        buf_addf(s->out, "models %s and %s differ", name_a, name_b);
    buf_addf(s->out, ": %.8s against %.8s\n", *hash_a ? hash_a : "unknown",
             *hash_b ? hash_b : "unknown");
    return true;
}

static unsigned models(const struct sides *s) {
    const struct manifest_cell *a = s->a->cell, *b = s->b->cell;
    bool base = model_differs(s, a->base, b->base);
    bool draft = model_differs(s, a->draft, b->draft);
    bool prm = model_differs(s, a->prm, b->prm);
    return base || draft || prm ? DIFFERS_MODEL : 0;
}

// ---- engine, seed ---------------------------------------------------------

static unsigned engine(const struct sides *s) {
    struct engine_facts a, b;
    char text[64];
    engine_facts_read(&a, &s->ra->manifest);
    engine_facts_read(&b, &s->rb->manifest);
    const char *what = engine_facts_differ(&a, &b, text);
    if (what && s->out) buf_addf(s->out, "engine differs: %s\n", what);
    return what ? DIFFERS_ENGINE : 0;
}

static unsigned seed(const struct sides *s) {
    long long a = s->ra->manifest.seed, b = s->rb->manifest.seed;
    if (a == b) return 0;
    if (s->out) buf_addf(s->out, "seed differs: %lld against %lld\n", a, b);
    return DIFFERS_SEED;
}

// ---- settings -------------------------------------------------------------

static bool setting_differs(const struct sides *s, const char *name,
                            const char *a, const char *b) {
    if (a && b && !strcmp(a, b)) return false;
    if (!s->out) return true;
    buf_addf(s->out, "setting %s differs: %s against %s\n", name,
             a ? a : "none", b ? b : "none");
    return true;
}

// Settings of another method are not listed: its name says it all.
static unsigned settings(const struct sides *s) {
    const struct manifest_cell *a = s->a->cell, *b = s->b->cell;
    bool same_method = !strcmp(a->method, b->method);
    bool any = !same_method;
    if (any && s->out)
        buf_addf(s->out, "method differs: %s against %s\n", a->method,
                 b->method);
    for (int i = 0; i < a->n_settings; i++) {
        const char *name = a->settings[i].name;
        const char *other = report_setting(s->b, name);
        if (!other && !same_method) continue;
        if (setting_differs(s, name, a->settings[i].value, other)) any = true;
    }
    for (int i = 0; same_method && i < b->n_settings; i++) {
        const char *name = b->settings[i].name;
        if (report_setting(s->a, name)) continue;
        if (setting_differs(s, name, NULL, b->settings[i].value)) any = true;
    }
    return any ? DIFFERS_SETTINGS : 0;
}

static unsigned all(const struct sides *s) {
    unsigned differs = models(s);
    differs |= engine(s);
    differs |= settings(s);
    return differs | seed(s);
}

unsigned cell_identity_differs(const struct report *ra,
                               const struct report_cell *a,
                               const struct report *rb,
                               const struct report_cell *b) {
    return all(&(struct sides){ra, rb, a, b, NULL});
}

void cell_identity_print(const struct report *ra, const struct report_cell *a,
                         const struct report *rb, const struct report_cell *b,
                         struct buf *out) {
    all(&(struct sides){ra, rb, a, b, out});
}
