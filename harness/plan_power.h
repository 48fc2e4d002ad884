#pragma once
// What a design can tell apart, before anything has run.

// The smallest difference in accuracy (as a fraction) between two methods that
// a paired comparison of the same n problems with k samples each finds in 80 %
// of such experiments, tested at 5 % (stats_min_detectable).
//
// It assumes that the methods are equally good at every problem, so that
// nothing but the sampling of answers makes a problem's difference vary: by
// 2 p (1 - p) / k where both solve it with chance p. p is taken as distributed
// as Beta(1/2, 1/2), most problems being nearly always or nearly never solved,
// so the mean of p (1 - p) is 1/8. Methods that shift problems unequally vary
// more; methods whose samples share their draws (specdecode and vanilla of one
// seed), and problems that nearly all are solved, vary less. `compare` and
// speedup.csv have what was measured.
//
// NAN for fewer than two problems or samples below 1.
double plan_min_detectable(int n_problems, int k);
