// Any bytes as a line of samples.jsonl: refused with a reason, or what is read
// prints to a line that reads and prints the same, and can be shown.

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/error.h"
#include "harness/sample_record.h"
#include "harness/show.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void show(const struct sample *s) {
    FILE *out = fopen("/dev/null", "w");
    if (!out) abort();
    show_sample(s, &(struct show_options){.depth = 100}, out);
    fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    struct arena arena = {0};
    struct sample s, again;
    struct error err = {0};
    struct buf one, two;
    buf_init(&one);
    buf_init(&two);
    if (!sample_parse(&s, (const char *)bytes, n, &arena, &err)) {
        sample_print(&s, &one);
        if (sample_parse(&again, one.text, one.n_bytes, &arena, &err)) abort();
        sample_print(&again, &two);
        if (strcmp(one.text, two.text)) abort();
        show(&again);
    } else if (!err.text[0]) {
        abort();
    }
    buf_release(&one);
    buf_release(&two);
    arena_release(&arena);
    return 0;
}
