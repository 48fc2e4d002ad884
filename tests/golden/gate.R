# Golden values of the gate's measures: accuracy (harness/gate/gate_accuracy.c)
# with R's one-sided t test and power formulas, speed (gate_speed.c) with its
# two-sided one of log ratios.

source("tests/golden/golden.R")
golden_head("gate")

accuracy <- function(name, d, noise, margin, tests) {
    n <- length(d)
    se <- max(sd(d) / sqrt(n), noise)
    own <- if (sd(d) > 0) t.test(d)$conf.int else rep(mean(d), 2)
    lower <- mean(d) + qt(.05, n - 1) * se
    needed <- ceiling(((qnorm(.95) + qnorm(.8)) * se / margin)^2 * n)
    golden("accuracy", name, d = d, noise = noise, margin = margin,
           tests = tests, difference = c(mean(d), own), se = se, lower = lower,
           p = pt(mean(d) / se, n - 1),
           needed = if (lower > -margin) 0 else needed,
           detectable = (qt(1 - .05 / tests, n - 1) + qt(.8, n - 1)) * se)
}

accuracy("own_noise", c(-.25, 0, 0, -.25, .25, 0, -.5, 0, 0, 0, -.25, 0), 0,
         .02, 1)
accuracy("aa_noise", c(-.25, 0, 0, -.25, .25, 0, -.5, 0, 0, 0, -.25, 0), .1,
         .02, 16)
accuracy("no_difference", rep(0, 20), 1 / 80, .05, 4)
accuracy("better", c(.25, .5, 0, .25, .125, 0), 0, .02, 2)

speed <- function(name, x, margin) {
    t <- t.test(x)
    half <- diff(t$conf.int) / 2
    wide <- (half / log(1 + margin))^2 * length(x)
    golden("speed", name, x = x, margin = margin,
           ratio = exp(c(t$estimate, t$conf.int)),
           p = t.test(x, alternative = "greater")$p.value,
           needed = if (half > log(1 + margin)) ceiling(wide) else 0)
}

speed("wide", c(.2, .05, .1, -.02, .15, .12, .08, .3), .05)
speed("narrow", c(.101, .09, .1, .095, .11, .1), .05)
speed("faster", c(-.3, -.2, -.25, -.28), .05)

student <- function(t, df)
    golden("student", paste0("df_", df), t = t, df = df, p = pt(t, df),
           quantile = qt(.05, df))
student(-1.3, 7)
student(2.5, 1)
student(0, 99)
