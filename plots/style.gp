# What all figures have in common: every script loads this first.
#
# Reads panels and series from the data (columns panel, panel_title, series,
# label; all numbered from 1), sets the terminal to a size that fits them, and
# gives line styles 1.. to the series. Then a script goes
#
#   load style
#   eval figure_begin
#   do for [p = 1:n_panels] {
#       eval panel_begin(p)
#       plot for [s = 1:n_series] csv using (at(p, s, column("x"))):(...) ls s
#   }
#   eval figure_end("linespoints", "")
#
# Statistics come before ranges: `stats` leaves out what lies outside of them.
# The print form (pdf) has its title and provenance in the caption of the .tex;
# svg and png carry them.

set encoding utf8
set datafile separator comma
set datafile columnheaders
set datafile missing NaN                # joins lines over what at() leaves out

stats csv using (column("panel")):(column("series")) nooutput
n_panels = int(STATS_max_x)
n_series = int(STATS_max_y)
array panel_name[n_panels]
array series_name[n_series]
do for [i = 1:n_panels] { panel_name[i] = "" }
do for [i = 1:n_series] { series_name[i] = "" }
stats csv using (panel_name[int(column("panel"))] = strcol("panel_title"), \
    series_name[int(column("series"))] = strcol("label"), 0) nooutput

# A value of one panel (and series); everything else is left out.
at(p, s, value) = column("panel") == p && column("series") == s ? value : NaN
at_panel(p, value) = column("panel") == p ? value : NaN

# The second where there is one and it is larger.
larger(x, y) = y > x ? y : x

# Times are stored in milliseconds: seconds from two of them on.
time_scale(max_ms) = max_ms < 2000 ? 1.0 : 1e-3
time_unit(max_ms) = max_ms < 2000 ? "ms" : "s"

# Distance of the numbers on an axis from 0 to `most`: about n of them.
tic_step(most, n) = tic_unit(most / n, 10 ** floor(log10(most / n)))
tic_unit(step, unit) = step <= unit ? unit : step <= 2 * unit ? 2 * unit : \
    step <= 5 * unit ? 5 * unit : 10 * unit

# A text of several lines, broken at blanks so that each fits `limit`.
last_blank(text, i) = i < 1 || text[i:i] eq " " ? i : last_blank(text, i - 1)
wrap(text, limit) = strlen(text) <= limit ? text : \
    wrap_at(text, limit, last_blank(text, limit + 1))
wrap_at(text, limit, i) = i < 2 ? text : \
    text[1:i - 1] . "\n" . wrap(text[i + 1:*], limit)
lines_of(text) = strstrt(text, "\n") ? \
    1 + lines_of(text[strstrt(text, "\n") + 1:*]) : 1

# ---- key: one for all panels, at the bottom --------------------------------

# Scripts may add entries of their own: key_extra, number of them, and
# key_extra_text, letters of the longest. Where there is no Arial nor Liberation
# Sans the letters are those of DejaVu Sans, which are wider: 0.56 of their size.
if (!exists("key_extra")) key_extra = 0
if (!exists("key_extra_text")) key_extra_text = 0
key_text = key_extra_text
key_entries = key_extra
do for [i = 1:n_series] {
    if (strlen(series_name[i])) {
        key_entries = key_entries + 1
        if (strlen(series_name[i]) > key_text) { key_text = strlen(series_name[i]) }
    }
}

# ---- geometry, in cm: one column of a paper, or the whole width -------------

# A script may say how many panels a row has at most, how high a plot is and how
# much room is at its left.
if (!exists("most_columns")) most_columns = 3
n_columns = n_panels < most_columns ? n_panels : n_panels == 4 ? 2 : most_columns
n_rows = (n_panels + n_columns - 1) / n_columns
width = n_panels == 1 ? 8.5 : 17.8
is_print = kind eq "pdf"
if (!exists("right_axis")) right_axis = 0

point = 2.54 / 72                      # one point in cm
font_size = 8
key_width = (key_text * 0.56 + 4.3) * font_size * point
key_columns = int((width - 0.3) / key_width)
key_font = key_width > width ? font_size * width / key_width : font_size
if (key_columns < 1) { key_columns = 1 }
if (key_columns > key_entries) { key_columns = key_entries > 0 ? key_entries : 1 }
key_rows = (key_entries + key_columns - 1) / key_columns
key_height = key_entries > 0 ? key_rows * 1.3 * font_size * point + 0.4 : 0

wrapped = ""
wrapped_lines = 0
if (!is_print) {
    line = ""
    limit = int(width / (0.56 * 5 * point))
    limit = strlen(subtitle) / (strlen(subtitle) / limit + 1) + 12
    do for [w in subtitle] {
        if (strlen(line) + strlen(w) + 1 > limit && strlen(line)) {
            wrapped = wrapped . line . "\n"
            wrapped_lines = wrapped_lines + 1
            line = w
        } else { line = strlen(line) ? line . " " . w : w }
    }
    wrapped = wrapped . line
    wrapped_lines = wrapped_lines + 1
}
foot = wrapped_lines * 1.3 * 5 * point + (is_print ? 0 : 0.15)
head = is_print ? 0.1 : 0.65

if (!exists("left")) left = 1.45       # of a panel: room for numbers and label
right = right_axis ? 1.35 : 0.3
below = 0.95
panel_width = width / n_columns
title_room = int((panel_width - abs(left - right) - 0.2) / (0.54 * font_size * point))
title_lines = 0                        # above a panel, if there are several
do for [i = 1:n_panels] {
    panel_name[i] = wrap(panel_name[i], title_room)
    if (n_panels > 1 && lines_of(panel_name[i]) > title_lines) {
        title_lines = lines_of(panel_name[i])
    }
}
above = title_lines > 0 ? 0.2 + 0.35 * title_lines : 0.15
if (!exists("parts")) parts = 1        # plots of a panel, one below the other
if (!exists("part_height")) part_height = \
    (n_panels == 1 ? 5.0 : 4.2) * (parts == 1 ? 1 : 0.68)
part_gap = 0.3
plot_height = parts * part_height + (parts - 1) * part_gap
row_height = above + plot_height + below
height = head + n_rows * row_height + key_height + foot

panel_column(p) = (p - 1) % n_columns
panel_row(p) = (p - 1) / n_columns
panel_left(p) = (panel_column(p) * panel_width + left) / width
panel_right(p) = ((panel_column(p) + 1) * panel_width - right) / width
panel_top(p) = 1 - (head + panel_row(p) * row_height + above) / height
part_top(p, k) = panel_top(p) - (k - 1) * (part_height + part_gap) / height
part_bottom(p, k) = part_top(p, k) - part_height / height

# ---- terminal ---------------------------------------------------------------

dots = 300 / 2.54                      # png: dots per cm
if (kind eq "pdf") set terminal pdfcairo noenhanced color rounded \
    size width cm, height cm font "Arial,8" fontscale 0.75 linewidth 1
if (kind eq "svg") set terminal svg noenhanced rounded background "#ffffff" \
    size int(width / 2.54 * 96), int(height / 2.54 * 96) \
    font "Arial,8" fontscale 96.0 / 72 linewidth 0.7 dashlength 1.4
if (kind eq "png") set terminal pngcairo noenhanced color rounded \
    size int(width * dots), int(height * dots) font "Arial,8" \
    fontscale 300.0 / 96 linewidth 2.1 pointscale 2.8 dashlength 3
set output out . "." . kind

# ---- look -------------------------------------------------------------------

# Okabe and Ito's colours, told apart by colour-blind readers, the pale yellow
# replaced by grey; the shape changes with the colour, for those who print in
# black.
# The first is the baseline, and black is its alone.
colours = "#0072B2 #D55E00 #009E73 #CC79A7 #E69F00 #56B4E9 #7F7F7F #882255 #999933 #332288"
shapes = "5 9 11 13 15 6 4 8 10 12 14"
colour(s) = s == 1 ? "#000000" : word(colours, (s - 2) % words(colours) + 1)
shape(s) = s == 1 ? 7 : int(word(shapes, (s - 2) % words(shapes) + 1))
do for [i = 1:n_series] {
    set style line i linecolor rgb colour(i) linewidth 1.5 \
        pointtype shape(i) pointsize 0.65
}
grey = "#7F7F7F"

set border 3 linewidth 0.75
set tics nomirror out scale 0.6
set xtics offset 0,0.3
set grid ytics linetype 1 linecolor rgb "#E2E2E2" linewidth 0.5
set bars 0
unset key

figure_begin = "set multiplot;" . (is_print ? "" : \
    "set label 1 title at screen 0.5, screen " . \
    sprintf("%.6f", 1 - 0.3 / height) . " center font ',10';" . \
    "set label 2 wrapped at screen 0.01, screen " . \
    sprintf("%.6f", (foot - 0.1) / height) . \
    " left font ',5' textcolor rgb grey;")

# Part k of a panel, from 1 at the top: the first has the title.
part_begin(p, k) = sprintf("set lmargin at screen %.6f; " . \
    "set rmargin at screen %.6f; set tmargin at screen %.6f; " . \
    "set bmargin at screen %.6f; ", \
    panel_left(p), panel_right(p), part_top(p, k), part_bottom(p, k)) . \
    (n_panels > 1 && k == 1 ? \
        sprintf("set title panel_name[%d] offset 0,-0.6;", p) : "unset title;")
panel_begin(p) = part_begin(p, 1)

# The label of the y axis stands at the first panel of a row only.
y_label(p, text) = panel_column(p) ? "unset ylabel;" : \
    "set ylabel '" . text . "' offset 0.6,0;"
y2_label(p, text) = panel_column(p) < n_columns - 1 && p < n_panels ? \
    "unset y2label;" : "set y2label '" . text . "' offset -1.4,0;"
# Numbers on an x axis.
tics = n_panels == 1 ? 6 : 5

# After a panel the labels of the whole picture have been drawn.
panel_end = "unset label 1; unset label 2;"

# The key: a panel that shows nothing else. `style` is that of the samples
# ("linespoints", "lines", "points", "boxes"), `extra` holds entries of the
# script's own: ", keyentry with lines ... title '...'" (see key_extra).
key_entry(i, style) = strlen(series_name[i]) ? sprintf( \
    ", keyentry with %s ls %d title series_name[%d]", style, i, i) : ""
figure_end(style, extra) = "unset border; unset tics; unset grid;" . \
    "unset title; unset xlabel; unset ylabel; unset y2label; unset arrow;" . \
    "unset label; unset logscale; unset object; set xrange [0:1];" . \
    "set yrange [0:1]; set lmargin at screen 0; set rmargin at screen 1;" . \
    "set tmargin at screen 1; set bmargin at screen 0;" . \
    sprintf("set key at screen 0.5, screen %.6f center center ", \
            (foot + key_height / 2) / height) . \
    sprintf("horizontal Left reverse maxcols %d samplen 2 width 1 ", \
            key_columns) . sprintf("spacing 1.1 font ',%.1f';", key_font) . \
    "plot NaN notitle" . key_list(style) . extra . "; unset multiplot;" . \
    "unset output"
key_list(style) = (key_text_of = "", \
    sum [i = 1:n_series] (key_text_of = key_text_of . key_entry(i, style), 0), \
    key_text_of)
