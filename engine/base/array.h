#pragma once
// Growable arrays in one header: `struct { T *items; size_t n, cap; } a = {0}`.
//
// ARRAY(T) declares the struct type; push, reserve and release work on any of
// them. Memory comes from xrealloc.

#include "engine/base/alloc.h"

#include <stddef.h>
#include <stdlib.h>

#define ARRAY(T)                                                               \
    struct {                                                                   \
        T *items;                                                              \
        size_t n, cap;                                                         \
    }

// Room for `count` more items.
#define array_reserve(a, count)                                                \
    do {                                                                       \
        size_t array_need_ = (a)->n + (count);                                 \
        if (array_need_ > (a)->cap) {                                          \
            size_t array_cap_ = (a)->cap ? (a)->cap * 2 : 16;                  \
            if (array_cap_ < array_need_) array_cap_ = array_need_;            \
            (a)->items =                                                       \
                xrealloc((a)->items, array_cap_ * sizeof *(a)->items);         \
            (a)->cap = array_cap_;                                             \
        }                                                                      \
    } while (0)

#define array_push(a, item)                                                    \
    do {                                                                       \
        array_reserve((a), 1);                                                 \
        (a)->items[(a)->n++] = (item);                                         \
    } while (0)

#define array_release(a)                                                       \
    do {                                                                       \
        free((a)->items);                                                      \
        (a)->items = NULL;                                                     \
        (a)->n = (a)->cap = 0;                                                 \
    } while (0)
