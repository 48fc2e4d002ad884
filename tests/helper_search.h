#pragma once
// A wood: three models that write and score known thoughts, so that a test can
// say exactly what a search must do.
//
// A thought is a letter and the delimiter, "a\n\n", or a longer "A---\n\n"; a
// digit and an answer, "1\boxed{1}"; or the end of text, '.', a thought without
// tokens. A place is named by the letters that lead to it. What comes next
// there is drawn from its letters, all equally likely, in the order of the
// alphabet: with k letters the draw u gives letter floor(u * k). Temperature 1,
// no filters.

#include "engine/lm/scripted.h"
#include "engine/methods/method.h"

struct wood_place {
    const char *path;  // "": the prompt; NULL ends the list
    double score;      // of its last thought, by the PRM; the judge's digit is
                       // that times 9; NAN: the PRM's logits are no numbers
    const char *base;  // letters that may come next, ascending
    const char *draft; // the same of the draft's; NULL: the base's
};

struct wood;

struct wood_role {
    struct wood *wood;
    const struct wood_place *places;
    enum model_role role;
    struct scripted_model model;
};

struct wood {
    struct wood_role roles[ROLE_N];
    struct models models;
    struct settings s;
    struct workspace *w;
    struct rng rng;
    struct trace t;
    int n_pasts; // most pasts of nodes that were kept at once, of one model
};

// Opens the models, a workspace with the problem "1+1" loaded and a trace with
// room for any search; settings: temperature 1, top_p 1, budget 200, 12 tokens
// a step, max_depth 6, beam width 2, tree width 3.
void wood_open(struct wood *p, const struct wood_place *places, uint64_t seed);
// With one of the models changed: its context, and the number of its call that
// fails; 0: as usual.
struct wood_change {
    enum model_role role;
    int n_ctx;
    int64_t fail_at_call;
};
void wood_open_with(struct wood *p, const struct wood_place *places,
                    uint64_t seed, const struct wood_change *change);
void wood_close(struct wood *p);

// Fails the test on an error, or when a search leaves pages behind.
void wood_solve(struct wood *p, const char *method);
// -1 with an error; pages are checked too.
int wood_try(struct wood *p, const char *method, struct error *err);

// Checks the letters that draws [first, first + n) give for `purpose`, n as
// many as are wanted, where `letters` may come: what a tree worked out by hand
// begins from.
void wood_expect_drawn(const struct wood *p, enum rng_purpose purpose,
                       uint64_t first, const char *letters, const char *want);

// A line for each step: "path author decision score threshold copies", with '-'
// for a threshold that is none. Steps of an answer phase have no path.
const char *wood_account(const struct wood *p, char *out, size_t size);
// The path that was kept.
const char *wood_kept(const struct wood *p, char *out, size_t size);
// The account, or the kept path and why the sample ended, of the last sample.
void wood_expect(const struct wood *p, const char *account);
void wood_expect_kept(const struct wood *p, const char *path,
                      enum stop_reason stop);

extern const char *const wood_searches[3]; // all methods that search
// A line without a branch: every thought of a layer is the same.
extern const struct wood_place wood_line[];
