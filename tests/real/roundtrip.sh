#!/usr/bin/env bash
# Recordings and streams through the formats of the field and back: the same digital samples, the same marks.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
D=${CFM_DATA:-}
need "$D/challenge2015" "CFM_DATA names no folder with challenge2015"
view() { cfm-view -q "$@" || complain "cfm-view $*"; }
table() { cfm-segment -q "$@" --whole --max-missing 1 --to csv; }
# same A B OPTION… — the tables of two recordings are equal but for the record's name
same() {
  local a=$1 b=$2
  shift 2
  table "$a" "$@" | cut -d, -f2- >a.csv
  table "$b" "$@" | cut -d, -f2- >b.csv
  [ "$(wc -l <a.csv)" -gt 100 ] || complain "$a: hardly any rows"
  cmp a.csv b.csv || complain "$b differs from $a ($*)"
}
# marks RECORD OPTION… — its annotations: events, columns, rows, texts
marks() {
  cfm-segment -q "$@" --whole --ann atr --to ndjson |
    jq -c 'select(.type == "segment") | [.tensors, .data] | map(with_entries(select(.key | startswith("reference/")))) | del(.[0][].data_offsets)'
}
# refused STATUS PATTERN COMMAND…
refused() {
  local want=$1 pattern=$2 got
  shift 2
  "$@" >out 2>err </dev/null
  got=$?
  { [ "$got" = "$want" ] && grep -qE -- "$pattern" err; } || complain "$*: status $got (wanted $want), $(head -c 300 err)"
}
# WFDB → EDF → WFDB → CSV
view "$D/mitdb/100" --to edf -o 100.edf
view 100.edf --to wfdb -o back
cmp <(table "$D/mitdb/100") <(table back/100) || complain "mitdb/100 comes back otherwise"
same "$D/mitdb/100" back/100 --units digital
grep -q '200(1024)/mV' back/100.hea || complain "a gain of 200 is spelt otherwise: $(sed -n 2p back/100.hea)"
grep -q 'Aldomet, Inderal' back/100.hea || complain "the comments are lost"
# with missing samples, and 12 leads whose gains differ: EDF has eight characters for a scale, so digital ones
for record in v248s v141l v721l; do
  [ "$(table "$D/challenge2015/$record" --units digital | grep -cE ',,|,$')" -gt 0 ] || complain "$record: nothing is missing"
  view "$D/challenge2015/$record" --to edf -o $record.edf
  view $record.edf --to wfdb -o back
  same "$D/challenge2015/$record" back/$record --units digital
done
view "$D/ludb/10" --to edf -o 10.edf
same "$D/ludb/10" 10.edf --units digital
# BDF by its suffix: 24 bits
view "$D/mitdb/100" --to edf -o 100.bdf
[ "$(head -c 8 100.bdf | tail -c 7)" = BIOSEMI ] || complain "100.bdf is no BDF"
same "$D/mitdb/100" 100.bdf --units digital

# NPY holds physical values as float: read back, each is the nearest float
view "$D/ludb/10" --to npy -o 10.npy
names=$(cfm-segment -q "$D/ludb/10" --whole --to csv | head -1 | cut -d, -f4- | sed 's/,/:mV,/g; s/$/:mV/')
cfm-segment -q 10.npy --fs 500 --channels "$names" --whole --to csv >npy.csv
paste -d, <(cut -d, -f4- npy.csv) <(table "$D/ludb/10" | cut -d, -f4-) | tail -n +2 |
  awk -F, '{for (i = 1; i <= NF / 2; ++i) {d = $i - $(i + NF / 2); if (d < 0) d = -d; s = $i < 0 ? -$i : $i; if (d > s * 1.2e-7) exit 1}} END {exit NR != 5000}' ||
  complain "NPY differs by more than a float"

# CSV → WFDB → CSV: decimals come back
printf 'time,II,ABP [mmHg]\n' >monitor.csv
awk 'BEGIN {for (i = 0; i < 3000; ++i) printf "%g,%s,%s\n", i / 250, i % 7 == 3 ? "" : (i * 37 % 4001) / 1000 - 2, 60 + i * 13 % 801 / 10}' >>monitor.csv
view monitor.csv --to wfdb -o back
same monitor.csv back/monitor
view monitor.csv --to edf -o monitor.edf
same monitor.csv monitor.edf

# A stream of short segments is the record again
cfm-segment -q "$D/mitdb/100" --length 10 --tail pad --max-missing 1 --ann atr | cfm-view -q --to wfdb -o stream
table stream/100 --units digital --until s650000 >stream.csv
cmp stream.csv <(table "$D/mitdb/100" --units digital) || complain "stream → WFDB"
cfm-segment -q "$D/mitdb/100" --length 10 --tail pad --max-missing 1 | cfm-view -q --to edf -o stream.edf
cmp <(table stream.edf --units digital --until s650000 | cut -d, -f2-) <(cut -d, -f2- stream.csv) || complain "stream → EDF"
# … and its annotations: the same samples, codes and rhythms
cfm-segment -q "$D/mitdb/100" --from 1:00 --until 3:00 --ann atr | cfm-view -q --to wfdb -o part
marks "$D/mitdb/100" --until s650000 >marks.json
[ "$(wc -c <marks.json)" -gt 10000 ] || complain "hardly any marks in mitdb/100"
cmp marks.json <(marks stream/100 --until s650000) || complain "annotations of a stream don't come back"
view "$D/mitdb/100" --to wfdb -o copy
cmp marks.json <(marks copy/100 --until s650000) || complain "WFDB → WFDB changes annotations"
cmp <(marks "$D/mitdb/100" --from 1:00 --until 3:00) <(marks part/100) || complain "annotations of two minutes don't come back"
cfm-segment -q "$D/mitdb/203" --length 10 --stride 4 --ann atr | cfm-view -q --to wfdb -o overlap
last=$(cfm-view overlap/203 | sed -nE '1s/.* ([0-9]+) frames/\1/p')
marks "$D/mitdb/203" --until "s$last" >marks.json
grep -q '(AFIB' marks.json || complain "mitdb/203 has no change of rhythm"
cmp marks.json <(marks overlap/203) || complain "annotations of overlapping segments don't come back"

# Float channels: how far off is said, and true
cfm-synth -q --subjects 2 --duration 20 --signals ecg -o synth.cfm
for form in edf wfdb; do
  cfm-view synth.cfm --to $form -o float/ 2>err || complain "float channels → $form: $(cat err)"
  bound=$(sed -nE 's/.*0000: .*off by at most ([0-9.e-]+).*/\1/p' err)
  [ -n "$bound" ] || complain "$form: nobody says how far off: $(cat err)"
  file=float/synth/0000$([ $form = edf ] && echo .edf)
  paste -d, <(table "$file" | cut -d, -f4) <(cfm-view -q --head 1 --to csv synth.cfm | cut -d, -f4) | tail -n +2 |
    awk -F, -v b="$bound" '{d = $1 - $2; if (d < 0) d = -d; s = $2 < 0 ? -$2 : $2; if (d > b * 1.0001 + s * 1.2e-7) exit 1} END {exit NR < 1000}' ||
    complain "$form: further off than $bound"
done

# A folder to a folder, with the folders below it; what exists stays
mkdir -p ward/bed1 ward/bed2
cp "$D/mitdb/100.hea" "$D/mitdb/100.dat" ward/bed1
cp "$D/challenge2015/v100s.hea" "$D/challenge2015/v100s.mat" ward/bed2
view ward --to edf -o edf
for name in bed1/100 bed2/v100s; do same ward/$name edf/$name.edf --units digital; done
before=$(md5sum edf/bed1/100.edf)
refused 2 'exists; --force' cfm-view ward --to edf -o edf
refused 2 'exists; --force' cfm-view ward/bed1/100 --to edf -o edf/bed1/100.edf
[ "$before" = "$(md5sum edf/bed1/100.edf)" ] || complain "a refused run changed a file"
view ward --to edf -o edf --force
view edf --to wfdb -o wfdb
for name in bed1/100 bed2/v100s; do same ward/$name wfdb/$name --units digital; done
refused 2 'exists; --force' cfm-view edf --to wfdb -o wfdb

# What has no place is refused, and nothing is left of it
refused 2 'a second record, synth/0001' cfm-view synth.cfm --to edf -o one.edf
[ ! -e one.edf ] || complain "a refused run left one.edf"
refused 2 'a file where a folder is needed' cfm-view "$D/mitdb/100" --to wfdb -o 100.edf
for form in wfdb edf npy; do refused 2 '-o says where to' cfm-view "$D/mitdb/100" --to $form; done
cfm-view -q --head 1 --to ndjson synth.cfm >one.ndjson
mkdir -p inner
for name in ../evil /tmp/cfm-evil 'a/../../evil' 'a/.' '' 'a\\u0000b' 'a\\nb' 'a//b'; do
  sed "s#\"synth/0000#\"$name#g" one.ndjson >evil.ndjson
  for form in wfdb edf npy; do refused 2 "can't be called|no name for a file" cfm-view evil.ndjson --to $form -o inner/out; done
done
[ -z "$(find . -name '*evil*' ! -name evil.ndjson)" ] && [ ! -e /tmp/cfm-evil ] && [ -z "$(find inner -type f)" ] || complain "a record's name led out of the folder"

# A file that may not grow: the end is an error or a signal, and nothing that looks whole stays
for form in wfdb edf npy csv cfm; do
  mkdir -p "small/$form"
  { bash -c "ulimit -c 0 -f 400; cfm-view -q $D/mitdb/100 --to $form -o small/$form/$([ $form = csv ] || [ $form = cfm ] && echo x.$form)"; } >out 2>err && status=0 || status=$?
  [ $status != 0 ] || complain "$form: success on a full disk"
done
[ -z "$(find small -type f)" ] || complain "left on a full disk: $(find small -type f)"
finish
