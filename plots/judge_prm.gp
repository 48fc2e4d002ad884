# Curves of evaluators by score, with intervals, and what sums them up at their
# right. The grey diagonal is where a score is what it predicts.

most_columns = 2
part_height = 4.4
load style
panel_right(p) = ((panel_column(p) + 1) * panel_width - 2.95) / width

array x_axis[n_panels]
array y_axis[n_panels]
array statistic[n_panels]
array numbers[n_panels * n_series] # texts
do for [p = 1:n_panels] { statistic[p] = "" }
do for [i = 1:|numbers|] { numbers[i] = "" }
is_number(x) = strlen(strcol("statistic")) > 0
range(low, high) = low >= 0 || high >= 0 ? sprintf(" [%.3f, %.3f]", low, high) : ""
stats csv using (panel = int(column("panel")), \
    x_axis[panel] = strcol("x_axis"), y_axis[panel] = strcol("y_axis"), \
    is_number(0) ? (statistic[panel] = strcol("statistic"), \
        numbers[(panel - 1) * n_series + int(column("series"))] = \
            sprintf("%.3f", column("y")) . range(column("low"), column("high"))) : 0, 0) nooutput
point(p, s, v) = is_number(0) ? NaN : at(p, s, v)

eval figure_begin
set yrange [0:1]
set xrange [0:1]
do for [p = 1:n_panels] {
    eval panel_begin(p)
    set xlabel x_axis[p] offset 0,0.4
    set ylabel y_axis[p] offset 1.2,0
    set label 3 statistic[p] at graph 1.04, 0.95 left font ",7"
    line = 0.95
    do for [s = 1:n_series] {
        if (strlen(numbers[(p - 1) * n_series + s])) {
            line = line - 0.1
            set label 3 + s numbers[(p - 1) * n_series + s] at graph 1.06, line left \
                font ",7" point linestyle s offset 0.8, 0
        }
    }
    plot x with lines lc rgb "#BBBBBB" lw 1 notitle, \
        for [s = 1:n_series] csv using (point(p, s, column("x"))):(column("low")):(0):(column("high") - column("low")) \
            with vectors nohead ls s lw 0.75 notitle, \
        for [s = 1:n_series] csv using (point(p, s, column("x"))):(column("y")) \
            with linespoints ls s notitle
    do for [i = 3:n_series + 3] { unset label i }
    eval panel_end
}
eval figure_end("linespoints", "")
