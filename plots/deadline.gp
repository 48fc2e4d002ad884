# Share solved within t, a step line a method; the interval of the last share
# stands behind the end.

load style

stats csv using (column("time_ms")) nooutput
scale = time_scale(STATS_max)
unit = time_unit(STATS_max)
array end[n_panels]
do for [p = 1:n_panels] {
    stats csv using (at_panel(p, column("time_ms"))) nooutput
    end[p] = STATS_max
}
last(p, s, value) = column("time_ms") == end[p] ? at(p, s, value) : NaN

# Each curve has its marks at other times, so that they do not hide each other.
marked(p, s) = column("solved") > 0 && int(100 * column("time_ms") / end[p] + 0.5) % 20 == (3 * s) % 20

eval figure_begin
set xlabel sprintf("Time t per sample (%s)", unit) offset 0,0.6
set format y "%.1f"
set yrange [0:1]
do for [p = 1:n_panels] {
    finish = scale * end[p]
    set xrange [0 : finish * (1.02 + 0.015 * n_series)]
    eval panel_begin(p)
    eval y_label(p, "Share solved within t")
    set xtics 0, tic_step(finish, tics), finish
    plot for [s = 1:n_series] csv using (last(p, s, finish * (1.01 + 0.015 * s))): \
            (column("solved_low")):(0):(column("solved_high") - column("solved_low")) \
            with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (at(p, s, scale * column("time_ms"))):(column("solved")) \
            with steps ls s notitle, \
        for [s = 1:n_series] csv using (marked(p, s) ? at(p, s, scale * column("time_ms")) : NaN):(column("solved")) \
            with points ls s notitle
    eval panel_end
}
eval figure_end("linespoints", "")
