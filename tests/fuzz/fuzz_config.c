// Any bytes as a config: accepted, or refused with a reason; and what is
// accepted must read back after printing.

#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static int load(struct config *c, const void *bytes, size_t n,
                struct error *err) {
    char path[64];
    int fd = memfd_create("config", 0);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int status = config_load(c, path, NULL, 0, err);
    close(fd);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct config c, again;
    struct error err = {0};
    struct buf text;
    if (load(&c, bytes, n, &err)) {
        if (!err.text[0]) abort();
        return 0;
    }
    buf_init(&text);
    config_print(&c, &text);
    if (load(&again, text.text, text.n_bytes, &err)) abort();
    buf_release(&text);
    config_release(&again);
    config_release(&c);
    return 0;
}
