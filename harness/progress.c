#include "harness/progress.h"

#include "engine/base/clock.h"

#include <math.h>
#include <unistd.h>

// The ETA is the mean time of this session's samples times those that are left.

enum { BAR_CELLS = 24 };
static const int64_t TERMINAL_NS = 100000000; // between two pictures
static const int64_t PLAIN_NS = 10000000000;

void progress_begin(struct progress *p, FILE *log, bool quiet, int64_t n_total,
                    int64_t n_stored) {
    *p = (struct progress){
        .log = quiet ? NULL : log, .n_total = n_total, .n_stored = n_stored};
    p->terminal = p->log && isatty(fileno(p->log));
    p->start_ns = p->shown_ns = clock_now_ns(NULL);
}

void progress_duration(char *text, size_t size, double seconds) {
    if (!(seconds >= 0) || seconds > 1e9) {
        snprintf(text, size, "?");
        return;
    }
    long s = lround(seconds);
    if (s >= 3600) {
        snprintf(text, size, "%ldh%02ldm", s / 3600, s / 60 % 60);
    } else if (s >= 60) {
        snprintf(text, size, "%ldm%02lds", s / 60, s % 60);
    } else {
        snprintf(text, size, "%lds", s);
    }
}

static void draw_bar(char *bar, double share) {
    int n = (int)(share * BAR_CELLS);
    for (int i = 0; i < BAR_CELLS; i++)
        bar[i] = i < n ? '#' : '.';
    bar[BAR_CELLS] = '\0';
}

void progress_line(const struct progress *p, int64_t now_ns, char *text,
                   size_t size) {
    int64_t n = p->n_stored + p->n_done;
    double share = p->n_total > 0 ? (double)n / (double)p->n_total : 1;
    double elapsed = (double)(now_ns - p->start_ns) / 1e9;
    double left = p->n_done
                      ? elapsed / (double)p->n_done * (double)(p->n_total - n)
                      : NAN;
    char eta[24], took[24], bar[BAR_CELLS + 1], accuracy[32] = "-";
    progress_duration(eta, sizeof eta, left);
    progress_duration(took, sizeof took, elapsed);
    draw_bar(bar, share);
    if (p->n_done) {
        snprintf(accuracy, sizeof accuracy, "%.1f %%",
                 100.0 * (double)p->n_correct / (double)p->n_done);
    }
    char errors[48] = "";
    if (p->n_errors) {
        snprintf(errors, sizeof errors, ", %lld failed",
                 (long long)p->n_errors);
    }
    snprintf(text, size,
             "%s%s%s%lld/%lld samples (%.0f %%), correct %s%s, %s, ETA %s",
             p->terminal ? "[" : "", p->terminal ? bar : "",
             p->terminal ? "] " : "", (long long)n, (long long)p->n_total,
             100 * share, accuracy, errors, took, eta);
}

static void show(struct progress *p, int64_t now_ns) {
    char line[256];
    progress_line(p, now_ns, line, sizeof line);
    if (p->terminal) {
        fprintf(p->log, "\r%s\033[K", line);
    } else {
        fprintf(p->log, "%s\n", line);
    }
    fflush(p->log);
    p->shown_ns = now_ns;
}

void progress_sample(struct progress *p, bool correct, bool error) {
    p->n_done++;
    p->n_correct += correct;
    p->n_errors += error;
    if (!p->log) return;
    int64_t now_ns = clock_now_ns(NULL);
    if (now_ns - p->shown_ns >= (p->terminal ? TERMINAL_NS : PLAIN_NS)) {
        show(p, now_ns);
    }
}

void progress_end(struct progress *p) {
    if (!p->log || !p->n_done) return;
    show(p, clock_now_ns(NULL));
    if (p->terminal) fputc('\n', p->log);
}
