#pragma once
// The append-only file of samples: results/<name>/samples.jsonl.
//
// One JSON object a line, written with one write() and synced before
// store_append() returns, so that a kill at any moment costs at most the sample
// in flight. Each line has a "key" (sample_record.h) that names everything that
// can change the sample; a key that is there is not computed again.
//
// Writers: store_lock() the folder (refuses a second run), write the manifest,
// store_open(), then store_has() / store_append(). Readers need neither:
// store_read().

#include <stdbool.h>
#include <stddef.h>

struct error;

// ---- lock -----------------------------------------------------------------

// Creates DIR if need be and locks DIR/lock until the process ends or
// store_unlock(). Returns the lock's descriptor, or -1: ERR_IO when the folder
// cannot be written, ERR_USAGE naming process and host when somebody holds it.
int store_lock(const char *dir, struct error *err);
void store_unlock(int lock); // -1 is fine

// ---- writing --------------------------------------------------------------

struct store;

// Opens DIR/samples.jsonl for appending and reads its keys. What a kill has cut
// off at its end is removed (store_n_cut_bytes). NULL with ERR_IO, or ERR_INPUT
// with the number of a line that is complete but no JSON object with a key.
struct store *store_open(const char *dir, struct error *err);
void store_close(struct store *s); // NULL is fine

size_t store_n_samples(const struct store *s);   // different keys
size_t store_n_cut_bytes(const struct store *s); // of a torn last line
bool store_has(const struct store *s, const char *key);

// Appends one line (no newline in it). After an error the file ends where it
// ended before: ERR_IO with the reason (disk full, limit).
int store_append(struct store *s, const char *key, const char *line,
                 size_t n_bytes, struct error *err);

// ---- reading --------------------------------------------------------------

// Called with each complete line, NUL-terminated, newline removed, counted from
// 1. Returning -1 stops the reading.
typedef int (*store_line_fn)(void *ctx, const char *line, size_t n_bytes,
                             size_t line_number, struct error *err);

// Reads DIR/samples.jsonl line by line; a torn last line is skipped. No file:
// no lines. -1 with ERR_IO, ERR_INPUT, or the callback's error with
// "file:line: " put before its text.
int store_read(const char *dir, store_line_fn fn, void *ctx, struct error *err);
