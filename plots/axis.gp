# Accuracy (left axis, solid, filled) and mean time (right axis, dashed, open)
# over a setting. The caller has set
#   axis        column of the setting, and axis_label
# Rows of references have no value there: horizontal lines, their intervals at
# the end where their axis is.

key_extra = 2
right_axis = 1
load style

stats csv using (column(axis)) nooutput
low = STATS_min
high = STATS_max
is_whole = low == int(low) && high == int(high) && high - low <= 12
pad = is_whole ? 0.5 : 0.07 * (high - low)
stats csv using (column("mean_ms")) nooutput
most = STATS_records > 0 ? STATS_max : 0
has_times = most > 0
stats csv using (column("ms_high")) nooutput
if (STATS_records > 0) { if (STATS_max > most) { most = STATS_max } }
scale = time_scale(most)

# Series and both curves stand beside one another, so that intervals do not
# hide each other.
step = 0.012 * (high - low + 2 * pad)
beside(s, shift) = column(axis) + step * (2 * (s - (n_series + 1) / 2.0) + shift)
on(p, s, value) = column("is_reference") == 0 ? at(p, s, value) : NaN
reference(p, s, value) = column("is_reference") == 1 ? at(p, s, value) : NaN

# The open twin of a filled shape.
open_shape(s) = shape(s) == 5 || shape(s) == 7 || shape(s) == 9 || \
    shape(s) == 11 || shape(s) == 13 ? shape(s) - 1 : shape(s)

eval figure_begin
set border 11
set xlabel axis_label offset 0,0.4
set ylabel "Accuracy (pass\@1)" offset 1.2,0
set yrange [0:1]
set xrange [low - pad : high + pad]
if (is_whole) { set xtics 1 }
if (has_times) {
    set y2label sprintf("Mean time per sample (%s)", time_unit(most)) offset -1.4,0
    set y2tics
    set y2range [0 : scale * most * 1.05]
}
do for [p = 1:n_panels] {
    eval panel_begin(p)
    plot for [s = 1:n_series] csv using (reference(p, s, low - pad)):(column("pass_at_1")): \
            (high - low + 2 * pad):(0) with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (reference(p, s, low - pad + 2 * step)):(column("pass_low")):(0): \
            (column("pass_high") - column("pass_low")) with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (reference(p, s, low - pad)):(scale * column("mean_ms")): \
            (high - low + 2 * pad):(0) axes x1y2 with vectors nohead ls s lw 0.75 dt 2 notitle, \
        for [s = 1:n_series] csv using (reference(p, s, high + pad - 2 * step)):(scale * column("ms_low")):(0): \
            (scale * (column("ms_high") - column("ms_low"))) axes x1y2 with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(s, -0.5))):(column("pass_low")):(0): \
            (column("pass_high") - column("pass_low")) with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(s, 0.5))):(scale * column("ms_low")):(0): \
            (scale * (column("ms_high") - column("ms_low"))) axes x1y2 with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(s, -0.5))):(column("pass_at_1")) \
            with linespoints ls s notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(s, 0.5))):(scale * column("mean_ms")) axes x1y2 \
            with linespoints ls s dt 2 pt open_shape(s) notitle
    eval panel_end
}
eval figure_end("lines", \
    ", keyentry with linespoints lc rgb grey pt 7 ps 0.55 title 'accuracy (left axis)'" . \
    ", keyentry with linespoints lc rgb grey dt 2 pt 6 ps 0.55 title 'time (right axis)'")
