#!/bin/sh
# The paper from end to end on a few samples: every table and figure that the
# folders hold is in the PDF, under its question, with what made it; the same
# command again gives the same bytes; without LaTeX nothing is run.
# usage: paper.sh PROGRAM
set -eu
program=$(realpath "$1")
for tool in gnuplot pdflatex kpsewhich; do
    command -v $tool >/dev/null || { echo "skip: paper needs $tool" >&2; exit 0; }
done
for style in booktabs siunitx; do
    kpsewhich $style.sty >/dev/null || { echo "skip: paper needs $style.sty" >&2; exit 0; }
done
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
fail() { echo "paper: $*" >&2; exit 1; }
export PAPER_TRIAL=2x2
make_paper() { sh scripts/paper.sh "$program" "$1" 2>"$out/log" || { cat "$out/log" >&2; fail "scripts/paper.sh failed"; }; }

for config in configs/paper/*.yaml; do
    head -n 1 "$config" | grep -q '^# .*?$' || fail "$config does not open with its question"
    # In the words of the PDF's source.
    grep -q "{$(basename "$config" .yaml)}" plots/paper.tex || fail "$config is not in plots/paper.tex"
done

make_paper "$out/p"
[ "$(head -c 5 "$out/p/paper.pdf")" = %PDF- ] || fail "no PDF"
! grep -q 'undefined\|multiply defined' "$out/p/paper.log" || fail "$(grep -m 1 'undefined\|multiply defined' "$out/p/paper.log")"
n=0
for config in configs/paper/*.yaml; do
    name=$(basename "$config" .yaml)
    folder=$out/p/$name
    for piece in "$folder"/*.tex "$folder"/figures/*.tex; do
        [ -e "$piece" ] || continue
        n=$((n + 1))
        file=${piece#"$out/p/"}
        # TeX breaks the lines of its log.
        tr -d '\n' <"$out/p/paper.log" | grep -qF "(./$file" || fail "$file is not in the PDF"
        grep -q "config $name,.*results [0-9a-f]\{8\}" "$piece" || fail "$file does not say what made it"
    done
    [ -e "$folder/main.tex" ] || fail "$name has no main table"
    ls "$folder"/figures/*.tex >/dev/null || fail "$name has no figure"
done

# What the configs differ in is shown by a figure of its own.
for figure in threshold/figures/threshold budget/figures/budget first-n/figures/first_n \
    ablation/figures/judge_prm ablation/figures/depth main/figures/accuracy_latency; do
    [ -s "$out/p/$figure.pdf" ] || fail "$figure is missing"
done

cp "$out/p/paper.pdf" "$out/first.pdf"
cat "$out/p"/*/samples.jsonl | cksum >"$out/first.sum"
make_paper "$out/p"
cat "$out/p"/*/samples.jsonl | cksum | cmp -s - "$out/first.sum" || fail "a rerun changed the stores"
cmp -s "$out/p/paper.pdf" "$out/first.pdf" || fail "two PDFs of the same samples differ"

# Without LaTeX, and with nobody to install it.
mkdir "$out/bin"
for dir in /bin /usr/bin /usr/local/bin; do
    for file in "$dir"/*; do
        case ${file##*/} in apt-get | pdflatex) continue ;; esac
        [ -e "$out/bin/${file##*/}" ] || ln -s "$file" "$out/bin/"
    done
done
rc=0
PATH=$out/bin sh scripts/paper.sh "$program" "$out/none" 2>"$out/log" || rc=$?
[ $rc -eq 1 ] || fail "without pdflatex it ends with $rc"
grep -q 'missing: texlive-latex-base' "$out/log" || fail "without pdflatex it says: $(cat "$out/log")"
[ ! -e "$out/none" ] || fail "without pdflatex it runs all the same"
echo "paper: passed, $n tables and figures" >&2
