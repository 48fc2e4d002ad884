#!/bin/sh
# Run the experiments of configs/paper/ and make results/paper/paper.pdf of their
# tables and figures. The same command goes on where it was interrupted: stored
# samples are kept, the rest is made again.
# usage: paper.sh PROGRAM [FOLDER]
# PAPER_TRIAL=3x2: 3 problems of each data set with 2 samples and no warm-up, and
# no pictures but those of the PDF, to see that all of it works.
set -eu
cd "$(dirname "$0")/.."
program=$(realpath "$1")
out=${2:-results/paper}
names='main threshold budget first-n ablation'
kinds=pdf,svg,png
[ -z "${PAPER_TRIAL:-}" ] || kinds=pdf
cells_failed=5 # exit code: tables and captions say which

# ---- what must be there, before hours are spent -----------------------------

need() { # need PACKAGE COMMAND...
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
look() {
    missing=''
    need gnuplot-nox command -v gnuplot
    need texlive-latex-base command -v pdflatex
    need texlive-latex-recommended kpsewhich booktabs.sty
    need texlive-science kpsewhich siunitx.sty
    [ -z "$missing" ] || {
        echo "paper: the PDF needs gnuplot, pdflatex, booktabs and siunitx; missing:$missing" >&2
        return 1
    }
}
look || {
    EXTRA_PACKAGES=$missing sh scripts/deps.sh || exit 1
    look || exit 1 # installed, but not found
}

# ---- options of `run` and `plan` for a trial ----------------------------------

options_of() { # options_of CONFIG
    [ -n "${PAPER_TRIAL:-}" ] || return 0
    echo "--set samples=${PAPER_TRIAL#*x} --set warmup=0"
    for i in $(seq "$(grep -c 'path: datasets/' "$1")"); do
        echo "--set datasets.$((i - 1)).limit=${PAPER_TRIAL%x*}"
    done
}

# ---- samples, tables, figures ------------------------------------------------

step() { # step COMMAND...: may end with cells that failed
    rc=0
    "$@" || rc=$?
    [ $rc -eq 0 ] || [ $rc -eq $cells_failed ] || exit $rc
}

# Most folders have nothing to show in some figures, and say so.
plot() { # plot FOLDER
    rc=0
    "$program" plot "$1" --kinds "$kinds" >/dev/null 2>"$out/plot.log" || rc=$?
    [ $rc -eq 0 ] || [ $rc -eq $cells_failed ] || {
        cat "$out/plot.log" >&2
        exit $rc
    }
}

mkdir -p "$out"
for name in $names; do
    echo "== configs/paper/$name.yaml" >&2
    # shellcheck disable=SC2046
    step "$program" run "configs/paper/$name.yaml" --results "$out" \
        --no-report $(options_of "configs/paper/$name.yaml")
done
for name in $names; do
    rm -f "$out/$name"/*.tex
    step "$program" report "$out/$name" --format latex >/dev/null
    plot "$out/$name"
done

# ---- facts.tex -----------------------------------------------------------------

escape() { # plain text to LaTeX
    sed -e 's/[&%$#_{}]/\\&/g' -e 's/~/\\textasciitilde{}/g'
}

fact() { # fact NAME KEY TEXT
    printf '\\fact{%s}{%s}{%s}\n' "$1" "$2" "$3"
}

pieces() { # pieces NAME KIND FILE...: those that are there
    name=$1
    kind=$2
    shift 2
    for file; do
        [ -e "$file" ] || continue
        printf '\\piece{%s}{%s}{%s}\n' "$name" "$kind" "$(basename "$file" .tex)"
    done
}

minutes() { # of all starts of a run
    grep -o '"wall_s": *[0-9.e+-]*' "$1/manifest.json" |
        awk -F: '{ s += $2 } END { printf "%.1f", s / 60 }'
}

processors() {
    grep -o '"cpu": *"[^"]*"' "$1/manifest.json" | cut -d '"' -f 4 | sort -u |
        paste -s -d ',' | sed 's/,/, /g'
}

power() { # what the design of a config cannot show
    # shellcheck disable=SC2046
    "$program" plan "$1" --no-calibrate -o csv $(options_of "$1") 2>&1 >/dev/null |
        sed -n '/cannot see/s/$/./p' | tr '\n' ' '
}

for name in $names; do
    config=configs/paper/$name.yaml
    folder=$out/$name
    fact "$name" question "$(sed -n '1s/^# *//p' "$config" | escape)"
    fact "$name" config "\\texttt{$(echo "$config" | escape)}"
    fact "$name" hash "$(sha256sum "$config" | cut -c 1-8)"
    fact "$name" size \
        "$(wc -l <"$folder/samples.jsonl") samples in $(minutes "$folder") minutes"
    fact "$name" processor "$(processors "$folder" | escape)"
    fact "$name" power "$(power "$config" | escape)"
    pieces "$name" table "$folder"/*.tex
    pieces "$name" figure "$folder"/figures/*.tex
done >"$out/facts.tex"

# ---- PDF -----------------------------------------------------------------------

root=$PWD
cd "$out"
for pass in 1 2; do
    SOURCE_DATE_EPOCH=0 FORCE_SOURCE_DATE=1 pdflatex -interaction=nonstopmode \
        -halt-on-error -jobname paper "$root/plots/paper.tex" >pdflatex.log || {
        echo "paper: pdflatex failed in pass $pass; $out/paper.log begins its error with" >&2
        sed -n '/^!/,+5p' paper.log >&2
        exit 1
    }
done
rm -f paper.aux
echo "$out/paper.pdf: $(sed -n 's/^Output written on .*(\(.*\)).*/\1/p' paper.log)" >&2
