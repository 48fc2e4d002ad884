#!/bin/sh
# The kernels of 64-bit ARM, cross-compiled, and their tests under an emulator:
# the same test files as everywhere else, bit for bit against the reference.
# On an ARM machine the ordinary tests are that test.
set -eu
cd "$(dirname "$0")/.."
compiler=aarch64-linux-gnu-gcc
build=build/neon

[ "$(uname -m)" = aarch64 ] && exit 0
for tool in $compiler qemu-aarch64; do
    command -v $tool >/dev/null && continue
    echo "skip: no $tool (packages gcc-aarch64-linux-gnu," \
        "libc6-dev-arm64-cross, qemu-user): NEON is not tested" >&2
    exit 0
done
make -s -j"$(nproc)" DEVELOPER=1 BUILD=$build CC=$compiler $build/kernel-tests
timeout 600 qemu-aarch64 $build/kernel-tests "$@"
