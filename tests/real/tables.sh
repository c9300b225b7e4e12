#!/usr/bin/env bash
# Tables of samples and of annotations, row for row what the reference tools (rdsamp, rdann) printed.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
D=${CFM_DATA:-}
need "$D/wfdb-expected" "CFM_DATA names no folder with wfdb-expected"
S=$D/wfdb-samples E=$D/wfdb-expected

# same EXPECTED MISSING OPTION… — the table of cfm-segment OPTION… has as many rows as EXPECTED, and the same numbers
# (eight decimals, as rdsamp prints them); MISSING is what rdsamp prints where the table has nothing
same() {
  local expected=$1 missing=$2
  shift 2
  if ! cfm-segment "$@" --whole --max-missing 1 --to csv >table.csv 2>err; then
    complain "cfm-segment $*: $(head -c 300 err)"
    return
  fi
  paste -d ' ' <(tail -n +2 table.csv | cut -d, -f4- | awk -F, -v m="$missing" '{for (i = 1; i <= NF; ++i) printf "%s ", $i == "" ? m : $i; print "|"}') \
    <(zcat -f "$E/$expected") >both
  awk '{ half = 0; for (i = 1; i <= NF; ++i) if ($i == "|") half = i
         if (NF != 2 * half - 1) exit 1
         for (i = 1; i < half; ++i) { d = $i - $(half + i); if (d > 6e-9 || d < -6e-9 || ($i == "-") != ($(half + i) == "-")) exit 1 } }' both ||
    complain "$expected differs from cfm-segment $*"
  [ "$(wc -l <both)" -gt 10 ] || complain "$expected: hardly any rows"
}

same record-1a - "$S/test01_00s" --units digital
same record-1b - "$S/a103l" --from 50 --until 160 --signals '#2,#0'
same record-1c - "$S/a103l" --from 80 --signals '#0,#1' --units digital
same record-1f.gz - "$S/binformats" --units digital
same record-flac.gz - "$S/flacformats" --units digital
same record-2b - "$S/100" --from 0.002 --until 30 --signals '#1' --units digital
same record-2c - "$S/100_3chan"
same record-2d - "$S/310derive" --from 0.007 --units digital
same record-2e - "$S/311derive" --from 0.005 --until 3.91
same record-3b - "$S/s0010_re" --from 5 --until 38 --signals '#13,#0,#4,#8,#3'
same record-4a - "$S/test01_00s_skewframe" --rows frame --units digital
same record-4d - "$S/test01_00s_skewframe" --rows highest
same record-multi-fixed-c - "$S/fixed1/v102s" --from s70000 --until s80000 --signals '#1,#0,#3'
same record-multi-fixed-d.gz -2048 "$S/041s/041s" --signals '#3,#2,#1' --rows highest --units digital
finish
