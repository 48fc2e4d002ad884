#include "harness/decimal.h"

#include <string.h>

// One pass over the text with a cursor. Signs and dollars may come in either
// order ("-$5", "$-5"). Exponents, fractions and percent signs are not numbers
// here: the grader calls such answers ungraded instead of guessing.

struct cursor {
    const char *at, *end;
};

static bool skip(struct cursor *c, const char *text) {
    size_t n = strlen(text);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, text, n) != 0)
        return false;
    c->at += n;
    return true;
}

static void skip_blanks(struct cursor *c) {
    while (c->at < c->end && *c->at && strchr(" \t\r\n", *c->at))
        c->at++;
}

static bool is_digit(const struct cursor *c, size_t ahead) {
    return (size_t)(c->end - c->at) > ahead && c->at[ahead] >= '0' &&
           c->at[ahead] <= '9';
}

static size_t count_digits(const struct cursor *c) {
    size_t n = 0;
    while (is_digit(c, n))
        n++;
    return n;
}

struct digits {
    char text[DECIMAL_MAX];
    size_t n;
    bool too_long;
};

static void take_digits(struct cursor *c, size_t n, struct digits *d) {
    for (; n; n--, c->at++) {
        bool leading_zero = *c->at == '0' && d->n == 0;
        if (leading_zero) continue;
        if (d->n + 4 >= sizeof d->text)
            d->too_long = true;
        else
            d->text[d->n++] = *c->at;
    }
}

static bool skip_group_mark(struct cursor *c) {
    return skip(c, "{,}") || skip(c, "\\,") || skip(c, ",") || skip(c, " ");
}

// The digits before the point. False when groups are not of three.
static bool take_whole(struct cursor *c, struct digits *d) {
    size_t n = count_digits(c);
    take_digits(c, n, d);
    struct cursor before = *c;
    bool first = true;
    while (skip_group_mark(c)) {
        size_t n_group = count_digits(c);
        if (n_group == 0) {
            *c = before; // a blank or comma that belongs to no group
            return true;
        }
        if (n_group != 3 || n == 0 || (first && n > 3)) return false;
        take_digits(c, n_group, d);
        before = *c;
        first = false;
    }
    return true;
}

static bool skip_dollar(struct cursor *c) {
    return skip(c, "\\$") || skip(c, "$");
}

// A sign and a dollar, in either order. True for a minus.
static bool take_sign(struct cursor *c) {
    skip_blanks(c);
    bool dollar = skip_dollar(c);
    skip_blanks(c);
    bool negative = skip(c, "-") || skip(c, "\xe2\x88\x92");
    if (!negative) skip(c, "+");
    skip_blanks(c);
    if (!dollar) skip_dollar(c);
    skip_blanks(c);
    return negative;
}

// The fraction, kept apart from the whole part because there leading zeros
// count; trailing ones go.
static size_t take_fraction(struct cursor *c, struct digits *d) {
    size_t n = count_digits(c), kept = n;
    while (kept && c->at[kept - 1] == '0')
        kept--;
    if (kept + 4 >= sizeof d->text) {
        d->too_long = true;
        kept = 0;
    }
    memcpy(d->text, c->at, kept);
    d->n = kept;
    c->at += n;
    return n;
}

static bool at_end(struct cursor *c) {
    skip_blanks(c);
    skip_dollar(c);
    skip(c, ".");
    skip_blanks(c);
    return c->at == c->end;
}

bool decimal_normalize(const char *text, size_t n_bytes,
                       char out[DECIMAL_MAX]) {
    struct cursor c = {text, text + n_bytes};
    struct digits whole = {.n = 0}, part = {.n = 0};
    bool negative = take_sign(&c);
    const char *begin = c.at;
    if (!take_whole(&c, &whole)) return false;
    size_t n_written = (size_t)(c.at - begin);
    if (is_digit(&c, 1) && skip(&c, ".")) n_written += take_fraction(&c, &part);
    if (!n_written || !at_end(&c) || whole.too_long || part.too_long ||
        whole.n + part.n + 4 > DECIMAL_MAX)
        return false;
    size_t n = 0;
    if (negative && whole.n + part.n) out[n++] = '-';
    if (!whole.n) out[n++] = '0';
    memcpy(out + n, whole.text, whole.n);
    n += whole.n;
    if (part.n) out[n++] = '.';
    memcpy(out + n, part.text, part.n);
    out[n + part.n] = 0;
    return true;
}
