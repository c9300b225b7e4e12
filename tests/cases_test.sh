#!/usr/bin/env bash
# Runs every folder of tests/cases: `cmd` (bash, in an empty folder, the programs on PATH) against `expout`, `experr` and
# `status` (absent: nothing on that stream is compared, status 0). UPDATE=1 writes what came out instead: read the diff.
# A case that names CFM_DATA or CFM_STREAM is skipped where that folder is missing. Arguments: only these cases.
set -uo pipefail
root=${CFM_ROOT:-$(cd "$(dirname "$0")/.." && pwd)}
PATH=${CFM_BUILD:-$root/build}/bin:$PATH
failures=0 passed=0
if [ $# -gt 0 ]; then cases=("${@/#/$root/tests/cases/}"); else cases=("$root"/tests/cases/*/*/); fi
for case in "${cases[@]}"; do
  case=${case%/} name=${case#"$root"/tests/cases/}
  for variable in CFM_DATA CFM_STREAM; do
    if grep -q "$variable" "$case/cmd" && [ ! -d "${!variable:-}" ]; then
      echo "skipped: $name ($variable names no folder)"
      continue 2
    fi
  done
  if grep -qE 'cfm-(embed|pretrain|finetune|predict)' "$case/cmd" && ! command -v cfm-embed >/dev/null; then
    echo "skipped: $name (built without LibTorch)"
    continue
  fi
  scratch=$(mktemp -d)
  (cd "$scratch" && env -i PATH="$PATH" HOME="$scratch" LC_ALL=C.UTF-8 CFM_DATA="${CFM_DATA:-}" CFM_STREAM="${CFM_STREAM:-}" CASE="$case" \
    bash "$case/cmd" >"$scratch/.out" 2>"$scratch/.err" </dev/null)
  status=$?
  if [ -n "${UPDATE:-}" ]; then
    [ ! -e "$case/expout" ] || cp "$scratch/.out" "$case/expout"
    [ ! -e "$case/experr" ] || cp "$scratch/.err" "$case/experr"
    if [ "$status" = 0 ]; then rm -f "$case/status"; else echo "$status" >"$case/status"; fi
  fi
  wrong=0
  want=$(cat "$case/status" 2>/dev/null || echo 0)
  [ "$status" = "$want" ] || { echo "$name: status $status, not $want"; cat "$scratch/.err"; wrong=1; }
  for pair in expout:.out experr:.err; do
    expected=$case/${pair%:*}
    [ ! -e "$expected" ] || diff -u "$expected" "$scratch/${pair#*:}" || { echo "$name: ${pair%:*} differs"; wrong=1; }
  done
  failures=$((failures + wrong)) passed=$((passed + 1 - wrong))
  rm -rf "$scratch"
done
echo "cases: $passed passed, $failures failed"
exit $((failures > 0))
