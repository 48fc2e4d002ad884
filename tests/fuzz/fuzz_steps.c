// Any bytes as a problem and, line by line, its steps: a verdict for each, and
// none but unknown where the problem cannot be read.

#include "engine/base/error.h"
#include "harness/step_checker.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    const char *steps[STEPS_MAX];
    int n_steps = 0;
    char *text = calloc(n + 1, 1), *at = text;
    if (!text) abort();
    memcpy(text, bytes, n);
    const char *problem = strsep(&at, "\n");
    while (at && n_steps < STEPS_MAX)
        steps[n_steps++] = strsep(&at, "\n");
    for (int i = 0; step_checker_at(i); i++) {
        const struct step_checker *k = step_checker_at(i);
        struct error err;
        int rc = k->check(problem, &err);
        for (int j = 1; j <= n_steps; j++) {
            enum step_verdict v = k->judge(problem, steps, j);
            if (v > STEP_WRONG || (rc && v != STEP_UNKNOWN)) __builtin_trap();
        }
    }
    free(text);
    return 0;
}
