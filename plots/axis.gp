# Accuracy (left axis, solid, filled) and mean time (right axis, dashed, open)
# over a setting. The caller has set
#   axis        column of the setting, and axis_label
# Rows of references have no value there: horizontal lines, their intervals at
# the end where their axis is.

key_extra = 2
key_extra_text = 15
right_axis = 1
load style

# Ranges of a panel: data sets differ in their times, judges in their scales.
array low[n_panels]
array high[n_panels]
array most[n_panels]
longest = 0
do for [p = 1:n_panels] {
    stats csv using (at_panel(p, column(axis))) nooutput
    low[p] = STATS_min
    high[p] = STATS_max
    most[p] = 0
    stats csv using (most[p] = larger(most[p], at_panel(p, larger(column("mean_ms"), column("ms_high")))), 0) nooutput
    longest = larger(longest, most[p])
}
has_times = longest > 0
scale = time_scale(longest)
is_whole(p) = low[p] == int(low[p]) && high[p] == int(high[p]) && high[p] - low[p] <= 12
pad(p) = is_whole(p) ? 0.6 : high[p] > low[p] ? 0.08 * (high[p] - low[p]) : 0.1
span(p) = high[p] - low[p] + 2 * pad(p)

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
values = " "                            # on the axis, each once
add_value(v) = strstrt(values, " " . v . " ") ? 0 : (values = values . v . " ", 0)
stats csv using (column("is_reference") == 0 ? add_value(sprintf("%g", column(axis))) : 0, 0) nooutput
apart(p) = high[p] > low[p] ? (high[p] - low[p]) / (words(values) - 1.0) : 1
nearer(x, y) = x < y ? x : y
step(p) = nearer(0.011 * span(p), 0.6 * apart(p) / (2 * n_places))
beside(p, s, shift) = column(axis) + \
    step(p) * (2 * (place[s] - (n_places + 1) / 2.0) + shift)

# The open twin of a filled shape.
open_shape(s) = shape(s) > 4 && shape(s) % 2 ? shape(s) - 1 : shape(s)

eval figure_begin
set border has_times ? 11 : 3
set xlabel axis_label offset 0,0.6
set yrange [0:1]
set format y "%.1f"
do for [p = 1:n_panels] {
    eval panel_begin(p)
    eval y_label(p, "Accuracy (pass\@1)")
    from = low[p] - pad(p)
    to = high[p] + pad(p)
    set xrange [from : to]
    set xtics is_whole(p) ? 1 : tic_step(span(p), tics)
    if (has_times) {
        eval y2_label(p, sprintf("Mean time per sample (%s)", time_unit(longest)))
        set y2tics tic_step(scale * most[p], 6)
    }
    set y2range [0 : has_times ? scale * most[p] * 1.05 : 1]
    plot for [s = 1:n_series] csv using (reference(p, s, from)):(column("pass_at_1")): \
            (to - from):(0) with vectors nohead ls s lw 1 notitle, \
        for [s = 1:n_series] csv using (reference(p, s, from + 0.015 * (to - from))):(column("pass_low")):(0): \
            (column("pass_high") - column("pass_low")) with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (reference(p, s, from)):(scale * column("mean_ms")): \
            (to - from):(0) axes x1y2 with vectors nohead ls s lw 1 dt (6,4) notitle, \
        for [s = 1:n_series] csv using (reference(p, s, to - 0.015 * (to - from))):(scale * column("ms_low")):(0): \
            (scale * (column("ms_high") - column("ms_low"))) axes x1y2 with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(p, s, -0.5))):(column("pass_low")):(0): \
            (column("pass_high") - column("pass_low")) with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(p, s, 0.5))):(scale * column("ms_low")):(0): \
            (scale * (column("ms_high") - column("ms_low"))) axes x1y2 with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(p, s, -0.5))):(column("pass_at_1")) \
            with linespoints ls s notitle, \
        for [s = 1:n_series] csv using (on(p, s, beside(p, s, 0.5))):(scale * column("mean_ms")) axes x1y2 \
            with linespoints ls s lw 1 dt (6,4) pt open_shape(s) ps 0.75 notitle
    eval panel_end
}
eval figure_end("lines", \
    ", keyentry with linespoints lc rgb grey pt 7 ps 0.65 title 'accuracy (left)'" . \
    (has_times ? ", keyentry with linespoints lc rgb grey dt (6,4) pt 6 ps 0.75 title 'time (right)'" : ""))
