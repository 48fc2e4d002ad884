#!/bin/sh
# Every table in LaTeX compiles to a PDF and fits a page of two columns: of a
# sweep with searches, and of one whose names and labels are as hostile as a
# config allows and that lacks a sample.
# usage: latex.sh PROGRAM
set -eu
program=$1
if ! command -v pdflatex >/dev/null; then
    echo "skip: pdflatex is not installed" >&2
    exit 0
fi
if ! kpsewhich booktabs.sty >/dev/null || ! kpsewhich siunitx.sty >/dev/null; then
    echo "skip: LaTeX lacks booktabs or siunitx" >&2
    exit 0
fi
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
fail() { echo "latex: $*" >&2; exit 1; }

cat >"$out/hostile.yaml" <<'EOF'
# Do 100 % of $x_i & {all} #1 ~ ^ \ <b> "q" compile?
name: hostile
samples: 2
warmup: 0
models:
  base_1: {scripted: toy-base}
  draft: {scripted: toy-draft}
datasets:
  - {name: "a_b", path: tests/cases/toy.jsonl, grader: number, limit: 4}
  - {name: "c+d", path: tests/cases/toy.jsonl, grader: number, limit: 3}
settings: {temperature: 1, top_p: 1, budget_tokens: [40, 200]}
base: base_1
draft: draft
methods:
  - {method: vanilla, label: "[1] * 50% #1 & $x_i$"}
  - {method: specdecode, label: "\\end{tabular} ~^ {"}
  - {method: specreason, threshold: [3, 7], label: "größer λ≥½ 中文 → --- ``q"}
  - {method: specreason, threshold: 5, base: draft, draft: base_1, label: "a long label that no column of a table would hold in a line <b>"}
report: {baseline: "[1] * 50% #1 & $x_i$"}
EOF

# Tables of a folder, saved and printed; twice the same bytes.
make_tables() { # FOLDER EXIT-CODE
    rc=0
    "$program" report "$1" --format latex >"$1/all.tex" 2>"$1/log" || rc=$?
    [ "$rc" = "$2" ] || fail "report ended with $rc: $(cat "$1/log")"
    "$program" report "$1" --format latex >"$1/again" 2>/dev/null || :
    cmp -s "$1/all.tex" "$1/again" || fail "$1: not the same bytes twice"
    grep -v '^$' "$1/all.tex" >"$1/printed"
    "$program" report "$1" --format latex --table main --no-save \
        >"$1/main" 2>/dev/null || :
    cmp -s "$1/main" "$1/main.tex" || fail "main.tex is not what is printed"
    n_saved=$(cat "$1"/*.tex | grep -c '^.label')
    [ "$n_saved" = $((2 * $(grep -c '^.label' "$1/printed"))) ] ||
        fail "$1: not every printed table is saved"
}

run() { # CONFIG
    "$program" run "$1" --results "$out" --quiet --no-report \
        2>"$out/log" || fail "run: $(cat "$out/log")"
}

# One document of all tables; a line that is too wide by more is an error.
compile() { # FOLDER POINTS
    cat >"$1/paper.tex" <<'EOF'
\documentclass[twocolumn]{article}
\usepackage[textwidth=455pt,textheight=650pt,columnsep=20pt]{geometry}
\usepackage{booktabs}
\usepackage{siunitx}
\begin{document}
\input{all}
\end{document}
EOF
    (cd "$1" && timeout 120 pdflatex -halt-on-error -interaction=nonstopmode \
        paper >paper.out 2>&1) || fail "$1: $(grep -A3 '^!' "$1/paper.log")"
    awk -F'[(. ]' -v max="$2" '/^Overfull .hbox/ && $4 > max { print; bad = 1 }
        END { exit bad }' "$1/paper.log" >&2 || fail "$1: a table is too wide"
}

run configs/smoke.yaml
make_tables "$out/smoke" 0
for name in main accuracy latency speedup search steps evaluators pass_at_k; do
    [ -s "$out/smoke/$name.tex" ] || fail "$name.tex is missing"
done
compile "$out/smoke" 20
mkdir "$out/compare"
"$program" compare "$out/smoke" "$out/smoke" --format latex \
    >"$out/compare/all.tex" 2>"$out/log" || fail "compare: $(cat "$out/log")"
grep -q '^.label{tab:smoke-compare}' "$out/compare/all.tex" ||
    fail "compare has no LaTeX form"
compile "$out/compare" 20

run "$out/hostile.yaml"
folder=$out/hostile
sed -i '$d' "$folder/samples.jsonl"
make_tables "$folder" 5
grep -q 'Incomplete: .*(1 sample missing)\. --: no estimate\.' \
    "$folder/main.tex" || fail "the caption does not name the incomplete cell"
compile "$folder" 80 # no size has room for such labels
if command -v pdftotext >/dev/null; then
    pdftotext -layout "$folder/paper.pdf" - | tr -s ' \n' ' ' >"$folder/text"
    for text in '\[1\] \* 50% #1 &' '\$x.i\$' '\\end{tabular}' \
        'U+4E2DU+6587' '1 sample missing' 'base.1' 'a.b'; do
        grep -q -e "$text" "$folder/text" || fail "the PDF lacks $text"
    done
else
    echo "skip: pdftotext is not installed" >&2
fi
echo "latex: passed" >&2
