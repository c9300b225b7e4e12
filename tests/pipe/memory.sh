#!/usr/bin/env bash
# Streams and recordings of any length go through in bounded memory: 2 GB in frames of a megabyte, hours of twelve
# leads, within 64 MB.
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

# Twelve leads of twelve hours: a record whose file is as long as its header says, all zeros, on a disk that holds none
# of them; the same as samples of a device.
frames=$((12 * 3600 * 500))
{ echo "day 12 500 $frames" && for lead in I II III aVR aVL aVF V1 V2 V3 V4 V5 V6; do echo "day.dat 16 200 16 0 0 0 0 $lead"; done; } >day.hea
truncate -s $((frames * 24)) day.dat
bounded "cfm-segment of a record of 500 MB" "$(peak cfm-segment -q day --trust-data --length 30)"
bounded "cfm-segment of a record of 500 MB, one thread" "$(peak cfm-segment -q -j 1 day --trust-data --length 30)"
cfm-segment -q day --trust-data --length 30 --until 3:00:00 -o leads.cfm || exit 1
bounded "cfm-delineate of three hours of twelve leads" "$(peak cfm-delineate -q leads.cfm)"
bounded "cfm-delineate of eighteen hours of pulses" "$(peak cfm-delineate -q part.cfm)"
bounded "cfm-segment --raw of 500 MB" "$(peak cfm-segment -q - --raw i16 --fs 500 --channels I,II,III,aVR,aVL,aVF,V1,V2,V3,V4,V5,V6 --length 30 <day.dat)"
finish
