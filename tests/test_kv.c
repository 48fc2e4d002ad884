#include "engine/model/kv.h"

#include "engine/base/error.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <string.h>

static const struct kv_shape shape = {
    .n_layer = 2, .n_head_kv = 3, .head_dim = 20, .n_ctx = 100, .n_seq = 3};

// Write one recognisable position into every layer and head.
static void fill(struct kv *kv, struct kv_seq *s, int n, float tag) {
    float k[20], v[20];
    cr_assert_eq(kv_reserve(kv, s, n, NULL), 0);
    for (int p = s->n_tokens; p < s->n_tokens + n; p++) {
        for (int i = 0; i < 20; i++) {
            k[i] = tag + (float)(p * 100 + i);
            v[i] = -k[i];
        }
        for (int layer = 0; layer < 2; layer++)
            for (int head = 0; head < 3; head++)
                kv_write(kv, s, p, layer, head, k, v);
    }
    s->n_tokens += n;
}

static float key_at(struct kv *kv, struct kv_seq *s, int p, int d) {
    return kern_keys_get(kv_type(kv), 20, kv_keys(kv, s, p / KERN_PAGE, 1, 2),
                         p % KERN_PAGE, d);
}

static float value_at(struct kv *kv, struct kv_seq *s, int p, int d) {
    return kern_values_get(kv_type(kv), 20,
                           kv_values(kv, s, p / KERN_PAGE, 1, 2), p % KERN_PAGE,
                           d);
}

Test(kv, keeps_what_is_written) {
    struct kv *kv = kv_new(&shape, NULL);
    struct kv_seq s;
    kv_seq_init(kv, &s, NULL);
    fill(kv, &s, 70, 0.5f);
    for (int p = 0; p < 70; p++) {
        cr_assert_eq(key_at(kv, &s, p, 7), 0.5f + (float)(p * 100 + 7));
        cr_assert_eq(value_at(kv, &s, p, 19), -(0.5f + (float)(p * 100 + 19)));
    }
    cr_assert_eq(kv_n_used_pages(kv), 3);
    kv_seq_release(kv, &s);
    cr_assert_eq(kv_n_used_pages(kv), 0);
    kv_free(kv);
}

// Halves hold these numbers exactly up to 2048, bytes within half a step.
Test(kv, rounds_what_is_written_to_its_type) {
    struct kv_shape half = shape, byte = shape;
    half.type = KERN_F16;
    byte.type = KERN_Q8_0;
    cr_assert_eq(kv_bytes(&half), kv_bytes(&shape) / 2);
    cr_assert_lt(kv_bytes(&byte), kv_bytes(&half));
    const struct kv_shape *shapes[] = {&half, &byte};
    for (int i = 0; i < 2; i++) {
        struct kv *kv = kv_new(shapes[i], NULL);
        struct kv_seq s;
        cr_assert_eq(kv_type(kv), shapes[i]->type);
        kv_seq_init(kv, &s, NULL);
        fill(kv, &s, 40, 1);
        for (int p = 0; p < 40; p++) {
            float want = 1 + (float)(p * 100 + 7), step = want / 127 * 0.51f;
            if (i == 0) step = want < 2048 ? 0 : 1.01f;
            cr_assert_float_eq(key_at(kv, &s, p, 7), want, step);
            cr_assert_float_eq(value_at(kv, &s, p, 7), -want, step);
        }
        kv_seq_release(kv, &s);
        kv_free(kv);
    }
}

Test(kv, fork_shares_until_written) {
    struct kv *kv = kv_new(&shape, NULL);
    struct kv_seq a, b;
    kv_seq_init(kv, &a, NULL);
    kv_seq_init(kv, &b, NULL);
    fill(kv, &a, 40, 0);
    kv_fork(kv, &b, &a, 35);
    cr_assert_eq(kv_n_used_pages(kv), 2);
    fill(kv, &b, 1, 7); // copies the second page only
    cr_assert_eq(kv_n_used_pages(kv), 3);
    cr_assert_eq(b.pages[0], a.pages[0]);
    cr_assert_eq(key_at(kv, &b, 34, 3), key_at(kv, &a, 34, 3));
    cr_assert_eq(key_at(kv, &b, 35, 3), 7 + 3503.f);
    cr_assert_eq(key_at(kv, &a, 35, 3), 3503.f);
    kv_seq_release(kv, &a);
    kv_seq_release(kv, &b);
    cr_assert_eq(kv_n_used_pages(kv), 0);
    kv_free(kv);
}

Test(kv, truncate_gives_pages_back) {
    struct kv *kv = kv_new(&shape, NULL);
    struct kv_seq s;
    kv_seq_init(kv, &s, NULL);
    fill(kv, &s, 100, 0);
    cr_assert_eq(kv_n_used_pages(kv), 4);
    kv_truncate(kv, &s, 64);
    cr_assert_eq(kv_n_used_pages(kv), 2);
    kv_truncate(kv, &s, 1);
    cr_assert_eq(kv_n_used_pages(kv), 1);
    kv_truncate(kv, &s, 0);
    cr_assert_eq(kv_n_used_pages(kv), 0);
    kv_seq_release(kv, &s);
    kv_free(kv);
}

// A sequence that was given up for another's past holds nothing of its own.
Test(kv, fork_into_a_used_sequence) {
    struct kv *kv = kv_new(&shape, NULL);
    struct kv_seq a, b;
    kv_seq_init(kv, &a, NULL);
    kv_seq_init(kv, &b, NULL);
    fill(kv, &a, 33, 0);
    fill(kv, &b, 100, 3);
    cr_assert_eq(kv_n_used_pages(kv), 6);
    kv_truncate(kv, &b, 0);
    kv_fork(kv, &b, &a, 33);
    cr_assert_eq(kv_n_used_pages(kv), 2);
    fill(kv, &a, 1, 5); // the owner writes: the copy keeps the old page
    cr_assert_eq(kv_n_used_pages(kv), 3);
    cr_assert_eq(b.pages[0], a.pages[0]);
    cr_assert_eq(key_at(kv, &b, 32, 3), 3203.f);
    cr_assert_eq(key_at(kv, &a, 32, 3), 3203.f);
    kv_seq_release(kv, &a);
    cr_assert_eq(kv_n_used_pages(kv), 2);
    kv_seq_release(kv, &b);
    cr_assert_eq(kv_n_used_pages(kv), 0);
    kv_free(kv);
}

// 4 forks of a full sequence, which share a page in part and go on for
// fork_tokens, are what the reserve is for: not a page less.
Test(kv, reserves_room_for_forks) {
    struct kv_shape forked = shape;
    forked.n_seq = 1;
    size_t page_bytes = kv_bytes(&forked) / 4;
    forked.n_forks = 1;
    forked.fork_tokens = 100000; // more than a sequence holds
    cr_assert_eq(kv_bytes(&forked), page_bytes * (4 + 5));
    forked.n_forks = 4;
    forked.fork_tokens = 34;
    cr_assert_eq(kv_bytes(&forked), page_bytes * (4 + 4 * 3));
    struct kv *kv = kv_new(&forked, NULL);
    struct kv_seq full, forks[4];
    struct error err = {0};
    kv_seq_init(kv, &full, NULL);
    fill(kv, &full, 100, 0);
    for (int i = 0; i < 4; i++) {
        kv_seq_init(kv, &forks[i], NULL);
        kv_fork(kv, &forks[i], &full, 63);
        fill(kv, &forks[i], 34, (float)i); // 63..96: parts of three pages
    }
    cr_assert_eq(kv_n_used_pages(kv), 16);
    cr_assert_eq(key_at(kv, &forks[2], 62, 1), 6201.f);
    cr_assert_eq(key_at(kv, &forks[2], 96, 1), 2 + 9601.f);
    cr_assert_eq(kv_reserve(kv, &forks[0], 3, &err), 0); // no new page
    struct kv_seq more;
    kv_seq_init(kv, &more, NULL);
    cr_assert_eq(kv_reserve(kv, &more, 1, &err), -1);
    cr_assert(strstr(err.text, "16 pages of 32"), "%s", err.text);
    kv_seq_release(kv, &more);
    for (int i = 0; i < 4; i++)
        kv_seq_release(kv, &forks[i]);
    kv_seq_release(kv, &full);
    cr_assert_eq(kv_n_used_pages(kv), 0);
    kv_free(kv);
}

Test(kv, refuses_what_does_not_fit) {
    struct error err = {0};
    struct kv *kv = kv_new(&shape, NULL);
    struct kv_seq s;
    kv_seq_init(kv, &s, NULL);
    cr_assert_eq(kv_reserve(kv, &s, 101, &err), -1);
    cr_assert_eq(err.kind, ERR_MEMORY);
    cr_assert(strstr(err.text, "do not fit a context of 100"), "%s", err.text);
    kv_seq_release(kv, &s);
    kv_free(kv);

    struct kv_shape absurd = shape;
    absurd.n_layer = absurd.n_ctx = absurd.n_seq = 1 << 30;
    cr_assert_eq(kv_bytes(&absurd), 0);
    cr_assert_null(kv_new(&absurd, &err));
    absurd = shape;
    absurd.type = KERN_Q4_0;
    cr_assert_eq(kv_bytes(&absurd), 0);
    absurd = shape;
    absurd.n_layer = absurd.n_forks = absurd.fork_tokens = INT_MAX;
    cr_assert_eq(kv_bytes(&absurd), 0);
    absurd = shape;
    absurd.fork_tokens = -1;
    cr_assert_eq(kv_bytes(&absurd), 0);
    absurd = shape;
    absurd.n_layer = absurd.n_head_kv = absurd.head_dim = 1;
    absurd.n_seq = INT_MAX; // pages that no int counts
    cr_assert_gt(kv_bytes(&absurd), 0u);
    cr_assert_null(kv_new(&absurd, &err));
    cr_assert(strstr(err.text, "2147483647 sequences of 100 tokens"), "%s",
              err.text);
}
