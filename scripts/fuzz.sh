#!/bin/sh
# Build each target of tests/fuzz with libFuzzer and run it for FUZZ_SECONDS.
# FUZZ_TARGETS='fuzz_gguf fuzz_tokenizer': these alone.
set -eu
cd "$(dirname "$0")/.."
command -v clang >/dev/null || { echo "fuzz: needs clang" >&2; exit 1; }
seconds=${FUZZ_SECONDS:-30}
out=build/fuzz
make -s CC=clang SANITIZE=address,undefined,fuzzer-no-link BUILD=$out objects \
    $out/write_seeds
mkdir -p "$out/corpus"
"$out/write_seeds" "$out/corpus"
for target in tests/fuzz/fuzz_*.c; do
    name=$(basename "$target" .c)
    case " ${FUZZ_TARGETS:-$name} " in *" $name "*) ;; *) continue ;; esac
    make -s CC=clang SANITIZE=address,undefined,fuzzer-no-link BUILD=$out \
        FUZZ_TARGET="$name" "$out/$name"
    mkdir -p "$out/corpus/$name"
    echo "fuzz: $name for $seconds s" >&2
    "$out/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 \
        -print_final_stats=0 -verbosity=0 "$out/corpus/$name"
done
