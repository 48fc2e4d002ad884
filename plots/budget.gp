# Accuracy (above) and mean time (below) over the token budget, a line a method.

parts = 2
load style

stats csv using (column("budget_tokens")) nooutput
low = STATS_min
high = STATS_max
array most[n_panels]
longest = 0
do for [p = 1:n_panels] {
    most[p] = 0
    stats csv using (most[p] = larger(most[p], at_panel(p, larger(column("mean_ms"), column("ms_high")))), 0) nooutput
    longest = larger(longest, most[p])
}
has_times = longest > 0
scale = time_scale(longest)

pad = high > low ? 0.07 * (high - low) : 1
step = 0.17 * pad
x(s) = column("budget_tokens") + step * (s - (n_series + 1) / 2.0)

eval figure_begin
set xtics tic_step(high - low + 2 * pad, tics)
set xrange [low - pad : high + pad]
do for [p = 1:n_panels] {
    eval part_begin(p, 1)
    unset xlabel
    set format x ""
    eval y_label(p, "Accuracy (pass\@1)")
    set format y "%.1f"
    set yrange [0:1]
    set ytics 0.2
    plot for [s = 1:n_series] csv using (at(p, s, x(s))):(column("pass_low")):(0): \
            (column("pass_high") - column("pass_low")) with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (at(p, s, x(s))):(column("pass_at_1")) with linespoints ls s notitle
    eval panel_end
    eval part_begin(p, 2)
    set format x "%g"
    set xlabel "Token budget per sample" offset 0,0.6
    eval y_label(p, sprintf("Mean time (%s)", time_unit(longest)))
    set format y "%g"
    if (has_times) { set ytics tic_step(scale * most[p], 4) }
    set yrange [0 : has_times ? scale * most[p] * 1.05 : 1]
    plot for [s = 1:n_series] csv using (at(p, s, x(s))):(scale * column("ms_low")):(0): \
            (scale * (column("ms_high") - column("ms_low"))) with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (at(p, s, x(s))):(scale * column("mean_ms")) with linespoints ls s notitle
}
eval figure_end("linespoints", "")
