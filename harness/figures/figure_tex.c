#include "harness/figures/figure_tex.h"

#include "engine/base/buf.h"
#include "harness/figures/figure.h"
#include "harness/writers/latex_text.h"

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
    latex_add_text(out, f->title);
    buf_adds(out, ". ");
    if (f->note) {
        latex_add_text(out, f->note);
        buf_addc(out, ' ');
    }
    buf_adds(out, "\\footnotesize ");
    latex_add_text(out, provenance);
    buf_adds(out, ".}\n\\label{fig:");
    latex_add_label(out, run_name);
    buf_addf(out, ":%s}\n\\end{figure%s}\n", f->name, star);
}
