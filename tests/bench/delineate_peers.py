#!/usr/bin/env python3
"""Marks of other detectors, in the forms that cfm-eval scores. Needs neurokit2 and wfdb.

    delineate_peers.py beats METHODS OUT FOLDER…    first signal of each record; OUT/FOLDER/METHOD/RECORD.cfa
    delineate_peers.py waves < STREAM > STREAM      `waves` of NeuroKit's prominence method, lead by lead
    delineate_peers.py pulses METHOD < STREAM       `pulses` of METHOD (elgendi, charlton) instead of those there
    delineate_peers.py agreed BEATS BEATS STREAM…   F1 of pulses against the beats on which two leads agree

Streams are the text twin (--to ndjson), BEATS tables of cfm-delineate --only beats. PEER_RECORDS restricts beats.
"""
import csv
import json
import multiprocessing
import os
import sys
import time
import warnings
from pathlib import Path

import numpy as np

FOOT, SYSTOLE = 21, 20
WINDOW = 0.15  # s, of a pair


def whole(x):
    """x with gaps bridged by straight lines; zeros where nothing is there."""
    there = np.flatnonzero(np.isfinite(x))
    return np.interp(np.arange(len(x)), there, x[there]) if len(there) else np.zeros(len(x))


def detect(method, x, fs):
    import neurokit2
    import wfdb.processing

    if method == "gqrs":
        return wfdb.processing.gqrs_detect(sig=x, fs=fs)
    if method == "xqrs":
        return wfdb.processing.xqrs_detect(x, fs, verbose=False)
    cleaned = neurokit2.ecg_clean(x, fs, method=method)
    return neurokit2.ecg_peaks(cleaned, fs, method=method)[1]["ECG_R_Peaks"]


def mark_record(job):
    import wfdb

    warnings.simplefilter("ignore")
    folder, record, method, out = job
    target = out / folder.name / method
    target.mkdir(parents=True, exist_ok=True)
    signal = wfdb.rdrecord(str(folder / record), channels=[0])
    x = whole(signal.p_signal[:, 0])
    begin = time.process_time()
    try:
        beats = np.unique(np.asarray(detect(method, x, signal.fs), int))
    except Exception as error:  # what a peer can't do counts as nothing found
        print(f"{folder.name}/{record}, {method}: {error}", file=sys.stderr)
        beats = np.zeros(0, int)
    spent = time.process_time() - begin
    beats = beats[(beats >= 0) & (beats < len(x))]
    if len(beats) == 0:
        beats = np.zeros(1, int)  # wfdb writes no empty file; the first five minutes are not scored
    wfdb.wrann(record, "cfa", beats, ["N"] * len(beats), fs=signal.fs, write_dir=str(target))
    return method, spent, len(x) / signal.fs


def beats(methods, out, *folders):
    wanted = os.environ.get("PEER_RECORDS", "").split()
    jobs = [(Path(folder), header.stem, method, Path(out)) for folder in folders
            for header in sorted(Path(folder).glob("*.hea")) if not wanted or header.stem in wanted
            for method in methods.split()]
    spent, signal = {}, {}
    with multiprocessing.Pool() as pool:
        for method, seconds, length in pool.imap_unordered(mark_record, jobs):
            spent[method] = spent.get(method, 0) + seconds
            signal[method] = signal.get(method, 0) + length
    for method in methods.split():
        if method in spent:
            print(method, round(signal[method] / spent[method]))


def segments(lines):
    for line in lines:
        line = json.loads(line)
        yield line, line["type"] == "segment"


def signal_of(segment, name, channel):
    tensor = segment["tensors"][name]
    x = np.array([np.nan if v is None else v for v in segment["data"][name][channel]], float)
    if tensor["dtype"].startswith("I"):
        x[x == -(2 ** (int(tensor["dtype"][1:]) - 1))] = np.nan
    return whole(x * tensor.get("scale", [1] * (channel + 1))[channel]), tensor["fs"]


def put_events(segment, name, of, rows):
    """Adds the event tensor `name`, or replaces it; rows of sample, code, channel, num."""
    rows = sorted(rows)
    segment["tensors"].pop(name, None)
    begin = -(-max(t["data_offsets"][1] for t in segment["tensors"].values()) // 64) * 64
    segment["tensors"][name] = {"dtype": "F64", "shape": [len(rows), 4], "data_offsets": [begin, begin + 32 * len(rows)],
                                "kind": "event", "columns": ["sample", "code", "channel", "num"], "of": of}
    segment["data"][name] = rows


def waves():
    import neurokit2

    for segment, has_signal in segments(sys.stdin):
        if has_signal:
            rows = []
            for channel in range(len(segment["tensors"]["ecg"]["names"])):
                x, fs = signal_of(segment, "ecg", channel)
                x = neurokit2.ecg_clean(x, fs)
                peaks = neurokit2.ecg_peaks(x, fs)[1]
                try:
                    marks = neurokit2.ecg_delineate(x, peaks, fs, method="prominence")[1]
                except Exception as error:
                    print(f"{segment['record']}: {error}", file=sys.stderr)
                    continue
                for wave, code, num in (("P", 24, 0), ("R", 1, 1), ("T", 27, 2)):
                    tops = peaks["ECG_R_Peaks"] if wave == "R" else marks[f"ECG_{wave}_Peaks"]
                    for on, top, off in zip(marks[f"ECG_{wave}_Onsets"], tops, marks[f"ECG_{wave}_Offsets"]):
                        if np.isfinite(top):
                            rows += [(float(s), c, channel, num) for s, c in ((on, 39), (top, code), (off, 40)) if np.isfinite(s)]
            put_events(segment, "waves", "ecg", rows)
        print(json.dumps(segment, separators=(",", ":")))


def pulses(method):
    import neurokit2

    for segment, has_signal in segments(sys.stdin):
        if has_signal:
            x, fs = signal_of(segment, "ppg", 0)
            try:
                tops = neurokit2.ppg_findpeaks(neurokit2.ppg_clean(x, fs), fs, method=method)["PPG_Peaks"]
            except Exception as error:
                print(f"{segment['record']}: {error}", file=sys.stderr)
                tops = []
            put_events(segment, "pulses", "ppg", [(float(s), SYSTOLE, 0, 0) for s in tops])
        print(json.dumps(segment, separators=(",", ":")))


def pairs(a, b):
    """One to one in order, the nearer first."""
    found, i, j = [], 0, 0
    while i < len(a) and j < len(b):
        gap = abs(b[j] - a[i])
        if gap > WINDOW:
            i, j = (i + 1, j) if a[i] < b[j] else (i, j + 1)
        elif j + 1 < len(b) and abs(b[j + 1] - a[i]) < gap:
            j += 1
        elif i + 1 < len(a) and abs(b[j] - a[i + 1]) < gap:
            i += 1
        else:
            found.append((i, j))
            i, j = i + 1, j + 1
    return found


def agreed_beats(a, b, length=10.0):
    """Beats of both leads, and the starts of the stretches of `length` s in which every one has its partner."""
    found = pairs(a, b)
    both = np.array([(a[i] + b[j]) / 2 for i, j in found])
    alone = np.concatenate([np.delete(a, [i for i, _ in found]), np.delete(b, [j for _, j in found])])
    end = max([0.0, *a, *b])
    starts = [t for t in np.arange(0, end - length + 0.001, length)
              if not np.any((alone >= t) & (alone < t + length)) and np.sum((both >= t) & (both < t + length)) >= 4]
    return both, starts


def times_by_record(path):
    times = {}
    with open(path) as file:
        for row in csv.DictReader(file):
            if row["r_peak"]:
                times.setdefault(row["record"], set()).add(float(row["r_peak"]))
    return {record: np.array(sorted(values)) for record, values in times.items()}


def agreed(first, second, *streams):
    first, second = times_by_record(first), times_by_record(second)
    for stream in streams:
        hits = marks = count = 0
        scores, lags = [], []
        with open(stream) as file:
            for segment, has_signal in segments(file):
                record = segment.get("record")
                if not has_signal or record not in first or record not in second:
                    continue
                fs = segment["tensors"]["ppg"]["fs"]
                codes = {row[1] for row in segment["data"]["pulses"]}
                wanted = SYSTOLE if SYSTOLE in codes else FOOT
                tops = np.array([row[0] / fs for row in segment["data"]["pulses"] if row[1] == wanted])
                both, starts = agreed_beats(first[record], second[record])
                within = lambda times: times[[any(s <= t < s + 10 for s in starts) for t in times]]
                both = within(both)
                if len(both) < 20:
                    continue
                score = lambda lag: (len(pairs(both, within(tops - lag) if len(tops) else tops)), -lag)
                best = max((score(lag) for lag in np.arange(0, 1.61, 0.02)))
                found = within(tops + best[1]) if len(tops) else tops
                hits, marks, count = hits + best[0], marks + len(found), count + len(both)
                scores.append(2 * best[0] / (len(both) + len(found)))
                lags.append(-best[1])
        print(Path(stream).stem, len(scores), count, f"{200 * hits / (count + marks):.1f}", f"{100 * np.median(scores):.1f}",
              sum(lag > 1 for lag in lags), f"{max(lags):.2f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    {"beats": beats, "waves": waves, "pulses": pulses, "agreed": agreed}[sys.argv[1]](*sys.argv[2:])
