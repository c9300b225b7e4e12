#!/usr/bin/env bash
# The whole pipeline on real recordings, with a training so short that only its working can be checked.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
D=${CFM_DATA:-}
need "$D/challenge2015" "CFM_DATA names no folder with challenge2015"
command -v cfm-embed >/dev/null || { echo "skipped: built without LibTorch"; exit 77; }
set -e
L=(--labels "$D/challenge2015/alarms.csv")
cfm-segment "$D/challenge2015" --signals ecg,ppg --length 30 "${L[@]}" 2>err | cfm-quality -q -o icu.cfm
check "28 of 171 records have no PPG: $(cat err)" grep -q 'no_ppg 28' err
check "all segments of 143 records" grep -qE '^segments +1464 of 143 records' <(cfm-view icu.cfm)
cfm-segment -q "$D/challenge2015" --signals ecg,ppg --from 4:30 --until 5:00 --max-missing 1 "${L[@]}" | cfm-quality -q -o vt.cfm
check "one window of each of 143 records" [ "$(cfm-view --to ndjson --payload none vt.cfm | grep -c '"type":"segment"')" = 143 ]

cfm-pretrain -q --model qualityfm-base --steps 3 --batch 8 --seed 1 icu.cfm -o q
check "three steps in the log" [ "$(wc -l <q/metrics.ndjson)" = 3 ]
cfm-embed -q --control -m q vt.cfm -o embedded.cfm
cfm-eval -q --probe true_alarm embedded.cfm -o probe.json --to json
check "the probe has an AUROC with interval over 143 subjects" jq -e '[.rows[] | select(.system == "model" and .metric == "auroc" and .low != null and .subjects == 143)] | length == 1' probe.json
check "the control of random weights stands beside" jq -e '[.rows[] | select(.system == "random" and .metric == "auroc")] | length == 1' probe.json
cfm-finetune -q -m q --label true_alarm --fold 0/5 --epochs 1 --batch 16 --seed 1 vt.cfm -o vt0
cfm-predict -q -m vt0 --fold 0/5 vt.cfm -o predicted.cfm
check "about a fifth of the subjects" [ "$(cfm-view --to ndjson --payload none predicted.cfm | grep -c '"type":"segment"')" -ge 25 ]
cfm-eval -q predicted.cfm --to csv -o scores.csv
check "a Challenge 2015 score" grep -q 'score2015' scores.csv
set +e
cfm-predict -q -m vt0 --fold 1/5 vt.cfm >/dev/null 2>err
status=$?
check "another fold is status 2: $(cat err)" [ "$status" = 2 ]
cfm-predict -q -m vt0 vt.cfm >/dev/null 2>err
status=$?
check "subjects that the model was fitted on are status 2: $(cat err)" [ "$status" = 2 ]
cfm-segment -q "$D/mitdb/100" --signals ecg --length 30 | cfm-embed -q -m q >/dev/null 2>err
status=${PIPESTATUS[1]}
check "a stream without the model's channels is status 3: $(cat err)" [ "$status" = 3 ]

cfm-segment -q "$D/mitdb/100" 2>/dev/null | head -c 1000000 | cfm-quality -q >cut.cfm 2>err
status=${PIPESTATUS[2]}
check "a cut stream: status 4: $(cat err)" [ "$status" = 4 ]
check "a cut stream has no end" bash -c '! cfm-view -q --check cut.cfm 2>/dev/null'
finish
