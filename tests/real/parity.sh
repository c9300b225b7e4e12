#!/usr/bin/env bash
# A model that cfm-pretrain made, in Python: its file loads as the reference module's state_dict, and the encoder there
# gives the features of cfm-embed. PYTHON names a Python with torch, CFM_REFERENCE the folder of the reference modules.
# shellcheck source=tests/support.sh
. "$CFM_ROOT/tests/support.sh"
python=${PYTHON:-python3}
reference=${CFM_REFERENCE:-}
command -v cfm-pretrain >/dev/null || { echo "skipped: cfm-pretrain is not built (no LibTorch)"; exit 77; }
[ -f "$reference/qualityfm.py" ] || { echo "skipped: CFM_REFERENCE names no folder with qualityfm.py"; exit 77; }
"$python" -c 'import torch' 2>/dev/null || { echo "skipped: $python has no torch (PYTHON=…)"; exit 77; }

small=(--set architecture.d=200 --set architecture.layers=3 --set 'architecture.decoder_strides=[5,10,2]')
fine=(--set 'architecture.strides=[5,10,3]' --set architecture.tokens=60)
cfm-synth -q --subjects 8 --duration 120 --seed 3 -o raw.cfm
cfm-segment -q raw.cfm | cfm-quality -q -o data.cfm
cfm-segment -q raw.cfm --profile qualityfm -o prepared.cfm
cfm-view -q --to ndjson --payload base64 prepared.cfm -o prepared.ndjson
for tokens in 18 60; do
  options=("${small[@]}")
  [ $tokens = 18 ] || options+=("${fine[@]}")
  cfm-pretrain -q --model qualityfm-base "${options[@]}" --steps 3 --batch 4 data.cfm -o run$tokens || complain "$tokens tokens: no run"
  cfm-embed -q -m run$tokens --pool none --only-embedding prepared.cfm | cfm-view -q --to ndjson --payload base64 -o embedded.ndjson --force
  "$python" "$CFM_ROOT/tests/real/parity.py" "$reference" run$tokens/model.safetensors prepared.ndjson embedded.ndjson || complain "$tokens tokens: other features"
done
finish
