#include "engine/model/gguf.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"
#include "engine/base/rng.h"
#include "tests/helper_gguf.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// ---- raw files, right or wrong ----------------------------------------------

enum { U8 = 0, U32 = 4, F32 = 6, BOOL = 7, TEXT = 8, ARRAY = 9, U64 = 10 };

static void u32(struct buf *b, uint32_t v) {
    buf_add(b, &v, sizeof v);
}

static void u64(struct buf *b, uint64_t v) {
    buf_add(b, &v, sizeof v);
}

static void text(struct buf *b, const char *s) {
    u64(b, strlen(s));
    buf_adds(b, s);
}

static void key(struct buf *b, const char *name, uint32_t type) {
    text(b, name);
    u32(b, type);
}

static struct buf header(uint32_t version, uint64_t n_tensors,
                         uint64_t n_keys) {
    struct buf b;
    buf_init(&b);
    buf_adds(&b, "GGUF");
    u32(&b, version);
    u64(&b, n_tensors);
    u64(&b, n_keys);
    return b;
}

static void entry(struct buf *b, const char *name, uint64_t n_rows,
                  uint64_t n_cols, uint32_t type, uint64_t offset) {
    text(b, name);
    u32(b, 2);
    u64(b, n_cols);
    u64(b, n_rows);
    u32(b, type);
    u64(b, offset);
}

static void data(struct buf *b, size_t n_bytes) {
    while (b->n_bytes % 32)
        buf_addc(b, 0);
    while (n_bytes--)
        buf_addc(b, 1);
}

// Opens a copy of exactly n bytes, so that a sanitizer sees each byte too far.
static struct gguf *open_copy(const char *bytes, size_t n, void **copy,
                              struct error *err) {
    *copy = NULL;
    cr_assert_eq(posix_memalign(copy, 64, n ? n : 1), 0);
    if (n) memcpy(*copy, bytes, n);
    *err = (struct error){0};
    return gguf_open_memory(*copy, n, "t.gguf", err);
}

// Releases b.
static void expect(struct buf b, const char *expected) {
    void *copy;
    struct error err;
    struct gguf *g = open_copy(b.text, b.n_bytes, &copy, &err);
    cr_expect_null(g, "accepted; expected: %s", expected);
    cr_expect(strstr(err.text, expected), "expected: %s\ngot: %s", expected,
              err.text);
    cr_expect(!strncmp(err.text, "t.gguf: ", 8), "no file: %s", err.text);
    gguf_close(g);
    free(copy);
    buf_release(&b);
}

// All that is handed out must be readable.
static uint64_t read_everything(const struct gguf *g) {
    uint64_t sum = 0;
    struct buf b;
    buf_init(&b);
    for (size_t i = 0; i < gguf_n_keys(g); i++) {
        gguf_print_value(g, i, 1 << 20, &b);
        const struct gguf_array *a = gguf_find_array(g, gguf_key(g, i));
        for (size_t j = 0; a && j < a->n; j++)
            if (a->type != GGUF_TEXT) sum += (uint64_t)gguf_array_int(a, j);
    }
    for (size_t i = 0; i < gguf_n_tensors(g); i++) {
        const struct gguf_tensor *t = gguf_tensor_at(g, i);
        cr_assert_eq(gguf_find_tensor(g, t->name), t);
        for (size_t j = 0; j < t->n_bytes; j++)
            sum += ((const uint8_t *)t->data)[j];
    }
    sum += b.n_bytes;
    buf_release(&b);
    return sum;
}

// Every kind of entry, two tensors; small enough to break at every byte.
static struct buf small_file(void) {
    struct buf b = header(3, 2, 6);
    key(&b, "a.text", TEXT);
    text(&b, "hello");
    key(&b, "a.u32", U32);
    u32(&b, 77);
    key(&b, "a.bool", BOOL);
    buf_addc(&b, 1);
    key(&b, "a.big", U64);
    u64(&b, UINT64_MAX);
    key(&b, "a.texts", ARRAY);
    u32(&b, TEXT);
    u64(&b, 3);
    text(&b, "one");
    text(&b, "");
    text(&b, "three");
    key(&b, "a.bytes", ARRAY);
    u32(&b, U8);
    u64(&b, 4);
    buf_adds(&b, "\1\2\3\4");
    entry(&b, "x", 2, 8, 0, 0);
    entry(&b, "y", 3, 32, 8, 64);
    data(&b, 64 + 3 * 34);
    return b;
}

// ---- files that are right ---------------------------------------------------

Test(gguf, reads_values_and_tensors) {
    void *copy;
    struct error err;
    struct buf b = small_file();
    struct gguf *g = open_copy(b.text, b.n_bytes, &copy, &err);
    cr_assert(g, "%s", err.text);
    uint32_t n = 0;
    bool flag = false;
    cr_expect_str_eq(gguf_find_text(g, "a.text"), "hello");
    cr_expect(gguf_find_u32(g, "a.u32", &n) && n == 77);
    cr_expect(gguf_find_bool(g, "a.bool", &flag) && flag);
    const struct gguf_array *a = gguf_find_array(g, "a.texts");
    cr_assert(a && a->n == 3 && a->type == GGUF_TEXT);
    size_t n_bytes;
    cr_expect_arr_eq(gguf_array_text(a, 2, &n_bytes), "three", 5);
    cr_expect_eq(n_bytes, 5);
    gguf_array_text(a, 1, &n_bytes);
    cr_expect_eq(n_bytes, 0);
    a = gguf_get_array(g, "a.bytes", GGUF_I64, &err);
    cr_assert(a, "%s", err.text);
    cr_expect_eq(gguf_array_int(a, 3), 4);
    const struct gguf_tensor *x = gguf_get_tensor(g, "x", 2, 8, &err);
    const struct gguf_tensor *y = gguf_get_tensor(g, "y", 3, 32, &err);
    cr_assert(x && y, "%s", err.text);
    cr_expect_eq(x->n_bytes, 64);
    cr_expect_eq(y->type, TENSOR_Q8_0);
    cr_expect_eq(y->n_bytes, 3 * 34);
    cr_expect_eq((const char *)y->data - (const char *)x->data, 64);
    gguf_close(g);
    free(copy);
    buf_release(&b);
}

Test(gguf, opens_a_model_file) {
    static const uint32_t types[] = {TENSOR_F32, TENSOR_F16, TENSOR_BF16,
                                     TENSOR_Q8_0};
    static const char *const archs[] = {"llama", "qwen2", "qwen3", "llama"};
    for (size_t i = 0; i < 4; i++) {
        char path[] = "/tmp/specsweep-gguf-XXXXXX";
        close(mkstemp(path));
        helper_write_model(
            path, &(struct helper_model){.arch = archs[i], .type = types[i]});
        struct error err = {0};
        struct gguf *g = gguf_open(path, &err);
        cr_assert(g, "%s", err.text);
        const struct gguf_tensor *t =
            gguf_get_tensor(g, "blk.1.ffn_up.weight", 96, 64, &err);
        cr_assert(t, "%s", err.text);
        cr_expect_eq((uint32_t)t->type, types[i]);
        cr_expect_eq((uintptr_t)t->data % 32, 0);
        read_everything(g);
        gguf_close(g);
        unlink(path);
    }
}

Test(gguf, prints_values_for_listings) {
    void *copy;
    struct error err;
    struct buf b = small_file(), out;
    buf_init(&out);
    struct gguf *g = open_copy(b.text, b.n_bytes, &copy, &err);
    cr_assert(g, "%s", err.text);
    for (size_t i = 0; i < gguf_n_keys(g); i++) {
        buf_addf(&out, "%s=", gguf_key(g, i));
        gguf_print_value(g, i, 4, &out);
        buf_addc(&out, '\n');
    }
    cr_expect_str_eq(out.text, "a.text=hell...\n"
                               "a.u32=77\n"
                               "a.bool=true\n"
                               "a.big=18446744073709551615\n"
                               "a.texts=[3] one, ...\n"
                               "a.bytes=[4] 1, ...\n");
    gguf_close(g);
    free(copy);
    buf_release(&b);
    buf_release(&out);
}

// ---- asking for what is not there -------------------------------------------

Test(gguf, getters_name_key_and_type) {
    void *copy;
    struct error err = {0};
    struct buf b = small_file();
    struct gguf *g = open_copy(b.text, b.n_bytes, &copy, &err);
    cr_assert(g, "%s", err.text);
    uint32_t n = 5;
    float x;
    cr_expect_eq(gguf_get_u32(g, "none", &n, &err), -1);
    cr_expect_str_eq(err.text, "t.gguf: key 'none' is missing");
    cr_expect_eq(gguf_opt_u32(g, "none", &n, &err), 0);
    cr_expect_eq(gguf_opt_u32(g, "a.text", &n, &err), -1);
    cr_expect_str_eq(err.text, "t.gguf: byte 24: key 'a.text' is text hello, "
                               "expected an integer of 0 to 4294967295");
    cr_expect_eq(gguf_get_u32(g, "a.big", &n, &err), -1);
    cr_expect_eq(gguf_get_f32(g, "a.u32", &x, &err), -1);
    cr_expect_eq(n, 5);
    cr_expect_null(gguf_get_text(g, "a.u32", &err));
    cr_expect_null(gguf_get_array(g, "a.texts", GGUF_I64, &err));
    cr_expect(strstr(err.text, "expected an array of integers"), "%s",
              err.text);
    cr_expect_null(gguf_get_tensor(g, "z", 1, 1, &err));
    cr_expect_str_eq(err.text, "t.gguf: tensor 'z' is missing");
    cr_expect_null(gguf_get_tensor(g, "x", 8, 2, &err));
    cr_expect_str_eq(err.text, "t.gguf: tensor 'x' is [2][8], expected [8][2]");
    gguf_close(g);
    free(copy);
    buf_release(&b);
}

Test(gguf, lists_but_does_not_load_other_types) {
    void *copy;
    struct error err;
    struct buf b = header(3, 1, 0);
    entry(&b, "w", 1, 256, 16, 0);
    data(&b, 144);
    struct gguf *g = open_copy(b.text, b.n_bytes, &copy, &err);
    cr_assert(g, "%s", err.text);
    cr_expect_null(gguf_get_tensor(g, "w", 1, 256, &err));
    cr_expect_eq(err.kind, ERR_UNSUPPORTED);
    cr_expect(strstr(err.text, "has type IQ2_XXS, this build loads F32, F16"),
              "%s", err.text);
    gguf_close(g);
    free(copy);
    buf_release(&b);
}

// ---- files that are wrong ---------------------------------------------------

Test(gguf, refuses_what_is_no_gguf_file) {
    static const struct {
        const char *bytes, *expected;
    } cases[] = {
        {"", "the file is empty"},
        {"GGU", "not a GGUF file"},
        {"# A text file\n", "not a GGUF file"},
        {"GGUF", "byte 4: the file ends here"},
    };
    struct error err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[] = "/tmp/specsweep-gguf-XXXXXX";
        int fd = mkstemp(path);
        size_t n = strlen(cases[i].bytes);
        cr_assert_eq(write(fd, cases[i].bytes, n), (ssize_t)n);
        close(fd);
        cr_expect_null(gguf_open(path, &err));
        cr_expect(strstr(err.text, cases[i].expected) && strstr(err.text, path),
                  "%s", err.text);
        unlink(path);
    }
    cr_expect_null(gguf_open("/tmp", &err));
    cr_expect_str_eq(err.text, "/tmp: not a file but a folder");
    cr_expect_null(gguf_open("/tmp/no such file", &err));
    cr_expect_str_eq(err.text, "/tmp/no such file: No such file or directory");
    cr_expect_eq(err.kind, ERR_INPUT);
}

Test(gguf, refuses_other_versions) {
    expect(header(1, 0, 0), "byte 4: GGUF version 1, expected 2 or 3");
    expect(header(99, 0, 0), "version 99, expected 2 or 3");
    expect(header(3u << 24, 0, 0), "a big-endian file?");
}

Test(gguf, refuses_absurd_counts) {
    expect(header(3, UINT64_C(1) << 60, 0), "tensors do not fit the file");
    expect(header(3, 0, UINT64_C(1) << 60), "keys do not fit the file");
    struct buf b = header(3, 0, 1);
    u64(&b, UINT64_MAX); // length of the first key
    data(&b, 64);
    expect(b, "byte 24: a key is 18446744073709551615 bytes long");
    b = header(3, 0, 1);
    key(&b, "k", TEXT);
    u64(&b, 1000000); // longer than the file
    data(&b, 64);
    expect(b, "a text value needs 1000000 bytes");
    static const uint32_t types[] = {U8, U64, TEXT};
    for (size_t i = 0; i < 3; i++) {
        b = header(3, 0, 1);
        key(&b, "k", ARRAY);
        u32(&b, types[i]);
        u64(&b, UINT64_C(1) << 61); // times 8 it wraps around
        data(&b, 64);
        expect(b, i == 0 ? "an array needs" : "do not fit the file");
    }
}

Test(gguf, refuses_odd_metadata) {
    struct buf b = header(3, 0, 1);
    key(&b, "k", 13);
    data(&b, 64);
    expect(b, "key 'k' has value type 13, expected 0 to 12");
    b = header(3, 0, 1);
    key(&b, "k", ARRAY);
    u32(&b, ARRAY);
    u64(&b, 1);
    data(&b, 64);
    expect(b, "key 'k': array of arrays");
    b = header(3, 0, 1);
    key(&b, "k", BOOL);
    buf_addc(&b, 2);
    expect(b, "bool of value 2");
    b = header(3, 0, 1);
    u64(&b, 3);
    buf_add(&b, "a\0b", 3);
    u32(&b, U8);
    buf_addc(&b, 1);
    expect(b, "a key holds a NUL byte");
    b = header(3, 0, 2);
    for (int i = 0; i < 2; i++) {
        key(&b, "k", U8);
        buf_addc(&b, 1);
    }
    expect(b, "byte 38: key 'k' appears twice, first at byte 24");
}

Test(gguf, refuses_bad_alignment) {
    static const uint32_t bad[] = {0, 1, 4, 12, 33, 3u << 30};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf b = header(3, 0, 1);
        key(&b, "general.alignment", U32);
        u32(&b, bad[i]);
        expect(b, "expected a power of two");
    }
    struct buf b = header(3, 0, 1);
    key(&b, "general.alignment", TEXT);
    text(&b, "32");
    expect(b, "key 'general.alignment' is text 32, expected an integer");
}

struct tensor_case {
    uint64_t n_rows, n_cols, offset;
    uint32_t type;
    const char *expected;
};

Test(gguf, refuses_bad_tensors) {
    static const struct tensor_case cases[] = {
        {0, 8, 0, 0, "dimension 1 is 0, which is empty"},
        {1, 0, 0, 0, "dimension 0 is 0, which is empty"},
        {UINT64_C(1) << 32, UINT64_C(1) << 31, 0, 0, "which is too large"},
        {1, UINT64_MAX, 0, 0, "which is too large"},
        {1, UINT64_C(1) << 62, 0, 0, "do not suit type F32"},
        {1, 33, 0, 8, "rows of 33 elements do not suit type Q8_0"},
        {1, 8, 0, 99, "tensor 'x' has type 99, expected one of F32, F16"},
        {1, 8, 0, 4, "tensor 'x' has type 4, expected one of"},
        {1, 8, 8, 0, "offset 8 is not a multiple of the alignment 32"},
        {1, 8, 4096, 0, "needs 32 bytes at offset 4096 of a data section of"},
        {1, 8, UINT64_MAX - 31, 0, "needs 32 bytes at offset"},
        {3, 8, 0, 0, "needs 96 bytes at offset 0 of a data section of 64"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct tensor_case *c = &cases[i];
        struct buf b = header(3, 1, 0);
        entry(&b, "x", c->n_rows, c->n_cols, c->type, c->offset);
        data(&b, 64);
        expect(b, c->expected);
    }
    struct buf b = header(3, 1, 0);
    text(&b, "x");
    u32(&b, 5);
    data(&b, 64);
    expect(b, "tensor 'x' has 5 dimensions, expected 1 to 4");
}

Test(gguf, refuses_tensors_that_overlap_or_repeat) {
    struct buf b = header(3, 2, 0);
    entry(&b, "x", 3, 8, 0, 0);
    entry(&b, "y", 1, 8, 0, 64);
    data(&b, 256);
    expect(b, "tensor 'y' overlaps tensor 'x'");
    b = header(3, 2, 0);
    entry(&b, "x", 1, 8, 0, 64);
    entry(&b, "y", 1, 8, 0, 64);
    data(&b, 256);
    expect(b, "tensor 'y' overlaps tensor 'x'");
    b = header(3, 2, 0);
    entry(&b, "x", 1, 8, 0, 0);
    entry(&b, "x", 1, 8, 0, 64);
    data(&b, 256);
    expect(b, "byte 65: tensor 'x' appears twice, first at byte 24");
}

Test(gguf, cleans_hostile_names_in_errors) {
    struct buf b = header(3, 1, 0);
    entry(&b, "x\n\033[31m", 1, 8, 99, 0);
    data(&b, 64);
    expect(b, "tensor 'x??[31m' has type 99");
}

Test(gguf, survives_truncation_at_every_byte) {
    struct buf b = small_file();
    for (size_t n = 0; n < b.n_bytes; n++) {
        void *copy;
        struct error err;
        struct gguf *g = open_copy(b.text, n, &copy, &err);
        cr_assert_null(g, "accepted %zu of %zu bytes", n, b.n_bytes);
        cr_assert(err.kind != ERR_NONE && *err.text &&
                  !strncmp(err.text, "t.gguf: ", 8));
        free(copy);
    }
    buf_release(&b);
}

static void flip(const char *bytes, size_t n, uint64_t from, uint64_t to,
                 size_t n_head) {
    struct rng r = rng_make(7, "flip", n);
    void *copy;
    cr_assert_eq(posix_memalign(&copy, 64, n), 0);
    int n_opened = 0;
    for (uint64_t i = from; i < to; i++) {
        memcpy(copy, bytes, n);
        // One to four changed bytes, in the part that is parsed.
        for (uint64_t k = 0; k <= i % 4; k++) {
            size_t at = rng_below(&r, RNG_ORDER, i * 8 + k, n_head);
            ((uint8_t *)copy)[at] ^=
                (uint8_t)(1 + rng_below(&r, RNG_JUDGE, i * 8 + k, 255));
        }
        struct error err = {0};
        struct gguf *g = gguf_open_memory(copy, n, "t.gguf", &err);
        if (g)
            read_everything(g), n_opened++;
        else
            cr_assert(*err.text && !strchr(err.text, '\n'));
        gguf_close(g);
    }
    cr_expect_gt(n_opened, 0);
    free(copy);
}

Test(gguf, survives_flipped_bytes) {
    struct buf b = small_file();
    flip(b.text, b.n_bytes, 0, 20000, b.n_bytes);
    buf_release(&b);
    size_t n;
    char *bytes = helper_model_bytes(
        &(struct helper_model){.n_embd = 32, .n_ff = 32, .head_dim = 8}, &n);
    flip(bytes, n, 0, 500, 12000);
    free(bytes);
}
