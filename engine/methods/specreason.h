#pragma once
// Private to engine/methods: see specreason.c.

#include "engine/methods/method.h"

extern const struct method method_specreason;
extern const struct method method_specreason_decode;
