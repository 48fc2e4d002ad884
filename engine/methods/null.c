#include "engine/methods/null.h"

#include "engine/methods/sample.h"

#include <stdlib.h>
#include <string.h>

// A method that does nothing: it writes a fixed answer without asking a model,
// to test the harness around it.

static const char null_answer[] = "\\boxed{0}";

static int null_solve(struct workspace *w, const struct settings *s,
                      const struct rng *rng, struct trace *t,
                      struct error *err) {
    struct sample m;
    int32_t *tokens;
    int n = lm_encode(w->lm[ROLE_BASE], null_answer, strlen(null_answer), false,
                      &tokens, err);
    if (n < 0) return -1;
    sample_init(&m, w, s, rng, t);
    for (int i = 0; i < n && !m.stop; i++)
        sample_keep(&m, tokens[i], AUTHOR_BASE);
    sample_step_end(&m);
    free(tokens);
    t->stop = m.stop ? m.stop : STOP_END;
    return 0;
}

const struct method method_null = {
    .name = "null",
    .help = "writes a fixed answer without a model; tests the harness",
    .bit = BIT_NULL,
    .solve = null_solve,
};
