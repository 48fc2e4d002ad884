// Choice of instruction set when the program starts: one row per table, best
// last, each with the question to the CPU.

#include "engine/kernels/kernels.h"

#include "engine/base/error.h"
#include "engine/kernels/kern_tables.h"

#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const char *const isa_names[] = {"auto", "ref", "avx2", "avx512",
                                        "neon"};
enum { N_ISA_NAMES = sizeof isa_names / sizeof *isa_names };

static const struct kernels *table_of(enum kern_isa isa) {
    switch (isa) {
    case KERN_REF:
        return &kern_table_ref;
#if defined(__x86_64__)
    case KERN_AVX2:
        return &kern_table_avx2;
    case KERN_AVX512:
        return &kern_table_avx512;
#elif defined(__aarch64__)
    case KERN_NEON:
        return &kern_table_neon;
#endif
    default:
        return NULL;
    }
}

#if defined(__x86_64__)
// clang 14's __builtin_cpu_supports() does not know f16c.
static bool cpu_has_f16c(void) {
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}
#endif

static bool cpu_has(enum kern_isa isa) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") &&
                __builtin_cpu_supports("fma") && cpu_has_f16c();
    if (isa == KERN_AVX2) return avx2;
    if (isa == KERN_AVX512)
        return avx2 && __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
    if (isa == KERN_NEON) return true; // part of the 64-bit architecture
#endif
    return isa == KERN_REF;
}

const struct kernels *kern_get(enum kern_isa isa, struct error *err) {
    if (isa == KERN_AUTO) {
        isa = KERN_NEON;
        while (isa > KERN_REF && !(table_of(isa) && cpu_has(isa)))
            isa--;
    }
    const char *name = isa >= KERN_REF && isa + 1 < (int)N_ISA_NAMES
                           ? isa_names[isa + 1]
                           : "unknown";
    const struct kernels *table = table_of(isa);
    if (!table) {
        error_set(err, ERR_UNSUPPORTED,
                  "kernels '%s' are not part of this build", name);
        return NULL;
    }
    if (!cpu_has(isa)) {
        error_set(err, ERR_UNSUPPORTED, "this CPU cannot run kernels '%s'",
                  name);
        return NULL;
    }
    return table;
}

int kern_isa_parse(const char *name, enum kern_isa *isa, struct error *err) {
    for (int i = 0; i < N_ISA_NAMES; i++) {
        if (strcmp(name, isa_names[i]) == 0) {
            *isa = (enum kern_isa)(i - 1);
            return 0;
        }
    }
    return error_set(err, ERR_USAGE,
                     "unknown kernels '%s': expected auto, ref, avx2, avx512 "
                     "or neon",
                     name);
}
