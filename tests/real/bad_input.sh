#!/usr/bin/env bash
# Bad input to every program: one clear line on standard error, the right status, nothing that looks whole.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
D=${CFM_DATA:-}
need "$D/challenge2015" "CFM_DATA names no folder with challenge2015"
# bad STATUS PATTERN COMMAND… — standard error is one line that matches; standard output holds no whole stream
bad() {
  local want=$1 pattern=$2 got
  shift 2
  "$@" >out 2>err </dev/null
  got=$?
  if [ "$got" != "$want" ] || [ "$(wc -l <err)" != 1 ] || ! grep -qE "$pattern" err || { [ -s out ] && cfm-view -q --check out >/dev/null 2>&1; }; then
    complain "$*"$'\n'"  status $got (wanted $want), message (wanted '$pattern'): $(head -c 400 err)"
  fi
}
C=$D/challenge2015

bad 5 'absent' cfm-segment "$C/absent"
mkdir lie cut checksum
for name in lie cut checksum; do cp "$C/v100s.hea" "$C/v100s.mat" $name/; chmod u+w $name/*; done
sed -i '1s/75000/76000/' lie/v100s.hea
bad 4 'v100s.mat.*bytes' cfm-segment lie/v100s
truncate -s 300000 cut/v100s.mat
bad 4 'v100s.mat: 300000 bytes where the header promises 600024' cfm-segment cut/v100s
printf '\xaa' | dd of=checksum/v100s.mat bs=1 seek=5000 conv=notrunc 2>/dev/null
bad 4 'checksum' cfm-segment checksum/v100s
bad 4 'A00001.*--trust-data' cfm-segment "$D/cinc2017/A00001"
bad 2 'PPG|ppg|no record' cfm-segment "$D/mitdb/100" --signals ppg

cp "$C/alarms.csv" labels.csv
bad 2 "no column 'record'" cfm-segment "$C/v100s" --labels <(sed 's/record/name/' "$C/alarms.csv")
bad 2 'nobody' cfm-segment "$C/v100s" --labels <(printf 'record,x\nnobody,1\n')
bad 5 'absent.csv' cfm-segment "$C/v100s" --labels absent.csv

cfm-segment -q "$C/v100s" "$C/v102s" "$C/v131l" --signals ecg,ppg --length 30 --labels labels.csv 2>err | cfm-quality -q -o good.cfm || { cat err; exit 1; }
size=$(stat -c %s good.cfm)
for at in 1 100 $((size / 3)) $((size - 300)); do
  head -c "$at" good.cfm >cut.cfm
  bad 4 'cut.cfm' cfm-quality cut.cfm
  bad 4 'cut.cfm' cfm-eval --probe true_alarm cut.cfm
done
bad 4 'not a|neither|no stream' cfm-quality "$D/README.md"
gzip -kc good.cfm >good.cfm.gz
bad 4 'zcat' cfm-quality good.cfm.gz
bad 2 'exists' cfm-quality good.cfm -o good.cfm
bad 5 'No space' bash -c 'cfm-quality good.cfm >/dev/full'
bad 2 'no embedding|embedding' cfm-eval --probe true_alarm good.cfm
bad 2 'prediction' cfm-eval good.cfm

if command -v cfm-embed >/dev/null; then
  bad 5 'absent' cfm-embed -m absent good.cfm
  printf 'not a model' >model.safetensors
  bad 4 'model.safetensors' cfm-embed -m model.safetensors good.cfm
  bad 2 'qualityfm-bse|unknown model' cfm-pretrain --model qualityfm-bse --steps 1 good.cfm -o r
  bad 2 "key" cfm-pretrain --model qualityfm-base --set objective.no_such_key=1 --steps 1 good.cfm -o r
  cfm-segment -q "$C/v100s" --signals ecg,ppg >ungraded.cfm
  bad 3 'quality' cfm-pretrain --model qualityfm-base --steps 1 ungraded.cfm -o r
fi
finish
