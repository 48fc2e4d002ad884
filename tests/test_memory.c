#include "engine/base/memory.h"

#include "tests/helper_dir.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// A file under `root`, its folders included.
static void put(const char *root, const char *name, const char *text) {
    char *path = helper_path(root, name);
    for (char *p = path + strlen(root) + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    helper_write(path, text);
    free(path);
}

Test(memory, is_what_the_machine_has_available) {
    char *root = helper_dir_new();
    cr_assert_eq(memory_available_in(root), SIZE_MAX);
    put(root, "proc/meminfo",
        "MemTotal:        8000 kB\nMemFree:  10 kB\nMemAvailable:    5000 "
        "kB\n");
    cr_assert_eq(memory_available_in(root), 5000 * 1024);
    helper_dir_free(root);
}

Test(memory, is_no_more_than_the_control_group_leaves) {
    char *root = helper_dir_new();
    put(root, "proc/meminfo", "MemAvailable:    5000 kB\n");
    put(root, "sys/fs/cgroup/memory.max", "max\n");
    put(root, "sys/fs/cgroup/memory.current", "700000\n");
    cr_assert_eq(memory_available_in(root), 5000 * 1024);
    put(root, "sys/fs/cgroup/memory.max", "1000000\n");
    cr_assert_eq(memory_available_in(root), 300000);
    put(root, "sys/fs/cgroup/memory.stat", "anon 500000\nfile 200000\n");
    cr_assert_eq(memory_available_in(root), 500000);
    put(root, "sys/fs/cgroup/memory.max", "100000\n");
    cr_assert_eq(memory_available_in(root), 0);
    helper_dir_free(root);
}

Test(memory, reads_the_older_control_groups_too) {
    char *root = helper_dir_new();
    put(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000\n");
    put(root, "sys/fs/cgroup/memory/memory.usage_in_bytes", "600000\n");
    put(root, "sys/fs/cgroup/memory/memory.stat", "total_cache 100000\n");
    cr_assert_eq(memory_available_in(root), 500000);
    helper_dir_free(root);
}

Test(memory, of_this_machine_is_known) {
    size_t n = memory_available();
    cr_assert(n > 0 && n < SIZE_MAX);
}
