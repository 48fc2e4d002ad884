# Mean score of thoughts by depth: base, draft, chosen path, and the threshold.

# Titles name a method too: fewer panels beside each other where they are long.
set datafile separator comma
set datafile columnheaders
longest = 0
stats csv using (longest = strlen(strcol("panel_title")) > longest ? \
    strlen(strcol("panel_title")) : longest, 0) nooutput
most_columns = longest > 32 ? 2 : 3
load style

# Depths that few problems reach say nothing; of small data sets all are shown.
array enough[n_panels]
do for [p = 1:n_panels] {
    stats csv using (at_panel(p, column("n_problems"))) nooutput
    enough[p] = STATS_max >= 5 ? 5 : 1
}
reached(v) = column("n_problems") >= enough[int(column("panel"))] ? v : NaN
stats csv using (reached(column("depth"))) nooutput
deepest = STATS_max
# Series stand beside one another, so that intervals do not hide each other.
shown(p, s, v) = reached(at(p, s, v))
bottom(low, score) = low >= 0 ? low : score
beside(s) = column("depth") + 0.12 * (s - 2.5)

# One scale for all panels, but for those whose scores are all near 1.
array lowest[n_panels]
common = 1
do for [p = 1:n_panels] {
    stats csv using (reached(at_panel(p, bottom(column("low"), \
        column("score"))))) nooutput
    lowest[p] = STATS_min
    if (lowest[p] < 0.9 && lowest[p] < common) { common = lowest[p] }
}
do for [p = 1:n_panels] {
    lowest[p] = lowest[p] < 0.9 ? floor(common * 10) / 10.0 : floor(lowest[p] * 100) / 100.0
    if (lowest[p] > 0.99) { lowest[p] = 0.99 }
}
# The threshold is a rule, not thoughts: dashed, grey, without points.
set style line 4 linecolor rgb grey linewidth 1.5 dashtype (8,5) pointtype 0

eval figure_begin
set xlabel "Depth (steps from the problem)" offset 0,0.4
set xrange [0.5:deepest + 0.5]
set xtics deepest > 12 ? 4 : deepest > 6 ? 2 : 1
do for [p = 1:n_panels] {
    eval panel_begin(p)
    eval y_label(p, "Mean score of the evaluator")
    set yrange [lowest[p]:1]
    set ytics tic_step(1 - lowest[p], 6)
    plot for [s = 1:n_series] csv using (shown(p, s, beside(s))):(column("low")):(0):(column("high") - column("low")) \
            with vectors nohead ls s lw 0.75 dt 1 notitle, \
        for [s = 1:n_series] csv using (shown(p, s, beside(s))):(column("score")) \
            with linespoints ls s notitle
    eval panel_end
}
eval figure_end("linespoints", "")
