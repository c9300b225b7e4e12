#!/usr/bin/env bash
# From nothing to an honest score: installs what is missing, builds, then recordings → segments → quality → pre-training →
# embeddings → fine-tuning → predictions → scores.
#   examples/quickstart.sh            on recordings of cfm-synth
#   CFM_DATA=DIR examples/quickstart.sh   on real ones: DIR/challenge2015 with alarms.csv (PhysioNet/CinC Challenge 2015)
# What it makes stands in runs/quickstart-… (CFM_RUNS: another folder than runs); steps whose result is there are kept, --fresh makes all anew.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=lib/cmake/setup.sh
. "$root/lib/cmake/setup.sh"

start=$SECONDS
install_packages "${kBuildPackages[@]}"
find_libtorch
configure_and_build
say "set up and built in $((SECONDS - start)) s"
export PATH="$build/bin:$PATH"

if [ -n "${CFM_DATA:-}" ]; then
  [ -d "$CFM_DATA/challenge2015" ] || fail "CFM_DATA: $CFM_DATA/challenge2015 is not there"
  CFM_DATA=$(cd "$CFM_DATA" && pwd)
fi
source=$([ -n "${CFM_DATA:-}" ] && echo challenge2015 || echo synthetic)
runs="${CFM_RUNS:-$root/runs}/quickstart-$source"
if [ "${1:-}" = --fresh ]; then rm -rf "$runs"; fi
mkdir -p "$runs"
cd "$runs"

# stage RESULT WORDS… — the function of that name makes RESULT, unless it is there.
stage() {
  local result=$1 began=$SECONDS
  shift
  if [ -e "$result" ]; then say "$* (kept: $result)"; return; fi
  say "$*"
  "make_${result//[.-]/_}"
  say "… $((SECONDS - began)) s"
}

label=true_alarm
if [ "$source" = challenge2015 ]; then
  make_recordings() { ln -s "$CFM_DATA/challenge2015" recordings; }
  labels=(--labels recordings/alarms.csv)
else
  make_recordings() { cfm-synth --subjects 60 --duration 300 --rhythm mix --seed 1 -o recordings; }
  labels=()
fi
make_icu_cfm() { cfm-segment recordings --signals ecg,ppg --length 30 "${labels[@]}" | cfm-quality -o icu.cfm; }
make_vt_cfm() {
  cfm-segment recordings --signals ecg,ppg --from 4:30 --until 5:00 --max-missing 1 "${labels[@]}" | cfm-quality -o vt.cfm
}
make_pretrained() { cfm-pretrain --model qualityfm-base --steps 20 --batch 32 --seed 1 icu.cfm -o pretrained; }
make_probe_csv() { cfm-embed --control -m pretrained vt.cfm | cfm-eval --probe "$label" --to csv -o probe.csv; }
make_finetuned() { cfm-finetune -m pretrained --label "$label" --fold 0/5 --epochs 2 --batch 16 --seed 1 vt.cfm -o finetuned; }
make_predictions_cfm() { cfm-predict -m finetuned --fold 0/5 vt.cfm -o predictions.cfm; }
make_scores_csv() { cfm-eval predictions.cfm --to csv -o scores.csv; }
# score FILE SYSTEM WORDS… — a line of the table at the end: AUROC with its interval over subjects
score() {
  local file=$1 row=$2
  shift 2
  awk -F, -v row="$row" -v what="$*" '$1 == row && $4 == "auroc" {
    printf "  %-50s %.2f  %s  %8d\n", what, $5, $6 == "" ? "     -      " : sprintf("[%.2f, %.2f]", $6, $7), $8; exit }' "$file"
}

stage recordings "recordings ($source)"
stage icu.cfm "segments of 30 s with ECG and PPG, graded by quality"
stage vt.cfm "the last 30 s before each alarm"
stage pretrained "pre-training qualityfm-base (20 steps: to see that it runs, not to be good)"
stage probe.csv "embeddings, a linear probe and its controls"
stage finetuned "fine-tuning on 4 of 5 folds of the subjects"
stage predictions.cfm "predictions for the subjects that were left out"
stage scores.csv "scores"

printf '\nTelling true from false alarms, by subjects that were left out of what was fitted:\n'
printf '  %-50s %s\n' '' 'AUROC  95 % interval  subjects'
score probe.csv model "linear probe on the embeddings"
score probe.csv random "the same encoder with random weights"
score probe.csv majority "always the more frequent answer"
score scores.csv model "fine-tuned, the fold it has not seen"
printf '\nAll figures: cfm-eval --to text %s/predictions.cfm\n' "$runs"
printf '\nMade in %s:\n' "$runs"
ls -1 "$runs"
printf 'Everything took %d s. The programs are in %s. Figures of so short a training mean nothing; the pipeline is the point.\n' \
  "$((SECONDS - start))" "$build/bin"
