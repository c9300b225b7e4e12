#!/usr/bin/env bash
# Rooms link only downwards, third parties stay behind their room, nothing in lib prints or exits, tools are short, and the
# top level holds what the design draws.
set -uo pipefail
cd "${CFM_ROOT:-$(dirname "$0")/..}" || exit 1
failures=0
complain() { printf 'layering: %s\n' "$*"; failures=$((failures + 1)); }

# room: rooms whose headers it may include, besides its own and base
declare -A allowed=(
  [base]="" [stream]="" [format]="stream" [record]="stream format draw signal prepare" [draw]="stream" [signal]="stream" [prepare]="stream signal" [delineate]="stream signal" [quality]="stream signal delineate" [synth]="stream signal"
  [features]="stream signal delineate quality"
  [dataset]="stream signal prepare" [eval]="stream format signal delineate dataset features" [report]="stream eval" [cli]="stream format record"
  [model]="stream format signal prepare dataset" [train]="stream signal prepare dataset model")
for room in "${!allowed[@]}"; do
  while IFS=: read -r file include; do
    [[ " $room base ${allowed[$room]} " == *" $include "* ]] || complain "$file includes a header of lib/$include"
  done < <(grep -oHE '#include "[a-z]+/' "lib/$room"/*.h "lib/$room"/*.cc 2>/dev/null | sed -E 's/#include "([a-z]+)\//\1/')
done
for folder in lib/*/; do
  name=$(basename "$folder")
  [ "$name" = cmake ] || [ -n "${allowed[$name]+known}" ] || complain "lib/$name is a room that this test does not know"
done

# pattern, what it is, folders it may stand in
only_in() {
  local hits
  hits=$(grep -rnE "$1" lib tools --include='*.h' --include='*.cc' | grep -vE "^($3)/" || true)
  [ -z "$hits" ] || complain "$2 outside $3:"$'\n'"$hits"
}
only_in '#include *[<"](torch|ATen|c10)/' LibTorch 'lib/model|lib/train'
only_in '#include *[<"]CLI/' CLI11 'lib/cli'
only_in '#include *[<"]toml' 'toml++' 'lib/cli'
only_in '#include *[<"](sndfile|matio|hdf5)' 'libsndfile, matio and HDF5' 'lib/format'
only_in '#include *[<"]sodium' libsodium 'lib/record'
only_in '#include *[<"]cairo' cairo 'lib/draw'
only_in '#include *[<"](fftw3|soxr)' 'FFTW and soxr' 'lib/signal'
only_in '#include *[<"]Eigen' Eigen 'lib/eval'

prints=$(grep -rnE 'std::cout|std::cerr|[^_a-zA-Z.:>]exit\(|std::exit|printf\(' lib --include='*.h' --include='*.cc' | grep -v 'snprintf' || true)
[ -z "$prints" ] || complain "lib prints or exits:"$'\n'"$prints"
for tool in tools/*.cc; do
  lines=$(wc -l <"$tool")
  [ "$lines" -lt 150 ] || complain "$tool has $lines lines"
done
extra=$(git ls-files 2>/dev/null | cut -d/ -f1 | sort -u | grep -v '^\.' |
  grep -vxE 'CMakeLists.txt|CMakePresets.json|tools|lib|man|completions|examples|tests|README.md' || true)
[ -z "$extra" ] || complain "at the top level: $extra"
[ "$failures" = 0 ] && echo "layering: clean"
exit $((failures > 0))
