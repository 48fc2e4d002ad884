#!/bin/sh
# Runs the commands of the README's example block as they stand.
# usage: readme_examples.sh PROGRAM
set -eu
program=$(realpath "$1")
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
