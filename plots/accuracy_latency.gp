# Mean time of a sample and pass@1 of every cell, intervals both ways. Cells of
# a method that differ in their threshold are joined in its order; the step line
# is the Pareto front, below and right of which everything is beaten. The first
# and last threshold are written beside their points.

key_extra = 1
key_extra_text = 12
load style

stats csv using (larger(column("mean_ms"), column("ms_high"))) nooutput
unit = time_unit(STATS_max)
scale = time_scale(STATS_max)
x(dummy) = scale * column("mean_ms")
y(dummy) = column("pass_at_1")

array slowest[n_panels]
do for [p = 1:n_panels] {
    stats csv using (at_panel(p, larger(column("mean_ms"), column("ms_high")))) nooutput
    slowest[p] = STATS_max
}

eval figure_begin
set xlabel sprintf("Mean time per sample (%s)", unit) offset 0,0.6
set yrange [0:1]
set format y "%.1f"
do for [p = 1:n_panels] {
    eval panel_begin(p)
    eval y_label(p, "Accuracy (pass\@1)")
    set xrange [0 : scale * slowest[p] * 1.03]
    set xtics tic_step(scale * slowest[p], tics)
    plot csv using (at_panel(p, column("on_front") == 1 ? x(0) : NaN)):(y(0)) \
            smooth unique with steps lc rgb "#BBBBBB" lw 3 notitle, \
        for [s = 1:n_series] csv using (at(p, s, scale * column("ms_low"))):(y(0)): \
            (scale * (column("ms_high") - column("ms_low"))):(0) \
            with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (at(p, s, x(0))):(column("pass_low")):(0): \
            (column("pass_high") - column("pass_low")) \
            with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (at(p, s, x(0))):(y(0)) \
            with linespoints ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (at(p, s, column("is_end") == 1 ? x(0) : NaN)):(y(0)): \
            (sprintf("%g", column("threshold"))) \
            with labels font ",6" textcolor ls s offset 0.8,-0.6 notitle
    eval panel_end
}
eval figure_end("points", \
    ", keyentry with lines lc rgb '#BBBBBB' lw 3 title 'Pareto front'")
