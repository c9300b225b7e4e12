#!/usr/bin/env bash
# How fast streams run, as ratios to `cat` in the same run: measured, not judged, for a bench is no test.
#   tests/bench/stream.sh            programs from build/bin, or those of BIN; CFM_DATA for the real recordings
# Goals: a pipe with checksums 3 GB/s or 60 % of cat; 100 000 small segments a second; 500 M samples/s of format 212.
# CPU is user and system time of all processes of a pipe: on a shared machine it says more than the clock.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export PATH="${BIN:-$root/build/bin}:$PATH"
runs=${RUNS:-5}
for name in synth segment view quality; do
  command -v "cfm-$name" >/dev/null || { echo "bench: cfm-$name is missing: build it, or name its folder in BIN" >&2; exit 2; }
done
scratch=$(mktemp -d -p "${TMPDIR:-/dev/shm}" 2>/dev/null || mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# seconds COMMAND — wall and CPU seconds of the fastest of the runs; the files it reads are in memory by then
seconds() {
  local i
  TIMEFORMAT='%R %U %S'
  for ((i = 0; i < runs; i++)); do
    { time bash -o pipefail -c "$1" >/dev/null 2>"$scratch/err"; } 2>&1 || { echo "bench: $1 failed: $(cat "$scratch/err")" >&2; exit 1; }
  done | awk '{ cpu = $2 + $3; if (NR == 1 || $1 < wall) wall = $1; if (NR == 1 || cpu < least) least = cpu } END { print wall, least }'
}
# row WHAT AMOUNT UNIT COMMAND [REFERENCE-WALL] — one line of the table; leaves the wall time in $wall
row() {
  local cpu
  read -r wall cpu < <(seconds "$4")
  awk -v what="$1" -v n="$2" -v unit="$3" -v wall="$wall" -v cpu="$cpu" -v reference="${5:-}" 'BEGIN {
    rate = n / (wall > 0.001 ? wall : 0.001)
    shown = unit == "B/s" ? sprintf("%.2f GB/s", rate / 1e9) : sprintf("%.3f M %s", rate / 1e6, unit)
    ratio = reference == "" ? "" : sprintf("%.0f %%", 100 * reference / (wall > 0.001 ? wall : 0.001))
    printf "%-46s %20s %8.2f s %8.2f s %8s\n", what, shown, wall, cpu, ratio }'
}
heading() { printf '\n%-46s %20s %10s %10s %8s\n' "$1" rate wall CPU "of cat"; }

# Frames of a megabyte, with payload checksums and without.
cfm-synth -q --subjects 8 --duration 32400 --signals ppg --noise none --prov none |
  cfm-segment -q --length 1050 --prov none -o large.cfm
cfm-view --to ndjson --payload base64 large.cfm | sed 's/^{"type":"segment",.*"data":{/&/; s/,"data":{/,"crc":false,"data":{/' |
  cfm-view -q --to cfm -o plain.cfm
bytes=$(stat -c %s large.cfm)
heading "through a pipe, frames of 1 MB"
row "cat | cat" "$bytes" B/s "cat large.cfm | cat | cat"
cat_wall=$wall
if command -v pv >/dev/null; then row "cat | pv" "$bytes" B/s "cat large.cfm | pv -q | cat" "$cat_wall"; fi
row "cat | cfm-view --to cfm" "$bytes" B/s "cat large.cfm | cfm-view -q --to cfm | cat" "$cat_wall"
row "cat | cfm-view --to cfm, no payload checksum" "$(stat -c %s plain.cfm)" B/s "cat plain.cfm | cfm-view -q --to cfm | cat" "$cat_wall"
cfm-quality -q large.cfm -o graded-large.cfm
row "cat | cfm-quality, graded before" "$bytes" B/s "cat graded-large.cfm | cfm-quality -q | cat" "$cat_wall"

# A quarter of a second of one channel: what a segment costs, whatever it holds.
count() { cfm-view --to ndjson --payload none "$1" | grep -c '"type":"segment"'; }
mitdb=${CFM_DATA:-$root/../shared/data}/mitdb
if [ -d "$mitdb" ]; then
  cfm-segment -q "$mitdb" --signals '#0' --length 0.25 --prov none -o small.cfm
else
  cfm-synth -q --subjects 25 --duration 1800 --signals ppg --noise none --prov none | cfm-segment -q --length 0.25 --prov none -o small.cfm
fi
cfm-quality -q small.cfm -o graded.cfm
n=$(count graded.cfm)
heading "small segments, $(($(stat -c %s graded.cfm) / n)) bytes each"
row "cat | cat" "$n" segments/s "cat graded.cfm | cat | cat"
cat_wall=$wall
row "cfm-view --to cfm, a file" "$n" segments/s "cfm-view -q --to cfm graded.cfm" "$cat_wall"
row "cat | cfm-view --to cfm" "$n" segments/s "cat graded.cfm | cfm-view -q --to cfm | cat" "$cat_wall"
row "cat | cfm-quality -j 1, graded before" "$n" segments/s "cat graded.cfm | cfm-quality -q -j 1 | cat" "$cat_wall"
row "cat | cfm-quality, graded before" "$n" segments/s "cat graded.cfm | cfm-quality -q | cat" "$cat_wall"
row "cfm-view --check" "$n" segments/s "cfm-view -q --check graded.cfm" "$cat_wall"
row "cfm-view --to ndjson" "$n" segments/s "cfm-view -q --to ndjson graded.cfm" "$cat_wall"

# WFDB: whole records, read and written as a stream; samples are those of all signals.
decode() { # decode FORMAT FOLDER — of a folder of records, as often as it takes for half a second
  local samples again inputs
  samples=$(cat "$2"/*.hea | awk '!/^#/ && NF >= 4 && $2 ~ /^[0-9]+$/ && $1 !~ /\.(dat|mat)$/ { n += $2 * ($4 + 0) } END { print n + 0 }')
  again=$((40000000 / samples + 1))
  inputs=$(for ((i = 0; i < again; i++)); do printf '%s ' "$2"; done)
  row "cfm-segment --whole, format $1, $again times" "$((samples * again))" samples/s \
    "for folder in $inputs; do cfm-segment -q --signals all --whole \$folder; done"
  if command -v rdsamp >/dev/null; then
    row "rdsamp, format $1" "$samples" samples/s "for record in $2/*.hea; do rdsamp -r \${record%.hea}; done"
  fi
}
if [ -d "$mitdb" ]; then
  heading "decoding"
  decode 212 "$mitdb"
  for folder in "$(dirname "$mitdb")"/challenge2015 "$(dirname "$mitdb")"/ludb; do
    if [ -d "$folder" ]; then decode "16 ($(basename "$folder"))" "$folder"; fi
  done
else
  echo "decoding: left out, CFM_DATA names no folder with mitdb"
fi
