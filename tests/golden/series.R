# Golden values of stats_quantile, stats_series, stats_work and stats_front. See
# golden.R for how to run it.
source("tests/golden/golden.R")
golden_head("series")

scrambled <- function(n) 10 + ((1:n) * 37) %% 1009

# ---- quantiles: ranks by the binomial distribution --------------------------

bounds <- function(x, p, level, worth = length(x)) {
    if (worth < 1) return(c(NA, NA))
    a <- (1 - level) / 2
    r <- 1:worth
    low <- max(0, r[pbinom(r - 1, worth, p) <= a])
    high <- min(Inf, r[1 - pbinom(r - 1, worth, p) <= a])
    n <- length(x)
    spread <- (n + 1) / (worth + 1)
    s <- sort(x)
    c(if (low < 1) NA else s[max(1, floor(low * spread))],
      if (is.infinite(high)) NA else s[min(n, ceiling(high * spread))])
}

shares <- c(.5, .9, .99)
for (n in c(1, 5, 6, 28, 29, 35, 36, 100, 367, 368, 1000)) {
    x <- scrambled(n)
    b <- sapply(shares, function(p) bounds(x, p, .95))
    golden("quantile", paste0("n", n), x = x, level = .95, p = shares,
           value = quantile(x, shares, type = 7), low = b[1, ], high = b[2, ])
}
x <- scrambled(100)
b <- sapply(shares, function(p) bounds(x, p, .8))
golden("quantile", "level80", x = x, level = .8, p = shares,
       value = quantile(x, shares, type = 7), low = b[1, ], high = b[2, ])

# How many of n values those of groups are worth.
worth <- function(x, g, p) {
    n <- length(x)
    groups <- length(unique(g))
    below <- as.numeric(x <= quantile(x, p, type = 7))
    share <- mean(below)
    df <- min(length(unique(g[below == 1])), length(unique(g[below == 0]))) - 1
    if (df < 1) return(0)
    se2 <- groups / (groups - 1) * sum(rowsum(below - share, g)^2) / n^2
    deff <- se2 / (share * (1 - share) / n) *
        (qt(.975, df) / qt(.975, n - 1))^2
    floor(n / max(1, deff))
}

grouped <- function(case, x, g) {
    b <- sapply(shares, function(p) bounds(x, p, .95, worth(x, g, p)))
    golden("grouped", case, x = x, group = g, level = .95, p = shares,
           value = quantile(x, shares, type = 7), low = b[1, ], high = b[2, ])
}
i <- 0:399
g <- i %/% 8
grouped("alike", 50 + (g * 17) %% 50 * 4 + (i * 29) %% 31, g)
grouped("independent", (i * 173) %% 401, g)
grouped("unequal", ((i %/% 9)^2) %% 97 + (i * 29) %% 31, floor(sqrt(i)))
grouped("constant", rep(3, 60), i[1:60] %/% 3)

# ---- spread -----------------------------------------------------------------

for (n in c(1, 2, 7, 40)) {
    golden("mad", paste0("n", n), x = scrambled(n), mad = mad(scrambled(n)))
}
for (x in list(c(scrambled(40), 50000, -40000, 9000), scrambled(25),
               c(rep(1, 9), 7))) {
    far <- mad(x) > 0 & abs(x - median(x)) > 10 * mad(x)
    golden("outliers", paste0("n", length(x)), x = x, limit = 10, far = far)
}

# ---- drift: lm(), SE and df of n (1 - r) / (1 + r) values -------------------

drift <- function(case, x, level) {
    n <- length(x)
    at <- (0:(n - 1)) / (n - 1)
    fit <- lm(log(x) ~ at)
    e <- residuals(fit)
    r <- max(0, sum(e[-1] * e[-n]) / sum(e^2))
    df <- n * (1 - r) / (1 + r) - 2
    slope <- coef(fit)[2]
    se <- if (df > 0) sqrt(sum(e^2) / df / sum((at - mean(at))^2)) else NA
    half <- if (df > 0) qt((1 + level) / 2, df) * se else NA
    golden("drift", case, x = x, level = level, r = r, value = exp(slope) - 1,
           se = se, low = exp(slope - half) - 1, high = exp(slope + half) - 1)
}
series <- function(n, slope, wave) {
    i <- 0:(n - 1)
    exp(slope * i / (n - 1) + .05 * sin(wave * i) + .03 * cos(7 * i * i))
}
drift("few", series(8, .2, 2.1), .95)
drift("waves", series(20, .3, .7), .95)
drift("long-waves", series(60, -.1, .3), .999)
drift("alternating", series(60, .05, 2.9), .95)
drift("hump", exp(sin(pi * (0:9) / 9)), .95)

# ---- warm-up: wilcox.test() -------------------------------------------------

warmup <- function(case, x, m) {
    first <- x[1:m]
    rest <- x[-(1:m)]
    p <- suppressWarnings(
        wilcox.test(first, rest, exact = FALSE, correct = FALSE)$p.value)
    golden("warmup", case, x = x, m = m, ratio = median(first) / median(rest),
           p = p)
}
warmup("plain", scrambled(40), 5)
warmup("slow", scrambled(16) + rep(c(2000, 0), c(5, 11)), 5)
warmup("tied", round(scrambled(30) / 60), 7)
warmup("least", scrambled(6), 3)

# ---- work: least squares of relative errors, costs of at least 0 -------------

# All sets of columns whose costs come out positive; the best of them.
work <- function(case, columns, time) {
    columns <- as.matrix(columns)
    m <- ncol(columns)
    best <- Inf
    for (set in 1:(2^m - 1)) {
        used <- which(bitwAnd(set, 2^(0:(m - 1))) > 0)
        fit <- lm(time ~ 0 + columns[, used], weights = 1 / time^2)
        cost <- coef(fit)
        if (any(is.na(cost)) || any(cost < 0)) next
        left <- sum((1 - fitted(fit) / time)^2)
        if (left < best) {
            best <- left
            fitted <- fitted(fit)
        }
    }
    golden("work", case, work = t(columns), columns = m, time = time,
           residual = log(time / fitted))
}
n <- 50
i <- 1:n
calls <- 20 + (i * 13) %% 37
tokens <- calls + (i * 5) %% 11
context <- tokens * (60 + tokens / 2)
time <- .02 * calls + .15 * tokens + 3e-4 * context
time <- time * (1 + .05 * sin(3 * i))
work("three", cbind(calls, tokens, context), time)
work("multiples", cbind(tokens, 3 * tokens, 0), time)
# The longer, the cheaper a token: the third column would cost less than 0.
work("negative", cbind(calls, tokens, context), 5 + .1 * tokens)

# ---- front, deadlines -------------------------------------------------------

front <- function(case, cost, value) {
    on <- sapply(seq_along(cost), function(k) {
        beaten <- cost <= cost[k] & value >= value[k] &
            (cost < cost[k] | value > value[k])
        !is.na(cost[k]) && !is.na(value[k]) && !any(beaten, na.rm = TRUE)
    })
    golden("front", case, cost = cost, value = value, on = on)
}
front("plain", (1:12 * 5) %% 13, (1:12 * 8) %% 11)
front("equal", c(1, 1, 2, 2, 3), c(5, 5, 5, 6, 6))
front("missing", c(1, NA, 3, 2), c(NA, 9, 4, 3))

deadline <- function(case, time, end) {
    solved <- time[!is.na(time) & time < end]
    at <- sort(unique(c(solved, 0, end)))
    share <- sapply(head(at, -1), function(t) sum(solved <= t) / length(time))
    golden("deadline", case, time = time, end = end,
           area = sum(share * diff(at)) / end)
}
for (end in c(5, 8, 20, 200)) {
    deadline(paste0("end", end), c(3, NA, 8, 150, 8, NA), end)
}
deadline("never", c(NA, NA), 10)
