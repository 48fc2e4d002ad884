#pragma once
// Random blocks of every tensor type: any bits are valid quants, so only the
// scales are computed. A block's scale gets a random sign where the type's
// quants are not symmetric, and its minimum is the middle of its range, so that
// the weights have mean 0.

#include <stddef.h>
#include <stdint.h>

// Ids of the file format (ggml_type).
enum synth_tensor_type {
    SYNTH_F32 = 0,
    SYNTH_F16 = 1,
    SYNTH_Q4_0 = 2,
    SYNTH_Q4_1 = 3,
    SYNTH_Q5_0 = 6,
    SYNTH_Q5_1 = 7,
    SYNTH_Q8_0 = 8,
    SYNTH_Q2_K = 10,
    SYNTH_Q3_K = 11,
    SYNTH_Q4_K = 12,
    SYNTH_Q5_K = 13,
    SYNTH_Q6_K = 14,
    SYNTH_IQ4_NL = 20,
    SYNTH_IQ4_XS = 23,
    SYNTH_BF16 = 30,
};

enum { SYNTH_TABLE = 4096 };

// A stream of the weights of one tensor.
struct synth_stream {
    uint64_t state; // random bits (SplitMix64)
    uint32_t type;
    float mean, sigma;           // of the weights; mean 0 but for F32
    uint16_t table[SYNTH_TABLE]; // F16, BF16: the values drawn from
};

void synth_stream_init(struct synth_stream *s, uint32_t type, uint64_t seed,
                       float mean, float sigma);
// The next n_blocks blocks (weights for F32, F16, BF16).
void synth_stream_fill(struct synth_stream *s, uint8_t *out, size_t n_blocks);
