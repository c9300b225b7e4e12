#!/usr/bin/env bash
# Beats, waves, pulses and arrival times of real recordings, and how the program ends when something is in its way.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
D=${CFM_DATA:-}
need "$D/mitdb" "CFM_DATA names no folder with mitdb"

# figure CSV LABEL CLASS METRIC NOTE [LEAD] — the value
figure() { awk -F, -v l="$2" -v c="$3" -v m="$4" -v n="$5" -v lead="${6:-}" '$2 == l && $3 == c && $4 == m && $12 == n && $11 == lead && $10 == "" { print $5; exit }' "$1"; }
# within VALUE LOW HIGH
within() { awk -v v="$1" -v low="$2" -v high="$3" 'BEGIN { exit !(v != "" && v + 0 >= low && v + 0 <= high) }'; }
# judge WHAT VALUE LOW HIGH
judge() { within "$2" "$3" "$4" || complain "$1: ${2:-nothing}, not within $3 … $4"; }
# fails WANTED COMMAND… — the status
fails() {
  local want=$1 status=0
  shift
  "$@" >out 2>err || status=$?
  [ "$status" = "$want" ] || complain "$*: status $status, not $want: $(head -c 300 err)"
}

# Beats and their classes, first lead, as bxb counts.
cfm-segment -q "$D/mitdb" --whole --signals '#0' | cfm-delineate -q --only beats --to ann -o found
cfm-eval -q --ann "$D/mitdb" found --ref-ext atr --test-ext cfa --to csv >beats.csv
judge "mitdb: Se" "$(figure beats.csv beats "" se gross)" 0.998 1
judge "mitdb: +P" "$(figure beats.csv beats "" ppv gross)" 0.998 1
judge "mitdb: Se of ventricular beats" "$(figure beats.csv beats V se gross)" 0.92 1
judge "mitdb: +P of ventricular beats" "$(figure beats.csv beats V ppv gross)" 0.95 1
fails 2 bash -o pipefail -c 'cfm-segment -q "$1/mitdb/100" --signals "#0" --until 30 | cfm-delineate -q --only beats --to ann -o found' - "$D"
check "it says what is there: $(cat err)" grep -q 'found/100.cfa: exists; --force' err

# Waves, lead II.
cfm-segment -q "$D/ludb" --whole --signals ecg:all --ann @lead | cfm-delineate -q --only waves | cfm-eval -q --fiducials --to csv >waves.csv
# mark, most |bias| and SD (ms)
while read -r mark bias sd; do
  judge "LUDB: bias of $mark" "$(figure waves.csv waves "$mark" bias gross ii)" "-$bias" "$bias"
  judge "LUDB: SD of $mark" "$(figure waves.csv waves "$mark" sd gross ii)" 0 "$sd"
done <<'EOF'
qrs_on 5 10
qrs_off 5 14
t_off 5 20
qt 5 24
EOF
judge "LUDB: Se of P" "$(figure waves.csv waves p_peak se gross ii)" 0.96 1
judge "LUDB: +P of P" "$(figure waves.csv waves p_peak ppv gross ii)" 0.95 1

# However a record is cut, in any order of channels.
rows() { cfm-segment -q "$@" | cfm-delineate -q "${options[@]}" --to csv | cut -d, -f2-; }
options=(--only beats)
rows "$D/mitdb/203" --signals '#0' --until 30:00 --length 10 >a.csv
rows "$D/mitdb/203" --signals '#0' --until 30:00 --whole >b.csv
check "203 in pieces of 10 s" cmp a.csv b.csv
check "2500 beats and more of 203" [ "$(wc -l <a.csv)" -ge 2500 ]
for only in "" "--only waves"; do
  read -ra options <<<"$only"
  rows "$D/mitdb/203" --until 5:00 --length 10 >a.csv
  rows "$D/mitdb/203" --until 5:00 --whole >b.csv
  check "203 in pieces, all of it $only" cmp a.csv b.csv
  rows "$D/ludb/10" --signals ecg:all --length 2 >a.csv
  rows "$D/ludb/10" --signals ecg:all --whole >b.csv
  check "12 leads in pieces of 2 s $only" cmp a.csv b.csv
  check "12 leads and global: some rows" [ "$(wc -l <b.csv)" -gt 100 ]
done
beats_of() { cfm-segment -q "$D/mitdb/100" --until 2:00 --signals "$1" | cfm-delineate -q --to csv | awk -F, '$3 == "global" { print $5, $10 }'; }
beats_of '#0,#1' >a
beats_of '#1,#0' >b
check "swapped channels: the same beats" cmp a b
check "2 min of 100: beats" [ "$(wc -l <a)" -gt 140 ]

# Pulses and arrival times.
if [ -d "$D/challenge2015" ]; then
  cfm-segment -q "$D/challenge2015" --signals ecg,ppg --length 30 | cfm-quality -q --min 0.7 >good.cfm
  cfm-delineate --only pat --to csv -o pat.csv good.cfm 2>err
  check "used and rejected are told: $(cat err)" grep -qE 'arrival times: [0-9]+ used, [0-9]+ rejected \(' err
  used=$(grep -oE '[0-9]+ used' err | cut -d' ' -f1)
  check "as many as the table has" [ "$(awk -F, '$37 == "used" && $36 != ""' pat.csv | wc -l)" = "$used" ]
  check "thousands of arrival times: $used" [ "${used:-0}" -gt 5000 ]
  check "all within the gates" awk -F, '$36 != "" && NR > 1 && ($36 < 80 || $36 > 600) { exit 1 }' pat.csv
  cfm-delineate -q --only pat --to csv -j 1 good.cfm | cmp - pat.csv || complain "one thread: another table"
  cfm-segment -q "$D/challenge2015" --signals ecg:all,ppg --whole | cfm-delineate -q >all.cfm
  cfm-eval -q --pulses --to csv all.cfm >pulses.csv
  judge "challenge2015: F1 of pulses, all records" "$(figure pulses.csv pulses "" f1 gross)" 0.87 1
fi

# What is in its way.
cfm-segment -q "$D/mitdb/203" --until 5:00 -o s.cfm
cfm-delineate -q --prov none s.cfm >a
cfm-delineate -q --prov none s.cfm >b
check "a second run: the same bytes" cmp a b
cfm-delineate --to csv s.cfm 2>err | head -1 >/dev/null
check "a closed pipe: nothing is said: $(cat err)" [ -z "$(grep -v 'arrival times\|^cfm-delineate: read' err)" ]
for to in csv cfm; do fails 5 bash -c 'cfm-delineate -q --to "$1" s.cfm >/dev/full' - "$to"; done
head -c "$(($(wc -c <s.cfm) / 2))" s.cfm >half.cfm
fails 4 cfm-delineate -q half.cfm
cp out cut.cfm
check "half a stream has no end" bash -c '! cfm-view -q --check cut.cfm 2>/dev/null'
fails 4 cfm-delineate -q --to ann -o cut half.cfm
check "half a record has no annotation file" [ ! -e cut/203.cfa ]
finish
