// Any bytes as text must come back from their tokens. Byte 0: parse specials?

#include "engine/model/gguf.h"
#include "engine/model/tokenizer.h"
#include "tests/helper_gguf.h"

#include <stdlib.h>
#include <string.h>

static struct tokenizer *make(void) {
    size_t n;
    struct helper_gguf h;
    helper_gguf_init(&h);
    helper_gguf_vocabulary(&h, HELPER_N_TOKENS);
    char *bytes = helper_gguf_finish(&h, &n);
    struct gguf *g = gguf_open_memory(bytes, n, "fuzz", NULL);
    struct tokenizer *t = tokenizer_new(g, NULL);
    gguf_close(g);
    free(bytes);
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
    static struct tokenizer *t;
    t = t ? t : make();
    if (n-- == 0) return 0;
    const char *text = (const char *)bytes + 1;
    int32_t *ids;
    int n_ids = tokenizer_encode(t, text, n, bytes[0] & 1, &ids, NULL);
    for (int i = 0; i < n_ids; i++) {
        size_t n_token;
        const char *token = tokenizer_bytes(t, ids[i], &n_token);
        if (n_token > n || memcmp(token, text, n_token)) abort();
        text += n_token, n -= n_token;
    }
    if (n_ids < 0 || n) abort();
    free(ids);
    return 0;
}
