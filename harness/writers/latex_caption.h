#pragma once

struct buf;
struct latex_layout;
struct table;

// What stands between the braces of \caption: title; texts that all rows share;
// what the signs of the table mean, as far as it has them; rows that lack
// samples or have failed ones; provenance.
void latex_add_caption(const struct latex_layout *l, const struct table *t,
                       struct buf *out);
