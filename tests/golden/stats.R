# Golden numbers of harness/stats: each case has its inputs and what R makes of
# them. R's own functions where there is one, else the formula written out here
# anew, by another way than the C does it where that is possible (enumeration,
# regression). See golden.R for how to run it.
source("tests/golden/golden.R")
golden_head("stats")

# ---- inputs -----------------------------------------------------------------
# Park and Miller's generator, so that no version of R draws others.

state <- 20261122
uniform <- function(n) {
    replicate(n, {
        state <<- (16807 * state) %% 2147483647
        state / 2147483647
    })
}
# As the CSV has them: what C reads is what R computes with.
short <- function(x) as.numeric(sprintf("%.6g", x))
# Shares of k samples correct, difficulty of problems spread out.
shares <- function(n, k) {
    sapply(short(qbeta(uniform(n), .5, .5)),
           function(p) sum(uniform(k) < p)) / k
}
shares16 <- function(n) shares(n, 16) # sixteenths are exact in decimals

five <- c(1, .5, .75, .25, 1)
inputs <- list(five = five, two = c(-3, 8), shares30 = shares16(30),
               skewed = short(exp(2 * qnorm(uniform(25)))),
               far = 1e6 + short(10 * uniform(40)))

# ---- means ------------------------------------------------------------------

for (name in names(inputs)) {
    x <- inputs[[name]]
    golden("describe", name, x = x, mean = mean(x), sd = sd(x),
           p = c(0, .01, .25, .5, .9, .99, 1),
           quantiles = quantile(x, c(0, .01, .25, .5, .9, .99, 1), type = 7))
    for (level in c(.9, .95, .99)) {
        t <- t.test(x, conf.level = level)
        golden("t_interval", paste(name, level, sep = "_"), x = x,
               level = level, value = t$estimate, se = t$stderr,
               low = t$conf.int[1], high = t$conf.int[2])
    }
}

for (n in c(2, 7, 30)) {
    ratio <- short(exp(.4 + .3 * qnorm(uniform(n))))
    x <- short(log(ratio))
    t <- t.test(x)
    golden("geomean", n, log_ratio = x, level = .95, value = exp(t$estimate),
           se = t$stderr, low = exp(t$conf.int[1]), high = exp(t$conf.int[2]))
}

# ---- proportions ------------------------------------------------------------

for (n in c(1, 2, 7, 30, 100, 2000)) {
    for (c in unique(round(n * c(0, .01, .1, .5, .97, 1)))) {
        for (level in c(.9, .95)) {
            wilson <- suppressWarnings(
                prop.test(c, n, correct = FALSE, conf.level = level))$conf.int
            exact <- binom.test(c, n, conf.level = level)$conf.int
            tails <- c(1 - level, 1 + level) / 2
            jeffreys <- qbeta(tails, c + .5, n - c + .5)
            if (c == 0) jeffreys[1] <- 0
            if (c == n) jeffreys[2] <- 1
            golden("proportion", paste(c, n, level, sep = "_"), c = c, n = n,
                   level = level, wilson = wilson, clopper_pearson = exact,
                   jeffreys = jeffreys)
        }
    }
}

# ---- clusters ---------------------------------------------------------------
# The sandwich of the regression on a constant, with C / (C - 1).

clustered <- function(name, x, cluster, level) {
    fit <- lm(x ~ 1)
    bread <- solve(crossprod(model.matrix(fit)))
    scores <- rowsum(model.matrix(fit) * residuals(fit), cluster)
    n <- nrow(scores)
    se <- sqrt(n / (n - 1) * bread %*% crossprod(scores) %*% bread)
    half <- qt((1 + level) / 2, n - 1) * se
    golden("clustered", name, x = x, cluster = cluster - 1,
           n_clusters = max(cluster), level = level, value = coef(fit),
           se = se, low = coef(fit) - half, high = coef(fit) + half)
}
clustered("fives", shares16(30), rep(1:6, each = 5), .95)
clustered("uneven", shares16(17),
          c(1, 2, 2, 3, 3, 3, 4, 4, 4, 4, 9, 9, 9, 9, 9, 1, 4), .95)
clustered("alone", shares16(12), 1:12, .9)
clustered("two", five, c(1, 2, 1, 2, 2), .95)

# ---- pairs ------------------------------------------------------------------

signs <- function(n) as.matrix(expand.grid(rep(list(c(-1, 1)), n)))
# All patterns of signs; the two halves' sums apart, as a matrix of 2^20 rows
# would be large.
flip_p <- function(d) {
    half <- length(d) %/% 2
    sums <- outer(as.vector(signs(half) %*% head(d, half)),
                  as.vector(signs(length(d) - half) %*% tail(d, -half)), "+")
    mean(abs(sums) >= abs(sum(d)) - 1e-9)
}
pair <- function(name, x, y) {
    t <- t.test(x, y, paired = TRUE)
    n <- length(x)
    golden("paired", name, x = x, y = y, level = .95,
           value = t$estimate, se = t$stderr, low = t$conf.int[1],
           high = t$conf.int[2], t = t$statistic, p_t = t$p.value,
           correlation = cor.test(x, y)$estimate,
           min_detectable = (qt(.975, n - 1) + qt(.8, n - 1)) * t$stderr,
           flip = if (n <= 20) flip_p(x - y) else NA)
}
pair("shares4", c(.25, .5, 1, 0), c(.5, .5, .75, .25))
base <- shares16(20)
pair("shares20", base, pmin(1, base + c(0, .0625, .125, -.0625)))
x <- short(qnorm(uniform(13)))
pair("normal13", x, short(.7 * x + .5 + .6 * qnorm(uniform(13))))
x <- short(qnorm(uniform(40)))
pair("normal40", x, short(.9 * x + .1 + .2 * qnorm(uniform(40))))

# ---- many comparisons -------------------------------------------------------

families <- list(four = c(.01, .04, .03, .005),
                 ties = c(.02, .02, .5, .5, 1, 0, .02),
                 one = .2, hole = c(.01, NA, .04, .03, NA, .005),
                 twenty = short(uniform(20)^3))
for (name in names(families)) {
    p <- families[[name]]
    # NA is no member of the family: p.adjust's default n.
    golden("adjust", name, p = p, holm = p.adjust(p, "holm"),
           bh = p.adjust(p, "BH"))
}

# ---- ranks ------------------------------------------------------------------

rank_case <- function(name, x, y, right) {
    u <- suppressWarnings(wilcox.test(x[right == 1], x[right == 0]))$statistic
    golden("rank", name, x = x, y = y, right = right,
           spearman = cor(x, y, method = "spearman"),
           auc = u / (sum(right) * sum(1 - right)))
}
rank_case("ties", c(1, 2, 2, 3, 3), c(10, 30, 20, 1000, 10), c(0, 1, 0, 1, 1))
x <- short(uniform(60))
rank_case("loose", x, short(x + uniform(60)), as.numeric(uniform(60) < x))
rank_case("digits", floor(10 * x), floor(10 * uniform(60)),
          as.numeric(uniform(60) < .5))

# ---- several samples --------------------------------------------------------

for (n in c(1, 5, 16, 64)) {
    for (c in unique(round(n * c(0, .1, .5, 1)))) {
        k <- 2^(0:log2(n))
        golden("pass_at_k", paste(c, n, sep = "_"), n = n, c = c, k = k,
               pass = 1 - choose(n - c, k) / choose(n, k))
    }
}

# Every subset of k samples; of a tie each answer has the same chance.
maj <- function(count, correct, k) {
    votes <- rep(seq_along(count), count)
    share <- function(places) {
        n <- tabulate(votes[places], length(count))
        mean(correct[n == max(n)])
    }
    mean(apply(combn(length(votes), k), 2, share))
}
polls <- list(plain = list(c(5, 3, 1), c(1, 0, 0)),
              lost = list(c(4, 3, 3), c(0, 1, 0)),
              two_right = list(c(3, 3, 2, 2), c(1, 0, 1, 0)),
              all_apart = list(rep(1, 9), c(1, 1, rep(0, 7))),
              none = list(c(4, 4), c(0, 0)),
              all = list(c(4, 2, 1), c(1, 1, 1)),
              one_answer = list(6, 1),
              sixteen = list(c(6, 5, 2, 1, 1, 1), c(0, 1, 0, 0, 1, 0)))
for (name in names(polls)) {
    count <- polls[[name]][[1]]
    correct <- polls[[name]][[2]]
    k <- seq_len(sum(count))
    golden("maj_at_k", name, count = count, correct = correct, k = k,
           maj = sapply(k, function(k) maj(count, correct, k)))
}

# ---- bootstrap --------------------------------------------------------------
# The draws are the C's own, so a case gives the values of the statistic: of all
# units, with unit i left out, and of the resamples. Efron and Tibshirani 1993,
# section 14.3; resamples equal to the value count half.

bca <- function(name, value, left_out, resampled, level) {
    z0 <- qnorm(mean((resampled < value) + .5 * (resampled == value)))
    d <- mean(left_out) - left_out
    a <- if (all(d == 0)) 0 else sum(d^3) / (6 * sum(d^2)^1.5)
    tails <- c(1 - level, 1 + level) / 2
    z <- z0 + qnorm(tails)
    at <- pnorm(z0 + z / (1 - a * z))
    percentile <- quantile(resampled, tails, type = 7)
    accelerated <- quantile(resampled, at, type = 7)
    golden("bootstrap", name, value = value, left_out = left_out,
           resampled = resampled, level = level, se = sd(resampled),
           low = percentile[1], high = percentile[2],
           bca_low = accelerated[1], bca_high = accelerated[2])
}
resample <- function(name, x, statistic, level) {
    n <- length(x)
    draws <- matrix(1 + floor(n * uniform(200 * n)), nrow = 200)
    bca(name, short(statistic(x)),
        short(sapply(seq_len(n), function(i) statistic(x[-i]))),
        short(apply(draws, 1, function(places) statistic(x[places]))), level)
}
resample("shares", shares(12, 2), mean, .95)
resample("skewed_mean", short(exp(1.5 * qnorm(uniform(15)))), mean, .95)
resample("skewed_sd", short(exp(qnorm(uniform(10)))), sd, .9)
bca("constant", .5, rep(.5, 6), rep(.5, 200), .95)
