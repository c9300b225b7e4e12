#!/usr/bin/env bash
# Builds the fuzzers with clang, AddressSanitizer and UndefinedBehaviorSanitizer: no LibTorch, no programs.
#   tests/fuzz/build.sh FOLDER      77 where there is no clang with libFuzzer
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
folder=${1:?the build folder}
clang=$(command -v clang++ || true)
[ -n "$clang" ] || { echo "skipped: no clang++, which the fuzzers need (clang, libclang-rt-dev)"; exit 77; }
mkdir -p "$folder"
echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' >"$folder/probe.cc"
"$clang" -fsanitize=fuzzer,address,undefined -o "$folder/probe" "$folder/probe.cc" 2>/dev/null ||
  { echo "skipped: $clang has no libFuzzer or no sanitizers (libclang-rt-dev)"; exit 77; }
export CCACHE_DIR="${CCACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/cfm/ccache}"
export CCACHE_SLOPPINESS="pch_defines,time_macros,include_file_mtime,include_file_ctime"
# Warnings are g++'s affair. ccache needs precompiled headers without a time in them.
flags="-O1 -gline-tables-only -w -D_GLIBCXX_ASSERTIONS -D_GLIBCXX_SANITIZE_VECTOR -Xclang -fno-pch-timestamp"
cmake -S "$root" -B "$folder" -G Ninja --log-level=WARNING -DCMAKE_CXX_COMPILER="$clang" -DCMAKE_BUILD_TYPE=None \
  -DCMAKE_CXX_FLAGS="$flags -fsanitize-ignorelist=$root/tests/fuzz/ignore.txt" -DCFM_WITH_TORCH=OFF -DCFM_FUZZ=ON \
  -DCFM_SANITIZE=fuzzer-no-link,address,undefined >&2
cmake --build "$folder" --target fuzzers -- --quiet >&2
