// Any bytes as manifest.json of a folder without samples: refused with a
// reason, or every table can be made of it.

#include "engine/base/error.h"
#include "harness/report.h"
#include "harness/report_output.h"
#include "harness/table.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    char dir[] = "/tmp/fuzz-report-XXXXXX", path[64];
    struct report r;
    struct error err = {0};
    if (!mkdtemp(dir)) abort();
    snprintf(path, sizeof path, "%s/manifest.json", dir);
    FILE *f = fopen(path, "w");
    FILE *out = fopen("/dev/null", "w");
    if (!f || !out || fwrite(bytes, 1, n, f) != n || fclose(f)) abort();
    if (!report_open(&r, dir, true, &err)) {
        if (report_print(&r, &writer_markdown, NULL, out, &err)) abort();
        report_release(&r);
    } else if (!err.text[0]) {
        abort();
    }
    fclose(out);
    unlink(path);
    rmdir(dir);
    return 0;
}
