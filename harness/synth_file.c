#include "harness/synth_file.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

// File systems that cannot reserve say so; then the writes will tell.
static int reserve(FILE *f, uint64_t n_bytes, struct error *err) {
    if (!fallocate(fileno(f), 0, 0, (off_t)n_bytes)) return 0;
    if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINTR) return 0;
    return error_errno(err, ERR_IO, "cannot reserve %llu bytes",
                       (unsigned long long)n_bytes);
}

static int write_new(const char *path, const struct synth *s,
                     struct error *err) {
    FILE *f = fopen(path, "wbe");
    if (!f) return error_errno(err, ERR_IO, "cannot create");
    int status = reserve(f, synth_file_bytes(s), err);
    if (!status) status = synth_write(s, f, err);
    if (!status && (fflush(f) || fsync(fileno(f))))
        status = error_errno(err, ERR_IO, "cannot write the model");
    if (fclose(f) && !status)
        status = error_errno(err, ERR_IO, "cannot write the model");
    return status;
}

int synth_file_write(const char *path, const struct synth_options *o, FILE *out,
                     struct error *err) {
    struct synth *s = synth_new(o, err);
    if (!s) return -1;
    char *temporary = xasprintf("%s.tmp", path);
    int status = write_new(temporary, s, err);
    if (status)
        error_prefix(err, "%s", temporary);
    else if (rename(temporary, path))
        status =
            error_errno(err, ERR_IO, "cannot rename %s to %s", temporary, path);
    if (status)
        unlink(temporary);
    else
        fprintf(out, "%s: %s %s, %llu bytes\n", path,
                synth_shape_names[o->shape], synth_type_names[o->type],
                (unsigned long long)synth_file_bytes(s));
    free(temporary);
    synth_free(s);
    return status;
}
