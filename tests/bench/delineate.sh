#!/usr/bin/env bash
# How well and how fast beats, waves, pulses and arrival times are found, beside other detectors in the same run:
# measured, not judged, for a bench is no test.
#   tests/bench/delineate.sh         programs from build/bin, or those of BIN; some ten minutes, most of them the peers'
# Needs CFM_DATA (default ../shared/data) and for arrival times CFM_GOLDEN (default ../shared/golden); jq. Peers and noise
# need a Python with neurokit2 and wfdb, named by PYTHON. PEERS="gqrs neurokit" chooses peers, PEERS=0 leaves them out;
# PEER_RECORDS="100 203" runs those of beats on these records only. PARTS="beats noise classes waves pulses arrival speed".
# Beats are scored from 5:00 on by cfm-eval --ann, as bxb does, peers alike. +P is the share of marks that are right; bias
# and SD are of matched beats, test - reference; IQR/1.35 is an SD that outliers don't move; "SD, own" is what is left
# after each record's median. Weights of beats, classes and pulses were fitted on these very records: on others expect
# less (five folds over records: ventricular beats Se 93.6, +P 95.6, supraventricular 40.7, 77.7).
set -euo pipefail
golden=$(realpath -m "${CFM_GOLDEN:-$(dirname "$0")/../../../shared/golden}")
# shellcheck source=tests/bench/setup.sh
. "$(dirname "$0")/setup.sh"
bench_setup segment delineate eval
peers=${PEERS:-neurokit hamilton2002 kalidas2017 pantompkins1985 gqrs xqrs}

has_wfdb=1 has_neurokit=1
"$python" -c 'import wfdb' 2>/dev/null || has_wfdb=0
"$python" -c 'import wfdb, neurokit2' 2>/dev/null || has_neurokit=0
if [ $has_neurokit = 0 ]; then
  echo "left out: peers, for $python has no neurokit2 and wfdb (pip install neurokit2 wfdb, PYTHON=…)"
  peers=0
fi
if [ $has_wfdb = 0 ]; then echo "left out: mixtures with noise, for $python has no wfdb"; fi
part() { [[ " ${PARTS:-beats noise classes waves pulses arrival speed} " == *" $1 "* ]]; }
heading() { printf '\n%s\n' "$1"; }

# links FOLDER RECORD… — a folder of these records alone
links() {
  mkdir -p "$1"
  local record
  for record in "${@:2}"; do ln -sf "$record".* "$1"; done
}
# ours FOLDER SIGNALS OUT — annotation files of our beats
ours() { cfm-segment -q "$1" --whole --signals "$2" | cfm-delineate -q --only beats --to ann -o "$3"; }
# score FOLDER OUT — the figures of all beats as CSV: tp fn fp se ppv f1 bias sd robust_sd centred_sd
score() {
  cfm-eval -q --ann "$1" "$2" --to csv | awk -F, '$3 == "" && $12 == "gross" { v[$4] = $5 }
    END { n = split("tp fn fp se ppv f1 bias sd robust_sd centred_sd", names, " ")
          for (i = 1; i <= n; ++i) printf "%s ", v[names[i]] + 0 }'
}
beats_heading() {
  heading "$1"
  printf '%-34s %7s %7s %7s %7s %7s %7s %16s %9s %8s\n' "" beats missed false "Se %" "+P %" "F1 %" "bias ± SD ms" IQR/1.35 "SD, own"
}
# beats_row NAME FOLDER OUT — its line of the table; leaves F1 in $f1
beats_row() {
  local figures
  figures=$(score "$2" "$3")
  f1=$(cut -d' ' -f6 <<<"$figures")
  awk -v name="$1" '{ printf "%-34s %7d %7d %7d %7.2f %7.2f %7.2f %8.1f ± %5.1f %9.1f %8.1f\n",
    name, $1 + $2, $2, $3, 100 * $4, 100 * $5, 100 * $6, $7, $8, $9, $10 }' <<<"$figures"
}
# block NAME — lines of the records in in/NAME: ours of the first lead and of both, and the peers'
block() {
  local own folder=in/$1 method best=0 which=""
  ours "$folder" '#0' "out/$1/first"
  beats_row "$1: ours, first lead" "$folder" "out/$1/first"
  if [ "$(awk 'NR == 1 { print $2 }' "$folder"/*.hea)" = 2 ]; then
    own=$f1
    ours "$folder" all "out/$1/both"
    beats_row "$1: ours, both leads" "$folder" "out/$1/both"
    f1=$own
  fi
  if [ "$peers" = 0 ] || ! compgen -G "out/$1/*/" >/dev/null; then return; fi
  if [ -n "${PEER_RECORDS:-}" ]; then
    local record known=()
    for record in $PEER_RECORDS; do if [ -e "$folder/$record.hea" ]; then known+=("$scratch/$folder/$record"); fi; done
    if [ ${#known[@]} = 0 ]; then return; fi
    folder=in/$1.some
    links "$folder" "${known[@]}"
    beats_row "$1: ours, PEER_RECORDS" "$folder" "out/$1/first"
  fi
  own=$f1
  for method in $peers; do
    if [ ! -d "out/$1/$method" ]; then continue; fi
    beats_row "$1: $method" "$folder" "out/$1/$method"
    if awk "BEGIN { exit !($f1 > $best) }"; then best=$f1 which=$method; fi
  done
  awk -v best="$best" -v own="$own" -v name="$1" -v which="$which" 'BEGIN {
    if (best > own) printf "%s: WORSE than %s by %.2f points of F1 (first lead)\n", name, which, 100 * (best - own) }'
}

mkdir in out
blocks=()
if part beats || part classes; then ln -s "$data/mitdb" in/mitdb; fi
if part beats; then blocks+=(mitdb); fi
if part noise && [ -e "$data/nstdb/118e00.hea" ]; then
  links in/118e00 "$data/nstdb/118e00"
  blocks+=(118e00)
  if [ $has_wfdb = 1 ]; then
    "$python" "$here/delineate_noise.py" "$data/mitdb" "$data/nstdb" in
    blocks+=(ma12 ma6 ma0 bw12 bw6 bw0)
  fi
fi
if [ "$peers" != 0 ] && [ ${#blocks[@]} != 0 ]; then
  "$python" "$here/delineate_peers.py" beats "$peers" out "${blocks[@]/#/in/}" >speeds
fi
if part beats; then
  beats_heading "beats, mitdb"
  block mitdb
  if [ -s speeds ]; then awk '{ printf "%s%s %d", NR == 1 ? "peers, × real time on one core: " : ", ", $1, $2 } END { print "" }' speeds; fi
fi
if part noise && [ ${#blocks[@]} != 0 ]; then
  beats_heading "noise: electrode motion at 0 dB, and ma, bw (channel 0) added to ten clean records of mitdb, first lead, at 12/6/0 dB"
  for name in "${blocks[@]}"; do if [ "$name" != mitdb ]; then block "$name"; fi; done
fi

if part classes; then
  heading "classes of mitdb, AAMI (per cent; n: reference beats, marks)"
  printf '%-34s %22s %8s %8s %22s %8s %8s\n' "" "V n" "V Se" "V +P" "S n" "S Se" "S +P"
  for signals in '#0' all; do
    test=out/mitdb/$([ "$signals" = all ] && echo both || echo first)
    if [ ! -d "$test" ]; then ours in/mitdb "$signals" "$test"; fi
    for paced in with without; do
      reference=in/mitdb
      if [ $paced = without ]; then
        reference=in/unpaced
        if [ ! -d $reference ]; then
          mkdir $reference
          for header in in/mitdb/*.hea; do # /: paced
            record=$(basename "$header" .hea)
            case $record in 102 | 104 | 107 | 217) ;; *) ln -s "$data/mitdb/$record".* $reference ;; esac
          done
        fi
      fi
      cfm-eval -q --ann $reference "$test" --to csv | awk -F, -v name="$signals, $paced paced records" '
        $12 == "gross" && $3 != "" { v[$3, $4] = $5 }
        END { printf "%-34s", name
              for (i = 1; i <= 2; ++i) { c = substr("VS", i, 1)
                printf " %22s %8.2f %8.2f", v[c, "tp"] + v[c, "fn"] ", " v[c, "tp"] + v[c, "fp"], 100 * v[c, "se"], 100 * v[c, "ppv"] }
              print "" }'
    done
  done
fi

# waves_row NAME STREAM LEAD — errors of marks and intervals (ms), P waves
waves_row() {
  cfm-eval -q --fiducials "$2" --to csv | awk -F, -v name="$1" -v lead="$3" '
    $12 == "gross" && $11 == lead { v[$3, $4] = $5 }
    function error(c) { return sprintf("%.1f ± %.1f", v[c, "bias"], v[c, "sd"]) }
    END { printf "%-30s %6d %14s %14s %14s %14s %14s %6d %7.1f %7.1f %10d\n", name, v["qrs_on", "tp"], error("qrs_on"), error("qrs_off"),
      error("t_off"), error("qt"), error("pr"), v["p_peak", "tp"] + v["p_peak", "fn"], 100 * v["p", "se"], 100 * v["p", "ppv"], v["p", "fp_absent"] }'
}
if part waves && [ -d "$data/ludb" ]; then
  heading "waves of LUDB, within the marked stretch (ms; a mark within 150 ms; false P: in records without any)"
  printf '%-30s %6s %13s %13s %13s %13s %13s %6s %7s %7s %10s\n' "" QRS "QRS on" "QRS off" "T end" QT PR P "P Se" "P +P" "false P"
  cfm-segment -q "$data/ludb" --whole --signals ecg:all --ann @lead -o ludb.cfm
  cfm-segment -q "$data/ludb" --whole --signals ii --ann @lead -o ii.cfm
  cfm-delineate -q ludb.cfm -o ludb-waves.cfm
  cfm-delineate -q ii.cfm -o ii-waves.cfm
  waves_row "ours, ii of twelve leads" ludb-waves.cfm ii
  waves_row "ours, ii alone" ii-waves.cfm ii
  waves_row "ours, each of twelve leads" ludb-waves.cfm ''
  waves_row "ours, all leads together" ludb-waves.cfm global
  if [ "$peers" != 0 ]; then
    cfm-view -q ii.cfm --to ndjson | "$python" "$here/delineate_peers.py" waves >peer.ndjson
    waves_row "NeuroKit prominence, ii" peer.ndjson ii
  fi
fi

if part pulses && [ -d "$data/challenge2015" ]; then
  mapfile -t records < <(grep -l PLETH "$data"/challenge2015/*.hea | head -40 | sed 's/\.hea$//')
  heading "pulses: PPG of ${#records[@]} records of challenge2015 (charlton: MSPTDfast)"
  echo "against our beats of all leads (cfm-eval --pulses, one lag a record)"
  printf '%-20s %8s %8s %8s %8s %8s %8s %12s\n' "" beats missed false "Se %" "+P %" "F1 %" "median F1 %"
  cfm-segment -q "${records[@]}" --whole --signals ecg:all,ppg -o icu.cfm
  cfm-delineate -q icu.cfm --to ndjson -o ours.ndjson 2>/dev/null
  marks=(ours)
  if [ "$peers" != 0 ]; then
    for method in elgendi charlton; do
      "$python" "$here/delineate_peers.py" pulses $method <ours.ndjson >$method.ndjson
      marks+=("$method")
    done
  fi
  for name in "${marks[@]}"; do
    cfm-eval -q --pulses "$name.ndjson" --to csv >pulses.csv
    median=$(awk -F, '$4 == "f1" && $10 != "" { print $5 }' pulses.csv | sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }')
    awk -F, -v name="$name" -v median="$median" '$12 == "gross" && $11 == "" { v[$4] = $5 }
      END { printf "%-20s %8d %8d %8d %8.2f %8.2f %8.2f %12.2f\n", name, v["tp"] + v["fn"], v["fn"], v["fp"], 100 * v["se"], 100 * v["ppv"], 100 * v["f1"], 100 * median }' pulses.csv
  done
  if "$python" -c 'import numpy' 2>/dev/null; then
    echo "against beats on which two leads agree (10-s stretches with all beats in both; lag of 0 to 1.6 s a record)"
    printf '%-20s %8s %8s %8s %12s %14s %12s\n' "" records beats "F1 %" "median F1 %" "lags over 1 s" "longest, s"
    for lead in 0 1; do cfm-segment -q "${records[@]}" --whole --signals "#$lead" | cfm-delineate -q --only beats --to csv -o lead$lead.csv; done
    "$python" "$here/delineate_peers.py" agreed lead0.csv lead1.csv "${marks[@]/%/.ndjson}" |
      while read -r line; do
        # shellcheck disable=SC2086
        printf '%-20s %8s %8s %8s %12s %14s %12s\n' $line
      done
  fi
fi

if part arrival && [ -e "$golden/delineation/pulse_arrival.json" ]; then
  heading "pulse arrival, made signals with known feet (ms; missing pulses want no value; cases of one rate)"
  printf '%-30s %-10s %6s %6s %10s %9s %16s %8s\n' "" foot pulses found "not there" rejected "bias ± SD" "worst"
  truth=$golden/delineation/pulse_arrival.json
  while read -r name fs; do
    samples() { cfm-segment -q "$golden/delineation/${name}_$1.npy" --fs "$fs" --channels "$2" --whole --to csv; }
    paste -d, <(samples ecg II | cut -d, -f3-) <(samples ppg PLETH | cut -d, -f4) >"$name.csv"
    for foot in tangent midslope derivative; do
      cfm-segment -q "$name.csv" --whole | cfm-delineate -q --only pat --foot $foot --to csv >arrivals.csv 2>/dev/null
      jq -r --arg name "$name" --arg foot "pat_${foot}_ms" '.cases[] | select(.name == $name) | [.r_s, .[$foot]] | transpose[] | "\(.[0]) \(.[1])"' "$truth" >wanted
      awk -v name="$name" -v foot=$foot '
        FNR == NR { r[FNR] = $1; wanted[FNR] = $2; n = FNR; pulses += $2 != "null"; next }
        FNR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
        $at["r_peak"] != "" && $at["channel"] != "global" {
          if ($at["pat"] == "") { ++rejected; next }
          best = 1
          for (i = 2; i <= n; ++i) if (abs($at["r_peak"] - r[i]) < abs($at["r_peak"] - r[best])) best = i
          if (wanted[best] == "null") { ++invented; next }
          e = $at["pat"] - wanted[best]; ++found; sum += e; squares += e * e
          if (abs(e) > worst) worst = abs(e) }
        function abs(v) { return v < 0 ? -v : v }
        END { m = found ? sum / found : 0
          printf "%-30s %-10s %6d %6d %10d %9d %8.2f ± %5.2f %8.2f\n", name, foot, pulses, found, invented, rejected, m, sqrt(squares / (found ? found : 1) - m * m), worst }
      ' wanted FS=, arrivals.csv
    done
  done < <(jq -r '.cases[] | select(.fs_ecg == .fs_ppg) | "\(.name) \(.fs_ecg)"' "$truth")
fi

# seconds CORES COMMAND — wall and user seconds of the fastest of three runs on these cores
seconds() {
  TIMEFORMAT='%R %U'
  for _ in 1 2 3; do { time taskset -c "$1" bash -c "$2" >/dev/null 2>&1; } 2>&1; done |
    awk '{ if (NR == 1 || $1 < wall) { wall = $1; user = $2 } } END { print wall, user }'
}
# speed NAME AMOUNT UNIT COMMAND
speed() {
  local cores wall user
  for cores in 0 0,1; do
    read -r wall user < <(seconds $cores "$4")
    awk -v name="$1" -v n="$2" -v unit="$3" -v wall="$wall" -v user="$user" -v cores=$cores 'BEGIN {
      printf "%-44s %6d %14.0f %-18s %7.2f s %7.2f s\n", name, split(cores, a, ","), n / wall, unit, wall, user }'
  done
}
# length STREAM — seconds of all its segments together
length() {
  cfm-view -q --to ndjson --payload none "$1" |
    jq -r 'select(.type == "segment") | .tensors | to_entries[] | .value | select(.fs) | .shape[-1] / .fs' | awk '{ s += $1 } END { print s }'
}
if part speed; then
  heading "speed, a file in memory to /dev/null, the fastest of three (beats: classes and rhythm, too)"
  printf '%-44s %6s %14s %-18s %9s %9s\n' "" cores rate "" wall user
  cfm-segment -q "$data/mitdb" --whole --signals '#0' -o first.cfm
  cfm-segment -q "$data/mitdb" --whole -o both.cfm
  speed "beats, mitdb, first lead" "$(length first.cfm)" "× real time" "cfm-delineate -q --only beats first.cfm"
  speed "beats, mitdb, both leads" "$(length first.cfm)" "× real time" "cfm-delineate -q --only beats both.cfm"
  if [ -d "$data/challenge2015" ]; then
    cfm-segment -q "$data/challenge2015" --whole --signals ppg -o ppg.cfm
    speed "pulses, challenge2015" "$(length ppg.cfm)" "× real time" "cfm-delineate -q --only pulses ppg.cfm"
  fi
  if [ -d "$data/ludb" ]; then
    cfm-segment -q "$data/ludb" --whole --signals ecg:all -o twelve.cfm
    cfm-segment -q "$data/ludb" --whole --signals ii -o one.cfm
    speed "waves, ludb, twelve leads (and beats)" 1200 "ten-s leads/s" "cfm-delineate -q --only waves twelve.cfm"
    speed "beats alone, ludb, twelve leads" 1200 "ten-s leads/s" "cfm-delineate -q --only beats twelve.cfm"
    speed "waves, ludb, ii (and beats)" 100 "ten-s leads/s" "cfm-delineate -q --only waves one.cfm"
  fi
fi
