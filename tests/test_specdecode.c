#include "engine/methods/accept.h"
#include "engine/methods/sampler.h"
#include "tests/helper_toy.h"

#include <criterion/criterion.h>

static void check_repeats_nothing(const struct trace *t) {
    cr_assert_eq(t->count.repeated[ROLE_BASE], 0);
    cr_assert_eq(t->count.repeated[ROLE_DRAFT], 0);
}

// Solves with vanilla and with specdecode; the kept tokens must be the same.
static void check_same_as_vanilla(struct settings *s, uint64_t model_seed,
                                  double noise, int n_seeds) {
    static const int lengths[] = {1, 2, 3, 5, 8};
    struct toy_pair p;
    static struct toy_result plain, speculated;
    toy_pair_open(&p, s, model_seed, noise);
    for (int seed = 0; seed < n_seeds; seed++) {
        toy_pair_solve(&p, "vanilla", (uint64_t)seed);
        check_repeats_nothing(&p.t);
        toy_result_take(&plain, &p.t);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            p.s.draft_tokens = lengths[i];
            toy_pair_solve(&p, "specdecode", (uint64_t)seed);
            check_repeats_nothing(&p.t);
            toy_result_take(&speculated, &p.t);
            cr_assert(toy_result_equal(&plain, &speculated),
                      "seed %d, %d drafted: %d and %d tokens, stop %d and %d",
                      seed, lengths[i], plain.n, speculated.n, plain.stop,
                      speculated.stop);
        }
    }
    toy_pair_close(&p);
}

Test(specdecode, greedy_gives_the_tokens_of_greedy_vanilla) {
    struct settings s;
    toy_settings(&s);
    s.temperature = 0;
    for (int rule = 0; rule < 2; rule++) {
        s.accept = rule;
        for (uint64_t model = 1; model <= 20; model++)
            check_same_as_vanilla(&s, model, 2, 1);
    }
}

Test(specdecode, exact_rule_gives_the_tokens_of_vanilla_per_seed) {
    struct settings s;
    toy_settings(&s);
    s.accept = ACCEPT_EXACT;
    for (uint64_t model = 1; model <= 5; model++)
        check_same_as_vanilla(&s, model, 1.5, 20);
}
