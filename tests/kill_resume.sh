#!/bin/bash
# A run that is killed again and again ends with the samples of an undisturbed
# one: times and session numbers aside, sorted by key.
#
#   tests/kill_resume.sh CONFIG [KILLS] [OPTION...]
#
# KILLS defaults to 20, OPTIONs go to `specsweep run`. SPECSWEEP names the
# program (build/specsweep). Prints one line and exits 0, or says what differs
# and exits 1.
set -u
program=${SPECSWEEP:-build/specsweep}
config=${1:?usage: tests/kill_resume.sh CONFIG [KILLS] [OPTION...]}
kills=${2:-20}
shift $(($# < 2 ? $# : 2))
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

command=("$program" run "$config" --quiet --no-report)

content() { # RESULTS: every sample without what a second run may change
    sed -E 's/"session":[0-9]+,//; s/"total_ms":[^,]*,//;
            s/"phase_ms":\{[^}]*\},//; s/"ms":[^,]*,//g' \
        "$1"/*/samples.jsonl | LC_ALL=C sort
}

begin=$(date +%s%N)
"${command[@]}" --results "$dir/whole" "$@" 2>"$dir/log" || {
    cat "$dir/log" >&2
    exit 1
}
took_ms=$((($(date +%s%N) - begin) / 1000000))

# Early kills hit the start (manifest, warm-up), later ones the samples; the
# longest wait leaves the run unfinished after all kills together.
killed=0
for ((i = 0; i < kills; i++)); do
    wait_ms=$((RANDOM % (took_ms * 2 / kills + 20)))
    "${command[@]}" --results "$dir/killed" "$@" 2>"$dir/log" &
    pid=$!
    sleep "$((wait_ms / 1000)).$(printf %03d $((wait_ms % 1000)))"
    if kill -KILL "$pid" 2>/dev/null; then killed=$((killed + 1)); fi
    wait "$pid" 2>/dev/null
done
"${command[@]}" --results "$dir/killed" "$@" 2>"$dir/log" || {
    cat "$dir/log" >&2
    exit 1
}

if ! diff <(content "$dir/whole") <(content "$dir/killed") >"$dir/diff"; then
    echo "kill_resume: the samples differ after $killed kills:" >&2
    cut -c1-300 "$dir/diff" | head -20 >&2
    exit 1
fi
n=$(content "$dir/whole" | wc -l)
echo "kill_resume: $n samples are the same after $killed kills"
