# What the shell tests share: an empty folder to work in, and checks that are counted. Sourced, not run.
# shellcheck shell=bash
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0

# complain WORDS… — one more failure
complain() {
  printf '%s: %s\n' "$(basename "$0")" "$*"
  failures=$((failures + 1))
}
# check WHAT COMMAND…
check() {
  local what=$1
  shift
  "$@" || complain "$what"
}
# need FOLDER WHAT — leaves the test, saying so, where real data is missing
need() {
  [ -d "$1" ] || { echo "skipped: $2"; exit 77; }
}
# finish — the count, and the status of the test
finish() {
  echo "$(basename "$0"): $failures failures"
  exit $((failures > 0))
}
