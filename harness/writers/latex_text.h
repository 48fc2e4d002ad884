#pragma once
// Plain text as LaTeX that prints it and nothing else.

struct buf;

// Appends `text` escaped: signs that LaTeX reads as commands, ligatures, and
// what an argument could be taken for. Letters of Latin-1 and Latin Extended-A
// stay UTF-8 where every font has them; signs of mathematics and Greek letters
// become commands; of all else the number is printed (U+4E2D), since no
// character may stop a document. Controls are dropped, line breaks are blanks,
// bytes that are no UTF-8 are "?".
void latex_add_text(struct buf *out, const char *text);
// As part of a \label: letters and digits, all else as "-".
void latex_add_label(struct buf *out, const char *text);
