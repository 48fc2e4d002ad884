#pragma once
// Private to engine/methods: see vanilla.c.

#include "engine/methods/method.h"

extern const struct method method_vanilla;
