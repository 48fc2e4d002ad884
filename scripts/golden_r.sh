#!/bin/sh
# Run the R scripts of the golden numbers again and compare with what is kept:
# a number that another version of R computes otherwise shows here. Comments
# (version and date) may differ. Without R: skip.
set -eu
cd "$(dirname "$0")/.."
if ! command -v Rscript >/dev/null 2>&1; then
    echo "skip: golden numbers need Rscript (r-base-core)" >&2
    exit 0
fi
new=$(mktemp)
trap 'rm -f "$new" "$new.kept"' EXIT
failed=0
for script in tests/golden/*.R; do
    kept=${script%.R}.csv
    [ -f "$kept" ] || continue
    Rscript --vanilla "$script" | grep -v '^#' >"$new"
    grep -v '^#' "$kept" >"$new.kept"
    if diff -u "$new.kept" "$new" >&2; then
        echo "same: $kept" >&2
    else
        echo "differs: $kept; to take it: Rscript --vanilla $script >$kept" >&2
        failed=1
    fi
done
exit $failed
