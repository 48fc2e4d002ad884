#!/bin/sh
# The generator's own checks, and that it still writes the shipped sets byte for
# byte. Skipped without python3, which only this needs.
set -eu
command -v python3 >/dev/null || { echo "skip: no python3, generator not run" >&2; exit 0; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
python3 -B datasets/generate.py --self-test >/dev/null
python3 -B datasets/generate.py --write "$out"
for set in "$out"/*.jsonl; do
    cmp "$set" "datasets/$(basename "$set")"
done
echo "generator: $(ls "$out" | wc -l) sets written byte for byte" >&2
