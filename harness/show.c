#include "harness/show.h"

#include "harness/report.h"
#include "harness/sample_record.h"
#include "harness/show_text.h"
#include "harness/show_tree.h"

#include <math.h>
#include <string.h>

// Base in blue, draft in green; what the judge dropped is dim.

static void print_line(const char *name, const char *text, FILE *out) {
    fprintf(out, "%-10s", name);
    show_text(text, strlen(text), "", out);
    fputc('\n', out);
}

// ---- one sample -----------------------------------------------------------

static void print_identity(const struct sample *s, FILE *out) {
    char text[512], threshold[40] = "";
    if (!isnan(s->threshold)) {
        snprintf(threshold, sizeof threshold, ", threshold %g", s->threshold);
    }
    snprintf(text, sizeof text, "%.8s  %s%s", s->cell, s->label, threshold);
    print_line("cell", text, out);
    print_line("base", s->base, out);
    if (*s->draft) print_line("draft", s->draft, out);
    if (*s->prm) print_line("prm", s->prm, out);
    snprintf(text, sizeof text, "%s / %s, sample %d, seed %lld", s->dataset,
             s->problem, s->index, (long long)s->seed);
    print_line("problem", text, out);
}

static void print_outcome(const struct sample *s, const struct paint *p,
                          FILE *out) {
    const char *color = s->verdict == VERDICT_CORRECT ? p->good : p->bad;
    fprintf(out, "%-10s%s%s%s", "verdict", color, verdict_name[s->verdict],
            p->off);
    if (*s->answer) {
        fputs(", answer ", out);
        show_text(s->answer, strlen(s->answer), "", out);
    }
    if (*s->reason) {
        fputs(" (", out);
        show_text(s->reason, strlen(s->reason), "", out);
        fputc(')', out);
    }
    fputc('\n', out);
    if (s->error) print_line("error", s->error, out);
    fprintf(out, "%-10s%s%s\n", "stop", stop_reason_name[s->stop],
            s->answer_forced ? ", answer phase" : "");
}

static void print_tokens(const struct sample *s, FILE *out) {
    fprintf(out,
            "%-10s%lld kept (%lld by the draft), %lld drafted in steps, %lld "
            "of them dropped\n",
            "tokens", (long long)s->count.kept_tokens,
            (long long)s->count.kept_from_draft,
            (long long)s->count.step_tokens_drafted,
            (long long)s->count.step_tokens_discarded);
    if (s->count.spec_passes) {
        fprintf(out,
                "%-10s%lld of %lld drafted tokens accepted in %lld "
                "passes\n",
                "", (long long)s->count.spec_accepted,
                (long long)s->count.spec_drafted,
                (long long)s->count.spec_passes);
    }
    if (s->tree) show_tree_counts(s, out);
    if (s->count.calls[ROLE_PRM]) {
        fprintf(out, "%-10s%lld tokens read in %lld calls\n", "prm",
                (long long)s->count.evaluated[ROLE_PRM],
                (long long)s->count.calls[ROLE_PRM]);
    }
}

static void print_times(const struct sample *s, FILE *out) {
    if (s->total_ns == SAMPLE_NO_TIME) return;
    fprintf(out, "%-10s%.3f ms:", "time", (double)s->total_ns / 1e6);
    for (int i = 0; i < PHASE_N; i++) {
        fprintf(out, " %s %.3f", phase_name[i], (double)s->phase_ns[i] / 1e6);
    }
    fprintf(out, " other %.3f\n", (double)s->other_ns / 1e6);
}

static void print_step(const struct sample_step *step, int number,
                       const struct paint *p, FILE *out) {
    bool draft = step->author == AUTHOR_DRAFT;
    fprintf(out, "%s%3d  %s%-5s  ", step->kept ? "" : p->dim, number,
            !step->kept ? ""
            : draft     ? p->draft
                        : p->base,
            draft ? "draft" : "base");
    fprintf(out, "%-7s", step->kept ? "kept" : "dropped");
    char score[64] = "";
    if (step->judged && isnan(step->score)) {
        snprintf(score, sizeof score, "by chance");
    } else if (step->judged) {
        snprintf(score, sizeof score, "score %.4g, threshold %.4g", step->score,
                 step->threshold);
    }
    fprintf(out, "  %-26s  %4d tokens", score, step->n_tokens);
    if (step->time_ns != SAMPLE_NO_TIME) {
        fprintf(out, "  %.3f ms", (double)step->time_ns / 1e6);
    }
    fputs("\n     | ", out);
    show_step_text(step->text, step->n_bytes, "     | ", out);
    fprintf(out, "%s\n", p->off);
}

static void print_steps(const struct sample *s, const struct show_options *o,
                        const struct paint *p, FILE *out) {
    if (s->tree) {
        show_tree(s, o->depth, o->kept_only, p, out);
        return;
    }
    for (int i = 0; i < s->n_steps; i++) {
        if (s->steps[i].kept || !o->kept_only)
            print_step(&s->steps[i], i + 1, p, out);
    }
}

void show_sample(const struct sample *s, const struct show_options *o,
                 FILE *out) {
    const struct paint *p = o->color ? &paint_colored : &paint_plain;
    print_identity(s, out);
    print_outcome(s, p, out);
    print_tokens(s, out);
    print_times(s, out);
    fputc('\n', out);
    print_steps(s, o, p, out);
    if (!s->n_steps && s->response) {
        fputs("     | ", out);
        show_text(s->response, s->n_response, "     | ", out);
        fputc('\n', out);
    }
    if (s->text_full)
        fputs("(the texts of some dropped steps are not "
              "stored)\n",
              out);
}

// ---- cells ----------------------------------------------------------------

static double kept_steps(const struct report_sample *s) {
    return s->failed ? NAN : s->n_kept;
}

// Not of searches, which drop thoughts that no judge rejected.
static double drafted_share(const struct report_cell *c) {
    double kept = 0, drafted = 0;
    if (report_searches(c)) return NAN;
    for (int i = 0; i < c->n_problems * c->k; i++) {
        kept += c->samples[i].n_kept_draft;
        drafted += c->samples[i].n_drafted;
    }
    return drafted > 0 ? 100 * kept / drafted : NAN;
}

// Thresholds from 0 to 9 as in tables, those from 0 to 1 in full.
static void print_threshold(double x, FILE *out) {
    char text[40] = "-";
    if (!isnan(x)) snprintf(text, sizeof text, x < 1 ? "%.4g" : "%.1f", x);
    fprintf(out, "  %9s", text);
}

static void print_number(double x, int decimals, const char *unit, int width,
                         FILE *out) {
    char text[40] = "-";
    if (!isnan(x)) snprintf(text, sizeof text, "%.*f%s", decimals, x, unit);
    fprintf(out, "  %*s", width, text);
}

// Widths of the columns of names.
struct widths {
    int method, base, draft, dataset;
};

static void widen(int *width, const char *name) {
    int n = (int)strlen(name);
    if (n > *width) *width = n;
}

static struct widths widths_of(const struct report *r) {
    struct widths w = {20, 12, 12, 14};
    for (int i = 0; i < r->n_cells; i++) {
        widen(&w.method, r->cells[i].cell->label);
        widen(&w.base, r->cells[i].cell->base);
        widen(&w.draft, r->cells[i].cell->draft);
        widen(&w.dataset, r->cells[i].dataset->name);
    }
    return w;
}

static void show_cell(const struct report_cell *c, const struct widths *w,
                      FILE *out) {
    int n = c->n_problems * c->k;
    char samples[40];
    snprintf(samples, sizeof samples, "%d/%d", n - c->n_missing, n);
    fprintf(out, "%.8s  %-*s", c->cell->id, w->method, c->cell->label);
    print_threshold(c->cell->threshold, out);
    fprintf(out, "  %-*s  %-*s  %-*s  %11s", w->base, c->cell->base, w->draft,
            *c->cell->draft ? c->cell->draft : "-", w->dataset,
            c->dataset->name, samples);
    print_number(report_mean(c, report_correct), 3, "", 7, out);
    print_number(report_mean(c, report_ms), 2, "", 9, out);
    print_number(report_mean(c, kept_steps), 1, "", 6, out);
    print_number(drafted_share(c), 0, "%", 8, out);
    fprintf(out, "%s%s\n", *c->cell->variant ? "  " : "", c->cell->variant);
}

void show_cells(const struct report *r, FILE *out) {
    struct widths w = widths_of(r);
    fprintf(out,
            "%-8s  %-*s  %9s  %-*s  %-*s  %-*s  %11s  %7s  %9s  %6s  %8s\n",
            "cell", w.method, "method", "threshold", w.base, "base", w.draft,
            "draft", w.dataset, "dataset", "samples", "correct", "mean ms",
            "steps", "accepted");
    for (int i = 0; i < r->n_cells; i++)
        show_cell(&r->cells[i], &w, out);
}
