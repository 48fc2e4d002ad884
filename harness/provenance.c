#include "harness/provenance.h"

#include "engine/base/buf.h"
#include "harness/report.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// n is a number where all data sets have as many problems, else a list.
static void print_problems(const struct manifest *m, struct buf *out) {
    bool same = true;
    for (int i = 1; i < m->n_datasets; i++)
        same &= m->datasets[i].n_problems == m->datasets[0].n_problems;
    buf_adds(out, ", n = ");
    for (int i = 0; i < (same ? 1 : m->n_datasets); i++) {
        const struct manifest_dataset *d = &m->datasets[i];
        buf_addf(out, "%s%d", i ? ", " : "", d->n_problems);
        if (!same) buf_addf(out, " (%s)", d->name);
    }
    bool one = same && m->n_datasets && m->datasets[0].n_problems == 1;
    buf_adds(out, one ? " problem" : " problems");
}

// The file's name without its folder; with the model's name where the file is
// not called so.
static void print_model(const struct manifest_model *m, struct buf *out) {
    const char *slash = strrchr(m->path, '/');
    const char *file = slash ? slash + 1 : m->path;
    size_t n = strlen(m->name);
    bool named = !strncmp(file, m->name, n) && (!file[n] || file[n] == '.');
    if (!named) buf_addf(out, "%s ", m->name);
    buf_addf(out, "%s (%.8s)", file, m->hash);
}

static const char *session_version(const struct manifest_session *s) {
    return s->version;
}

static const char *session_kernels(const struct manifest_session *s) {
    return s->kernels;
}

// The different values of the sessions used, joined by "+"; false: none. A
// session of scripted models has no kernels.
static bool
print_sessions(const struct report *r,
               const char *(*value)(const struct manifest_session *),
               struct buf *out) {
    const struct manifest_session *s = r->manifest.sessions;
    bool *used = report_used_sessions(r);
    bool any = false;
    for (int i = 0; i < r->manifest.n_sessions; i++) {
        bool seen = !used[i] || !*value(&s[i]);
        for (int j = 0; j < i && !seen; j++)
            seen = used[j] && !strcmp(value(&s[i]), value(&s[j]));
        if (seen) continue;
        buf_addf(out, "%s%s", any ? "+" : "", value(&s[i]));
        any = true;
    }
    free(used);
    return any;
}

static void print_program(const struct report *r, struct buf *out) {
    const struct manifest *m = &r->manifest;
    buf_adds(out, ", specsweep ");
    if (!print_sessions(r, session_version, out)) buf_adds(out, m->version);
    buf_addf(out, " (sample version %d)", m->sample_version);
    size_t before = out->n_bytes;
    buf_adds(out, ", ");
    if (!print_sessions(r, session_kernels, out)) buf_truncate(out, before);
    if (m->mode == MODE_THROUGHPUT) buf_adds(out, ", throughput mode");
    if (m->virtual_time) buf_adds(out, ", virtual time");
}

static void print_gaps(const struct report *r, struct buf *out) {
    long long n_all = (long long)manifest_n_samples(&r->manifest);
    if (r->n_missing) {
        buf_addf(out, ", %lld of %lld samples missing", (long long)r->n_missing,
                 n_all);
    }
    if (r->n_failed) {
        buf_addf(out, ", %lld of %lld samples failed", (long long)r->n_failed,
                 n_all);
    }
    if (r->n_machines > 1)
        buf_addf(out, ", times of %d machines", r->n_machines);
}

// Names come from a config: what is no text must not break the line.
static void blank_controls(struct buf *out, size_t from) {
    for (size_t i = from; i < out->n_bytes; i++) {
        unsigned char c = (unsigned char)out->text[i];
        if (c < 0x20 || c == 0x7F) out->text[i] = ' ';
    }
}

static bool has_clusters(const struct report *r) {
    for (int i = 0; i < r->n_cells; i++) {
        if (r->cells[i].cluster) return true;
    }
    return false;
}

void provenance_print(const struct report *r, struct buf *out) {
    const struct manifest *m = &r->manifest;
    size_t start = out->n_bytes;
    buf_addf(out, "config %s", m->name);
    if (m->n_datasets) print_problems(m, out);
    buf_addf(out, ", k = %d, seed %lld, %.4g %% intervals", m->k,
             (long long)m->seed, 100 * m->confidence);
    if (has_clusters(r)) buf_adds(out, " over clusters");
    for (int i = 0; i < m->n_models; i++) {
        buf_adds(out, i ? ", " : m->n_models > 1 ? ", models " : ", model ");
        print_model(&m->models[i], out);
    }
    print_program(r, out);
    buf_addf(out, ", results %.8s", r->hash);
    print_gaps(r, out);
    blank_controls(out, start);
}
