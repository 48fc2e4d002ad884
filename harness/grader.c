#include "harness/grader.h"

#include <stdio.h>
#include <string.h>

const char *const verdict_name[VERDICT_N] = {"wrong", "correct", "ungraded"};

static const struct grader *const graders[] = {&grader_number, &grader_choice,
                                               &grader_none, NULL};

const struct grader *grader_find(const char *name) {
    for (int i = 0; graders[i]; i++) {
        if (strcmp(graders[i]->name, name) == 0) return graders[i];
    }
    return NULL;
}

const struct grader *grader_at(int i) {
    int n = (int)(sizeof graders / sizeof *graders) - 1;
    return i >= 0 && i < n ? graders[i] : NULL;
}

// One pass, whatever the text: open boxes are kept on a short stack with the
// brace depth at which each closes. Of more open boxes than the stack holds the
// oldest are forgotten, as later ones win anyway.
const char *grade_boxed(const char *from, size_t n_from, size_t *n_bytes) {
    enum { OPEN_MAX = 32 };
    static const char mark[] = "\\boxed{";
    const size_t n_mark = sizeof mark - 1;
    struct {
        size_t begin;
        long depth;
    } open[OPEN_MAX];
    int n_open = 0;
    long depth = 0;
    const char *best = NULL;
    *n_bytes = 0;
    for (size_t i = 0; i < n_from; i++) {
        if (n_from - i >= n_mark && memcmp(from + i, mark, n_mark) == 0) {
            if (n_open == OPEN_MAX)
                memmove(open, open + 1, (size_t)--n_open * sizeof *open);
            open[n_open].begin = i + n_mark;
            open[n_open++].depth = depth++;
            i += n_mark - 1;
        } else if (from[i] == '\\') {
            i++; // \{ and \} are text
        } else if (from[i] == '{') {
            depth++;
        } else if (from[i] == '}') {
            depth--;
            if (!n_open || open[n_open - 1].depth != depth) continue;
            const char *begin = from + open[--n_open].begin;
            if (best && begin < best) continue;
            best = begin;
            *n_bytes = (size_t)(from + i - begin);
        }
    }
    return best;
}

void grade_set(struct grade *g, enum verdict v, const char *answer,
               const char *reason) {
    g->verdict = v;
    snprintf(g->answer, sizeof g->answer, "%s", answer);
    snprintf(g->reason, sizeof g->reason, "%s", reason);
}
