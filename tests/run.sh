#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test: unit tests, command cases, pipes, pages, layering.
#   tests/run.sh [-R REGEX …]      arguments go to ctest
# Real recordings and golden files: CFM_DATA, CFM_GOLDEN (default ../shared/…); tests that lack them are skipped and named.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=lib/cmake/setup.sh
. "$root/lib/cmake/setup.sh"

start=$SECONDS
install_packages "${kBuildPackages[@]}" "${kTestPackages[@]}"
find_libtorch
configure_and_build -DCFM_TESTS=ON
say "set up and built in $((SECONDS - start)) s; testing"
status=0
ctest --test-dir "$build" --output-on-failure -j "$(nproc)" "$@" || status=$?
log="$build/Testing/Temporary/LastTest.log"
if [ -e "$log" ] && grep -q '^skipped: ' "$log"; then
  say "left out:"
  grep -h '^skipped: ' "$log" | sort | uniq -c >&2
fi
exit "$status"
