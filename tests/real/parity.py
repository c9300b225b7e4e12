#!/usr/bin/env python3
"""Features of the reference PyTorch encoder against those of cfm-embed, for parity.sh.

    parity.py REFERENCE MODEL.safetensors PREPARED.ndjson EMBEDDED.ndjson

Both streams have their payload in base64: the segments as the model's profile prepares them, and the same with a tensor
`embedding` of all tokens. Prints the largest |difference| over the largest |feature|; status 1 above 1e-5.
"""
import base64
import json
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from reference_model import reference_model

LIMIT = 1e-5


def tensors(path, names):
    """float32 [segments, *shape] of each name."""
    columns = [[] for _ in names]
    with open(path) as stream:
        for line in stream:
            segment = json.loads(line)
            if segment["type"] != "segment":
                continue
            for name, column in zip(names, columns):
                assert segment["tensors"][name]["dtype"] == "F32"
                data = bytearray(base64.b64decode(segment["data"][name]))
                column.append(torch.frombuffer(data, dtype=torch.float32).reshape(segment["tensors"][name]["shape"]))
    return [torch.stack(column) for column in columns]


def main():
    _, teacher, _ = reference_model(sys.argv[1], sys.argv[2])
    ppg, ecg = tensors(sys.argv[3], ("ppg", "ecg"))
    (embedding,) = tensors(sys.argv[4], ("embedding",))
    with torch.no_grad():
        features = teacher(torch.cat([ppg, ecg], 1))
    if features.shape != embedding.shape or not features.std() > 0:
        sys.exit(f"features {tuple(features.shape)} and embedding {tuple(embedding.shape)}")
    error = ((features - embedding).abs().max() / features.abs().max()).item()
    print(f"{len(features)} segments, {features.shape[1]} tokens of {features.shape[2]}: largest relative difference {error:.1e}")
    sys.exit(0 if error <= LIMIT else 1)


if __name__ == "__main__":
    main()
