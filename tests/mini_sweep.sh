#!/bin/sh
# A sweep from YAML to CSV with the shipped models: runs, resumes without work,
# reports the same bytes twice, gives the same tokens in throughput mode, and
# every method that promises vanilla's tokens gives them.
# usage: mini_sweep.sh PROGRAM
set -eu
program=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
fail() { echo "mini sweep: $*" >&2; exit 1; }

"$program" run configs/mini.yaml --results "$out" --quiet --no-report
"$program" report "$out/mini" >"$out/first.md"
cp "$out/mini/samples.jsonl" "$out/before.jsonl"
"$program" run configs/mini.yaml --results "$out" --quiet --no-report
cmp -s "$out/mini/samples.jsonl" "$out/before.jsonl" || fail "a rerun changed the store"
"$program" report "$out/mini" >"$out/second.md"
cmp -s "$out/first.md" "$out/second.md" || fail "two reports differ"

header() { # header TABLE COLUMNS: the table's first columns
    head -n 1 "$out/mini/$1.csv" | grep -q "^base,draft,dataset,method,threshold,$2" ||
        fail "$1.csv: unexpected header $(head -n 1 "$out/mini/$1.csv")"
    [ "$(wc -l <"$out/mini/$1.csv")" -gt 1 ] || fail "$1.csv has no rows"
}
header accuracy n_problems,k,pass_at_1,se,ci_low,ci_high,truncated_pct,ungraded_pct
header latency mean_ms,p50_ms,p50_ci_low,p50_ci_high,p90_ms
header speedup geomean,ci_low,ci_high,time_p,time_p_holm,time_p_bh,ratio_of_means,accuracy_diff,diff_ci_low,diff_ci_high
header steps steps,kept_from_draft_pct,mean_score,tokens_accepted_pct,draft_tokens,discarded_tokens,judge_calls
header samples ''
header search n_problems,k,pass_at_1,pass_ci_low,pass_ci_high,mean_ms,ms_ci_low,ms_ci_high
header depths depth,
header evaluators evaluator,second,n_thoughts

hashes() { sh tests/token_hashes.sh "$1/mini/samples.jsonl"; }
hashes "$out" >"$out/latency"
[ "$(wc -l <"$out/latency")" -eq "$(wc -l <"$out/mini/samples.jsonl")" ] ||
    fail "token hashes of some samples are not readable"

# What promises vanilla's tokens gives them: specdecode with the exact rule.
of() { grep "|$1|" "$out/latency" | cut -d'|' -f1,4-; }
of vanilla >"$out/vanilla"
of 'specdecode accept=exact' >"$out/exact"
[ -s "$out/vanilla" ] && cmp -s "$out/vanilla" "$out/exact" ||
    fail "specdecode (exact) and vanilla differ"
of search-ar >"$out/search-ar"
of search-sps >"$out/search-sps"
[ -s "$out/search-ar" ] && cmp -s "$out/search-ar" "$out/search-sps" ||
    fail "search-sps (exact) and search-ar differ"

# Throughput mode gives the tokens of latency mode.
"$program" run configs/mini.yaml --results "$out/t" --quiet --no-report \
    --set mode=throughput --set concurrency=4
hashes "$out/t" | cmp -s - "$out/latency" || fail "throughput mode gives other tokens"

# So does every instruction set that this CPU has, on a few of them: plain C is
# slow.
for isa in ref avx2 avx512 neon; do
    "$program" bench -m models/base.gguf --isa $isa -n 1 -p 1 -r 1 >/dev/null 2>&1 || continue
    "$program" run configs/mini.yaml --results "$out/$isa" --quiet --no-report \
        --set engine.isa=$isa --set samples=1 --set warmup=0 \
        --set datasets.0.limit=1 --set datasets.1.limit=1
    hashes "$out/$isa" >"$out/isa"
    n=$(grep -cxFf "$out/latency" "$out/isa") || true
    [ "$n" -gt 0 ] && [ "$n" -eq "$(wc -l <"$out/isa")" ] ||
        fail "isa $isa gives other tokens"
done
echo "mini sweep: passed" >&2
