#!/bin/sh
# Figures of a small real store: every one is drawn in every kind, twice with
# the same bytes, whatever the folder is called; so are those of stores that
# have no times and no intervals. LaTeX takes the floats.
# usage: plots.sh PROGRAM
set -eu
program=$1
command -v gnuplot >/dev/null || {
    echo "skip: figures need gnuplot (gnuplot-nox)" >&2
    exit 0
}
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
fail() { echo "plots: $*" >&2; exit 1; }

cat >"$out/plots.yaml" <<'EOF'
# Is every figure drawn?
name: plots
seed: 3
samples: 2
warmup: 0
engine: {threads: 1, context: 1024}
models:
  base: {path: models/base.gguf}
  draft-m: {path: models/draft-m.gguf}
  prm: {path: models/prm.gguf}
datasets:
  - {name: chain-easy, path: datasets/chain-easy.jsonl, grader: number, limit: 2, steps: chain}
  - {name: chain-medium, path: datasets/chain-medium.jsonl, grader: number, limit: 2}
settings: {temperature: 0.6, budget_tokens: [200, 400], step_tokens: 128}
base: base
draft: draft-m
prm: prm
methods:
  - vanilla
  - {method: vanilla, base: draft-m, label: draft alone}
  - {method: specreason, threshold: [3, 7]}
  - {method: specreason, judge: prm, threshold: [0.5, 0.7], label: "rsd_50% ^x {y}"}
  - {method: specreason, threshold: 7, first_n_base: [1, 2], label: first}
  - {method: specsearch, tree_width: 3, max_depth: 8, second_evaluator: judge}
EOF
run() { # run FOLDER OPTION...
    folder=$1
    shift
    "$program" run "$out/plots.yaml" --results "$folder" --quiet --no-report \
        "$@" 2>"$out/log" || { cat "$out/log" >&2; fail "the run failed"; }
}
run "$out"

odd="$out/it's | <odd> \$x \`y\` %"
mkdir "$odd"
cp -r "$out/plots" "$odd/again"
"$program" plot "$out/plots" >"$out/paths" 2>"$out/log" || {
    cat "$out/log" >&2
    fail "the figures are not drawn"
}
"$program" plot "$odd/again" >/dev/null 2>&1 || fail "a folder of an odd name"
grep -q 'nothing to show' "$out/log" && fail "$(cat "$out/log")"

magic() { # magic FILE: its first bytes
    case $1 in
    *.pdf) printf %%PDF ;;
    *.svg) printf '<?xml' ;;
    *.png) printf '\211PNG' ;;
    *.csv) printf panel ;;
    *.tex) printf '\\providecommand' ;;
    esac
}
names=$("$program" plot --list | grep -o '^[a-z_0-9]*')
[ "$(echo "$names" | wc -l)" -ge 5 ] || fail "only these figures: $names"
for name in $names; do
    for kind in csv tex pdf svg png; do
        file=$out/plots/figures/$name.$kind
        grep -qxF "$file" "$out/paths" || fail "$file is not printed"
        [ -s "$file" ] || fail "$file is empty"
        magic "$file" >"$out/magic"
        head -c "$(wc -c <"$out/magic")" "$file" | cmp -s - "$out/magic" ||
            fail "$file is no $kind"
        cmp -s "$file" "$odd/again/figures/$name.$kind" ||
            fail "$name.$kind: two drawings of one store differ"
    done
done
grep -q ':' "$out/plots/figures/threshold.tex" || fail "no provenance"
ls "$out/plots/figures" | grep -q tmp && fail "temporary files are left"

# ---- LaTeX ------------------------------------------------------------------

if command -v pdflatex >/dev/null; then
    {
        printf '%s\n' '\documentclass[twocolumn]{article}' \
            '\usepackage{graphicx}' '\begin{document}' \
            '\newcommand{\specsweepfigures}{plots/figures/}'
        for name in $names; do
            printf '%s\n' "\\input{plots/figures/$name}\\clearpage"
        done
        printf '%s\n' '\end{document}'
    } >"$out/all.tex"
    (cd "$out" && pdflatex -interaction=nonstopmode -halt-on-error all.tex) \
        >"$out/latex.log" 2>&1 || {
        tail -20 "$out/latex.log" >&2
        fail "LaTeX does not take the floats"
    }
else
    echo "skip: LaTeX floats need pdflatex" >&2
fi

# ---- data sets of several sizes ------------------------------------------------

sed -e 's/^name: .*/name: sizes/' -e '/^  - {name: toy,/p' \
    -e 's/^  - {name: toy,\(.*\)}/  - {name: few,\1, limit: 2}/' \
    configs/smoke.yaml >"$out/sizes.yaml"
"$program" run "$out/sizes.yaml" --results "$out" --quiet --no-report \
    2>"$out/log" || fail "$(cat "$out/log")"
"$program" plot "$out/sizes" --kinds svg >/dev/null 2>"$out/log" ||
    fail "six problems beside two: $(cat "$out/log")"

# ---- what is not there ---------------------------------------------------------

run "$out/t" --set mode=throughput --set datasets.0.limit=1 \
    --set datasets.1.limit=1 --set samples=1
"$program" plot "$out/t/plots" --kinds png >"$out/paths" 2>"$out/log" ||
    fail "no times, no intervals: $(cat "$out/log")"
grep -q '^deadline: nothing to show; needs ' "$out/log" || fail "deadline has no times"
grep -q 'threshold.png$' "$out/paths" || fail "accuracy needs no times"
[ -e "$out/t/plots/figures/threshold.svg" ] && fail "svg was not asked for"

expect() { # expect CODE TEXT ARGUMENT...
    code=$1 text=$2
    shift 2
    got=0
    "$program" plot "$@" >/dev/null 2>"$out/log" || got=$?
    [ $got -eq "$code" ] || fail "plot $*: exit code $got, not $code"
    grep -q "$text" "$out/log" || fail "plot $*: $(cat "$out/log")"
}
rm -r "$out/t/plots/figures"
expect 2 'no-gnuplot: not found in PATH; .* the CSV is in .*/figures/' \
    "$out/t/plots" --gnuplot no-gnuplot
[ -s "$out/t/plots/figures/threshold.csv" ] || fail "without gnuplot there is no data"
expect 2 'none of pdf, svg, png' "$out/plots" --kinds pdf,jpg
expect 2 'no style.gp there' "$out/plots" --scripts "$out"
expect 2 'expected one of accuracy_latency' "$out/plots" pie
expect 2 'not found' "$out/nothing"
expect 2 'expected FOLDER'
echo "plots: passed" >&2
