#!/usr/bin/env bash
# How fast the programs start and the chain runs, measured, not judged: a bench is no test.
#   tests/bench/pipeline.sh          needs hyperfine; CFM_DATA for the real recordings (default ../shared/data)
# Start: budget 10 ms for programs without LibTorch, 350 ms with. Chain: seconds of two-channel signal a second of wall time.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export PATH="$root/build/bin:$PATH"
command -v hyperfine >/dev/null || { echo "bench: hyperfine is missing (apt-get install hyperfine)" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

programs=()
for name in segment quality eval view synth embed; do
  if command -v "cfm-$name" >/dev/null; then programs+=("cfm-$name --version"); fi
done
hyperfine -N --warmup 3 --export-json "$scratch/start.json" "${programs[@]}" 2>/dev/null >&2
jq -r '.results[] | "\(.command)\t\(.median * 1000 | . * 10 | round / 10) ms"' "$scratch/start.json"

data=${CFM_DATA:-$root/../shared/data}/challenge2015
if [ -d "$data" ]; then source=("$data"); else
  cfm-synth -q --subjects 150 --duration 300 --seed 1 -o "$scratch/synth.cfm"
  source=("$scratch/synth.cfm")
fi
chain="cfm-segment -q ${source[*]} --signals ecg,ppg --length 30"
seconds=$($chain --to ndjson --payload none | grep -c '"type":"segment"')
seconds=$((seconds * 30))
hyperfine --warmup 1 --export-json "$scratch/chain.json" "$chain >/dev/null" "$chain | cfm-quality -q >/dev/null" 2>/dev/null >&2
jq -r --argjson s "$seconds" '.results[] | "\(.command | sub(" [^ ]*/"; " …/"))\t\(.median * 100 | round / 100) s\t\($s / .median | round) × real time"' "$scratch/chain.json"
