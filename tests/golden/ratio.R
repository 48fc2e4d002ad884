# Golden values of stats_ratio: the ratio estimator as a regression through the
# origin with weights 1 / y, its SE from the residuals.

source("tests/golden/golden.R")
golden_head("ratio")

ratio <- function(name, x, y, level = .95, share = FALSE) {
    has <- y > 0
    n <- sum(has)
    fit <- lm(x[has] ~ y[has] - 1, weights = 1 / y[has])
    value <- unname(coef(fit))
    # Sandwich of the fit's estimating equations, sum(w y e) = sum(e) = 0.
    meat <- sum(residuals(fit)^2) * n / (n - 1)
    se <- if (n < 2) NA else sqrt(meat) / sum(y[has])
    ends <- value + c(-1, 1) * qt((1 + level) / 2, max(n - 1, 1)) * se
    if (share) {
        if (n > 1 && value %in% c(0, 1))
            ends <- prop.test(n * value, n, conf.level = level,
                              correct = FALSE)$conf.int
        ends <- pmin(pmax(ends, 0), 1)
    }
    golden(if (share) "share" else "ratio", name, x = x, y = y, level = level,
           value = value, se = se, low = ends[1], high = ends[2], n = n)
}

x <- c(12, 3, 40, 7.5, 0, 19)
y <- c(15, 4, 90, 8, 1, 20)
ratio("six", x, y)
ratio("level", x, y, level = .8)
ratio("empty problems", c(x, 0, 0), c(y, 0, 0))
ratio("two", c(1, 5), c(2, 3))
ratio("one", 3, 4)
ratio("above one", c(30, 50, 10), c(2, 3, 1))
ratio("six", x, y, share = TRUE)
ratio("cut at 0", c(0, 0, 1, 0), c(5, 9, 7, 4), share = TRUE)
ratio("cut at 1", c(5, 9, 6, 4), c(5, 9, 7, 4), share = TRUE)
ratio("none", c(0, 0, 0, 0, 0), c(5, 9, 7, 4, 0), share = TRUE)
ratio("all", c(5, 9, 7, 4), c(5, 9, 7, 4), share = TRUE)
ratio("one", 4, 4, share = TRUE)
