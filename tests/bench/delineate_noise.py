#!/usr/bin/env python3
"""Adds noise of nstdb to clean records of mitdb, as WFDB records with their reference.

    delineate_noise.py MITDB NSTDB OUT      writes OUT/ma12/100.hea … OUT/bw0/230.hea, .dat and .atr

Noise channel 0, as long as the record, is added to its first signal at 12, 6 and 0 dB. Signal power: (median
peak-to-peak within 50 ms of a reference beat) squared, / 8. Noise power: mean square, its mean removed.
"""
import shutil
import sys
from pathlib import Path

import numpy as np
import wfdb

RECORDS = "100 101 106 112 115 119 122 209 220 230".split()
BEATS = set("NLRBAaJSVrFejnE/fQ?")

mitdb, nstdb, out = (Path(argument) for argument in sys.argv[1:])
noises = {name: wfdb.rdrecord(str(nstdb / name), channels=[0]).p_signal[:, 0] for name in ("ma", "bw")}
for record in RECORDS:
    clean = wfdb.rdrecord(str(mitdb / record), channels=[0])
    marks = wfdb.rdann(str(mitdb / record), "atr")
    x, half = clean.p_signal[:, 0], round(0.05 * clean.fs)
    beats = [s for s, symbol in zip(marks.sample, marks.symbol) if symbol in BEATS and half <= s < len(x) - half]
    power = np.median([np.ptp(x[s - half : s + half + 1]) for s in beats]) ** 2 / 8
    for name, noise in noises.items():
        part = noise[: len(x)] - noise[: len(x)].mean()
        for snr in (12, 6, 0):
            folder = out / f"{name}{snr}"
            folder.mkdir(parents=True, exist_ok=True)
            mixed = x + part * np.sqrt(power / 10 ** (snr / 10) / np.mean(part**2))
            wfdb.wrsamp(record, fs=clean.fs, units=["mV"], sig_name=clean.sig_name, p_signal=mixed[:, None], fmt=["16"],
                        adc_gain=[1000], baseline=[0], write_dir=str(folder))
            shutil.copy(mitdb / f"{record}.atr", folder)
