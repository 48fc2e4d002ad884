# Mean time of a sample by phase, stacked: the number behind a bar is its
# length, the line its interval.

key_extra = 1
load style[1:strlen(style) - strlen("style.gp")] . "bars.gp"

# Series in the order of harness/figures/latency_split.c.
array split_look[6]
split_look[1] = solid("#FFFFFF")
split_look[2] = solid(by_base)
split_look[3] = solid(by_draft)
split_look[4] = solid(verified)
split_look[5] = solid("#F0A830")
split_look[6] = solid("#000000")
do for [s = 1:n_series] { part_look[s] = split_look[s] }

# Each panel has a scale of its own, with room for the numbers behind the bars.
stats csv using (column("total_ms")) nooutput
unit = time_unit(STATS_max)
scale = time_scale(STATS_max)
array most[n_panels]
do for [p = 1:n_panels] {
    stats csv using (at_panel(p, larger(column("total_ms"), column("total_high")))) nooutput
    most[p] = scale * (STATS_max > 0 ? STATS_max : 1) / (1 - 0.8 / bars_width)
}
digits(x) = x < 10 ? sprintf("%.2f", x) : x < 100 ? sprintf("%.1f", x) : sprintf("%.0f", x)
behind = "abs(column('from_ms')) == 0 && column('panel') == p ? "

eval figure_begin
set xlabel sprintf("Mean time per sample (%s)", unit) offset 0,0.4
do for [p = 1:n_panels] {
    eval bars_begin(p)
    set xrange [0:most[p]]
    set xtics tic_step(most[p], 5)
    eval "plot " . bar_parts(1, n_series, "from_ms", "to_ms") . \
        "csv using (" . behind . "scale * column('total_low') : NaN):(-column('bar')):" . \
        "(scale * (column('total_high') - column('total_low'))):(0) " . \
        "with vectors nohead lc rgb '#000000' lw 1 notitle, " . \
        "csv using (" . behind . "scale * larger(column('total_ms'), " . \
        "column('total_high')) : NaN):(-column('bar')):(digits(scale * column('total_ms'))) " . \
        "with labels left offset 0.4,0 font ',7' notitle"
    eval panel_end
}
eval no_names
eval figure_end("boxes", bar_keys(1, n_series) . \
    ", keyentry with lines lc rgb '#000000' lw 1 title 'interval of the mean'")
