#pragma once
// Reward models that read problems and steps, for the tests of prm.h.

#include "engine/methods/prm.h"

#include <stdbool.h>

// How `lm` is asked beside this base; fails the test where it cannot be.
void reader_resolve(struct prm *p, const struct lm *lm, const struct lm *base,
                    enum prm_format format);
// Fails the test unless it is refused with a message that has this in it.
void reader_expect_refused(const struct lm *lm, enum prm_format format,
                           const char *message);
// A transcript with the problem in it.
struct lm_seq *reader_begin(const struct prm *p, struct lm *lm,
                            const char *problem);
// Pushes step `number`; its ids, where they are read, are 'X' and 'Y', whatever
// the text. False: there was no room.
bool reader_push(const struct prm *p, struct lm_seq *seq, int number,
                 const char *text);
