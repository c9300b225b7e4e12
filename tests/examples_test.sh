#!/usr/bin/env bash
# The examples do what they say: the quickstart on synthetic recordings, and the smoke run of every task.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
networks=$(command -v cfm-embed || true)

if [ -n "$networks" ]; then
  # The build is there: the quickstart only has to find it so.
  env -u CFM_DATA CFM_RUNS="$scratch" "$CFM_ROOT/examples/quickstart.sh" >log 2>&1
  status=$?
  check "the quickstart fails: $(tail -3 log)" [ "$status" = 0 ]
  check "the quickstart's table: $(tail -20 log)" [ "$(grep -cE '^  (linear|the same|always|fine).* [01]\.[0-9]{2}  \[[01]\.' log)" = 4 ]
  check "a second run makes nothing anew" bash -c "env -u CFM_DATA CFM_RUNS='$scratch' '$CFM_ROOT/examples/quickstart.sh' 2>&1 | grep -c '(kept: ' | grep -qx 8"
else
  echo "skipped: the quickstart and what the tasks do with networks (built without LibTorch)"
fi

smoke() { make -s -C "$CFM_ROOT/examples/tasks" smoke CFM_BUILD="$(dirname "$(dirname "$(command -v cfm-eval)")")" CFM_DATA=/nowhere CFM_RUNS="$scratch/tasks" >smoke.log 2>&1; }
smoke
status=$?
check "make smoke fails: $(tail -3 smoke.log)" [ "$status" = 0 ]

# figure TASK RUN SYSTEM LABEL,CLASS METRIC LOW HIGH — a figure of that task's scores.csv, and where it lies
figure() {
  local value
  value=$(awk -F, -v want="$2,$3,$4,$5" '$1 "," $2 "," $3 "," $4 "," $5 == want { print $6; exit }' "$scratch/tasks/$1-smoke/scores.csv")
  check "$1: $2 $3 $4 $5: '$value' does not lie within $6 to $7" \
    awk -v value="$value" -v low="$6" -v high="$7" 'BEGIN { exit !(value != "" && value + 0 >= low && value + 0 <= high) }'
}
figure af features-forest features rhythm, f1 0.5 1
figure arrival synth-tangent model pat, mae 0 10
figure beats synth@12dB model beats, ppv 0.9 1
figure bp linear features sbp, mae 5 60
figure bp linear-calibrated features sbp, mae 0.5 15
figure intervals synth model waves,qt bias -30 30
figure quality synth model snr, auroc 0.9 1
figure robustness features-clean features true_alarm, auroc 0.8 1
figure robustness features-ecg.missing features true_alarm, auroc 0.5 1
figure vt features-all-forest.s0 features true_alarm, auroc 0.8 1
for task in af arrival bp intervals quality vt; do
  # A build without LibTorch has the report of the features.
  check "$task: no report" grep -qi '<html' "$scratch/tasks/$task-smoke/report.html"
done
if [ -n "$networks" ]; then
  figure vt probe model true_alarm, auroc 0 1
  figure vt probe random true_alarm, auroc 0 1
  figure vt finetuned model true_alarm, auroc 0 1
  figure vt finetuned resnet true_alarm, auroc 0 1
  figure robustness probe-ecg.flat.3 model true_alarm, auroc 0 1
  figure robustness finetuned-ppg.missing model true_alarm, auroc 0 1
fi

if [ -n "$networks" ]; then
  make -s -C "$CFM_ROOT/examples/qualityfm" smoke CFM_BUILD="$(dirname "$(dirname "$(command -v cfm-eval)")")" CFM_DATA=/nowhere CFM_RUNS="$scratch/tasks" >qualityfm.log 2>&1
  status=$?
  check "make smoke of qualityfm fails: $(tail -3 qualityfm.log)" [ "$status" = 0 ]
  figure qualityfm vt143.s0 model true_alarm, auroc 0 1
  figure qualityfm af.s0 random rhythm, auroc 0 1
  figure qualityfm bp.s0 mean sbp, mae 5 60
  figure qualityfm variant-published.s0 model true_alarm, auroc 0 1
  figure qualityfm finetuned-vt143.s0 random true_alarm, gain_auroc -1 1
  figure qualityfm finetuned-wave.s0 model abp, mae 5 100
fi

# What is there is kept, and tells the same.
touch mark
smoke
check "a second smoke run fails" [ $? = 0 ]
check "a second smoke run makes something anew: $(find tasks -type f -newer mark | head -3)" [ -z "$(find tasks -type f -newer mark)" ]
check "make without data does not say what is missing" bash -c "make -s -C '$CFM_ROOT/examples/tasks/quality' CFM_DATA=/nowhere OUT='$scratch/none' 2>&1 | grep -q 'CFM_DATA: /nowhere/cinc2017/reference.csv is not there'"
finish
