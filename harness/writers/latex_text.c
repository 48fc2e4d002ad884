#include "harness/writers/latex_text.h"

#include "engine/base/buf.h"
#include "engine/base/utf8.h"

#include <stdbool.h>
#include <string.h>

struct replacement {
    const char *text, *latex;
};

// ASCII that means something to LaTeX or its fonts. "[" and "*" would be taken
// for arguments of the line break before them; a letter's command takes the
// blank after it, hence the braces.
static const struct replacement ascii[] = {
    {"#", "\\#"},
    {"$", "\\$"},
    {"%", "\\%"},
    {"&", "\\&"},
    {"_", "\\_"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"~", "\\textasciitilde{}"},
    {"^", "\\textasciicircum{}"},
    {"\\", "\\textbackslash{}"},
    {"<", "\\textless{}"},
    {">", "\\textgreater{}"},
    {"|", "\\textbar{}"},
    {"\"", "{\\char34}"},
    {"'", "{\\char39}"},
    {"`", "{\\char96}"},
    {"[", "{[}"},
    {"]", "{]}"},
    {"*", "{*}"},
};

static const struct replacement signs[] = {
    {"«", "$\\ll$"},
    {"»", "$\\gg$"},
    {"–", "--"},
    {"—", "---"},
    {"‘", "{\\char96}"},
    {"’", "{\\char39}"},
    {"“", "``"},
    {"”", "''"},
    {"…", "\\dots{}"},
    {"→", "$\\rightarrow$"},
    {"←", "$\\leftarrow$"},
    {"≤", "$\\leq$"},
    {"≥", "$\\geq$"},
    {"≠", "$\\neq$"},
    {"≈", "$\\approx$"},
    {"∞", "$\\infty$"},
    {"−", "$-$"},
    {"α", "$\\alpha$"},
    {"β", "$\\beta$"},
    {"γ", "$\\gamma$"},
    {"δ", "$\\delta$"},
    {"ε", "$\\varepsilon$"},
    {"θ", "$\\theta$"},
    {"κ", "$\\kappa$"},
    {"λ", "$\\lambda$"},
    {"μ", "$\\mu$"},
    {"π", "$\\pi$"},
    {"ρ", "$\\rho$"},
    {"σ", "$\\sigma$"},
    {"τ", "$\\tau$"},
    {"φ", "$\\varphi$"},
    {"ω", "$\\omega$"},
    {"Δ", "$\\Delta$"},
    {"Σ", "$\\Sigma$"},
    {"Ω", "$\\Omega$"},
};

// Where a line must not break, and a ligature that is none.
static const struct group {
    const char *text, *latex;
    size_t n_taken; // bytes of the text, from its beginning
} groups[] = {
    {" %", "~\\%", 2},
    {" = ", "~=~", 3},
    {"--", "-{}", 1},
};

// Of U+00A0 to U+017F those that LaTeX's first font encoding lacks.
static const char lacking[] = "ÐÞðþĄąĐđĘęĦħĮįĸĿŀŉŊŋŦŧŲųſ";

static const char *find(const struct replacement *list, size_t n,
                        const char *at, size_t length) {
    for (size_t i = 0; i < n; i++) {
        if (!strncmp(list[i].text, at, length) && !list[i].text[length])
            return list[i].latex;
    }
    return NULL;
}

static unsigned code_point(const char *at, size_t length) {
    unsigned c = (unsigned char)at[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++)
        c = c << 6 | ((unsigned char)at[i] & 0x3F);
    return c;
}

static bool is_lacking(const char *at, size_t length) {
    for (const char *c = lacking; *c; c += utf8_char(c, strlen(c))) {
        if (!strncmp(c, at, length)) return true;
    }
    return false;
}

static void add_ascii(struct buf *out, char c) {
    const char *latex = find(ascii, sizeof ascii / sizeof *ascii, &c, 1);
    if (latex) {
        buf_adds(out, latex);
    } else if (c == '\n' || c == '\r' || c == '\t') {
        buf_addc(out, ' ');
    } else if (c >= 0x20 && c != 0x7F) {
        buf_addc(out, c);
    }
}

static void add_character(struct buf *out, const char *at, size_t length) {
    const char *latex = find(signs, sizeof signs / sizeof *signs, at, length);
    unsigned c = code_point(at, length);
    if (latex) {
        buf_adds(out, latex);
    } else if (c < 0xA0) {
        return; // a control
    } else if (c < 0x180 && !is_lacking(at, length)) {
        buf_add(out, at, length);
    } else {
        buf_addf(out, "U+%04X", c);
    }
}

// Bytes taken; 0: none of the groups begins here.
static size_t add_group(struct buf *out, const char *at) {
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        if (strncmp(at, groups[i].text, strlen(groups[i].text))) continue;
        buf_adds(out, groups[i].latex);
        return groups[i].n_taken;
    }
    return 0;
}

void latex_add_text(struct buf *out, const char *text) {
    size_t n = strlen(text);
    for (size_t i = 0, length; i < n; i += length) {
        length = add_group(out, text + i);
        if (length) continue;
        length = utf8_char(text + i, n - i);
        if (length > 1) {
            add_character(out, text + i, length);
        } else {
            add_ascii(out, length ? text[i] : '?');
            length = 1;
        }
    }
}

void latex_add_label(struct buf *out, const char *text) {
    for (; *text; text++) {
        char c = *text;
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                     (c >= 'a' && c <= 'z');
        buf_addc(out, plain ? c : '-');
    }
}
