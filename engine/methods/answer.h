#pragma once
// Private to engine/methods: the answer in a text, where the stop rule sees one
// (stop_scan.h).

#include <stddef.h>

// What stands in the last complete \boxed{...} or behind the last complete
// "Answer:" line, whichever ends later, without blanks around it (and, of a
// line, without '*'). A box in such a line is the answer. NULL when there is
// none.
const char *answer_find(const char *text, size_t n_bytes, size_t *n_answer);
