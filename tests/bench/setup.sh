# What benches begin with; sourced.
# shellcheck shell=bash
#   bench_setup PROGRAM…      of real recordings: names of programs without cfm-
#   bench_program PROGRAM…    of none: whole names
# Programs are those of build/bin, or of the folder in BIN. Sets root, here and python (PYTHON), of real recordings data
# (CFM_DATA) too, and goes into a folder that is removed at the end.
# shellcheck disable=SC2034
bench_program() {
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  here=$root/tests/bench
  export PATH="${BIN:-$root/build/bin}:$PATH"
  python=${PYTHON:-python3}
  local name
  for name in "$@"; do
    command -v "$name" >/dev/null || { echo "bench: $name is missing: build it, or name its folder in BIN" >&2; exit 2; }
  done
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  cd "$scratch" || exit 2
}
bench_setup() {
  data=$(realpath "${CFM_DATA:-$(dirname "${BASH_SOURCE[0]}")/../../../shared/data}")
  bench_program "${@/#/cfm-}"
  local name
  for name in jq taskset; do command -v $name >/dev/null || { echo "bench: $name is missing" >&2; exit 2; }; done
  [ -d "$data/mitdb" ] || { echo "bench: CFM_DATA names no folder with mitdb" >&2; exit 2; }
}
