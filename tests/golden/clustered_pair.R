# Golden values of stats_clustered_paired: the regression of the differences on
# a constant with a sandwich over clusters, C / (C - 1); signs flipped of the
# clusters' sums.

source("tests/golden/golden.R")
golden_head("clustered_pair")

pair <- function(name, x, y, cluster, level = .95) {
    d <- x - y
    fit <- lm(d ~ 1)
    bread <- solve(crossprod(model.matrix(fit)))
    scores <- rowsum(model.matrix(fit) * residuals(fit), cluster)
    n <- nrow(scores)
    se <- c(sqrt(n / (n - 1) * bread %*% crossprod(scores) %*% bread))
    ends <- mean(d) + c(-1, 1) * qt((1 + level) / 2, n - 1) * se
    sums <- c(rowsum(d, cluster))
    signs <- as.matrix(expand.grid(rep(list(c(-1, 1)), n)))
    golden("pair", name, x = x, y = y, cluster = cluster - 1,
           n_clusters = max(cluster), level = level,
           difference = c(mean(d), ends), se = se, t = mean(d) / se,
           p_t = 2 * pt(-abs(mean(d) / se), n - 1),
           p = mean(abs(signs %*% sums) >= abs(sum(sums)) - 1e-12),
           correlation = cor(x, y),
           min_detectable = (qt(.975, n - 1) + qt(.8, n - 1)) * se)
}

x <- c(1, .5, .75, .25, 0, 1, .5, .5, 1, .75)
y <- c(.5, .5, .25, .25, .25, .75, 0, .5, .5, 1)
pair("twos", x, y, rep(1:5, each = 2))
pair("uneven", x, y, c(1, 1, 1, 1, 2, 3, 3, 5, 5, 6))
pair("alone", x, y, 1:10, .9)
