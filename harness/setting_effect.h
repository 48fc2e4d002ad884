#pragma once
// Settings that decide nothing unless another one has a certain value: a
// threshold means nothing to the random judge. A config that gives one in vain
// is refused, so that nothing is ignored silently.

struct method_spec;
struct option;

struct setting_effect {
    const char *setting;
    const char *on;   // has an effect only where this setting
    const char *with; // is one of these: "digit, prm or likelihood"
};

// What this setting lacks in every cell of an entry of methods; NULL: it has
// an effect.
const struct setting_effect *setting_idle(const struct method_spec *m,
                                          const struct option *o);
