#!/bin/sh
# Runs the commands of the README's example block as they stand, and expands the
# configs that docs/ runs.
# usage: readme_examples.sh PROGRAM
set -eu
program=$(realpath "$1")
docs=$PWD/docs
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
ln -s "$program" "$bin/specsweep"
PATH=$bin:$PATH
# A folder of its own, so that no results of the user are touched.
for part in configs models datasets; do ln -s "$PWD/$part" "$bin/$part"; done
awk '/run by tests\/readme_examples.sh/ { found = 1 }
     found && /^```sh/ { on = 1; next }
     on && /^```/ { exit }
     on' README.md >"$bin/commands"
[ -s "$bin/commands" ] || { echo "README: no examples found" >&2; exit 1; }
cd "$bin"
while IFS= read -r command; do
    sh -ec "$command" >out 2>log </dev/null || {
        echo "README example failed: $command" >&2
        cat log >&2
        exit 1
    }
    [ -s out ] || { echo "README example prints nothing: $command" >&2; exit 1; }
done <commands
echo "README examples: $(wc -l <commands) commands passed" >&2

# Configs that pages run for minutes are expanded at least.
sed -n 's/^specsweep run \(configs[^ ]*\).*/\1/p' "$docs"/*.md | sort -u >configs_run
[ -s configs_run ] || { echo "docs: no configs found" >&2; exit 1; }
while read -r config; do
    specsweep plan --no-calibrate "$config" >/dev/null 2>log </dev/null || {
        echo "a page runs $config, which fails:" >&2
        cat log >&2
        exit 1
    }
done <configs_run
echo "docs: $(wc -l <configs_run) configs can be run" >&2
