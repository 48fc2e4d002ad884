# Shared by the scripts here that write golden numbers (tests/helper_golden.h
# describes the form): the head of the file, and rows with 15 digits. Run from
# the root of the repository:
#   Rscript --vanilla tests/golden/NAME.R >tests/golden/NAME.csv

golden_head <- function(name) {
    cat("# ", R.version.string, ", ", R.version$platform, "\n", sep = "")
    cat("# Rscript --vanilla tests/golden/", name, ".R >tests/golden/", name,
        ".csv\n", sep = "")
    cat("# ", format(Sys.time(), "%Y-%m-%d", tz = "UTC"), "\n", sep = "")
    cat("function,case,name,values\n")
}

# golden("t_interval", "five", x = c(1, .5), level = .95, low = ...)
golden <- function(.f, .case, ...) {
    rows <- list(...)
    for (name in names(rows)) {
        values <- as.numeric(rows[[name]])
        texts <- ifelse(is.na(values), "NA", sprintf("%.15g", values))
        cat(.f, ",", .case, ",", name, ",", paste(texts, collapse = " "), "\n",
            sep = "")
    }
}
