#!/usr/bin/env bash
# The contract every program keeps: help, version, statuses, configuration, terminals, the wall around LibTorch.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
# expect STATUS COMMAND… — and never a crash or an internal error
expect() {
  local want=$1 got
  shift
  "$@" >out 2>err </dev/null
  got=$?
  if [ "$got" != "$want" ] || grep -q 'internal error' err; then
    complain "$*: status $got, not $want: $(head -c 300 err)"
  fi
}
# says PATTERN — on standard error of the last command, in one line
says() {
  if ! grep -qE "$1" err || [ "$(wc -l <err)" != 1 ]; then complain "expected one line with '$1', got: $(cat err)"; fi
}

for program in "$CFM_BUILD"/bin/cfm-*; do
  for page in -h --help --version --print-config; do
    expect 0 "$program" "$page"
    check "${program##*/} $page prints nothing" [ -s out ]
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
    complain "cfm-$name links LibTorch"
  fi
done

# A terminal on standard input where a stream is needed gives the short help instead of waiting.
if command -v script >/dev/null; then
  timeout 20 script -qec "cfm-quality; echo status \$?" /dev/null </dev/null >terminal 2>&1
  check "no help on a terminal: $(cat terminal)" grep -q 'Usage: cfm-quality' terminal
  check "status on a terminal: $(cat terminal)" grep -q 'status 2' terminal
  timeout 20 script -qec "cfm-synth; echo status \$?" /dev/null </dev/null >terminal 2>&1
  check "binary to a terminal: $(head -c 200 terminal)" grep -q 'binary output does not go to a terminal' terminal
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
check "a failed run left its result" [ ! -e b.cfm ]
check "a failed run left $(ls)" [ -z "$(ls -- *.part-* 2>/dev/null)" ]
expect 4 cfm-view --check "$CFM_ROOT/README.md"
expect 5 cfm-view absent.cfm
expect 2 cfm-quality --only splendid a.cfm
finish
