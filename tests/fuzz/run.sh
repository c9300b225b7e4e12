#!/usr/bin/env bash
# Long runs: the time is shared among the fuzzers, each processor runs one at a time.
#   tests/fuzz/run.sh HOURS [NAME…]      HOURS may be 0.5; NAME: stream, edf, …; none: all
# Below build/fuzz: corpus/ grows from run to run, artefacts/ has the inputs that broke something, logs/ what was said.
# An artefact that is mended becomes a file of tests/fuzz/regressions/NAME/. Status 1 where there was any.
set -euo pipefail
CFM_ROOT=$(cd "$(dirname "$0")/../.." && pwd)
CFM_BUILD=${CFM_BUILD:-$CFM_ROOT/build}
export PATH="$CFM_BUILD/bin:$PATH"
# shellcheck source=tests/fuzz/common.sh
. "$CFM_ROOT/tests/fuzz/common.sh"
hours=${1:?hours of fuzzing}
shift
[ $# -gt 0 ] || mapfile -t names < <(fuzzers)
[ $# -eq 0 ] || names=("$@")
processors=$(nproc)
seconds=$(awk -v h="$hours" -v n="${#names[@]}" -v p="$processors" 'BEGIN { s = 3600 * h * p / n; print int(s < 1 ? 1 : s) }')

bash "$fuzz_source/build.sh" "$fuzz_build"
make_seeds
mkdir -p "$fuzz_build/logs"
echo "${#names[@]} fuzzers, $seconds s each, $processors at a time"

# one NAME — until its time is over: after a find it goes on with the rest of its time
one() {
  local name=$1 log=$fuzz_build/logs/$1 end=$((SECONDS + seconds)) found=0
  : >"$log"
  while [ $SECONDS -lt $end ]; do
    fuzz "$name" $((end - SECONDS)) "$fuzz_build/corpus/$name" "$fuzz_build/artefacts" >>"$log" 2>&1 || found=$((found + 1))
    [ $found -lt 20 ] || break
  done
  echo "$name: $(awk '/number_of_executed_units/ { n += $2 } END { print n + 0 }' "$log") inputs, $found finds"
  [ $found = 0 ]
}
status=0 running=0
for name in "${names[@]}"; do
  if [ $running -ge "$processors" ]; then
    wait -n || status=1
    running=$((running - 1))
  fi
  one "$name" &
  running=$((running + 1))
done
while [ $running -gt 0 ]; do
  wait -n || status=1
  running=$((running - 1))
done
exit $status
