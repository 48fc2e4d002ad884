#include "harness/figures/figure_tex.h"

#include "engine/base/buf.h"
#include "harness/figures/figure.h"

#include <ctype.h>
#include <string.h>

// Texts of a caption are plain: what LaTeX would read as a command is escaped.
static void add_escaped(struct buf *out, const char *text) {
    for (; *text; text++) {
        if (strchr("#$%&_{}", *text))
            buf_addf(out, "\\%c", *text);
        else if (*text == '\\')
            buf_adds(out, "\\textbackslash{}");
        else if (*text == '~' || *text == '^')
            buf_addf(out, "\\%c{}", *text);
        else
            buf_addc(out, *text);
    }
}

static void add_label(struct buf *out, const char *text) {
    for (; *text; text++)
        buf_addc(out, isalnum((unsigned char)*text) ? *text : '-');
}

void figure_tex_print(const struct figure *f, const char *run_name, bool wide,
                      const char *provenance, struct buf *out) {
    const char *star = wide ? "*" : "";
    buf_adds(out, "\\providecommand{\\specsweepfigures}{}%\n");
    buf_addf(out, "\\begin{figure%s}[tb]\n\\centering\n", star);
    buf_addf(out,
             "\\sbox0{\\includegraphics{\\specsweepfigures %s.pdf}}%%\n"
             "\\ifdim\\wd0>\\linewidth \\resizebox{\\linewidth}{!}{\\usebox0}%%"
             "\n\\else \\usebox0\\fi\n",
             f->name);
    buf_adds(out, "\\caption{");
    add_escaped(out, f->title);
    buf_adds(out, ". \\footnotesize ");
    add_escaped(out, provenance);
    buf_adds(out, ".}\n\\label{fig:");
    add_label(out, run_name);
    buf_addf(out, ":%s}\n\\end{figure%s}\n", f->name, star);
}
