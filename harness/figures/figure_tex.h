#pragma once
// The LaTeX float of a figure: FOLDER/figures/NAME.tex, to be read by \input.
//
//   \renewcommand{\specsweepfigures}{results/main/figures/} % path of the PDF
//   \input{results/main/figures/threshold}
//
// needs graphicx alone. The label is "fig:NAME-OF-THE-RUN:NAME". A picture
// wider than the column is made to fit; one of several panels spans both
// columns.

#include <stdbool.h>

struct buf;
struct figure;

void figure_tex_print(const struct figure *f, const char *run_name, bool wide,
                      const char *provenance, struct buf *out);
