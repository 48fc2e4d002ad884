#!/bin/sh
# Does a change of one kernel's result fail the gate? Builds a copy of the
# sources with one constant of the rope angles changed, which all instruction
# sets share, runs configs/gate.yaml with it, and expects exit code 1 and a
# verdict that names a cell. The build as it is must pass. gate_planted.sh [BUILD]
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
fail() { echo "gate_planted: $*" >&2; exit 1; }

passed=$build/gate/gate/verdict.json
if [ ! "$passed" -nt "$build/specsweep" ]; then
    sh scripts/gate.sh "$build/specsweep" "$build/gate" >/dev/null ||
        fail "the build as it is does not pass"
fi
grep -q '"outcome":"pass","exit_code":0' "$passed" ||
    fail "$passed: expected a pass"

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
mkdir "$copy/build"
cp -a Makefile engine harness scripts configs models datasets results/baseline \
    "$copy"
mkdir "$copy/results" && mv "$copy/baseline" "$copy/results/baseline"
cp -a "$build/engine" "$build/harness" "$copy/build"
kernel=engine/kernels/kern_rope.c
sed -i 's/1\.4426950408889634/1.5/' "$copy/$kernel"
cmp -s $kernel "$copy/$kernel" && fail "nothing was planted in $kernel"
make -s -C "$copy" -j"$(nproc)" BUILD=build build/specsweep

rc=0
sh "$copy/scripts/gate.sh" build/specsweep build/gate >"$copy/log" 2>&1 || rc=$?
verdict=$copy/build/gate/gate/verdict.json
[ "$rc" = 1 ] || { cat "$copy/log"; fail "exit code $rc, expected 1"; }
grep -q '"outcome":"regression","exit_code":1' "$verdict" ||
    fail "verdict.json: expected a regression"
grep -q '^  {"cell":.*"outcome":"regression","findings"' "$verdict" ||
    fail "verdict.json names no cell"
grep -m1 'samples differ' "$copy/log"
echo "gate_planted: a changed kernel is a regression, the build as it is passes" >&2
