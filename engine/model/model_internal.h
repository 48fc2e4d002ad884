#pragma once
// What model.c (opening), model_shape.c (hyperparameters) and model_weights.c
// (tensors) share.

#include "engine/model/model.h"

// An architecture: one recipe with these switches.
struct arch {
    const char *name;
    enum rope_pairing pairing;
    bool qk_norm;  // a norm per head of queries and keys
    bool qkv_bias; // queries, keys and values have one; elsewhere they may
};

// NULL with an error where the file's architecture is not one of ours.
const struct arch *arch_find(const struct gguf *g, struct error *err);

// All of m->shape but n_vocab, checked, from m->file.
int model_read_shape(struct model *m, const struct arch *arch,
                     struct error *err);

// n_vocab and the weights. Each tensor of the file must find its place.
int model_load_weights(struct model *m, const struct arch *arch,
                       struct pool *pool, struct error *err);
