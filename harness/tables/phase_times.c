#include "harness/tables/phase_times.h"

#include <math.h>

static double phase_ms(const struct report_sample *s, enum phase p) {
    if (s->failed || s->phase_ns[p] == SAMPLE_NO_TIME) return NAN;
    return (double)s->phase_ns[p] / 1e6;
}

static double prompt_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_PROMPT);
}

static double base_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_BASE);
}

static double draft_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_DRAFT);
}

static double verify_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_VERIFY);
}

static double judge_ms(const struct report_sample *s) {
    return phase_ms(s, PHASE_JUDGE);
}

static double other_ms(const struct report_sample *s) {
    if (s->failed || s->other_ns == SAMPLE_NO_TIME) return NAN;
    return (double)s->other_ns / 1e6;
}

const struct phase_time phase_times[N_PHASE_TIMES] = {
    {"prompt", prompt_ms}, {"base", base_ms},   {"draft", draft_ms},
    {"verify", verify_ms}, {"judge", judge_ms}, {"other", other_ms},
};
