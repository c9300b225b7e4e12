#!/usr/bin/env bash
# Time and memory of windowed attention against the number of tokens, beside dense attention (PyTorch's
# scaled_dot_product_attention) in the same run: measured, not judged, for a bench is no test.
#   tests/bench/attention.sh         bench_model from build/bin, or the folder in BIN; some two minutes
# TOKENS="1024 4096" chooses, RUNS is of how many runs the fastest is shown (3), OMP_NUM_THREADS the threads (2).
# Batch 1, 4 heads of 128, float32, token 0 global. Memory is what the allocator gives at most in forward and backward,
# gradients included, q, k and v not. Linear in n: the times a token stay as they are.
set -euo pipefail
# shellcheck source=tests/bench/setup.sh
. "$(dirname "$0")/setup.sh"
bench_program bench_model
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-2} OMP_WAIT_POLICY=passive
read -ra tokens <<<"${TOKENS:-256 512 1024 2048 4096 8192 16384}"
echo "threads: $OMP_NUM_THREADS; the fastest of ${RUNS:-3}; × dense: how many times faster"
bench_model attention "${RUNS:-3}" "${tokens[@]}" | awk '
  BEGIN { printf "%7s %7s %12s %12s %10s %12s %10s %10s\n", "tokens", "window", "forward", "and backward", "× dense", "µs a token", "peak", "KB a token" }
  $2 == 0 { dense = $4 }
  { printf "%7d %7s %9.1f ms %9.1f ms %10.2f %12.2f %7.1f MB %10.1f\n", $1, $2 ? $2 : "dense", 1e3 * $3, 1e3 * $4, dense / $4, 1e6 * $4 / $1, $5 / 1e6, $5 / 1e3 / $1; fflush() }'
