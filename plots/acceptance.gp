# Who wrote the kept tokens of each method: a bar of 100 % from parts. Marks on
# it: of the steps or tokens that the draft wrote, the share that was accepted,
# with intervals.

load style[1:strlen(style) - strlen("style.gp")] . "bars.gp"

# Series 1 to 3 are parts, 4 and 5 marks (harness/figures/acceptance.c).
part_look[1] = solid(by_draft)
if (n_series >= 2) part_look[2] = solid(verified)
if (n_series >= 3) part_look[3] = solid(by_base)
n_parts = n_series < 3 ? n_series : 3
mark(s) = s == 4 ? 7 : 13
marks = ""
mark_keys = ""
# One below the other where a bar has both.
array n_marks[n_panels * n_bars]
do for [i = 1:|n_marks|] { n_marks[i] = 0 }
bar_of(panel, bar) = (panel - 1) * n_bars + bar
stats csv using (i = bar_of(int(column("panel")), int(column("bar"))), \
    n_marks[i] = n_marks[i] + (column("series") >= 4), 0) nooutput
aside(bar) = n_marks[bar_of(p, int(bar))] > 1 ? 0.15 : 0
mark_y(s) = sprintf("(-column('bar') %s aside(column('bar')))", s == 4 ? "+" : "-")
mark_x(s, name) = sprintf("(at(p, %d, column('%s')))", s, name)
do for [s = 4:n_series] {
    marks = marks . sprintf("csv using %s:%s:(column('high') - column('low')):(0) \
with vectors nohead lc rgb '#000000' lw 1.2 notitle, \
csv using %s:%s with points pt %d ps 0.75 lc rgb '#000000' notitle, \
csv using %s:%s with points pt %d ps 0.4 lc rgb '#FFFFFF' notitle, ", \
        mark_x(s, "low"), mark_y(s), mark_x(s, "pct"), mark_y(s), mark(s), \
        mark_x(s, "pct"), mark_y(s), mark(s))
    if (strlen(part_name[s])) {
        mark_keys = mark_keys . sprintf(", keyentry with points pt %d ps 0.75 \
lc rgb '#000000' title part_name[%d]", mark(s) - 1, s)
    }
}

eval figure_begin
set xrange [0:100]
set xtics 25
set xlabel "Share of kept tokens (%)" offset 0,0.4
do for [p = 1:n_panels] {
    eval bars_begin(p)
    eval "plot " . bar_parts(1, n_parts, "from_pct", "to_pct") . marks . "NaN notitle"
    eval panel_end
}
eval no_names
eval figure_end("boxes", bar_keys(1, n_parts) . mark_keys)
