#include "engine/base/buf.h"
#include "harness/json_write.h"
#include "harness/table.h"

// One object: {"name": ..., "rows": [{column: value}]}. Numbers keep the digits
// of the table; missing values are null.

static void add_cell(const struct table *t, int row, int column,
                     struct buf *out) {
    json_add_key(out, t->columns[column].name);
    const char *cell = table_cell(t, row, column);
    if (cell && t->columns[column].decimals != COLUMN_TEXT) {
        buf_adds(out, cell);
    } else {
        json_add_string(out, cell);
    }
}

static void write_json(const struct table *t, struct buf *out) {
    buf_adds(out, "{");
    json_add_key(out, "name");
    json_add_string(out, t->name);
    json_add_key(out, "rows");
    buf_adds(out, "[");
    for (int row = 0; row < t->n_rows; row++) {
        buf_adds(out, row ? ",\n {" : "\n {");
        for (int i = 0; i < t->n_columns; i++)
            add_cell(t, row, i, out);
        buf_adds(out, "}");
    }
    buf_adds(out, "]}\n");
}

const struct table_writer writer_json = {.name = "json",
                                         .help = "JSON, a document per table",
                                         .extension = "json",
                                         .write = write_json};
