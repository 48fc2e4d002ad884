#include "engine/methods/answer.h"

#include "engine/methods/stop_scan.h"

#include <limits.h>

// The stop rule itself says where answers end: it reads the text byte by byte,
// and what it has just opened or closed is where an answer begins or ends.

enum { N_LABEL = 7 }; // bytes of "Answer:"

struct span {
    size_t begin, end;
};

static bool is_blank(char c, bool in_line) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' ||
           (in_line && c == '*');
}

static struct span trim(const char *text, struct span s, bool in_line) {
    while (s.begin < s.end && is_blank(text[s.begin], in_line))
        s.begin++;
    while (s.begin < s.end && is_blank(text[s.end - 1], in_line))
        s.end--;
    return s;
}

const char *answer_find(const char *text, size_t n_bytes, size_t *n_answer) {
    struct stop_scan scan = {.delimiter = "", .step_tokens = INT_MAX};
    struct span found = {0};
    size_t box_begin = 0, line_begin = 0;
    for (size_t i = 0; i < n_bytes; i++) {
        int depth = scan.boxed_depth, match = scan.line_match;
        scan.answer = false;
        stop_scan_token(&scan, text, i + 1);
        if (scan.boxed_depth == 1 && depth == 0) box_begin = i + 1;
        if (scan.line_match == N_LABEL && match < N_LABEL) line_begin = i + 1;
        if (!scan.answer) continue;
        bool in_line = text[i] == '\n';
        // A box in an answer line is the answer, not the words around it.
        if (in_line && found.end > line_begin) continue;
        size_t begin = in_line ? line_begin : box_begin;
        found = trim(text, (struct span){begin, i}, in_line);
    }
    *n_answer = found.end - found.begin;
    return found.end ? text + found.begin : NULL;
}
