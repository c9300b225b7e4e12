#!/usr/bin/env python3
"""Scores of other measures of quality, for tests/bench/quality.sh: high is good.

    scores = peer_scores(windows, fs)          # {"template matching": [n], …}, and seconds a window of each

Template matching, mean QRS and Zhao 2018 (simple) are those of NeuroKit2, on the signal as its ecg_clean leaves it, a
continuous index as its mean over the window; kurtosis is Pearson's of the raw signal. What a measure can't do counts as
the worst score.
"""
import math
import multiprocessing
import time
import warnings

import numpy as np

PEERS = ("template matching", "mean QRS", "kurtosis", "Zhao 2018")
ZHAO = {"Excellent": 2.0, "Barely acceptable": 1.0, "Unacceptable": 0.0}


def kurtosis(x):
    x = x - x.mean()
    square = np.mean(x**2)
    return float(np.mean(x**4) / square**2) if square > 0 else math.nan


def peer_score(job):
    import neurokit2

    warnings.simplefilter("ignore")
    x, fs, peer = job
    begin = time.process_time()
    try:
        if peer == "kurtosis":
            score = kurtosis(x)
        else:
            cleaned = neurokit2.ecg_clean(x, sampling_rate=fs)
            if peer == "Zhao 2018":
                score = ZHAO[neurokit2.ecg_quality(cleaned, sampling_rate=fs, method="zhao2018", approach="simple")]
            else:
                method = "templatematch" if peer == "template matching" else "averageQRS"
                score = float(np.nanmean(neurokit2.ecg_quality(cleaned, sampling_rate=fs, method=method)))
    except Exception:  # a window in which NeuroKit finds too few beats
        score = math.nan
    return (score if math.isfinite(score) else -1e9), time.process_time() - begin


def peer_scores(windows, fs, peers=PEERS):
    """{peer: (scores [n], CPU seconds a window)} of a list of windows; gaps are bridged by straight lines."""
    there = [whole(np.asarray(x, float)) for x in windows]
    found = {}
    with multiprocessing.Pool() as pool:
        for peer in peers:
            rows = pool.map(peer_score, [(x, int(fs), peer) for x in there], chunksize=16)
            found[peer] = (np.array([row[0] for row in rows]), float(np.mean([row[1] for row in rows])))
    return found


def whole(x):
    at = np.flatnonzero(np.isfinite(x))
    return np.interp(np.arange(len(x)), at, x[at]) if len(at) else np.zeros(len(x))


def available():
    try:
        import neurokit2  # noqa: F401
    except ImportError:
        return False
    return True
