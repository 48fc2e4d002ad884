#include "harness/compare/cell_name.h"

#include "engine/base/buf.h"
#include "harness/report.h"

#include <math.h>

void cell_name_print(const struct report_cell *c, struct buf *out) {
    const struct manifest_cell *m = c->cell;
    buf_adds(out, m->label);
    if (!isnan(m->threshold)) buf_addf(out, "@%g", m->threshold);
    buf_addf(out, " (base %s", m->base);
    if (*m->draft) buf_addf(out, ", draft %s", m->draft);
    if (*m->prm) buf_addf(out, ", prm %s", m->prm);
    buf_addf(out, ", %s", c->dataset->name);
    if (*m->variant) buf_addf(out, ", %s", m->variant);
    buf_addc(out, ')');
}
