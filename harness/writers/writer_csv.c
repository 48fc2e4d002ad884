#include "engine/base/buf.h"
#include "harness/table.h"

#include <string.h>

// RFC 4180: fields with comma, quote or line break are quoted, quotes doubled.
// Rows end in LF alone, as every other tool on these systems writes them.

static void add_field(struct buf *out, const char *text) {
    if (!strpbrk(text, ",\"\r\n")) {
        buf_adds(out, text);
        return;
    }
    buf_addc(out, '"');
    for (; *text; text++) {
        if (*text == '"') buf_addc(out, '"');
        buf_addc(out, *text);
    }
    buf_addc(out, '"');
}

static void write_csv(const struct table *t, struct buf *out) {
    for (int i = 0; i < t->n_columns; i++) {
        if (i) buf_addc(out, ',');
        add_field(out, t->columns[i].name);
    }
    buf_addc(out, '\n');
    for (int row = 0; row < t->n_rows; row++) {
        for (int i = 0; i < t->n_columns; i++) {
            if (i) buf_addc(out, ',');
            const char *cell = table_cell(t, row, i);
            if (cell) add_field(out, cell);
        }
        buf_addc(out, '\n');
    }
}

const struct table_writer writer_csv = {.name = "csv",
                                        .help = "comma-separated values",
                                        .extension = "csv",
                                        .write = write_csv};
