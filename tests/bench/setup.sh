# What benches of real recordings begin with; sourced.
#   bench_setup PROGRAM…      names of programs without cfm-, from build/bin or the folder in BIN
# Sets root, here, data (CFM_DATA) and python (PYTHON), and goes into a folder that is removed at the end.
bench_setup() {
  root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
  here=$root/tests/bench
  export PATH="${BIN:-$root/build/bin}:$PATH"
  data=$(realpath "${CFM_DATA:-$root/../shared/data}")
  python=${PYTHON:-python3}
  local name
  for name in "$@"; do
    command -v "cfm-$name" >/dev/null || { echo "bench: cfm-$name is missing: build it, or name its folder in BIN" >&2; exit 2; }
  done
  for name in jq taskset; do command -v $name >/dev/null || { echo "bench: $name is missing" >&2; exit 2; }; done
  [ -d "$data/mitdb" ] || { echo "bench: CFM_DATA names no folder with mitdb" >&2; exit 2; }
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  cd "$scratch"
}
