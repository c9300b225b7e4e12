#!/usr/bin/env bash
# The same command gives the same bytes: twice, with one thread and two, through files and pipes, as binary and as text.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
same() { # same WHAT FILE FILE
  check "$1 differs" cmp -s "$2" "$3"
}
for j in 1 2; do
  cfm-synth -q --subjects 5 --duration 95 --rhythm mix --seed 7 --prov none -j "$j" -o "s$j.cfm" || exit 1
  cfm-segment -q --length 30 --prov none -j "$j" s1.cfm -o "g$j.cfm" || exit 1
  cfm-quality -q --prov none -j "$j" g1.cfm -o "q$j.cfm" || exit 1
  cfm-delineate -q --prov none -j "$j" g1.cfm -o "d$j.cfm" || exit 1
  cfm-delineate -q --to csv -j "$j" g1.cfm -o "d$j.csv" || exit 1
done
same "cfm-synth -j" s1.cfm s2.cfm
same "cfm-segment -j" g1.cfm g2.cfm
same "cfm-quality -j" q1.cfm q2.cfm
same "cfm-delineate -j" d1.cfm d2.cfm
same "cfm-delineate --to csv -j" d1.csv d2.csv
cfm-synth -q --subjects 5 --duration 95 --rhythm mix --seed 8 --prov none -o other.cfm
if cmp -s s1.cfm other.cfm; then complain "the seed does nothing"; fi

# Shards are disjoint and together everything.
for i in 0 1 2; do cfm-segment -q --shard "$i/3" --length 30 s1.cfm --to ndjson --payload none | grep '"type":"segment"' | jq -r .id; done | sort >shards
cfm-view -q --to ndjson --payload none g1.cfm | grep '"type":"segment"' | jq -r .id | sort >all
same "shards" shards all

# Binary → text → binary, also through jq.
cfm-view -q --to ndjson q1.cfm | cfm-view -q --to cfm -o back.cfm
same "binary → text → binary" q1.cfm back.cfm
cfm-view -q --to ndjson --payload base64 q1.cfm | cfm-view -q --to cfm -o back64.cfm
same "binary → base64 → binary" q1.cfm back64.cfm
cfm-view -q --to ndjson q1.cfm | jq -c 'select(.type != "segment" or .quality.score > 0.5)' | cfm-view -q --check - >/dev/null ||
  complain "a stream filtered by jq is refused"
if [ -e "${CFM_STREAM:-}/cfms.py" ]; then
  python3 "$CFM_STREAM/cfms.py" --check s1.cfm g1.cfm q1.cfm other.cfm || complain "the independent reader refuses"
else
  echo "skipped: CFM_STREAM names no folder with an independent reader"
fi
finish
