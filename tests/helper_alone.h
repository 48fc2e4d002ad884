#pragma once
// Thoughts of a bench against what thoughts.h says they are: each written token
// by token in a transcript of its own, without any of the module's code.

#include "tests/helper_thoughts.h"

// The n thoughts after a node, of which the first was drawn as number `drawn`,
// one by one; each must have its node among [first, first + n_nodes).
void alone_check(struct bench *b, enum author author, int parent, int n,
                 uint64_t drawn, int first, int n_nodes);
// The same of three layers of one path, n thoughts each.
void alone_check_layers(struct bench *b, enum author author, bool speculate,
                        int n);
