# Share of the samples that are done within a time, a step line a cell; the time
# is logarithmic where that of a panel spans more than a factor of ten.

load style

stats csv using (column("ms")) nooutput
unit = time_unit(STATS_max)
scale = time_scale(STATS_max)
# A range for each panel, all logarithmic or none.
array least[n_panels]
array most[n_panels]
is_log = 0
do for [p = 1:n_panels] {
    stats csv using (at_panel(p, column("ms"))) nooutput
    least[p] = STATS_min
    most[p] = STATS_max > 0 ? STATS_max : 1
    if (least[p] > 0 && most[p] > 10 * least[p]) { is_log = 1 }
}
do for [p = 1:n_panels] { if (!(least[p] > 0)) { is_log = 0 } }

# A few points of each curve, not at the same shares. A curve has a step for each
# sample or 200 (harness/figures/latency_cdf.c).
n_steps(s) = column("n_samples") < 200 ? column("n_samples") : 200
step(s) = int(column("share") * n_steps(s) + 0.99)
every(s) = int(n_steps(s) / 5) + 1
marked(s) = step(s) > 0 && step(s) % every(s) == (s * 3 * every(s) / 7) % every(s)

eval figure_begin
set xlabel sprintf("Time t per sample (%s)%s", unit, is_log ? ", log scale" : "") \
    offset 0,0.4
set yrange [0:1]
if (is_log) { set logscale x }
do for [p = 1:n_panels] {
    eval panel_begin(p)
    eval y_label(p, "Share of samples done within t")
    set xrange [is_log ? scale * least[p] / 1.1 : 0 : scale * most[p] * 1.05]
    plot for [s = 1:n_series] csv using (at(p, s, scale * column("ms"))):(column("share")) \
            with steps ls s notitle, \
        for [s = 1:n_series] csv using (marked(s) ? at(p, s, scale * column("ms")) : NaN):(column("share")) \
            with points ls s notitle
    eval panel_end
}
eval figure_end("linespoints", "")
