#include "harness/gate/gate.h"

#include "engine/base/buf.h"
#include "harness/gate/gate_rules.h"
#include "harness/json_write.h"

#include <stdio.h>

// ---- for people ------------------------------------------------------------

static int count_cells(const struct gate *g, enum gate_outcome outcome) {
    int n = 0;
    for (int i = 0; i < g->n_cells; i++)
        n += g->cells[i].outcome == outcome;
    return n;
}

static void print_cell(const struct gate_cell *c, FILE *out) {
    struct buf name;
    buf_init(&name);
    gate_cell_name(c, &name);
    fprintf(out, "%-12s %s\n", gate_outcome_name[c->outcome], name.text);
    for (int i = 0; i < RULE_N; i++) {
        const struct gate_finding *f = &c->findings[i];
        if (!f->text[0]) continue;
        fprintf(out, "    %-12s %-8s  %s\n", gate_outcome_name[f->outcome],
                gate_rule_name[i], f->text);
    }
    buf_release(&name);
}

void gate_print(const struct gate *g, FILE *out) {
    for (int i = 0; i < g->n_cells; i++)
        print_cell(&g->cells[i], out);
    fprintf(out, "gate: %s", gate_outcome_name[g->outcome]);
    if (g->text[0]) {
        fprintf(out, ": %s", g->text);
    } else {
        fprintf(out, " (%d of %d cells)", count_cells(g, g->outcome),
                g->n_cells);
    }
    fputc('\n', out);
}

// ---- for programs ----------------------------------------------------------

static void add_side(const struct report *r, const char *key, struct buf *out) {
    json_add_key(out, key);
    if (!r) {
        buf_adds(out, "null");
        return;
    }
    buf_addc(out, '{');
    json_put_string(out, "folder", r->dir);
    json_put_string(out, "name", r->manifest.name);
    json_put_string(out, "samples_hash", r->hash);
    json_put_int(out, "sample_version", r->manifest.sample_version);
    buf_addc(out, '}');
}

static void add_options(const struct gate_options *o, struct buf *out) {
    static const char *const speeds[] = {"auto", "required", "off"};
    json_add_key(out, "options");
    buf_addc(out, '{');
    json_put_real(out, "max_accuracy_drop", o->max_accuracy_drop);
    json_put_real(out, "max_slowdown", o->max_slowdown);
    json_put_string(out, "speed", speeds[o->speed]);
    json_add_key(out, "changed");
    buf_addc(out, '[');
    for (int i = 0, n = 0; i < IDENTITY_PARTS; i++) {
        if (!(o->changed & 1u << i)) continue;
        if (n++) buf_addc(out, ',');
        json_add_string(out, identity_part_name[i]);
    }
    buf_addc(out, ']');
    json_add_key(out, "min_speedup");
    buf_addc(out, '{');
    for (int i = 0; i < o->n_speedups; i++)
        json_put_real(out, o->speedups[i].label, o->speedups[i].least);
    buf_adds(out, "}}");
}

static void add_finding(const struct gate_finding *f, enum gate_rule rule,
                        struct buf *out) {
    buf_addc(out, '{');
    json_put_string(out, "rule", gate_rule_name[rule]);
    json_put_string(out, "outcome", gate_outcome_name[f->outcome]);
    json_put_real(out, "value", f->value.value);
    json_put_real(out, "low", f->value.low);
    json_put_real(out, "high", f->value.high);
    json_put_int(out, "n_problems", f->value.n);
    json_put_real(out, "limit", f->limit);
    json_put_real(out, "p", f->p);
    json_put_real(out, "min_detectable", f->min_detectable);
    json_put_int(out, "n_needed", f->n_needed);
    json_put_string(out, "text", f->text);
    buf_addc(out, '}');
}

static void add_cell(const struct gate_cell *c, struct buf *out) {
    const struct report_cell *of = c->match.b ? c->match.b : c->match.a;
    struct buf name;
    buf_init(&name);
    gate_cell_name(c, &name);
    buf_addc(out, '{');
    json_put_string(out, "cell", of->cell->id);
    json_put_string(out, "name", name.text);
    json_put_string(out, "base", of->cell->base);
    json_put_string(out, "draft", of->cell->draft);
    json_put_string(out, "prm", of->cell->prm);
    json_put_string(out, "dataset", of->dataset->name);
    json_put_string(out, "label", of->cell->label);
    json_put_real(out, "threshold", of->cell->threshold);
    json_put_string(out, "variant", of->cell->variant);
    json_put_string(out, "outcome", gate_outcome_name[c->outcome]);
    json_add_key(out, "findings");
    buf_addc(out, '[');
    for (int i = 0, n = 0; i < RULE_N; i++) {
        const struct gate_finding *f = &c->findings[i];
        if (!f->text[0] && f->outcome == GATE_NOT_JUDGED) continue;
        buf_adds(out, n++ ? ",\n    " : "\n    ");
        add_finding(f, (enum gate_rule)i, out);
    }
    buf_adds(out, "]}");
    buf_release(&name);
}

void gate_print_json(const struct gate *g, const struct report *baseline,
                     const struct report *candidate,
                     const struct gate_options *o, struct buf *out) {
    buf_addc(out, '{');
    json_put_string(out, "outcome", gate_outcome_name[g->outcome]);
    json_put_int(out, "exit_code", gate_exit_code(g->outcome));
    json_put_string(out, "text", g->text);
    add_side(baseline, "baseline", out);
    add_side(candidate, "candidate", out);
    add_options(o, out);
    json_add_key(out, "cells");
    buf_addc(out, '[');
    for (int i = 0; i < g->n_cells; i++) {
        buf_adds(out, i ? ",\n  " : "\n  ");
        add_cell(&g->cells[i], out);
    }
    buf_adds(out, "]}\n");
}
