// Opening a GGUF file: header, metadata, tensor entries, data section. Follows
// docs/gguf.md of ggml.
//
// What is not here: v1 (32-bit counts, no file of use has it) and big-endian
// files. Tensor types that this build cannot compute with are accepted here
// and refused by gguf_get_tensor(), so that such a file can still be listed.

#include "engine/model/gguf_internal.h"

#include "engine/base/alloc.h"
#include "engine/base/error.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

// ---- tensors ----------------------------------------------------------------

static void read_dims(struct gguf_tensor *t, struct cursor *c) {
    size_t at = c->at;
    uint32_t n = cursor_u32(c, "a number of dimensions");
    if (c->failed) return;
    if (n < 1 || n > GGUF_MAX_DIMS) {
        cursor_fail(c, at, "tensor '%s' has %u dimensions, expected 1 to %d",
                    t->name, n, GGUF_MAX_DIMS);
        return;
    }
    t->n_dims = (int)n;
    int64_t product = 1;
    for (uint32_t i = 0; i < GGUF_MAX_DIMS; i++) {
        uint64_t dim = i < n ? cursor_u64(c, "a dimension") : 1;
        if (c->failed) return;
        t->dims[i] = (int64_t)dim;
        if (dim == 0 || dim > INT64_MAX ||
            __builtin_mul_overflow(product, t->dims[i], &product)) {
            cursor_fail(c, at,
                        "tensor '%s': dimension %u is %" PRIu64 ", which is %s",
                        t->name, i, dim, dim ? "too large" : "empty");
            return;
        }
    }
}

static void read_type(struct gguf_tensor *t, struct cursor *c) {
    size_t at = c->at;
    uint32_t id = cursor_u32(c, "a tensor's type");
    if (c->failed) return;
    const struct tensor_type_info *info = tensor_type_find(id);
    if (!info) {
        char known[320];
        tensor_type_list(false, known, sizeof known);
        cursor_fail(c, at, "tensor '%s' has type %u, expected one of %s",
                    t->name, id, known);
        return;
    }
    t->type = (enum tensor_type)id;
    uint64_t n_rows = (uint64_t)(t->dims[1] * t->dims[2] * t->dims[3]);
    if (!tensor_type_bytes(info, n_rows, (uint64_t)t->dims[0], &t->n_bytes))
        cursor_fail(c, at,
                    "tensor '%s': rows of %" PRId64
                    " elements do not suit type %s (blocks of %u)",
                    t->name, t->dims[0], info->name, info->block_elements);
}

static void read_slot(struct gguf *g, struct gguf_slot *s, struct cursor *c) {
    s->tensor.name = gguf_read_text(g, c, GGUF_MAX_NAME, "a tensor's name");
    if (!c->failed) read_dims(&s->tensor, c);
    if (!c->failed) read_type(&s->tensor, c);
    size_t at = c->at;
    s->offset = cursor_u64(c, "a tensor's offset");
    if (!c->failed && s->offset % g->alignment)
        cursor_fail(c, at,
                    "tensor '%s': offset %" PRIu64
                    " is not a multiple of the alignment %u",
                    s->tensor.name, s->offset, g->alignment);
}

static int compare_names(const void *a, const void *b) {
    const struct gguf_slot *x = *(const struct gguf_slot *const *)a;
    const struct gguf_slot *y = *(const struct gguf_slot *const *)b;
    int order = strcmp(x->tensor.name, y->tensor.name);
    return order ? order : (x->at > y->at) - (x->at < y->at);
}

static int compare_offsets(const void *a, const void *b) {
    const struct gguf_slot *x = *(const struct gguf_slot *const *)a;
    const struct gguf_slot *y = *(const struct gguf_slot *const *)b;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

// Each tensor inside the file, none over another.
static int place_tensors(struct gguf *g, struct cursor *c) {
    size_t n_data = g->n_bytes < g->data_at ? 0 : g->n_bytes - g->data_at;
    for (size_t i = 0; i < g->slots.n; i++) {
        struct gguf_slot *s = &g->slots.items[i];
        if (s->offset > n_data || s->tensor.n_bytes > n_data - s->offset)
            return cursor_fail(c, s->at,
                               "tensor '%s' needs %zu bytes at offset %" PRIu64
                               " of a data section of %zu bytes: the file is "
                               "cut short or damaged",
                               s->tensor.name, s->tensor.n_bytes, s->offset,
                               n_data);
        s->tensor.data = g->bytes + g->data_at + s->offset;
    }
    qsort(g->by_name, g->slots.n, sizeof *g->by_name, compare_offsets);
    for (size_t i = 1; i < g->slots.n; i++) {
        const struct gguf_slot *a = g->by_name[i - 1], *b = g->by_name[i];
        if (a->offset + a->tensor.n_bytes > b->offset)
            return cursor_fail(c, b->at, "tensor '%s' overlaps tensor '%s'",
                               b->tensor.name, a->tensor.name);
    }
    return 0;
}

static int index_tensors(struct gguf *g, struct cursor *c) {
    size_t n = g->slots.n;
    g->by_name = alloc_try(n ? n : 1, sizeof *g->by_name, "tensors", c->err);
    if (!g->by_name) return -1;
    for (size_t i = 0; i < n; i++)
        g->by_name[i] = &g->slots.items[i];
    if (place_tensors(g, c)) return -1;
    qsort(g->by_name, n, sizeof *g->by_name, compare_names);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(g->by_name[i]->tensor.name, g->by_name[i - 1]->tensor.name))
            return cursor_fail(c, g->by_name[i]->at,
                               "tensor '%s' appears twice, first at byte %zu",
                               g->by_name[i]->tensor.name,
                               g->by_name[i - 1]->at);
    return 0;
}

static int read_tensors(struct gguf *g, struct cursor *c, uint64_t n) {
    for (uint64_t i = 0; i < n; i++) {
        struct gguf_slot s = {.at = c->at};
        read_slot(g, &s, c);
        if (c->failed) return -1;
        array_push(&g->slots, s);
    }
    size_t over = c->at % g->alignment;
    g->data_at = c->at + (over ? g->alignment - over : 0);
    return index_tensors(g, c);
}

// ---- opening ----------------------------------------------------------------

static int read_alignment(struct gguf *g, struct error *err) {
    g->alignment = GGUF_DEFAULT_ALIGNMENT;
    if (gguf_opt_u32(g, "general.alignment", &g->alignment, err)) return -1;
    // The specification asks for a multiple of 8; floats rely on it.
    if (g->alignment < 8 || g->alignment & (g->alignment - 1))
        return error_set(err, ERR_INPUT,
                         "%s: general.alignment is %u, expected a power of two "
                         "of at least 8",
                         g->name, g->alignment);
    return 0;
}

static int read_version(struct gguf *g, struct cursor *c) {
    const uint8_t *magic = cursor_take(c, 4, "the magic");
    if (!magic || memcmp(magic, "GGUF", 4)) {
        c->failed = true;
        return error_set(c->err, ERR_INPUT,
                         "%s: not a GGUF file (it does not start with 'GGUF')",
                         g->name);
    }
    g->version = cursor_u32(c, "the version");
    if (c->failed) return -1;
    if (g->version == 2 || g->version == 3) return 0;
    bool is_swapped = !(g->version & 0xffff);
    return cursor_fail(c, 4, "GGUF version %u%s, expected 2 or 3", g->version,
                       is_swapped ? " (a big-endian file?)" : "");
}

static int parse(struct gguf *g, struct error *err) {
    struct cursor c = {
        .bytes = g->bytes, .n_bytes = g->n_bytes, .name = g->name, .err = err};
    if (read_version(g, &c)) return -1;
    uint64_t n_tensors = cursor_u64(&c, "the number of tensors");
    uint64_t n_keys = cursor_u64(&c, "the number of keys");
    if (c.failed) return -1;
    // An entry: name length, dimensions, type, offset: 32 bytes at least.
    if (n_tensors > cursor_left(&c) / 32)
        return cursor_fail(&c, 8, "%" PRIu64 " tensors do not fit the file",
                           n_tensors);
    if (gguf_read_metadata(g, &c, n_keys) || read_alignment(g, err)) return -1;
    return read_tensors(g, &c, n_tensors);
}

struct gguf *gguf_open_memory(const void *bytes, size_t n_bytes,
                              const char *name, struct error *err) {
    struct gguf *g = xcalloc(1, sizeof *g);
    g->name = xstrdup(name);
    g->bytes = bytes;
    g->n_bytes = n_bytes;
    if (parse(g, err)) {
        gguf_close(g);
        return NULL;
    }
    return g;
}

// The whole file, mapped; MAP_FAILED with an error.
static void *map_file(const char *path, size_t *n_bytes, struct error *err) {
    void *map = MAP_FAILED;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        error_errno(err, errno == ENOENT ? ERR_INPUT : ERR_IO, "%s", path);
    } else if (fstat(fd, &st)) {
        error_errno(err, ERR_IO, "%s", path);
    } else if (!S_ISREG(st.st_mode)) {
        error_set(err, ERR_INPUT, "%s: not a file%s", path,
                  S_ISDIR(st.st_mode) ? " but a folder" : "");
    } else if (st.st_size == 0) {
        error_set(err, ERR_INPUT, "%s: the file is empty", path);
    } else if ((uintmax_t)st.st_size > SIZE_MAX) {
        error_set(err, ERR_UNSUPPORTED, "%s: too large to map", path);
    } else {
        *n_bytes = (size_t)st.st_size;
        map = mmap(NULL, *n_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        if (map == MAP_FAILED)
            error_errno(err, ERR_IO, "%s", path);
        else // tensors are read from end to end, once
            madvise(map, *n_bytes, MADV_SEQUENTIAL);
    }
    if (fd >= 0) close(fd);
    return map;
}

struct gguf *gguf_open(const char *path, struct error *err) {
    size_t n_bytes = 0;
    void *map = map_file(path, &n_bytes, err);
    if (map == MAP_FAILED) return NULL;
    struct gguf *g = gguf_open_memory(map, n_bytes, path, err);
    if (g)
        g->is_mapped = true;
    else
        munmap(map, n_bytes);
    return g;
}

void gguf_close(struct gguf *g) {
    if (!g) return;
    gguf_release_metadata(g);
    array_release(&g->slots);
    free(g->by_name);
    arena_release(&g->arena);
    if (g->is_mapped) munmap((void *)(uintptr_t)g->bytes, g->n_bytes);
    free(g->name);
    free(g);
}

// ---- access -----------------------------------------------------------------

const char *gguf_name(const struct gguf *g) {
    return g->name;
}

uint32_t gguf_version(const struct gguf *g) {
    return g->version;
}

size_t gguf_file_bytes(const struct gguf *g) {
    return g->n_bytes;
}

size_t gguf_n_tensors(const struct gguf *g) {
    return g->slots.n;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *g, size_t i) {
    return &g->slots.items[i].tensor;
}

size_t gguf_tensor_index(const struct gguf *g, const struct gguf_tensor *t) {
    const char *slot = (const char *)t - offsetof(struct gguf_slot, tensor);
    return (size_t)((const struct gguf_slot *)(const void *)slot -
                    g->slots.items);
}

void gguf_let_go(const struct gguf *g, const void *bytes, size_t n_bytes) {
    size_t at = (size_t)((const uint8_t *)bytes - g->bytes);
    assert(at <= g->n_bytes && n_bytes <= g->n_bytes - at);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t first = ((uintptr_t)bytes + page - 1) / page * page;
    uintptr_t end = ((uintptr_t)bytes + n_bytes) / page * page;
    if (g->is_mapped && first < end)
        madvise((void *)first, end - first, MADV_DONTNEED);
}

const struct gguf_tensor *gguf_find_tensor(const struct gguf *g,
                                           const char *name) {
    size_t low = 0, high = g->slots.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(name, g->by_name[mid]->tensor.name);
        if (order == 0) return &g->by_name[mid]->tensor;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

// "[4][256]", outermost first.
static void print_shape(const struct gguf_tensor *t, char text[128]) {
    int at = 0;
    for (int i = t->n_dims - 1; i >= 0; i--)
        at +=
            snprintf(text + at, 128 - (size_t)at, "[%" PRId64 "]", t->dims[i]);
}

const struct gguf_tensor *gguf_get_tensor(const struct gguf *g,
                                          const char *name, int64_t n_rows,
                                          int64_t n_cols, struct error *err) {
    const struct gguf_tensor *t = gguf_find_tensor(g, name);
    if (!t) {
        error_set(err, ERR_INPUT, "%s: tensor '%s' is missing", g->name, name);
        return NULL;
    }
    if (t->dims[0] != n_cols || t->dims[1] != n_rows || t->dims[2] != 1 ||
        t->dims[3] != 1) {
        char shape[128];
        print_shape(t, shape);
        error_set(err, ERR_INPUT,
                  "%s: tensor '%s' is %s, expected [%" PRId64 "][%" PRId64 "]",
                  g->name, name, shape, n_rows, n_cols);
        return NULL;
    }
    if (!tensor_type_is_loadable(tensor_type_find((uint32_t)t->type))) {
        char known[160];
        tensor_type_list(true, known, sizeof known);
        error_set(err, ERR_UNSUPPORTED,
                  "%s: tensor '%s' has type %s, this build loads %s", g->name,
                  name, tensor_type_name((uint32_t)t->type), known);
        return NULL;
    }
    return t;
}
