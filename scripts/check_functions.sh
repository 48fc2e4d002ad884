#!/bin/sh
# The ten longest functions; fails when one has more than 100 lines.
set -eu
cd "$(dirname "$0")/.."
find engine harness -name '*.c' | xargs awk '
    FNR == 1 { name = "" }
    /^[A-Za-z_].*\(/ && !/;[ \t]*$/ { name = $0; start = FNR }
    /^}/ && name != "" {
        n = name; sub(/\(.*/, "", n); sub(/.*[ *]/, "", n)
        print FNR - start + 1, FILENAME, n
        name = ""
    }' | sort -rn | head -10 | tee /dev/stderr | awk '$1 > 100 { bad = 1 }
    END { exit bad }'
