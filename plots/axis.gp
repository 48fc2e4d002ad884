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
pad = is_whole ? 0.6 : 0.08 * (high - low)
stats csv using (larger(column("mean_ms"), column("ms_high"))) nooutput
has_times = exists("STATS_records") && STATS_records > 0
most = has_times ? STATS_max : 1
scale = time_scale(most)

on(p, s, value) = column("is_reference") == 0 ? at(p, s, value) : NaN
reference(p, s, value) = column("is_reference") == 1 ? at(p, s, value) : NaN

# Series stand beside one another, and so do both curves of one, so that
# intervals do not hide each other. place[s]: which of those on the axis it is.
array place[n_series]
do for [s = 1:n_series] { place[s] = 0 }
stats csv using (column("is_reference") == 0 ? place[int(column("series"))] = 1 : 0, 0) nooutput
n_places = 0
do for [s = 1:n_series] {
    n_places = n_places + place[s]
    place[s] = n_places
}
step = 0.011 * (high - low + 2 * pad)
beside(s, shift) = column(axis) + step * (2 * (place[s] - (n_places + 1) / 2.0) + shift)

# The open twin of a filled shape.
open_shape(s) = shape(s) > 4 && shape(s) % 2 ? shape(s) - 1 : shape(s)

eval figure_begin
set border 11
set xlabel axis_label offset 0,0.6
set yrange [0:1]
set format y "%.1f"
set xrange [low - pad : high + pad]
if (is_whole) { set xtics 1 } else { set xtics tic_step(high - low, tics) }
set y2range [0 : scale * most * 1.05]
if (has_times) { set y2tics tic_step(scale * most, 6) }
do for [p = 1:n_panels] {
    eval panel_begin(p)
    eval y_label(p, "Accuracy (pass\@1)")
    if (has_times) { eval y2_label(p, sprintf("Mean time per sample (%s)", time_unit(most))) }
    plot for [s = 1:n_series] csv using (reference(p, s, low - pad)):(column("pass_at_1")): \
            (high - low + 2 * pad):(0) with vectors nohead ls s lw 1 notitle, \
        for [s = 1:n_series] csv using (reference(p, s, low - pad + 1.5 * step)):(column("pass_low")):(0): \
            (column("pass_high") - column("pass_low")) with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (reference(p, s, low - pad)):(scale * column("mean_ms")): \
            (high - low + 2 * pad):(0) axes x1y2 with vectors nohead ls s lw 1 dt (6,4) notitle, \
        for [s = 1:n_series] csv using (reference(p, s, high + pad - 1.5 * step)):(scale * column("ms_low")):(0): \
            (scale * (column("ms_high") - column("ms_low"))) axes x1y2 with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(s, -0.5))):(column("pass_low")):(0): \
            (column("pass_high") - column("pass_low")) with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(s, 0.5))):(scale * column("ms_low")):(0): \
            (scale * (column("ms_high") - column("ms_low"))) axes x1y2 with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(s, -0.5))):(column("pass_at_1")) \
            with linespoints ls s notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(s, 0.5))):(scale * column("mean_ms")) axes x1y2 \
            with linespoints ls s lw 1 dt (6,4) pt open_shape(s) ps 0.75 notitle
    eval panel_end
}
eval figure_end("lines", \
    ", keyentry with linespoints lc rgb grey pt 7 ps 0.65 title 'accuracy (left axis)'" . \
    ", keyentry with linespoints lc rgb grey dt (6,4) pt 6 ps 0.75 title 'time (right axis)'")
