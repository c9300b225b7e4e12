#!/usr/bin/env python3
"""Fits the weights of the quality scores and writes them with where they come from.

    cfm-quality must be in PATH;   lib/quality/fit/fit.py ../shared/data [--write lib/quality/quality_weights.h]

Windows of development recordings get noise at an SNR drawn from U(-6, 30) dB (mixtures.py); cfm-quality measures their
indices; a logistic regression tells SNR >= 10 dB from less, its weights kept at 0 and more, so that no index can make
a signal better by getting worse. ECG also learns the noisy class of cinc2017 (noisy: less than 10 dB). What is printed
is out of fold: five folds by subject, no record is scored by weights that have seen it. The weights written are those of
all records. numpy is all it needs; the seed is 1; about two minutes.
"""
import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
import mixtures as m  # noqa: E402
import windows as w  # noqa: E402

SEED, GOOD_SNR, FOLDS, RIDGE, CLAMP = 1, 10.0, 5, 1.0, 3.0
ALMOST = 0.01  # as in score.cc
CLEAN_RATIO = 12.0  # dB, noise_ratio that a window has before noise is added
CINC_WEIGHT = 2.0  # of a recording of cinc2017 against a window: 153 of them against 4 000
KNOTS = (0, 0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 1)  # quantiles of the logit that the calibration goes through
ECG = (("noise_ratio", False), ("burst_ratio", False), ("beat_similarity", True), ("beat_agreement", False))
PULSE = (("noise_ratio", False), ("beat_similarity", True), ("pulse_agreement", False), ("band_power", False))


# ---- windows


class Rows:
    """Windows as they are graded: indices, whether the SNR is good, the subject and the group of recordings."""

    def __init__(self):
        self.columns, self.good, self.subject, self.group, self.snr = {}, [], [], [], []

    def add(self, graded, names, good, subject, group, snr=None):
        for name, _ in names:
            self.columns.setdefault(name, []).extend(np.ravel(graded[name]))
        self.good.extend(good)
        self.subject.extend(subject)
        self.group.extend([group] * len(good))
        self.snr.extend(snr if snr is not None else [np.nan] * len(good))

    def matrix(self, names):
        def value(name, likeness):
            x = np.array(self.columns[name], float)
            return -np.log(1 + ALMOST - x) if likeness else x
        return np.stack([value(*entry) for entry in names], axis=1)


def noisy_windows(records, sources, rng):
    """(window, SNR, subject) of (x, fs, beats, subject, lengths, count, first second) each; of windows only whose own
    noise is small beside the least that makes an SNR bad, or the label would lie."""
    drawn = {}
    for x, fs, beats, subject, lengths, count, after in records:
        for k in range(count):
            n = round(lengths[k % len(lengths)] * fs)
            if n > len(x) - after * fs:
                continue
            begin = int(rng.integers(round(after * fs), len(x) - n + 1))
            window = x[begin:begin + n]
            power = w.signal_power(window, fs, beats[(beats >= begin) & (beats < begin + n)] - begin)
            if not (power > 1e-4 and np.isfinite(window).all()):  # mV^2: a complex of 0.03 mV
                continue
            drawn.setdefault((fs, n), []).append((window, power, subject))
    made = {}
    for (fs, n), windows in drawn.items():
        clean = w.grade([window for window, *_ in windows], fs, extra=("--indices", "noise_ratio"))["noise_ratio"]
        for (window, power, subject), ratio in zip(windows, clean):
            if ratio >= CLEAN_RATIO:
                snr = rng.uniform(*m.SNR)
                noise = m.ecg_noise(rng, n, sources[fs], m.KINDS[int(rng.integers(len(m.KINDS)))])
                made.setdefault((fs, n), []).append((w.add_noise(window, noise, snr, power), snr, subject))
    return made


def ecg_rows(data):
    rng = np.random.default_rng(SEED)
    rows = Rows()
    groups = {"mitdb": [], "ludb": [], "cpsc2021": []}
    for path in sorted((data / "mitdb").glob("*.hea")):
        subject = "mitdb/" + ("201" if path.stem == "202" else path.stem)
        beats = w.read_beats(path.with_suffix(""))
        for channel in (0, 1):
            x, fs = w.read_signal(path.with_suffix(""), channel)
            groups["mitdb"].append((x, fs, beats, subject, (10, 10, 10, 30, 5), 40, 300))
    leads = ("i", "ii", "iii", "avr", "avl", "avf", "v1", "v2", "v3", "v4", "v5", "v6")
    for i, path in enumerate(sorted((data / "ludb").glob("*.hea"))):
        for channel in ((i + step) % 12 for step in range(0, 12, 3)):
            record = path.with_suffix("")
            x, fs = w.read_signal(record, channel)
            groups["ludb"].append((x, fs, w.read_beats(record, leads[channel]), f"ludb/{path.stem}", (10, 10, 5), 3, 0))
    for path in sorted((data / "cpsc2021").glob("*.hea")):
        record = path.with_suffix("")
        beats = w.read_beats(record)
        for channel in (0, 1):
            x, fs = w.read_signal(record, channel)
            groups["cpsc2021"].append((x, fs, beats, "cpsc2021/" + path.stem.split("_")[1], (10, 10, 30, 5), 20, 0))
    for name, records in groups.items():
        sources = {fs: m.noise_sources(data, fs) for fs in {record[1] for record in records}}
        for (fs, _), made in noisy_windows(records, sources, rng).items():
            x, snr, subject = (np.array(part) for part in zip(*made))
            rows.add(w.grade(x, fs), ECG, snr >= GOOD_SNR, subject, name, snr)
    stream = w.program("cfm-segment", "-q", data / "cinc2017", "--trust-data", "--signals", "ecg", "--whole")
    labels = w.read_labels(data / "cinc2017" / "reference.csv", "rhythm")
    table = [row for row in w.table_of(stream, "cfm-quality") if row["channel"] != "*"]
    graded = {name: [float(row[name] or "nan") for row in table] for name, _ in ECG}
    records = [row["record"] for row in table]
    rows.add(graded, ECG, [labels[r] != "~" for r in records], ["cinc2017/" + r for r in records], "cinc2017")
    return rows


def ppg_rows(data):
    rng = np.random.default_rng(SEED)
    rows = Rows()
    for length in (5.0, 10.0, 30.0):
        x, fs, power, record = m.ppg_windows(data, SEED, length)
        x, power, record = (np.repeat(part, 2, axis=0) for part in (x, power, record))
        snr = rng.uniform(*m.SNR, len(x))
        noisy = [w.add_noise(v, m.pulse_noise(rng, len(v), fs), db, p) for v, db, p in zip(x, snr, power)]
        rows.add(w.grade(noisy, fs, channel="PLETH:NU"), PULSE, snr >= GOOD_SNR, record, "challenge2015", snr)
    return rows


# ---- regression


def standardised(x, mean, sd):
    z = np.nan_to_num(np.clip((x - mean) / sd, -CLAMP, CLAMP))
    return np.column_stack([np.ones(len(z)), z])


def logistic(z, good, weight, least, ridge=RIDGE):
    """Coefficients (the first is free, the others at least `least`) by Newton's method, one coordinate at a time."""
    beta = np.zeros(z.shape[1])
    for _ in range(500):
        before = beta.copy()
        for j in range(len(beta)):
            p = 1 / (1 + np.exp(-z @ beta))
            penalty = ridge if j > 0 else 0
            slope = z[:, j] @ (weight * (p - good)) + penalty * beta[j]
            curve = (z[:, j] ** 2) @ (weight * p * (1 - p)) + penalty + 1e-9
            beta[j] = beta[j] - slope / curve if j == 0 else max(least, beta[j] - slope / curve)
        if np.max(np.abs(beta - before)) < 1e-7:
            break
    return beta


def hats(logit, knots):
    """Rises between neighbouring knots, each from 0 to 1: a rising line through points is their sum."""
    width = np.diff(knots)
    return np.clip((logit[:, None] - knots[:-1]) / width, 0, 1)


class Model:
    def __init__(self, x, good, weight):
        self.mean, self.sd = np.nanmean(x, axis=0), np.nanstd(x, axis=0)
        self.beta = logistic(standardised(x, self.mean, self.sd), good, weight, 0.0)

    def logit(self, x):
        return standardised(x, self.mean, self.sd) @ self.beta


def calibrate(logit, good, weight):
    """Points (logit, calibrated logit), rising by at least a tenth of the way. Half a good and half a bad window at every
    point keep it from being surer than the number of windows allows (Jeffreys' prior)."""
    knots = np.quantile(logit, KNOTS)
    logit = np.concatenate([logit, knots, knots])
    good = np.concatenate([good, np.ones(len(knots)), np.zeros(len(knots))])
    weight = np.concatenate([weight, np.full(2 * len(knots), 0.5)])
    z = np.column_stack([np.ones(len(logit)), hats(logit, knots)])
    scale = np.concatenate([[1], np.diff(knots)])
    beta = logistic(z * scale, good, weight, 0.1, ridge=1e-3) * scale
    return knots, np.cumsum(beta)


def fit(rows, names):
    """The model of all rows, its calibration, and what each row gets by models that have not seen its subject."""
    x, good = rows.matrix(names), np.array(rows.good, float)
    weight = np.where(np.array(rows.group) == "cinc2017", CINC_WEIGHT, 1.0)
    subjects = {s: i % FOLDS for i, s in enumerate(sorted(set(rows.subject)))}
    fold = np.array([subjects[s] for s in rows.subject])
    logit, p = np.zeros(len(x)), np.zeros(len(x))
    for k in range(FOLDS):
        logit[fold == k] = Model(x[fold != k], good[fold != k], weight[fold != k]).logit(x[fold == k])
    for k in range(FOLDS):
        knots, to = calibrate(logit[fold != k], good[fold != k], weight[fold != k])
        p[fold == k] = 1 / (1 + np.exp(-np.interp(logit[fold == k], knots, to)))
    return Model(x, good, weight), calibrate(logit, good, weight), p


def ece(p, good):
    """Expected calibration error, ten equal bins."""
    place = np.minimum((p * 10).astype(int), 9)
    return sum(abs(p[place == b].mean() - good[place == b].mean()) * np.mean(place == b) for b in np.unique(place))


def figures(rows, p):
    good, group = np.array(rows.good), np.array(rows.group)
    lines = []
    for name in dict.fromkeys(rows.group):
        of = group == name
        lines.append(f"{name}: {of.sum()} windows of {len(set(np.array(rows.subject)[of]))} subjects, "
                     f"AUROC {w.auroc(p[of & ~good], p[of & good]):.3f}, Brier {np.mean((p[of] - good[of]) ** 2):.3f}, "
                     f"ECE {ece(p[of], good[of]):.3f}")
    return lines


# ---- the header


def table(name, names, model, calibration):
    lines = [f"inline constexpr double k{name}Bias = {model.beta[0]:.4g};",
             f"inline constexpr Weight k{name}Weights[] = {{"]
    for (index, likeness), mean, sd, weight in zip(names, model.mean, model.sd, model.beta[1:]):
        lines.append(f'    {{"{index}", {str(likeness).lower()}, {mean:.4g}, {sd:.4g}, {weight:.4g}}},')
    lines += ["};", f"inline constexpr LogitPoint k{name}Calibration[] = {{"]
    lines += [f"    {{{a:.4g}, {b:.4g}}}," for a, b in zip(*calibration)]
    return "\n".join([*lines, "};"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    parts, said = [], []
    for name, names, rows in (("Ecg", ECG, ecg_rows(arguments.data)), ("Pulse", PULSE, ppg_rows(arguments.data))):
        model, calibration, p = fit(rows, names)
        lines = figures(rows, p)
        print("\n".join(lines))
        said += [f"//   {line}" for line in lines]
        parts.append(table(name, names, model, calibration))
    text = "\n".join([HEADER, *said, FOOTER.format(tables="\n\n".join(parts))])
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")


HEADER = """\
// Weights of the quality scores, see score.h. Written by lib/quality/fit/fit.py, which says how; not to be edited.
//
// Data (seed 1), noise at an SNR of U(-6, 30) dB, the label SNR >= 10 dB. ECG: MIT-BIH Arrhythmia, LUDB, CPSC 2021,
// windows of 5, 10 and 30 s; noise a fifth each of nstdb bw and ma (second channel), their mixture, white, and motion of
// cfm-synth; and the recordings of CinC 2017, noisy or not. PPG (also used for ABP): challenge2015, clean windows of
// PLETH with band-passed noise. Out of five folds by subject:"""
FOOTER = """\
#pragma once

#include "quality/score.h"

namespace cfm::quality {{

// clang-format off
{tables}
// clang-format on

}}  // namespace cfm::quality
"""

if __name__ == "__main__":
    main()
