#!/bin/sh
# A sweep of one problem a set for instrumented builds, which are slow: run,
# report, show. With throughput options it puts the pool and the batcher to work.
# usage: short_sweep.sh PROGRAM [RUN OPTION...]
set -eu
program=$1
shift
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export TSAN_OPTIONS="halt_on_error=1 exitcode=66"
"$program" run configs/mini.yaml --results "$out" --quiet --no-report \
    --set samples=1 --set warmup=0 --set datasets.0.limit=1 \
    --set datasets.1.limit=1 "$@"
"$program" report "$out/mini" >/dev/null
"$program" show "$out/mini" --method specreason --threshold 7 >/dev/null
"$program" show "$out/mini" --method specsearch >/dev/null
echo "short sweep: passed" >&2
