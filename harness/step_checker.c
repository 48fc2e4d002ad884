#include "harness/step_checker.h"

#include <string.h>

static const struct step_checker *const checkers[] = {&step_checker_chain};

enum { N_CHECKERS = sizeof checkers / sizeof *checkers };

const struct step_checker *step_checker_at(int i) {
    return i >= 0 && i < N_CHECKERS ? checkers[i] : NULL;
}

const struct step_checker *step_checker_find(const char *name) {
    for (int i = 0; i < N_CHECKERS; i++) {
        if (!strcmp(checkers[i]->name, name)) return checkers[i];
    }
    return NULL;
}
