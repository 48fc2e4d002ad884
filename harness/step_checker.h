#pragma once
// Step checkers: is a step of a solution right?
//
// Problem sets of a known form let each step be checked, not just the answer;
// reports then measure evaluators against that. A checker never guesses: what
// it cannot tell is unknown, and unknown steps count nowhere. One file per
// checker in steps/, one `const struct step_checker` each, one array in
// step_checker.c.

struct error;

enum step_verdict { STEP_UNKNOWN, STEP_RIGHT, STEP_WRONG };

struct step_checker {
    const char *name; // "chain"
    const char *help; // one line
    // Can steps of this problem be checked? -1 with what was expected.
    int (*check)(const char *problem, struct error *err);
    // Is the last of steps[0..n), n > 0, right, given those before it?
    // Unknown behind a wrong step, as it may be right for a wrong reason, and
    // where the problem cannot be read. `problem` is the text that the model
    // saw; white space around a step does not matter.
    enum step_verdict (*judge)(const char *problem, const char *const *steps,
                               int n);
};

extern const struct step_checker step_checker_chain;

const struct step_checker *step_checker_find(const char *name); // or NULL
const struct step_checker *step_checker_at(int i); // NULL past the last
