#include "harness/gate/gate_rules.h"

#include "engine/base/buf.h"
#include "harness/compare/cell_identity.h"
#include "harness/compare/cell_name.h"
#include "harness/validity.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Can anything be said about this cell? Times that are not fit to be averaged
// concern the rule of speed alone (gate_speed.c): tokens are what they are on a
// busy machine too.

void gate_finding_set(struct gate_finding *f, enum gate_outcome outcome,
                      const char *format, ...) {
    va_list args;
    f->outcome = outcome;
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    for (char *c = f->text; *c; c++) { // of a store that somebody sent
        if ((unsigned char)*c < ' ' || *c == 127) *c = '?';
    }
}

void gate_cell_name(const struct gate_cell *c, struct buf *out) {
    cell_name_print(c->match.a ? c->match.a : c->match.b, out);
}

const char *gate_no_interval(const struct estimate *e) {
    if (e->n < 1) return "no problem has a value on both sides";
    return e->n > 1 ? "problems of one cluster have no interval"
                    : "one problem has no interval";
}

static bool is_about_times(enum validity_check check) {
    return check == CHECK_MACHINES || check == CHECK_WARMUP ||
           check == CHECK_DRIFT || check == CHECK_OUTLIERS;
}

bool gate_is_invalid(const struct report_cell *c, bool times, struct buf *why) {
    const struct validity_report *v = c->validity;
    bool invalid = false;
    for (int i = 0; i < CHECK_N; i++) {
        if (v->findings[i].verdict != VALIDITY_INVALID) continue;
        if (is_about_times((enum validity_check)i) == times) invalid = true;
    }
    if (invalid) validity_print(v, why);
    return invalid;
}

static bool is_invalid(struct gate_finding *f, const char *side,
                       const struct report_cell *c) {
    struct buf why;
    buf_init(&why);
    bool invalid = gate_is_invalid(c, false, &why);
    if (invalid)
        gate_finding_set(f, GATE_INVALID, "%s is invalid: %s", side, why.text);
    buf_release(&why);
    return invalid;
}

static void name_parts(unsigned parts, struct buf *out) {
    for (int i = 0; i < IDENTITY_PARTS; i++) {
        if (!(parts & 1u << i)) continue;
        buf_addf(out, "%s%s", out->n_bytes ? "," : "", identity_part_name[i]);
    }
}

static void tell_unnamed(struct gate_finding *f, const struct gate_sides *s) {
    struct buf parts, lines;
    buf_init(&parts);
    buf_init(&lines);
    name_parts(s->differs, &parts);
    cell_identity_print(s->ra, s->a, s->rb, s->b, &lines);
    lines.text[strcspn(lines.text, "\n")] = '\0';
    gate_finding_set(f, GATE_CANNOT_JUDGE,
                     "%.150s; where that is meant: --changed %.60s", lines.text,
                     parts.text);
    buf_release(&parts);
    buf_release(&lines);
}

bool gate_sides_judge(struct gate_finding *f, const struct gate_sides *s) {
    if (s->differs & ~s->o->changed) {
        tell_unnamed(f, s);
        return false;
    }
    if (is_invalid(f, "the baseline", s->a) ||
        is_invalid(f, "the candidate", s->b))
        return false;
    struct buf parts;
    buf_init(&parts);
    name_parts(s->differs, &parts);
    if (s->differs)
        gate_finding_set(f, GATE_PASS, "differ in %s, as said", parts.text);
    else
        f->outcome = GATE_PASS;
    buf_release(&parts);
    return true;
}
