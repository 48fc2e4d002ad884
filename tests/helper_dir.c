#include "tests/helper_dir.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "harness/file_write.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char *helper_dir_new(void) {
    char *dir = xstrdup("/tmp/specsweep-test-XXXXXX");
    cr_assert(mkdtemp(dir));
    return dir;
}

static int remove_entry(const char *path, const struct stat *st, int type,
                        struct FTW *at) {
    (void)st, (void)type, (void)at;
    return remove(path);
}

void helper_dir_free(char *dir) {
    nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(dir);
}

char *helper_path(const char *dir, const char *name) {
    return xasprintf("%s/%s", dir, name);
}

static void put(const char *path, const char *text, const char *mode) {
    FILE *f = fopen(path, mode);
    cr_assert(f, "cannot open %s", path);
    cr_assert(fputs(text, f) >= 0);
    cr_assert_eq(fclose(f), 0);
}

void helper_write(const char *path, const char *text) {
    put(path, text, "w");
}

void helper_append(const char *path, const char *text) {
    put(path, text, "a");
}

char *helper_read(const char *path) {
    size_t n;
    struct error err;
    char *text = file_read(path, 1u << 30, &n, &err);
    return text ? text : xstrdup("");
}
