#pragma once
// A transformer: hyperparameters and weights of one GGUF file.
//
// Architectures llama, qwen2 and qwen3 are one recipe with a few switches
// (struct model_shape). Matrices are repacked into panels when the file is
// opened (kernels.h says why), vectors converted to floats. What was taken over
// leaves the resident set: a model takes about as much memory as its file, even
// while it is loaded. An embedding that is not the output too stays in the
// read-only mapping. A tensor that has no place in the architecture is an
// error, and so is a weight or scale that is not finite.

#include "engine/kernels/kernels.h"
#include "engine/model/gguf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct pool;

enum rope_pairing { ROPE_NORM, ROPE_NEOX };

struct model_shape {
    char arch[16]; // "llama", "qwen2", "qwen3"
    int n_layer, n_embd, n_ff, n_vocab;
    int n_ctx_train; // or the window of attention, where that is shorter
    int n_head, n_head_kv, head_dim;
    int n_rot; // rotated elements of a head
    enum rope_pairing pairing;
    double rope_theta;
    double rope_scale; // positions are multiplied by this (linear)
    float norm_eps;
};

// A matrix and its optional bias. y = W x + b.
struct linear {
    struct kern_matrix w; // [n_out][n_in] in panels
    const float *bias;    // [n_out] or NULL
};

struct layer {
    const float *attn_norm, *ffn_norm; // [n_embd]
    const float *q_norm, *k_norm;      // [head_dim] or NULL
    struct linear q, k, v;             // [n_head * head_dim] etc. x [n_embd]
    struct linear o;                   // [n_embd][n_head * head_dim]
    struct linear gate, up;            // [n_ff][n_embd]
    struct linear down;                // [n_embd][n_ff]
};

struct model {
    struct gguf *file;
    struct model_shape shape;
    int64_t n_params;
    size_t weights_bytes;                // of the file's tensors
    const struct gguf_tensor *embedding; // [n_vocab][n_embd], as in the file;
                                         // NULL: the output's panels are it
    struct layer *layers;                // [n_layer]
    const float *output_norm;            // [n_embd]
    struct linear output;                // [n_vocab][n_embd]
    const float *rope_factors;           // [n_rot / 2] or NULL
    void *weights;                       // [reserved_bytes] all of the above
    size_t reserved_bytes;
};

// Opens and checks a file; repacking runs on the pool. NULL with an error that
// names the file and the key or tensor.
struct model *model_open(const char *path, struct pool *pool,
                         struct error *err);
// The same for a file that is open; `file` is the model's from now on, and
// closed in case of an error.
struct model *model_new(struct gguf *file, struct pool *pool,
                        struct error *err);
void model_free(struct model *m); // NULL is fine

// The shape that an open file's metadata state, but for n_vocab; no weights
// are read.
int model_shape_read(struct gguf *file, struct model_shape *shape,
                     struct error *err);

// The embedding of a token, 0 <= token < n_vocab: out [n_embd].
void model_embed(const struct model *m, int32_t token, float *out);
