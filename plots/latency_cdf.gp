# Share of the samples that are done within a time, a step line a cell; the time
# is logarithmic where it spans more than a factor of ten.

load style

stats csv using (column("ms")) nooutput
most = STATS_max
least = STATS_min
scale = time_scale(most)
is_log = least > 0 && most > 10 * least

# A few points of each curve, not at the same shares.
done(s) = int(column("share") * column("n_samples") + 0.5)
every(s) = int(column("n_samples") / 5) + 1
marked(s) = done(s) > 0 && done(s) % every(s) == (s * 3 * every(s) / 7) % every(s)

eval figure_begin
set xlabel sprintf("Time t per sample (%s)%s", time_unit(most), is_log ? ", log scale" : "") \
    offset 0,0.4
set ylabel "Share of samples done within t" offset 1.2,0
set yrange [0:1]
set xrange [is_log ? scale * least / 1.1 : 0 : scale * most * 1.05]
if (is_log) { set logscale x }
do for [p = 1:n_panels] {
    eval panel_begin(p)
    plot for [s = 1:n_series] csv using (at(p, s, scale * column("ms"))):(column("share")) \
            with steps ls s notitle, \
        for [s = 1:n_series] csv using (marked(s) ? at(p, s, scale * column("ms")) : NaN):(column("share")) \
            with points ls s notitle
    eval panel_end
}
eval figure_end("linespoints", "")
