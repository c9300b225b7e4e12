#!/usr/bin/env bash
# A training run that is killed at any moment and resumed ends with the bits of one that was not. Signals save and end
# with status 75; a damaged state is passed over; a full disk leaves the last good one.
set -euo pipefail
command -v cfm-pretrain >/dev/null || { echo "skipped: cfm-pretrain is not built (no LibTorch)"; exit 77; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
fail() { echo "resume: $*" >&2; exit 1; }

cat >tiny.json <<'JSON'
{"name": "tiny", "profile": {"fs": 50, "seconds": 10},
 "architecture": {"d": 200, "layers": 1, "ffn": 60, "tokens": 10, "bins": 64, "strides": [5, 5, 2], "decoder_strides": [5, 10, 2]},
 "objective": {"distillation_weight": 1, "phase_weight": 0.1}, "schedule": {"batch": 8, "micro_batch": 4, "validation": 0.2}}
JSON
cfm-synth -q --subjects 24 --duration 100 --seed 3 | cfm-segment -q --length 10 | cfm-quality -q -o data.cfm
run=(cfm-pretrain -q --model ../tiny.json --steps 60 --checkpoint-every 7 --seed 5 -j 1 ../data.cfm -o run)

mkdir whole
began=$(date +%s%N)
(cd whole && "${run[@]}")
took=$((($(date +%s%N) - began) / 1000000)) # ms
[ "$(wc -l <whole/run/metrics.ndjson)" = 60 ] || fail "not a line a step"
[ -s whole/run/best.safetensors ] || fail "no best model"
tensors() { tail -c "+$(($(od -An -tu8 -N8 "$1") + 9))" "$1"; } # what comes after the header, which tells the time
same() { # same FOLDER — the weights and the whole state are those of the uninterrupted run
  for file in model best state/step-000000060; do
    cmp -s <(tensors whole/run/$file.safetensors) <(tensors "$1/run/$file.safetensors") || fail "$1: another $file"
  done
  cmp -s <(jq -c 'del(.time, .segments_per_s, .wait, .memory_mb)' whole/run/metrics.ndjson) \
    <(jq -c 'del(.time, .segments_per_s, .wait, .memory_mb)' "$1/run/metrics.ndjson") || fail "$1: other metrics"
}

# Killed five times at a random moment, each a run of its own.
for k in 1 2 3 4 5; do
  mkdir "killed$k"
  cd "killed$k"
  "${run[@]}" 2>/dev/null &
  sleep "$(awk -v ms=$((RANDOM % took)) 'BEGIN { print ms / 1000 }')"
  kill -9 $! 2>/dev/null || true
  wait $! 2>/dev/null || true
  steps=0
  [ ! -e run/metrics.ndjson ] || steps=$(wc -l <run/metrics.ndjson)
  "${run[@]}" --resume 2>log || { cat log >&2; fail "killed$k did not resume"; }
  cd ..
  same "killed$k"
  echo "killed after $steps steps, resumed: the same bits"
done

# SIGTERM and SIGUSR1: a checkpoint, status 75, and --resume with -o alone.
for signal in TERM USR1; do
  mkdir $signal
  cd $signal
  "${run[@]}" &
  until [ -s run/metrics.ndjson ]; do sleep 0.02; done
  kill -$signal $!
  status=0
  wait $! || status=$?
  done_steps=$(wc -l <run/metrics.ndjson)
  if [ "$done_steps" -lt 60 ]; then
    [ $status = 75 ] || fail "SIG$signal: status $status"
    cfm-pretrain -q --resume -o run -j 1
  fi
  cd ..
  same $signal
  echo "SIG$signal after $done_steps steps, status $status: the same bits"
done

# The newest state is damaged: the one before it serves.
mkdir damaged
cd damaged
"${run[@]/60/30}" 2>/dev/null
[ "$(find run/state -name 'step-*.safetensors' | wc -l)" = 2 ] || fail "not the newest two states"
newest=$(find run/state -name 'step-*.safetensors' | sort | tail -1)
printf 'x' | dd of="$newest" bs=1 seek=$(($(stat -c %s "$newest") - 100)) conv=notrunc status=none
cfm-pretrain --resume -o run -j 1 2>log
grep -q 'checksum' log || { cat log >&2; fail "a damaged state was not noticed"; }
cd ..

# No room for a checkpoint (a limit on the size of files): status 5, and what there was resumes.
mkdir full
cd full
"${run[@]}" 2>/dev/null &
until [ -n "$(find run/state -name 'step-*.safetensors' 2>/dev/null)" ]; do sleep 0.02; done
kill -9 $! 2>/dev/null || true
wait $! 2>/dev/null || true
if [ "$(wc -l <run/metrics.ndjson)" -lt 50 ]; then
  status=0
  (trap '' XFSZ; ulimit -f 100; exec cfm-pretrain -q --resume -o run -j 1) 2>log || status=$?
  [ $status = 5 ] || { cat log >&2; fail "a full disk: status $status"; }
fi
cfm-pretrain -q --resume -o run -j 1
cd ..
same full
echo "no room for a checkpoint: status 5, then resumed: the same bits"
