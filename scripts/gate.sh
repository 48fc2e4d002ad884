#!/bin/sh
# Does the program still compute what results/baseline holds, and is speculation
# still faster? gate.sh [PROGRAM [FOLDER]]. Exit code: the gate's own (docs/GATE.md).
set -eu
cd "$(dirname "$0")/.."
program=${1:-build/specsweep}
folder=${2:-build/gate}

rm -rf "$folder/gate"
"$program" run configs/gate.yaml --results "$folder" --quiet >/dev/null
rc=0
"$program" gate --baseline results/baseline --candidate "$folder/gate" \
    --min-speedup specdecode=1.2 || rc=$?
echo "verdict: $folder/gate/verdict.json" >&2
[ "$rc" = 0 ] || exit "$rc"
"$program" gate --self-test --candidate "$folder/gate"
