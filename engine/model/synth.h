#pragma once
// Writes a GGUF file with the shape of a published model, seeded random weights
// and a made-up vocabulary, so that speed can be measured without a download.
//
// Every matrix has the rows, columns and tensor type that a file of that model
// quantised by llama-quantize has. The weights are random blocks: random
// quants, and scales chosen so that a row of n columns has weights of standard
// deviation 1 / sqrt(n); nothing is quantised. So logits are finite and differ
// from token to token, and mean nothing. Equal options give equal bytes.
//
// The vocabulary is byte-level BPE: 256 bytes, then seeded merges of letters,
// then control tokens in ChatML's manner, then padding to the model's rows.
// Shapes of one family have the same tokens below the padding.

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct error;

extern const char *const synth_shape_names[]; // NULL-terminated
extern const char *const synth_type_names[];  // NULL-terminated: "q4_k_m"

struct synth_options {
    int shape; // index into synth_shape_names
    int type;  // index into synth_type_names
    uint64_t seed;
    int n_ctx; // 0: the model's own
};

struct synth;

// Lays the file out. NULL with ERR_INPUT when an option is out of range.
struct synth *synth_new(const struct synth_options *o, struct error *err);
void synth_free(struct synth *s); // NULL is fine
uint64_t synth_file_bytes(const struct synth *s);
// The whole file, front to back. -1 with ERR_IO and errno's text.
int synth_write(const struct synth *s, FILE *out, struct error *err);
