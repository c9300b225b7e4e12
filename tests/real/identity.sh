#!/usr/bin/env bash
# --pseudonym: nothing that names a person or a place is left in any form of the output; the same key joins, others don't.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
D=${CFM_DATA:-}
need "$D/mitdb" "CFM_DATA names no folder with mitdb"

# Two records of one person, in folders and files that have names, with a date, remarks and notes
mkdir -p ward7/smithson
for side in left right; do
  sed -e "1s/.*/smithson_$side 2 360 650000 08:15:42 23\/07\/1998/; s/^100.dat/jonesy_$side.dat/" "$D/mitdb/100.hea" >ward7/smithson/smithson_$side.hea
  printf '# patient: Zebediah\n# <age>: 93 <sex>: F <diagnoses> Quicksilver poisoning\n' >>ward7/smithson/smithson_$side.hea
  cp "$D/mitdb/100.dat" ward7/smithson/jonesy_$side.dat
  cp "$D/mitdb/100.atr" ward7/smithson/smithson_$side.atr
done
printf 'record,Verdict\nsmithson/smithson_left,7\nsmithson_right,8\n' >wardlabels.csv
printf "the key of this test, which is no secret" >wardkey
printf "another key, which is no secret either" >otherkey
chmod 600 wardkey otherkey
identifiers='smithson|jonesy|ward|Zebediah|Quicksilver|poisoning|Aldomet|Inderal|1998-07-23|23/07/1998|23\.07\.98|23-JUL-1998|1085 1629'

# clean FILE… — none of the identifiers is in there, and something is
clean() {
  local file
  for file in "$@"; do
    [ -s "$file" ] || complain "$file: empty"
    grep -aoiE "$identifiers" "$file" | sort | uniq -c | sed "s|^|$file holds |" >found
    [ ! -s found ] || complain "$(cat found)"
  done
}
segment() { cfm-segment -q "$@" || complain "cfm-segment $*"; }
# names FILE — records and subjects, in order
names() { cfm-view -q --to ndjson --payload none "$1" | jq -c 'select(.type == "segment") | [.record, .subject, .source]' | sort -u; }

segment ward7 --length 300 --ann atr -o plain.cfm
grep -aqiE "$identifiers" plain.cfm || complain "the search finds nothing where all is told"
for prov in base full none; do
  for form in cfm ndjson csv; do
    segment ward7 --length 300 --ann atr --header-labels --labels wardlabels.csv --pseudonym wardkey --prov $prov --to $form -o $prov.$form
    clean $prov.$form
  done
done
(cd ward7/smithson && segment smithson_left --pseudonym ../../wardkey --prov full -o ../../named.cfm)
clean named.cfm
for rule in dir 'regex:(smith)son' record; do
  segment ward7 --length 300 --pseudonym wardkey --subject "$rule" -o rule.cfm --force
  clean rule.cfm
done
for payload in text base64 none; do
  segment ward7 --length 300 --ann atr --pseudonym wardkey --to ndjson --payload $payload -o rule.ndjson --force
  clean rule.ndjson
done

# An age above 89 is told as 90, dates move by whole weeks, labels are joined by the old names
cfm-view -q --to ndjson --payload none base.cfm | jq -c 'select(.type == "segment")' >segments
[ "$(jq -s -c 'map(.labels.age) | unique' segments)" = '[90]' ] || complain "ages $(jq -s -c 'map(.labels.age) | unique' segments)"
[ "$(jq -s -c 'map(.labels.verdict) | unique' segments)" = '[7,8]' ] || complain "labels don't join: $(head -1 segments | jq -c .labels)"
jq -r 'select(.start == 0) | .t_abs' segments | sort -u | while read -r time; do
  days=$((($(date -ud 1998-07-23T08:15:42 +%s) - $(date -ud "$time" +%s)) / 86400))
  { [ $days -ge 7 ] && [ $days -le 3640 ] && [ $((days % 7)) = 0 ] && [ "${time#*T}" = 08:15:42 ]; } || complain "$time is no whole weeks before"
done
cfm-view -q --to ndjson --payload none base.cfm >base.text
head -1 base.text | grep -q '"deid":"record, subject and source' || complain "the head doesn't tell"
grep -q 'reference/notes' base.text && complain "notes stay"

# The same key: the same names, in one go or from a stream, and joined again later; another key: none of them
names base.cfm >base.names
[ "$(wc -l <base.names)" = 2 ] || complain "$(wc -l <base.names) records instead of 2"
segment plain.cfm --length 300 --pseudonym wardkey --prov full -o stream.cfm
names stream.cfm | cmp - base.names || complain "a stream gives other names than the recordings"
segment ward7 --length 300 --pseudonym otherkey -o other.cfm
[ -z "$(names other.cfm | tr -c 'a-z0-9\n' '\n' | grep -E '^[rsd][0-9a-f]{20}$' | grep -Fxf <(tr -c 'a-z0-9\n' '\n' <base.names | grep -E '^[rsd][0-9a-f]{20}$'))" ] || complain "another key gives a name of the first"
segment ward7 --length 300 --pseudonym wardkey --subject dir -o dir.cfm
[ "$(names dir.cfm | jq -r '.[1]' | sort -u | wc -l)" = 1 ] || complain "two records of one person have two subjects"
(jq -r .record segments | sort -u | sed 's/$/,1/'; echo) | sed '1irecord,again' | grep . >again.csv
cfm-view -q base.cfm --labels again.csv --where 'labels.again == 1' -o joined.cfm || complain "labels don't join on pseudonyms"
[ "$(names joined.cfm | wc -l)" = 2 ] || complain "labels join on some pseudonyms"

# Streams that know: earlier arguments, earlier tools, the text twin, an index, notes between segments
cfm-quality -q --prov full plain.cfm | cfm-segment -q --pseudonym wardkey --prov full -o graded.cfm
cfm-view -q plain.cfm --to ndjson | cfm-segment -q --pseudonym wardkey --prov base --to ndjson -o twin.ndjson
clean stream.cfm graded.cfm twin.ndjson other.cfm dir.cfm
cfm-view -q --index stream.cfm
cfm-view -q --prov full --where 'start < 600' stream.cfm -o later.cfm
for form in edf wfdb npy; do cfm-view -q stream.cfm --to $form -o out-$form/ 2>err || complain "→ $form: $(cat err)"; done
clean stream.cfm later.cfm
clean $(find out-edf out-wfdb out-npy -type f)
find out-* | grep -iE "$identifiers" && complain "files have names of the input"

# EDF with patient fields and notes
cfm-view -q ward7/smithson/smithson_left --to edf -o smithson_left.edf
head -c 600 smithson_left.edf | grep -q 'Zebediah.*23-JUL-1998' || complain "the EDF holds no patient to forget: $(head -c 200 smithson_left.edf)"
for form in cfm ndjson csv; do
  segment smithson_left.edf --pseudonym wardkey --prov full --to $form -o edf.$form
  clean edf.$form
done

# Keys that are none
refused() {
  local want=$1 pattern=$2 got
  shift 2
  "$@" >out 2>err </dev/null
  got=$?
  { [ "$got" = "$want" ] && [ "$(wc -l <err)" = 1 ] && grep -qE "$pattern" err && [ ! -s out ]; } || complain "$*: status $got (wanted $want), $(head -c 300 err)"
}
head -c 15 wardkey >short
refused 2 'short: a key of 15 bytes; at least 16' cfm-segment ward7 --pseudonym short
refused 2 'a key of 0 bytes' cfm-segment ward7 --pseudonym /dev/null
refused 5 'absent: No such file' cfm-segment ward7 --pseudonym absent
chmod 644 wardkey
cfm-segment ward7 --pseudonym wardkey -o warned.cfm 2>err || complain "a readable key: $(cat err)"
grep -q 'chmod 600' err || complain "nobody warns of a key that everybody can read"
finish
