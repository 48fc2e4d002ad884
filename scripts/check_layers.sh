#!/bin/sh
# Dependencies run one way: base <- kernels <- model <- lm <- methods <- harness.
# The harness sees engine/engine.h and engine/base/ only.
set -eu
cd "$(dirname "$0")/.."
status=0

forbid() { # forbid FOLDER PATTERN: no file of FOLDER includes PATTERN
    if grep -rnE "^#include \"($2)" "$1" --include='*.[ch]'; then
        echo "layers: $1 must not include $2" >&2
        status=1
    fi
}

forbid engine/base 'engine/(kernels|model|lm|methods)/|engine/engine|harness/'
forbid engine/kernels 'engine/(model|lm|methods)/|engine/engine|harness/'
forbid engine/model 'engine/(lm|methods)/|engine/engine|harness/'
forbid engine/lm 'engine/methods/|engine/engine|harness/'
forbid engine/methods 'engine/model/|engine/engine|harness/'
forbid harness 'engine/(kernels|model|lm|methods)/'

# Names that belong to a library are not ours; base names are unique.
twice=$(find engine harness -name '*.[ch]' -printf '%f\n' | sort | uniq -d)
[ -z "$twice" ] || { echo "layers: file name twice: $twice" >&2; status=1; }
exit $status
