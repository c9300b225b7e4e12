#!/usr/bin/env python3
"""Seconds of a forward pass and of a training step in PyTorch eager, for tests/bench/train.sh.

    train_peer.py REFERENCE MODEL.safetensors REPEATS BATCH

REFERENCE holds qualityfm.py and self_distillation.py. The file's weights and sizes (metadata cfm.config) are used. The
optimiser is torch's fused AdamW, the data noise in memory, the time that of the fastest repeat.
"""
import pathlib
import sys
import time
import warnings

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from reference_model import reference_model


def seconds(run):
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def main():
    warnings.simplefilter("ignore")
    repeats, batch = int(sys.argv[3]), int(sys.argv[4])
    student, teacher, sizes = reference_model(sys.argv[1], sys.argv[2])
    import self_distillation

    decayed = [p for p in student.parameters() if p.dim() > 1]
    free = [p for p in student.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.04}, {"params": free, "weight_decay": 0}], lr=1e-4, fused=True)
    better, worse = (torch.randn(batch, sizes["channels"], 9000) for _ in range(2))
    centre = torch.zeros(1, sizes["tokens"], sizes["d"])

    def forward():
        with torch.no_grad():
            student(worse)

    def step():
        nonlocal centre
        optimiser.zero_grad()
        terms, target = self_distillation.losses(student, teacher, centre, better, worse, sizes["bins"])
        terms["total"].backward()
        optimiser.step()
        self_distillation.update_ema(teacher, student.encoder, 0.996)
        centre = self_distillation.update_centre(centre, target)

    times = [(seconds(forward), seconds(step)) for _ in range(repeats)]
    for name, values in zip(("forward", "step"), zip(*times)):
        print(name, f"{min(values):.6f}")


if __name__ == "__main__":
    main()
