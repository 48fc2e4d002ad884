# Horizontal bars, one below the other, stacked from parts: for scripts whose
# data has the columns bar and bar_label. Loaded in place of style. The names
# stand at the left of each row of panels, whose bars are the same; a bar that a
# panel does not have is left out.

set datafile separator comma
set datafile columnheaders
stats csv using (column("bar")) nooutput
n_bars = int(STATS_max)
array bar_name[n_bars]
do for [b = 1:n_bars] { bar_name[b] = "" }
# A name on an axis is a format to gnuplot: "%" is written twice.
set encoding utf8
doubled(text, i) = i > strlen(text) ? "" : text[i:i] . \
    (text[i:i] eq "%" ? "%" : "") . doubled(text, i + 1)
longest = 0
stats csv using (b = int(column("bar")), bar_name[b] = strcol("bar_label"), \
    longest = strlen(bar_name[b]) > longest ? strlen(bar_name[b]) : longest, 0) nooutput
do for [b = 1:n_bars] { bar_name[b] = doubled(bar_name[b], 1) }

part_height = 0.43 * n_bars + 0.2
load style

# Names take what they need, panels beside each other keep apart.
names = 0.35 + longest * 0.55 * font_size * point
if (names > width * 0.5) { names = width * 0.5 }
gap = 0.6
bars_width = (width - names - 0.35 - (n_columns - 1) * gap) / n_columns
panel_left(p) = (names + panel_column(p) * (bars_width + gap)) / width
panel_right(p) = panel_left(p) + bars_width / width

set grid noytics xtics linecolor rgb "#DDDDDD" linewidth 0.5
scale = 1
bar_tics(b) = b > n_bars ? "" : \
    sprintf("set ytics add (bar_name[%d] -%d);", b, b) . bar_tics(b + 1)
# (Ranges are set here: scripts still take statistics when this file is loaded.)
bars_begin(p) = panel_begin(p) . "set ytics scale 0 ();" . \
    sprintf("set yrange [-%d - 0.6 : -0.4];", n_bars) . \
    (panel_column(p) > 0 ? "unset ytics;" : bar_tics(1))

# A part is a series with a look. Blue is the draft's work, pale what the base
# took over of it, grey the base's own; their greys differ too, for those who
# print in black. bar_parts() are the boxes from column `low` to column `high` as
# entries of a plot command, bar_keys() those of the key.
by_draft = "#0072B2"
verified = "#B5DCF5"
by_base = "#9A9A9A"
array part_look[n_series]
array part_name[n_series]
do for [s = 1:n_series] { part_name[s] = series_name[s] }
solid(c) = sprintf("fillstyle solid 1 border lc rgb '#000000' fc rgb '%s'", c)
bar_part(s, low, high) = sprintf("csv using (at(p, %d, column('%s'))):" . \
    "(-column('bar')):(scale * column('%s')):(scale * column('%s')):" . \
    "(-column('bar') - 0.36):(-column('bar') + 0.36) " . \
    "with boxxyerror %s lw 0.5 notitle, ", s, low, low, high, part_look[s])
bar_parts(s, last, low, high) = s > last ? "" : \
    bar_part(s, low, high) . bar_parts(s + 1, last, low, high)
bar_keys(s, last) = s > last ? "" : (strlen(part_name[s]) ? \
    sprintf(", keyentry with boxes %s lw 0.5 title part_name[%d]", \
            part_look[s], s) : "") . bar_keys(s + 1, last)
no_names = "do for [s = 1:n_series] { series_name[s] = '' };"
