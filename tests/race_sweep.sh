#!/bin/sh
# The thread pool and the batcher at work, for a build with ThreadSanitizer.
# usage: race_sweep.sh PROGRAM
set -eu
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
export TSAN_OPTIONS="halt_on_error=1 exitcode=66"
"$1" run configs/mini.yaml --results "$out" --quiet --no-report --set samples=1 \
    --set datasets.0.limit=1 --set datasets.1.limit=1 \
    --set mode=throughput --set concurrency=3 --set engine.threads=2
