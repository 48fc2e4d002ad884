#pragma once
// The engine as the harness sees it: models, methods, and the account of what
// they did. The harness includes this and engine/base/*.h, nothing else.

#include "engine/kernels/kern_probe.h"
#include "engine/lm/batcher.h"
#include "engine/lm/lm.h"
#include "engine/lm/model_file.h"
#include "engine/lm/scripted.h"
#include "engine/methods/method.h"
#include "engine/methods/settings.h"
#include "engine/methods/trace.h"
#include "engine/model/synth.h"
