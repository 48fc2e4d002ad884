#include "tests/helper_kernels.h"

#include "engine/base/alloc.h"
#include "engine/kernels/kern_math.h"

#include <criterion/criterion.h>

uint32_t next(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

// A sum of four.
float draw(uint64_t *state) {
    double x = 0;
    for (int i = 0; i < 4; i++)
        x += next(state) / 2147483648.0 - 0.5;
    return (float)x;
}

void *block(size_t n_bytes) {
    return alloc_try((n_bytes + 63) / 64 * 64 + 64, 1, "test data", NULL);
}

float *floats(size_t n, uint64_t seed, float size) {
    float *x = block(n * sizeof *x);
    for (size_t i = 0; i < n; i++)
        x[i] = draw(&seed) * size;
    return x;
}

float *poisoned(size_t n) {
    float *x = block((n + GUARD) * sizeof *x);
    for (size_t i = 0; i < n + GUARD; i++)
        x[i] = kern_float(POISON);
    return x;
}

void same(const float *a, const float *b, size_t n, const char *what) {
    for (size_t i = 0; i < n; i++) {
        int poison_a = kern_bits(a[i]) == POISON;
        int poison_b = kern_bits(b[i]) == POISON;
        if (a[i] != a[i] && b[i] != b[i] && poison_a == poison_b) continue;
        cr_assert(kern_bits(a[i]) == kern_bits(b[i]),
                  "%s: element %zu of %zu: %.9g, reference %.9g", what, i, n,
                  (double)a[i], (double)b[i]);
    }
}

void each_isa(void (*check)(const struct kernels *k,
                            const struct kernels *ref)) {
    const struct kernels *ref = kern_get(KERN_REF, NULL);
    int n = 0;
    for (int isa = KERN_AVX2; isa <= KERN_NEON; isa++) {
        const struct kernels *k = kern_get((enum kern_isa)isa, NULL);
        if (!k) continue;
        check(k, ref);
        n++;
    }
    if (!n) cr_skip_test("skip: this CPU has no vector kernels");
}
