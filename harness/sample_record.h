#pragma once
// One sample as it is stored: a line of samples.jsonl.
//
// The runner fills a `struct sample` from a trace and a grade and prints it;
// report and show read it back. docs/RESULTS.md lists the fields. Texts are
// borrowed: from the trace and the sweep when writing, from the arena when
// reading. Times of throughput mode are not those of a sample alone, so they
// are absent (SAMPLE_NO_TIME).

#include "engine/base/hash.h"
#include "engine/engine.h"
#include "harness/config.h"
#include "harness/grader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct error;

enum { SAMPLE_NO_TIME = -1 };

struct sample_step {
    enum author author;
    bool kept, judged;
    double score;     // NAN: not judged
    double threshold; // NAN: none in force
    // Of a tree; as in trace.h.
    double second; // NAN: none
    enum decision decision;
    int parent, n_copies;
    int n_tokens;
    int64_t time_ns;  // or SAMPLE_NO_TIME
    const char *text; // n_bytes long
    size_t n_bytes;
};

struct sample {
    char key[HASH_HEX_SIZE];
    const char *cell;               // id
    const char *base, *draft, *prm; // names; draft, prm "": none
    const char *dataset, *method, *label;
    double threshold;    // NAN: none
    const char *problem; // id
    int index;           // 0..k-1
    int64_t seed;
    int session; // in the manifest: which start of the run
    enum run_mode mode;
    enum verdict verdict;
    const char *answer, *reason; // of the grader; "" if none
    const char *error;           // NULL: solved
    enum stop_reason stop;
    bool answer_forced;
    bool text_full; // texts of some dropped steps are missing
    bool tree;      // the steps are nodes: each comes after its parent
    struct counters count;
    int64_t total_ns, phase_ns[PHASE_N], other_ns; // or SAMPLE_NO_TIME
    char token_hash[HASH_HEX_SIZE];
    struct sample_step *steps; // [n_steps]
    int n_steps;
    const char *response; // NULL: the kept steps, one after the other
    size_t n_response;
};

extern const char *const run_mode_name[]; // "latency", "throughput"

// What names a sample: the cell's id stands for everything but problem and
// index (sweep.h).
void sample_key(const char *cell_id, const char *problem_hash, int index,
                char key[HASH_HEX_SIZE]);

// Did the text end because of a limit, not with an answer or by itself?
bool sample_is_cut_off(enum stop_reason stop);

// Name of the first counter that differs, with both values; NULL: none does.
const char *sample_counter_differs(const struct counters *a,
                                   const struct counters *b, int64_t *value_a,
                                   int64_t *value_b);

// Fill what a trace knows: stop, counts, times (not in throughput mode), token
// hash, steps (allocated in the arena, texts borrowed from the trace) and the
// response when it is not just the kept steps.
void sample_from_trace(struct sample *s, const struct trace *t,
                       struct arena *arena);

// Append the line, without newline.
void sample_print(const struct sample *s, struct buf *out);

// Read a line back; everything goes to the arena. -1 with ERR_INPUT.
int sample_parse(struct sample *s, const char *line, size_t n_bytes,
                 struct arena *arena, struct error *err);
