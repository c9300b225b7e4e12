#!/usr/bin/env bash
# Streams of any length go through a pipe in bounded memory: 2 GB in frames of a megabyte, within 64 MB.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
most=65536 # KB

cfm-synth -q --duration 64800 --signals ppg --noise none --prov none | cfm-segment -q --length 1000 --prov none | cfm-quality -q --prov none -o part.cfm || exit 1
size=$(stat -c %s part.cfm)
pour() { # pour BYTES — parts, one behind the other, are a stream
  local i
  for ((i = 0; i * size < $1; i++)); do cat part.cfm; done
}
peak() { # peak COMMAND… — the largest resident memory of a command, in KB
  python3 -c '
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if status == 0 else f"status {status}")' "$@"
}
bounded() { # bounded WHAT PEAK
  if ! [ "$2" -le $most ] 2>/dev/null; then complain "$1 took $2 KB"; fi
}
bounded "cfm-view --to cfm of 2 GB" "$(pour 2000000000 | peak cfm-view -q --to cfm)"
bounded "cfm-quality of 500 MB" "$(pour 500000000 | peak cfm-quality -q -j 2)"
bounded "cfm-view --check of 500 MB" "$(pour 500000000 | peak cfm-view -q --check -)"
finish
