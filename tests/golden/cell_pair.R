# Golden values of cell_pair: two cells of three problems, two samples each
# (those of a problem stand together), b against a.

source("tests/golden/golden.R")
golden_head("cell_pair")

means <- function(x) rowMeans(matrix(x, ncol = 2, byrow = TRUE), na.rm = TRUE)

# The mean of d and its test; R has none where there is no spread.
test <- function(d) {
    if (sd(d) == 0)
        return(list(estimate = mean(d), conf.int = rep(mean(d), 2),
                    p.value = as.numeric(mean(d) == 0), statistic = NA))
    t.test(d)
}

flips <- function(d) {
    signs <- as.matrix(expand.grid(rep(list(c(-1, 1)), length(d))))
    mean(abs(signs %*% d) >= abs(sum(d)) - 1e-12)
}

pair <- function(name, ms_a, ms_b, tokens_a, tokens_b, right_a, right_b) {
    time <- test(log(means(ms_a) / means(ms_b)))
    rate <- function(ms, tokens) means(ifelse(tokens > 0, ms / tokens, NA))
    token <- test(log(rate(ms_a, tokens_a) / rate(ms_b, tokens_b)))
    d <- means(right_b) - means(right_a)
    accuracy <- test(d)
    se <- sd(d) / sqrt(length(d))
    spread <- sd(means(right_a)) > 0 && sd(means(right_b)) > 0
    golden("pair", name, ms_a = ms_a, ms_b = ms_b, tokens_a = tokens_a,
           tokens_b = tokens_b, right_a = right_a, right_b = right_b,
           time = exp(c(time$estimate, time$conf.int)), time_p = time$p.value,
           per_token = exp(c(token$estimate, token$conf.int)),
           ratio_of_means = mean(ms_a) / mean(ms_b),
           tokens_ratio = mean(tokens_b) / mean(tokens_a),
           accuracy = c(accuracy$estimate, accuracy$conf.int),
           t = accuracy$statistic, p_t = accuracy$p.value, p = flips(d),
           correlation = if (spread) cor(means(right_a), means(right_b)) else NA,
           min_detectable = if (se > 0) (qt(.975, 2) + qt(.8, 2)) * se else NA)
}

pair("apart", ms_a = c(10, 12, 20, 30, 40, 44), ms_b = c(5, 7, 25, 15, 22, 20),
     tokens_a = c(10, 10, 20, 20, 30, 40), tokens_b = c(8, 12, 20, 10, 30, 20),
     right_a = c(1, 0, 1, 1, 0, 0), right_b = c(1, 1, 1, 1, 0, 1))
pair("slower", ms_a = c(5, 7, 9, 8, 22, 20), ms_b = c(10, 16, 20, 30, 40, 44),
     tokens_a = c(10, 10, 20, 20, 30, 40), tokens_b = c(8, 0, 20, 10, 30, 20),
     right_a = c(1, 1, 1, 1, 1, 1), right_b = c(0, 1, 1, 1, 0, 0))
pair("twice", ms_a = c(10, 10, 20, 20, 40, 40), ms_b = c(5, 5, 10, 10, 20, 20),
     tokens_a = rep(8, 6), tokens_b = rep(8, 6), right_a = c(1, 1, 0, 1, 0, 1),
     right_b = c(1, 1, 0, 1, 0, 1))

adjusted <- function(name, p)
    golden("adjust", name, p = p, holm = p.adjust(p, "holm"),
           bh = p.adjust(p, "BH"))
adjusted("three", c(.01, .04, .03))
adjusted("one of them has none", c(.01, NA, .03))
