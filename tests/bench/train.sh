#!/usr/bin/env bash
# Segments a second of QualityFM: a forward pass, and a whole step of cfm-pretrain (teacher and student forward, losses,
# backward, AdamW, moving averages), beside PyTorch eager with the same weights: measured, not judged.
#   tests/bench/train.sh             bench_model from build/bin, or the folder in BIN; some three minutes
#   SIZES="base large" RATES=18 tests/bench/train.sh
# SIZES of base large huge; RATES of 18 60 150 450 tokens; BATCH (32) pairs; ROUNDS (3) of REPEATS (3) runs each, in turn
# with the peer's, of which the fastest is shown; OMP_NUM_THREADS (2). The peer needs a Python with torch, named by
# PYTHON, and the reference modules in CFM_REFERENCE (default ../shared/reference). A step sees two segments a pair.
# Dropout is 0, for the reference has none; the row "with dropout" is cfm's own step with the configuration's 0.1. Both
# wait passively for their threads, as cfm-pretrain does. The peer's AdamW is torch's fused one.
set -euo pipefail
# shellcheck source=tests/bench/setup.sh
. "$(dirname "$0")/setup.sh"
bench_program bench_model
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-2} OMP_WAIT_POLICY=passive
batch=${BATCH:-32} rounds=${ROUNDS:-3} repeats=${REPEATS:-3}
reference=$(realpath "${CFM_REFERENCE:-$root/../shared/reference}")
peer=1
if [ ! -f "$reference/qualityfm.py" ]; then
  echo "left out: PyTorch, for CFM_REFERENCE names no folder with qualityfm.py"
  peer=
elif ! "$python" -c 'import torch' 2>/dev/null; then
  echo "left out: PyTorch, for $python has no torch (PYTHON=…)"
  peer=
fi
# strides TOKENS — of the encoder; the product is 9000 / TOKENS
strides() {
  case $1 in
    18) echo 5,10,10 ;;
    60) echo 5,10,3 ;;
    150) echo 5,6,2 ;;
    450) echo 5,4,1 ;;
    *) echo "bench: $1 tokens: 18, 60, 150 or 450" >&2; exit 2 ;;
  esac
}
echo "threads: $OMP_NUM_THREADS, batch: $batch, the fastest of $rounds × $repeats"
printf '%-6s %6s %-14s %16s %16s %8s\n' size tokens what "cfm, segments/s" "PyTorch eager" ratio
for size in ${SIZES:-base}; do
  for tokens in ${RATES:-18 60 150 450}; do
    sizes=("architecture.strides=[$(strides "$tokens")]" "architecture.tokens=$tokens")
    : >rows.txt
    for ((round = 0; round < rounds; round++)); do
      bench_model train "qualityfm-$size" "$repeats" "$batch" weights.safetensors "${sizes[@]}" architecture.dropout=0 | sed 's/^/cfm /' >>rows.txt
      bench_model train "qualityfm-$size" "$repeats" "$batch" other.safetensors "${sizes[@]}" | sed -n 's/^step/cfm dropout/p' >>rows.txt
      if [ -n "$peer" ]; then
        "$python" "$here/train_peer.py" "$reference" weights.safetensors "$repeats" "$batch" | sed 's/^/peer /' >>rows.txt
      fi
    done
    awk -v size="$size" -v tokens="$tokens" -v batch="$batch" '
      { key = $1 " " $2; if (!(key in least) || $3 < least[key]) least[key] = $3 }
      function rate(key, n) { return key in least ? sprintf("%.1f", n / least[key]) : "" }
      function row(what, key, n) {
        other = "peer " key
        ratio = other in least ? sprintf("%.2f", least[other] / least["cfm " key]) : ""
        printf "%-6s %6d %-14s %16s %16s %8s\n", size, tokens, what, rate("cfm " key, n), rate(other, n), ratio }
      END { row("forward", "forward", batch); row("step", "step", 2 * batch); row("with dropout", "dropout", 2 * batch) }' rows.txt
  done
done
