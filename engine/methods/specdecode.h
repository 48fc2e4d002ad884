#pragma once
// Private to engine/methods: see specdecode.c.

#include "engine/methods/method.h"

extern const struct method method_specdecode;
