# Mean time of a sample and pass@1 of every cell, intervals both ways. Cells of
# a method that differ in their threshold are joined in its order; the step line
# is the Pareto front, below and right of which everything is beaten.

key_extra = 1
load style

stats csv using (column("ms_high")) nooutput
most = STATS_max
stats csv using (column("mean_ms")) nooutput
if (!(most > STATS_max)) { most = STATS_max }
scale = time_scale(most)
x(dummy) = scale * column("mean_ms")
y(dummy) = column("pass_at_1")

eval figure_begin
set xlabel sprintf("Mean time per sample (%s)", time_unit(most)) offset 0,0.4
set ylabel "Accuracy (pass\@1)" offset 1.2,0
set yrange [0:1]
set xrange [0:*]
do for [p = 1:n_panels] {
    eval panel_begin(p)
    plot csv using (at_panel(p, column("on_front") == 1 ? x(0) : NaN)):(y(0)) \
            smooth unique with steps lc rgb "#BBBBBB" lw 3 notitle, \
        for [s = 1:n_series] csv using (at(p, s, scale * column("ms_low"))):(y(0)): \
            (scale * (column("ms_high") - column("ms_low"))):(0) \
            with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (at(p, s, x(0))):(column("pass_low")):(0): \
            (column("pass_high") - column("pass_low")) \
            with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (at(p, s, x(0))):(y(0)) \
            with linespoints ls s lw 0.75 notitle
    eval panel_end
}
eval figure_end("points", \
    ", keyentry with lines lc rgb '#BBBBBB' lw 3 title 'Pareto front'")
