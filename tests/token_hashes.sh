#!/bin/sh
# One line per sample of a store: dataset, label, threshold, problem, sample,
# hash of the kept tokens; sorted.
# usage: token_hashes.sh samples.jsonl
set -eu
sed -nE 's/.*"dataset":"([^"]*)".*"label":"([^"]*)","threshold":([^,]*),"problem":"([^"]*)","sample":([0-9]+),.*"token_hash":"([^"]*)".*/\1|\2|\3|\4|\5|\6/p' \
    "$1" | LC_ALL=C sort
