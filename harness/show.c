#include "harness/show.h"

#include "harness/json_write.h"
#include "harness/report.h"
#include "harness/sample_record.h"

#include <math.h>
#include <string.h>

// Base in blue, draft in green; what the judge dropped is dim.

struct paint {
    const char *base, *draft, *dim, *good, *bad, *off;
};

static const struct paint plain = {"", "", "", "", "", ""};
static const struct paint colored = {"\033[34m", "\033[32m", "\033[2m",
                                     "\033[32m", "\033[31m", "\033[0m"};

// C0 controls, DEL, and the C1 controls that some terminals obey (U+0080 to
// U+009F, two bytes beginning with C2).
static bool is_control(const unsigned char *c, int n) {
    return c[0] < 0x20 || c[0] == 0x7F ||
           (n == 2 && c[0] == 0xC2 && c[1] < 0xA0);
}

static void print_text(const char *text, size_t n_bytes, const char *indent,
                       FILE *out) {
    for (size_t i = 0; i < n_bytes;) {
        int n = utf8_length(text + i, n_bytes - i);
        if (text[i] == '\n') {
            fputc('\n', out);
            fputs(indent, out);
        } else if (!n || is_control((const unsigned char *)text + i, n)) {
            fputc('?', out);
        } else {
            fwrite(text + i, 1, (size_t)n, out);
        }
        i += n ? (size_t)n : 1;
    }
}

static void print_line(const char *name, const char *text, FILE *out) {
    fprintf(out, "%-10s", name);
    print_text(text, strlen(text), "", out);
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
        print_text(s->answer, strlen(s->answer), "", out);
    }
    if (*s->reason) {
        fputs(" (", out);
        print_text(s->reason, strlen(s->reason), "", out);
        fputc(')', out);
    }
    fputc('\n', out);
    if (s->error) print_line("error", s->error, out);
    fprintf(out, "%-10s%s%s\n", "stop", stop_reason_name[s->stop],
            s->answer_forced ? ", answer phase" : "");
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
    size_t n = step->n_bytes;
    while (n && step->text[n - 1] == '\n')
        n--; // the delimiter itself
    print_text(step->text, n, "     | ", out);
    fprintf(out, "%s\n", p->off);
}

void show_sample(const struct sample *s, bool color, FILE *out) {
    const struct paint *p = color ? &colored : &plain;
    print_identity(s, out);
    print_outcome(s, p, out);
    print_times(s, out);
    fputc('\n', out);
    for (int i = 0; i < s->n_steps; i++) {
        print_step(&s->steps[i], i + 1, p, out);
    }
    if (!s->n_steps && s->response) {
        fputs("     | ", out);
        print_text(s->response, s->n_response, "     | ", out);
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

static double drafted_share(const struct report_cell *c) {
    double kept = 0, drafted = 0;
    for (int i = 0; i < c->n_problems * c->k; i++) {
        kept += c->samples[i].n_kept_draft;
        drafted += c->samples[i].n_drafted;
    }
    return drafted > 0 ? 100 * kept / drafted : NAN;
}

static void print_number(double x, int decimals, const char *unit, int width,
                         FILE *out) {
    char text[40] = "-";
    if (!isnan(x)) snprintf(text, sizeof text, "%.*f%s", decimals, x, unit);
    fprintf(out, "  %*s", width, text);
}

static void show_cell(const struct report_cell *c, FILE *out) {
    int n = c->n_problems * c->k;
    char samples[40];
    snprintf(samples, sizeof samples, "%d/%d", n - c->n_missing, n);
    fprintf(out, "%.8s  %-20s", c->cell->id, c->cell->label);
    print_number(c->cell->threshold, 1, "", 9, out);
    fprintf(out, "  %-12s  %-12s  %-14s  %11s", c->cell->base,
            *c->cell->draft ? c->cell->draft : "-", c->dataset->name, samples);
    print_number(report_mean(c, report_correct), 3, "", 7, out);
    print_number(report_mean(c, report_ms), 2, "", 9, out);
    print_number(report_mean(c, kept_steps), 1, "", 6, out);
    print_number(drafted_share(c), 0, "%", 8, out);
    fprintf(out, "%s%s\n", *c->cell->variant ? "  " : "", c->cell->variant);
}

void show_cells(const struct report *r, FILE *out) {
    fprintf(out,
            "%-8s  %-20s  %9s  %-12s  %-12s  %-14s  %11s  %7s  %9s  %6s"
            "  %8s\n",
            "cell", "method", "threshold", "base", "draft", "dataset",
            "samples", "correct", "mean ms", "steps", "accepted");
    for (int i = 0; i < r->n_cells; i++)
        show_cell(&r->cells[i], out);
}
