#!/usr/bin/env bash
# Choosing from streams and recordings, looking at them, and every way to ask for what can't be.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
D=${CFM_DATA:-}
need "$D/challenge2015" "CFM_DATA names no folder with challenge2015"
C=$D/challenge2015
# ids [COMMAND…] — the ids of a stream's segments
ids() { cfm-view -q --to ndjson --payload none "$@" | jq -r 'select(.type == "segment") | .id'; }
# is WHAT GOT WANTED
is() { [ "$2" = "$3" ] || complain "$1: '$2', not '$3'"; }
# says STATUS PATTERN COMMAND… — one line on standard error
says() {
  local want=$1 pattern=$2 got
  shift 2
  "$@" >out 2>err </dev/null
  got=$?
  { [ "$got" = "$want" ] && grep -qE -- "$pattern" err && [ "$(grep -cv warning err)" -le 1 ]; } || complain "$*: status $got (wanted $want), '$(head -c 300 err)' (wanted '$pattern')"
}
cfm-segment -q "$C/v100s" "$C/v102s" --signals ecg,ppg --labels "$C/alarms.csv" 2>err | cfm-quality -q -o both.cfm || complain "no stream: $(cat err)"
cfm-segment -q "$C/v100s" --signals ecg,ppg -o one.cfm
cfm-segment -q "$C/v102s" --signals ecg,ppg -o two.cfm
cat one.cfm two.cfm >parts.cfm

# --where
is "where on start" "$(ids both.cfm --where 'start >= 240 && record == "v100s"' | tr '\n' ' ')" 'v100s/60000 v100s/67500 '
is "where on text" "$(ids both.cfm --where 'record =~ "^v102" && !(start > 0)')" v102s/0
is "where on quality" "$(ids both.cfm --where 'quality.score > 2' | wc -l)" 0
says 2 'a value is needed at character 23' cfm-view both.cfm --where 'quality.score > 0.8 &&'
says 2 'at character 1' cfm-view both.cfm --where ''
says 2 'no regular expression ends at character' cfm-view both.cfm --where 'record =~ "["'
says 0 'warning: --where: no segment has quality.scor$' cfm-view -o none.cfm both.cfm --where 'quality.scor > 0.8'
says 0 '^cfm-view: read 20, wrote 0' cfm-view -o none.cfm --force both.cfm --where 'start < 0 && quality.score > 0.5'
grep -q warning err && complain "a path that && need not look at is said to be absent"
cfm-view -q --check none.cfm >out || complain "a stream of no segment is none"

# --ids: segments and records
printf 'v100s/7500\nv102s,with more\nv999\n' >list
is "ids" "$(ids both.cfm --ids list 2>/dev/null | sed 's#/.*##' | sort | uniq -c | tr -s ' \n' ' ')" ' 1 v100s 10 v102s '
says 0 "warning: --ids: 'v999' is not in the stream" cfm-view -o ids.cfm both.cfm --ids list
is "one absent id" "$(grep -c warning err)" 1
says 2 'names nothing' cfm-view both.cfm --ids /dev/null
says 5 'absent: No such file' cfm-view both.cfm --ids absent

# --sample: the same for a seed, whatever the order of parts; in the order of the input
ids both.cfm --sample 6 --seed 7 >sample
is "sample" "$(wc -l <sample)" 6
cmp sample <(ids both.cfm --sample 6 --seed 7) || complain "the same seed draws otherwise"
cmp -s sample <(ids both.cfm --sample 6 --seed 8) && complain "another seed draws the same"
cmp <(sort sample) <(ids two.cfm one.cfm --sample 6 --seed 7 | sort) || complain "the order of parts changes the draw"
cmp sample <(ids parts.cfm --sample 6 --seed 7) || complain "parts in one file change the draw"
cmp <(ids both.cfm) <(ids both.cfm --sample 1000000) || complain "a sample of more than there is, is not all"
cmp <(grep -Fxf sample <(ids both.cfm)) sample || complain "a sample is out of order"
says 2 'outside 1' cfm-view both.cfm --sample 0

# --head ends well, and early
is "head" "$(ids parts.cfm --head 12 | tail -1)" v102s/7500
cfm-view -q parts.cfm --head 3 -o head.cfm && cfm-view -q --check head.cfm >out || complain "--head: no whole stream"
(cat one.cfm; sleep 3) | timeout 2 cfm-view -q --head 2 -o early.cfm || complain "--head 2 waits for the end of the input"

# --labels joins; --from and --until choose
printf 'record,Side\nv100s,left\nelsewhere,right\n' >sides.csv
is "labels" "$(ids both.cfm --labels sides.csv --where 'labels.side == "left"' | wc -l)" 10
says 2 'nobody' cfm-view both.cfm --labels <(printf 'record,x\nnobody,1\n')
says 2 "no column 'bed'" cfm-view both.cfm --labels sides.csv:bed
is "from, until" "$(ids one.cfm --from 1:00 --until 1:30)" v100s/15000
is "from" "$(ids one.cfm --from s60001 | tr '\n' ' ')" 'v100s/60000 v100s/67500 '
is "until" "$(ids one.cfm --until 0.004 | tr '\n' ' ')" 'v100s/0 '
says 2 'not after' cfm-view one.cfm --from 2:00 --until 1:00
says 2 "time 'x'" cfm-view one.cfm --from x
[ ! -s out ] || complain "a wrong time is told after the head"

# --index: the same content, and found by those who need one
cfm-segment -q "$C/v100s" --signals ecg,ppg | cat >bare.cfm
cp bare.cfm indexed.cfm
cfm-view --index indexed.cfm || complain "--index fails"
cmp <(ids bare.cfm) <(ids indexed.cfm) || complain "--index changes the content"
cmp <(cfm-view -q bare.cfm --to csv) <(cfm-view -q indexed.cfm --to csv) || complain "--index changes the samples"
[ "$(cfm-view --to ndjson --payload none indexed.cfm | grep -c '"type":"index"')" = 1 ] || complain "no index"
cp indexed.cfm again.cfm
cfm-view --index again.cfm && cmp indexed.cfm again.cfm || complain "--index twice is not --index once"
head -c 5000 one.cfm >cut.cfm
cp cut.cfm cut.copy
says 4 'cut.cfm: byte' cfm-view --index cut.cfm
cmp cut.cfm cut.copy || complain "--index changes what it can't read"
says 2 'name the files' cfm-view --index
says 2 'is no file' cfm-view --index "$D/mitdb"
if command -v cfm-pretrain >/dev/null && cfm-pretrain --help >/dev/null 2>&1; then
  cp both.cfm graded.cfm
  cfm-view --index graded.cfm
  cfm-pretrain -q --model qualityfm-base --steps 1 --dry-run graded.cfm -o r >out 2>err || complain "cfm-pretrain doesn't read an indexed stream: $(head -c 300 err)"
fi

# --check: streams and recordings in one call; a damaged one doesn't end it
cfm-view --check both.cfm "$D/mitdb/100" cut.cfm "$D/cinc2017/A00001" one.cfm >out 2>err
is "status of --check" $? 4
is "sound ones" "$(cut -d: -f1 out | tr '\n' ' ')" 'both.cfm 100 one.cfm '
is "damaged ones" "$(grep -c 'cut.cfm\|A00001' err)" 2
cfm-view --check --on-error skip cut.cfm >out 2>err
is "status of --check --on-error skip" $? 6

# --plot
for kind in png svg pdf; do
  cfm-view one.cfm --head 1 --plot plot.$kind || complain "--plot plot.$kind"
  [ "$(wc -c <plot.$kind)" -gt 10000 ] || complain "plot.$kind is small"
done
[ "$(head -c 4 plot.pdf)" = %PDF ] && head -c 100 plot.svg | grep -q '<?xml' && head -c 4 plot.png | grep -q PNG || complain "a picture is none of its kind"
says 2 'exists; --force' cfm-view one.cfm --plot plot.png
says 2 'ends in .png' cfm-view one.cfm --plot plot.jpg
says 2 'nothing to draw|not after|no segment' cfm-view one.cfm --from 1:00:00 --plot later.png
[ ! -e later.png ] || complain "a picture of nothing"
cfm-view one.cfm --head 1 --plot - >drawing || complain "--plot -"
is "columns of a drawing" "$(($(LC_ALL=C.UTF-8 wc -L <drawing) <= 80))" 1

# What contradicts itself
says 2 'one at a time' cfm-view one.cfm --check --index
says 2 'one at a time' cfm-view one.cfm --plot a.png --to edf -o a.edf
says 2 'one at a time' cfm-view one.cfm --plot a.png -o b
says 2 'of all' cfm-view one.cfm --check --head 3
says 2 'for streams' cfm-view "$D/mitdb/100" --head 3
says 2 '--signals' cfm-view one.cfm --signals ecg --to csv
says 2 'one kind at a time' cfm-view one.cfm "$D/mitdb/100" --to csv
says 2 'this input is a stream' cfm-view one.cfm --ann atr --to csv
says 2 '-o says where to' cfm-view one.cfm --to edf
says 2 'choose with --signals' cfm-view "$D/mitdb/100" "$C/v100s" --to csv -o mixed.csv
[ ! -e mixed.csv ] || complain "half a table stays"
cfm-view -q one.cfm -o chosen.cfm --head 1 || complain "--head 1 -o"
says 2 'exists; --force' cfm-view one.cfm -o chosen.cfm --head 2
is "what was there" "$(ids chosen.cfm)" v100s/0

# MAT: which matrix
if [ -d "${CFM_GOLDEN:-}/readers/mat" ]; then
  M=$CFM_GOLDEN/readers/mat/v5_two_variables.mat
  says 2 '--variable NAME chooses one; there is ecg .*, ppg ' cfm-segment "$M" --fs 200 --whole
  says 2 "no variable 'abp'; there is ecg" cfm-segment "$M" --fs 200 --variable abp --whole
  is "rows of a matrix" "$(cfm-segment -q "$M" --fs 200 --variable ppg --whole --to csv | wc -l)" 601
fi

# Closed pipes end quietly (0: all fitted into the pipe)
for command in "cfm-segment -q $D/mitdb/100" "cfm-segment -q $D/mitdb/100 --to csv" "cfm-view -q both.cfm --to ndjson" "cfm-view -q --where start<900 both.cfm" "cfm-view -q $D/mitdb/100 --to csv"; do
  $command 2>err | head -c 10 >out
  status=${PIPESTATUS[0]}
  { [[ "$status" = 141 || "$status" = 0 ]] && [ ! -s err ]; } || complain "$command | head: status $status, $(head -c 200 err)"
done
finish
