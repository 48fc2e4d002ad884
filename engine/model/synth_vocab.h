#pragma once
// A made-up byte-level BPE vocabulary with its merges, as GGUF metadata.

#include <stdint.h>

struct buf;

enum { SYNTH_N_CONTROL = 3 };

// Texts are in GPT-2's alphabet. Token ids: 0..255 bytes, then one token per
// merge up to n_text, then <|endoftext|>, <|im_start|>, <|im_end|>, then
// padding. Needs 256 < n_text and n_text + SYNTH_N_CONTROL <= n_vocab.
struct synth_vocab {
    struct buf *tokens; // GGUF array elements: each length, then the text
    struct buf *merges;
    struct buf *types; // int32
};

// Appends to the three buffers. Merges depend on seed and n_text alone.
void synth_vocab_fill(struct synth_vocab *v, uint64_t seed, int n_text,
                      int n_vocab);
