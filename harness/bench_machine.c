#include "harness/bench_machine.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/pool.h"
#include "harness/host.h"

#include <stdlib.h>
#include <string.h>

// Flags that kernels could use; the rest of the list says nothing about speed.
static const char *const telling[] = {
    "avx2",        "f16c",        "fma",         "avx_vnni", "avx512f",
    "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_int8", "amx_bf16",
    "asimddp",     "i8mm",        "bf16",        "sve",
};

static bool has_word(const char *text, const char *word) {
    size_t n = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at += n) {
        bool begins = at == text || strchr(" \t", at[-1]);
        if (begins && strchr(" \t\n", at[n])) return true;
    }
    return false;
}

// The flags among `telling`, of the first CPU.
static const char *read_flags(struct arena *a) {
    struct buf out;
    char *line = NULL;
    size_t cap = 0;
    FILE *f = fopen("/proc/cpuinfo", "re");
    buf_init(&out);
    while (f && getline(&line, &cap, f) > 0) {
        bool is_flags =
            strncmp(line, "flags", 5) == 0 || strncmp(line, "Features", 8) == 0;
        if (!is_flags) continue;
        for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
            if (has_word(line, telling[i]))
                buf_addf(&out, "%s%s", out.n_bytes ? " " : "", telling[i]);
        }
        break;
    }
    if (f) fclose(f);
    free(line);
    const char *flags = arena_strdup(a, out.text);
    buf_release(&out);
    return flags;
}

static const char *read_governor(struct arena *a) {
    char line[64] = "";
    FILE *f =
        fopen("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "re");
    if (f && !fgets(line, sizeof line, f)) *line = '\0';
    if (f) fclose(f);
    line[strcspn(line, "\n")] = '\0';
    return arena_strdup(a, line);
}

int bench_machine_measure(struct bench_machine *m, const char *kernels,
                          int n_threads, struct arena *a, struct error *err) {
    *m = (struct bench_machine){.cpu = host_cpu(a),
                                .flags = read_flags(a),
                                .governor = read_governor(a),
                                .kernels = arena_strdup(a, kernels),
                                .n_threads = n_threads};
    struct pool *pool = pool_new(n_threads);
    int status = kern_probe_measure(kernels, pool, &m->peaks, err);
    pool_free(pool);
    return status;
}

const char *bench_machine_line(const struct bench_machine *m, struct arena *a) {
    const struct kern_peaks *p = &m->peaks;
    const char *int8_name = kern_probe_find(m->kernels)->int8_name;
    char int8[96] = "";
    if (int8_name)
        snprintf(int8, sizeof int8, "%.0f GOP/s int8 (%s), ",
                 p->int8_ops_per_s / 1e9, int8_name);
    return arena_printf(
        a,
        "%s (%s), governor %s, kernels %s, %d thread%s; measured: read %.1f "
        "GB/s, %s%.0f GFLOP/s f32, hand-off %.1f us",
        *m->cpu ? m->cpu : "unknown CPU", m->flags,
        *m->governor ? m->governor : "unknown", m->kernels, m->n_threads,
        m->n_threads == 1 ? "" : "s", p->read_bytes_per_s / 1e9, int8,
        p->f32_ops_per_s / 1e9, p->hand_off_s * 1e6);
}
