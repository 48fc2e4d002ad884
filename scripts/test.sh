#!/bin/sh
# Everything that must hold before a change lands. `make test` runs it.
set -eu
cd "$(dirname "$0")/.."
jobs=$(nproc 2>/dev/null || echo 2)
run() { echo "== $*" >&2; "$@"; }

run make -s -j"$jobs" DEVELOPER=1 all build/specsweep-tests
run make -s check-layers check-headers check-functions
run build/specsweep-tests -j"$jobs"

# The program from end to end, as its users call it. One thing after the other
# on one core, while the next build has the others.
end_to_end() {
    run sh tests/mini_sweep.sh build/specsweep
    run sh tests/benchmarks.sh build/specsweep
    run sh tests/plots.sh build/specsweep
    run sh tests/readme_examples.sh build/specsweep
    run bash tests/kill_resume.sh configs/mini.yaml 20
    run sh tests/fetch_datasets.sh build/specsweep
    run sh tests/latex.sh build/specsweep
    run sh tests/paper.sh build/specsweep
    run make -s gate
    run sh tests/gate_planted.sh build
    run sh tests/generator.sh
    run sh scripts/test_neon.sh
}
log=build/end_to_end.log
(end_to_end) >"$log" 2>&1 &
end_to_end=$!
trap 'kill $end_to_end 2>/dev/null || :' EXIT

sanitized=build/address-undefined
run make -s -j"$jobs" DEVELOPER=1 SANITIZE=address,undefined CFLAGS='-O1 -g' \
    $sanitized/specsweep $sanitized/specsweep-tests
# Criterion's own runner leaks a little; our code may not.
run env LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
    $sanitized/specsweep-tests -j"$jobs"
run sh tests/short_sweep.sh $sanitized/specsweep

# Criterion does not run under ThreadSanitizer, so the program itself does: the
# pool and the batcher at work in a throughput sweep.
threaded=build/thread
run make -s -j"$jobs" DEVELOPER=1 SANITIZE=thread CFLAGS='-O1 -g' \
    $threaded/specsweep
run sh tests/short_sweep.sh $threaded/specsweep --set mode=throughput \
    --set concurrency=3 --set engine.threads=2

# The parsers of files that others wrote, a few seconds each; `make fuzz` for
# longer runs of all.
if echo 'int LLVMFuzzerTestOneInput(const char *d, unsigned long n);
int LLVMFuzzerTestOneInput(const char *d, unsigned long n) {
    return d && n > 9 ? 0 : 0; }' |
    clang -fsanitize=fuzzer,address -x c -o /dev/null - 2>/dev/null; then
    run env FUZZ_SECONDS=5 \
        FUZZ_TARGETS='fuzz_gguf fuzz_tokenizer fuzz_import fuzz_math fuzz_grader' \
        sh scripts/fuzz.sh
else
    echo "skip: fuzzing needs clang with libFuzzer" >&2
fi

rc=0
wait $end_to_end || rc=$?
trap - EXIT
cat "$log" >&2
[ $rc -eq 0 ] || { echo "an end-to-end test failed, see above" >&2; exit $rc; }
echo "all tests passed" >&2
