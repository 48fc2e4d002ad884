#!/bin/sh
# Speed of this program on this machine: models of published shapes with random
# weights, written once into a cache, and the shipped ones. Prints one table of
# medians; all rows and columns (docs/RESULTS.md) go to build/bench.csv.
#
# usage: bench.sh PROGRAM
#   MODELS='qwen2.5-0.5b qwen2.5-1.5b'   shapes (specsweep help models)
#   TYPES='f16 q8_0 q4_0 q4_k_m'
#   THREADS=2 RUNS=3 DECODE=32 PROMPT=512 DEPTH=0 ISA=auto
#   CACHE=build/bench-models OUT=build/bench.csv
set -eu
program=$1
MODELS=${MODELS-qwen2.5-0.5b qwen2.5-1.5b}
TYPES=${TYPES-f16 q8_0 q4_0 q4_k_m}
CACHE=${CACHE:-build/bench-models}
OUT=${OUT:-build/bench.csv}
mkdir -p "$CACHE" "$(dirname "$OUT")"

set --
for shape in $MODELS; do
    for type in $TYPES; do
        file=$CACHE/$shape-$type.gguf
        [ -e "$file" ] ||
            "$program" models synth --shape "$shape" --type "$type" -o "$file"
        set -- "$@" -m "$file"
    done
done
for file in models/base.gguf models/draft-m.gguf models/draft-s.gguf; do
    [ ! -e "$file" ] || set -- "$@" -m "$file"
done

"$program" bench "$@" -t "${THREADS:-2}" -r "${RUNS:-3}" \
    -n "${DECODE:-32}" -p "${PROMPT:-512}" -d "${DEPTH:-0}" -b 1,4,16 \
    --isa "${ISA:-auto}" -o csv >"$OUT"

awk -F, '
NR == 1 {
    for (i = 1; i <= NF; i++) at[$i] = i
    print "\nTokens/s (least..most of n runs), and what n tokens in one call " \
          "cost in calls of one.\n"
    print "| model | decode | of read bandwidth | batch 4 | batch 16 " \
          "| prefill | of peak | 2 | 4 | 6 | 8 | 16 | 24 | 32 |"
    print "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: " \
          "| --: | --: | --: |"
    next
}
{
    model = $at["model"]
    if (!(model in seen)) names[++n] = model
    seen[model] = 1
    speed = sprintf("%s (%s..%s)", $at["tok_per_s"], $at["min_tok_per_s"],
                    $at["max_tok_per_s"])
    if ($at["test"] == "decode") decode[model, $at["batch"]] = speed
    if ($at["test"] == "prefill") prefill[model] = speed
    if ($at["test"] == "verify")
        verify[model, $at["tokens"]] = $at["vs_one_token"]
    if ($at["test"] == "decode" && $at["batch"] == 1)
        band[model] = $at["bandwidth_pct"]
    if ($at["test"] == "prefill") peak[model] = $at["peak_pct"]
    machine = sprintf("%s (%s), kernels %s, %s threads; read %s GB/s, int8 " \
                      "%s GOP/s, f32 %s GFLOP/s, hand-off %s us", $at["cpu"],
                      $at["cpu_flags"], $at["kernels"], $at["threads"],
                      $at["read_gb_per_s"], $at["int8_gop_per_s"],
                      $at["f32_gop_per_s"], $at["hand_off_us"])
}
END {
    for (i = 1; i <= n; i++) {
        m = names[i]
        printf "| %s | %s | %s %% | %s | %s | %s | %s %%", m, decode[m, 1],
               band[m], decode[m, 4], decode[m, 16], prefill[m], peak[m]
        k = split("2 4 6 8 16 24 32", sizes, " ")
        for (j = 1; j <= k; j++) printf " | %s", verify[m, sizes[j]]
        print " |"
    }
    print "\n" machine
}' "$OUT"
