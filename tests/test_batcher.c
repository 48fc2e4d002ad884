#include "engine/lm/batcher.h"

#include <criterion/criterion.h>
#include <pthread.h>

enum { THREADS = 6, CALLS = 200 };

static int models[2];

struct load {
    struct batcher *b;
    int id;
    int answers; // calls that came back with their own answer
};

struct request {
    int in, out;
};

static void answer(struct batcher_call **calls, int n) {
    for (int i = 0; i < n; i++) {
        struct request *r = calls[i]->item;
        cr_assert_eq(calls[i]->model, calls[0]->model);
        r->out = r->in * 2 + (calls[i]->model == &models[1]);
        calls[i]->status = n;
    }
}

// Threads alternate between two models out of step and leave at different
// times: each of these would hang a batcher that waits for the wrong set.
static void *work(void *arg) {
    struct load *load = arg;
    batcher_enter(load->b);
    for (int i = 0; i < CALLS - 10 * load->id; i++) {
        int which = (i / (load->id + 1)) % 2;
        struct request r = {.in = load->id * 1000 + i};
        struct batcher_call call = {
            .model = &models[which], .run = answer, .item = &r};
        int n = batcher_submit(load->b, &call);
        load->answers += n >= 1 && n <= THREADS && r.out == r.in * 2 + which;
    }
    batcher_leave(load->b);
    return NULL;
}

Test(batcher, answers_every_call_of_every_thread, .timeout = 60) {
    struct batcher *b = batcher_new();
    pthread_t threads[THREADS];
    struct load loads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        loads[i] = (struct load){.b = b, .id = i};
        pthread_create(&threads[i], NULL, work, &loads[i]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        cr_assert_eq(loads[i].answers, CALLS - 10 * i);
    }
    batcher_free(b);
}

static int largest;

static void measure(struct batcher_call **calls, int n) {
    if (n > largest) largest = n;
    for (int i = 0; i < n; i++)
        calls[i]->status = 0;
}

static void *submit_once(void *arg) {
    struct request r = {0};
    struct batcher_call call = {
        .model = &models[0], .run = measure, .item = &r};
    batcher_submit(arg, &call);
    batcher_leave(arg);
    return NULL;
}

Test(batcher, waits_for_all_that_entered, .timeout = 60) {
    struct batcher *b = batcher_new();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        batcher_enter(b);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, submit_once, b);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    cr_assert_eq(largest, 4);
    batcher_free(b);
    batcher_free(NULL);
}
