#!/usr/bin/env bash
# How well and how fast the quality of a signal is told, beside other measures in the same run: measured, not judged, for
# a bench is no test.
#   tests/bench/quality.sh           programs from build/bin, or those of BIN; some five minutes, most of them the peers'
# Needs CFM_DATA (default ../shared/data) and a Python with numpy, named by PYTHON; peers also neurokit2, PEERS=0 leaves
# them out. PARTS="noise cinc blind monotone calibration reference speed" chooses.
# Brackets hold 95 % intervals of 2000 draws over records. AUROC is the chance that a bad window has the lower score.
# SNR: signal power is (median QRS peak-to-peak within 50 ms)^2 / 8, noise power the mean square of the piece that is
# added; nst of the WFDB package means another. Weights of the score were fitted on recordings of these databases, see
# lib/quality/quality_weights.h: on those records expect less elsewhere.
set -euo pipefail
# shellcheck source=tests/bench/setup.sh
. "$(dirname "$0")/setup.sh"
bench_setup segment quality delineate view eval
parts=${PARTS:-noise cinc blind monotone calibration reference speed}
part() { [[ " $parts " == *" $1 "* ]]; }
if ! "$python" -c 'import numpy' 2>/dev/null; then
  echo "left out: all but speed, for $python has no numpy (PYTHON=…)"
  parts=speed
elif [ "${PEERS:-1}" != 0 ] && ! "$python" -c 'import neurokit2' 2>/dev/null; then
  echo "left out: peers, for $python has no neurokit2 (pip install neurokit2, PYTHON=…)"
fi

for name in noise cinc blind monotone calibration reference; do
  case $name in
    cinc | reference) folders="cinc2017" ;;
    noise | monotone) folders="nstdb" ;;
    blind) folders="challenge2015" ;;
    calibration) folders="nstdb challenge2015" ;;
  esac
  if ! part $name; then continue; fi
  for folder in $folders; do
    [ -d "$data/$folder" ] || { echo "left out: $name, for CFM_DATA has no $folder"; continue 2; }
  done
  # One thread a process: peers run beside one another, and their time is one core's.
  OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 "$python" "$here/quality_figures.py" "$data" $name
done
if part cinc && [ -d "$data/cinc2017" ]; then
  printf '\nthe same by cfm-eval --quality\n'
  cfm-segment -q "$data/cinc2017" --trust-data --signals ecg --whole --labels "$data/cinc2017/reference.csv" | cfm-quality -q -o cinc.cfm
  for question in 'rhythm=~' rhythm=A:N; do
    cfm-eval -q --quality "$question" cinc.cfm --to csv | awk -F, -v question="$question" '
      $1 == "model" && $4 ~ /^(auroc|mean_difference)$/ { printf "%-12s %-16s %.3f [%.3f, %.3f], n %d\n", question, $4, $5, $6, $7, $9 }'
  done
fi

# seconds CORES COMMAND — wall and user seconds of the fastest of three runs on these cores
seconds() {
  TIMEFORMAT='%R %U'
  for _ in 1 2 3; do { time taskset -c "$1" bash -c "$2" >/dev/null 2>&1; } 2>&1; done |
    awk '{ if (NR == 1 || $1 < wall) { wall = $1; user = $2 } } END { print wall, user }'
}
# speed NAME CORES AMOUNT UNIT COMMAND
speed() {
  local wall user
  bash -c "$5" >/dev/null 2>speed.log || { echo "$1: failed: $(tail -1 speed.log)"; return; }
  read -r wall user < <(seconds "$2" "$5")
  awk -v name="$1" -v n="$3" -v unit="$4" -v wall="$wall" -v user="$user" -v cores="$2" 'BEGIN {
    printf "%-62s cores: %d %10.0f %-14s %7.2f s wall %7.2f s user\n", name, split(cores, a, ","), n / wall, unit, wall, user }'
}
# segments STREAM — how many
segments() { cfm-view -q --to ndjson --payload none "$1" | jq -s '[.[] | select(.type == "segment")] | length'; }
if part speed && [ -d "$data/challenge2015" ]; then
  printf '\nspeed, files in memory to /dev/null, the fastest of three\n'
  cfm-segment -q "$data/challenge2015" --signals ecg,ppg --length 10 --max-missing 1 -o ten.cfm
  n=$(segments ten.cfm)
  speed "cfm-quality, 10 s of ECG and PPG at 250 Hz, all indices" 0 "$n" windows/s "cfm-quality -q -j1 ten.cfm"
  if [ "$(nproc)" -gt 1 ]; then
    speed "cfm-quality, the same" 0,1 "$n" windows/s "cfm-quality -q -j2 ten.cfm"
    both=0,1
  else
    both=0
  fi
  cfm-segment -q "$data/challenge2015" --signals ecg,ppg --length 30 --max-missing 1 -o thirty.cfm
  long=$(($(segments thirty.cfm) * 30))
  chain="cfm-segment -q '$data/challenge2015' --signals ecg,ppg --length 30 --max-missing 1"
  speed "cfm-segment alone, challenge2015 whole" $both $long "× real time" "$chain"
  speed "cfm-quality alone, segments of 30 s" $both $long "× real time" "cfm-quality -q thirty.cfm"
  speed "cfm-segment | cfm-quality, challenge2015 whole ($((long / 3600)) h)" $both $long "× real time" "$chain | cfm-quality -q"
fi
