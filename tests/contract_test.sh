#!/usr/bin/env bash
# The contract every program keeps: help, version, statuses, configuration, terminals, the wall around LibTorch.
set -uo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
failures=0
# expect STATUS COMMAND… — and never a crash or an internal error
expect() {
  local want=$1 got
  shift
  "$@" >out 2>err </dev/null
  got=$?
  if [ "$got" != "$want" ] || grep -q 'internal error' err; then
    printf 'contract: %s: status %s, not %s: %s\n' "$*" "$got" "$want" "$(head -c 300 err)"
    failures=$((failures + 1))
  fi
}
# says PATTERN — on standard error of the last command, in one line
says() {
  grep -qE "$1" err && [ "$(wc -l <err)" = 1 ] || { printf 'contract: expected one line with "%s", got: %s\n' "$1" "$(cat err)"; failures=$((failures + 1)); }
}

for program in "$CFM_BUILD"/bin/cfm-*; do
  for page in -h --help --version --print-config; do
    expect 0 "$program" "$page"
    [ -s out ] || { echo "contract: ${program##*/} $page prints nothing"; failures=$((failures + 1)); }
    expect 5 bash -c "'$program' $page >/dev/full"
  done
  expect 2 "$program" --no-such-option
  says "unknown option '--no-such-option'"
  expect 2 "$program" --hepl
  says 'did you mean --help'
  printf 'no-such-key = 1\n' >c.toml
  expect 2 "$program" --config c.toml
  says "unknown key 'no-such-key'"
  expect 2 env CFM_OPT_PROGRESS=sometimes "$program"
  says "CFM_OPT_PROGRESS: 'sometimes' is not one of"
done

for name in segment quality eval view synth; do
  if ldd "$CFM_BUILD/bin/cfm-$name" | grep -q torch; then
    echo "contract: cfm-$name links LibTorch"
    failures=$((failures + 1))
  fi
done

# A terminal on standard input where a stream is needed gives the short help instead of waiting.
if command -v script >/dev/null; then
  timeout 20 script -qec "cfm-quality; echo status \$?" /dev/null </dev/null >terminal 2>&1
  grep -q 'Usage: cfm-quality' terminal && grep -q 'status 2' terminal || { echo "contract: no help on a terminal: $(cat terminal)"; failures=$((failures + 1)); }
  timeout 20 script -qec "cfm-synth; echo status \$?" /dev/null </dev/null >terminal 2>&1
  grep -q 'binary output does not go to a terminal' terminal || { echo "contract: binary to a terminal: $(head -c 200 terminal)"; failures=$((failures + 1)); }
else
  echo "skipped: no script(1) to make a terminal"
fi

# What exists is kept without --force; nothing is left behind by a failure.
expect 0 cfm-synth -q --duration 40 -o a.cfm
expect 2 cfm-synth -q --duration 40 -o a.cfm
says 'a.cfm: exists; --force'
expect 0 cfm-synth -q --duration 40 -o a.cfm --force
expect 0 cfm-view --check a.cfm
expect 4 bash -c 'head -c 1000 a.cfm | cfm-quality -o b.cfm'
[ ! -e b.cfm ] && [ -z "$(ls -- *.part-* 2>/dev/null)" ] || { echo "contract: a failed run left: $(ls)"; failures=$((failures + 1)); }
expect 4 cfm-view --check "$CFM_ROOT/README.md"
expect 5 cfm-view absent.cfm
expect 2 cfm-quality --only splendid a.cfm
echo "contract: $failures failures"
exit $((failures > 0))
