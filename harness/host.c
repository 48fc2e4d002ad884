#include "harness/host.h"

#include "engine/base/arena.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *host_name(struct arena *a) {
    char name[256] = "";
    gethostname(name, sizeof name - 1);
    return arena_strdup(a, name);
}

// "model name : X" of /proc/cpuinfo; ARM machines have no such line.
const char *host_cpu(struct arena *a) {
    FILE *f = fopen("/proc/cpuinfo", "re");
    if (!f) return "";
    const char *cpu = "";
    char line[512];
    while (!*cpu && fgets(line, sizeof line, f)) {
        char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10)) continue;
        colon += 1 + strspn(colon + 1, " \t");
        colon[strcspn(colon, "\n")] = '\0';
        cpu = arena_strdup(a, colon);
    }
    fclose(f);
    return cpu;
}

int host_n_cpus(void) {
    cpu_set_t set;
    if (!sched_getaffinity(0, sizeof set, &set)) return CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (int)n : 1;
}

const char *host_utc_now(struct arena *a) {
    char text[32] = "";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc)) {
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    return arena_strdup(a, text);
}
