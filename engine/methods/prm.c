#include "engine/methods/prm.h"

#include "engine/base/error.h"

#include <math.h>

int prm_resolve(struct prm *p, const struct lm *lm, const struct lm *base,
                const struct settings *s, struct error *err) {
    (void)p, (void)lm, (void)base, (void)s;
    return error_set(err, ERR_UNSUPPORTED, "no process reward models yet");
}

int prm_push_problem(const struct prm *p, struct lm_seq *seq,
                     struct lm_scratch *scratch, const char *problem,
                     struct error *err) {
    (void)p, (void)seq, (void)scratch, (void)problem;
    return error_set(err, ERR_UNSUPPORTED, "no process reward models yet");
}
