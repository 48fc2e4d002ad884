#pragma once
// What two cells do not share of what decides a sample (sweep.h), problems
// aside.

struct buf;
struct report;
struct report_cell;

enum identity_part {      // flags
    DIFFERS_MODEL = 1,    // content of base, draft or reward model
    DIFFERS_ENGINE = 2,   // sample version, prefill, KV type, context
    DIFFERS_SETTINGS = 4, // of the cell, its method among them
    DIFFERS_SEED = 8,
};
enum { IDENTITY_PARTS = 4 };
extern const char *const identity_part_name[IDENTITY_PARTS]; // "model", ...

// Flags. A model that only one of both has is a matter of the method.
unsigned cell_identity_differs(const struct report *ra,
                               const struct report_cell *a,
                               const struct report *rb,
                               const struct report_cell *b);
// The same for people: a line for each difference, both values in it ("model
// base.gguf differs: 1a2b3c4d against 5e6f7a8b"), each ended by a newline.
void cell_identity_print(const struct report *ra, const struct report_cell *a,
                         const struct report *rb, const struct report_cell *b,
                         struct buf *out);
