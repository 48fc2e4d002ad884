#pragma once
// Private to engine/methods: see null.c.

#include "engine/methods/method.h"

extern const struct method method_null;
