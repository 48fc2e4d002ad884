#!/bin/sh
# Speed of the shipped models on this machine. usage: bench.sh PROGRAM
set -eu
grep -m1 'model name' /proc/cpuinfo 2>/dev/null || true
for model in models/base.gguf models/draft-m.gguf models/draft-s.gguf; do
    printf '\n%s\n' "$model"
    "$1" bench -m "$model" --depth 128 -n 128 -p 128
done
