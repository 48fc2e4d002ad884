#pragma once
// What of an engine decides the tokens of a run, as its manifest has it.

#include <stdbool.h>

struct manifest;

struct engine_facts {
    char sample_version[12], prefill[16], kv[16], context[16];
};

// Read from the resolved config; what an older one does not say has the default
// that it ran with.
void engine_facts_read(struct engine_facts *f, const struct manifest *m);
// What differs first, with both values ("kv f32 against f16"); NULL: nothing.
// The text lives in `text`.
const char *engine_facts_differ(const struct engine_facts *a,
                                const struct engine_facts *b, char text[64]);
// Does it give the same tokens on every machine?
bool engine_facts_portable(const struct engine_facts *f);
