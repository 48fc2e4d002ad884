#pragma once
// What evaluating tokens costs at least: bytes that must be read and
// operations that must be done, counted from the shapes of a file's tensors.

#include <stdbool.h>
#include <stdint.h>

struct error;

struct bench_cost {
    double weight_bytes;   // read once per call: all but an untied embedding
    double layer_params;   // of the matrices of all layers
    double output_params;  // of the matrix that gives logits
    double attention_dim;  // sum over layers of query heads * head size
    double kv_token_bytes; // keys and values of one position; set by the caller
    bool is_int8;          // most of it is multiplied as 8-bit integers
};

// -1 with an error that names the file.
int bench_cost_read(const char *path, struct bench_cost *cost,
                    struct error *err);

// One call: n_seq sequences of n_tokens new tokens each, n_rows logits rows in
// all, each token seeing `context` positions on average.
struct bench_call {
    int n_seq, n_tokens, n_rows;
    double context;
};
// Weights once, and once the keys and values of each sequence.
double bench_cost_bytes(const struct bench_cost *c, const struct bench_call *k);
// Multiplications and additions of matrix products and attention.
double bench_cost_ops(const struct bench_cost *c, const struct bench_call *k);
