#!/usr/bin/env python3
"""Golden vectors of the shipped preparation profiles: each system's steps as its authors wrote them down, by numpy and
scipy alone, on synthetic signals at odd rates with gaps.

    tests/golden/profiles.py            writes tests/golden/profiles (needs numpy and scipy)

Nothing is read from the toolkit: rates, filters and scalings stand here a second time, from the sources that the
profiles name. Resampling is a sum over a Kaiser-windowed sinc in double precision, whose pass band ends where that of
soxr's very high quality does (0.913 of the lower Nyquist frequency); it is first checked against a multitone, which is
known at any time. Inputs are kept as float32, outputs as every STRIDE-th sample in float32.
"""
import json
import pathlib

import numpy as np
import scipy.signal as sps

FOLDER = pathlib.Path(__file__).with_name("profiles")
STRIDE = 7  # of outputs: prime to every period in the signals
LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
ECG_FS, PPG_FS, SECONDS = 257.0, 62.5, 32.0  # Hz, Hz, s
BEAT = 0.8  # s
GAPS = [["II", 25.3, 25.6], ["V3", 31.9, 32.1], ["ppg", 26.1, 26.5]]  # channel, from s, to s
# Leads are sums of three components, weights seeded; limb leads obey Einthoven.
SEED = 7


def ecg_components(t, rng):
    """[3, n] mV: P, QRS and T as Gaussians on each beat, with drift, mains of 50 Hz and a little band-limited noise."""
    waves = [(-0.18, 0.025, [0.12, 0.10, 0.05]), (-0.022, 0.014, [-0.1, 0.05, -0.2]), (0.0, 0.014, [1.0, 0.6, -0.9]),
             (0.03, 0.016, [-0.2, -0.3, 0.5]), (0.26, 0.05, [0.3, 0.2, 0.25])]
    out = np.zeros((3, t.size))
    for beat in np.arange(0.4, t[-1] + 2, BEAT):
        for at, width, size in waves:
            out += np.outer(size, np.exp(-0.5 * ((t - beat - at) / width) ** 2))
    for c in range(3):
        out[c] += 0.3 * (c + 1) + 0.15 * np.sin(2 * np.pi * 0.23 * t + c) + 0.04 * np.sin(2 * np.pi * 50 * t + c)
        for f in rng.uniform(1, 38, 12):
            out[c] += 0.01 * np.sin(2 * np.pi * f * t + rng.uniform(0, 6))
    return out


def ppg_wave(t, rng):
    out = 1800 + 40 * np.sin(2 * np.pi * 0.19 * t)
    for beat in np.arange(-0.4, t[-1] + 2, BEAT):
        out = out + 60 * np.exp(-0.5 * ((t - beat - 0.25) / 0.08) ** 2)
        out = out + 22 * np.exp(-0.5 * ((t - beat - 0.52) / 0.09) ** 2)
    for f in rng.uniform(0.5, 10, 8):
        out = out + 0.7 * np.sin(2 * np.pi * f * t + rng.uniform(0, 6))
    return out


def mixing(rng):
    weights = rng.uniform(-0.9, 0.9, (12, 3))
    weights[0] = [0.7, 0.2, 0.1]
    weights[1] = [1.0, 0.1, 0.0]
    weights[2] = weights[1] - weights[0]
    weights[3] = -(weights[0] + weights[1]) / 2
    weights[4] = weights[0] - weights[1] / 2
    weights[5] = weights[1] - weights[0] / 2
    return np.round(weights, 3)


def resample(x, fs, out_fs):
    """Band-limited, the ends held, sample 0 stays at 0 s; round(n * out / in) samples."""
    if fs == out_fs:
        return x
    nyquist = min(fs, out_fs) / 2
    cut, transition = 0.9565 * nyquist, 0.087 * nyquist
    beta, half = 14.0, 9.5 / transition / 2  # a Kaiser window of more than 140 dB
    pad = int(np.ceil(half * fs)) + 1
    padded = np.concatenate([np.full(pad, x[0]), x, np.full(pad, x[-1])])
    out = np.empty(int(round(x.size * out_fs / fs)))
    for i in range(out.size):
        centre = i / out_fs * fs + pad
        k = np.arange(int(np.ceil(centre - half * fs)), int(np.floor(centre + half * fs)) + 1)
        dt = (k - centre) / fs
        window = np.i0(beta * np.sqrt(np.maximum(0, 1 - (dt / half) ** 2))) / np.i0(beta)
        out[i] = np.sum(padded[k] * 2 * cut / fs * np.sinc(2 * cut * dt) * window)
    return out


def check_resampling():
    tones = [(0.7, 1.0), (7.3, 0.5), (22.1, 0.3), (44.0, 0.2)]
    wave = lambda t: sum(a * np.sin(2 * np.pi * f * t + f) for f, a in tones)
    for fs, out_fs in [(257, 300), (257, 125), (257, 500), (257, 100)]:
        made = resample(wave(np.arange(int(8 * fs)) / fs), fs, out_fs)
        at = np.arange(made.size) / out_fs
        inside = (at > 1) & (at < 7)
        assert np.max(np.abs(made - wave(at))[inside]) < 1e-6, (fs, out_fs)


def fill(x):
    known = np.flatnonzero(np.isfinite(x))
    return np.interp(np.arange(x.size), known, x[known])


def last(x, fs, seconds):
    """The part of a signal that begins `seconds` before its end, and the time of its first sample after that."""
    begin = x.size / fs - seconds
    first = int(np.ceil(begin * fs - 1e-6))
    return x[first:], first / fs - begin


def placed(x, offset, fs, seconds):
    out = np.zeros(int(round(fs * seconds)))
    at = int(round(offset * fs))
    out[at:at + x.size] = x[:out.size - at]
    return out


def both_ways(kind, fs, x):
    """kind: sos, or a width in samples of a moving average."""
    if isinstance(kind, int):
        return sps.filtfilt(np.ones(kind), [kind], x)
    return sps.sosfiltfilt(kind, x)


def zscore(x):
    return (x - x.mean()) / x.std()


def robust(x):
    low, middle, high = np.percentile(x, [25, 50, 75])
    return np.clip((x - middle) / max((high - low) / 1.349, 0.1 * x.std()), -20, 20)


class Case:
    """One segment through one profile: rows as (channel, fs) of the input."""

    def __init__(self, signals, fs, seconds):
        self.signals, self.fs, self.seconds = signals, fs, seconds

    def row(self, name, before=None, after=None):
        x, fs = self.signals[name]
        x, offset = last(x, fs, self.seconds)
        x = fill(x)
        if before:
            x = before(x, fs)
        x = resample(x, fs, self.fs)[:int(round(self.fs * self.seconds))]
        return (after(x) if after else x), offset

    def rows(self, made, scale=lambda x: x):
        return np.array([placed(scale(x), offset, self.fs, self.seconds) for x, offset in made])


def qualityfm(s):
    c = Case(s, 300.0, 30.0)
    return c.rows([c.row("ppg"), c.row("II")], robust)


def qualityfm_joint(s):
    c = Case(s, 300.0, 30.0)
    made = [c.row("ppg"), c.row("II")]
    low, high = min(x.min() for x, _ in made), max(x.max() for x, _ in made)
    return c.rows(made, lambda x: 2 * (x - low) / (high - low) - 1)


def cardiofm(s, fs=125.0):
    c = Case(s, fs, 10.0)
    band = lambda high: (lambda x: both_ways(sps.butter(2, [0.5, high], "bandpass", fs=fs, output="sos"), fs, x))
    return c.rows([c.row("II", after=band(40)), c.row("ppg", after=band(8))], zscore)


def csfm(s, published=False):
    c = Case(s, 250.0, 10.0)

    def ecg(x):  # NeuroKit2 ecg_clean
        return both_ways(int(250 / 50), 250, both_ways(sps.butter(5, 0.5, "highpass", fs=250, output="sos"), 250, x))

    def ppg(x):  # NeuroKit2 ppg_clean
        return both_ways(sps.butter(2, [0.5, 8], "bandpass", fs=250, output="sos"), 250, x)

    leads = [c.row(lead, after=ecg) for lead in LEADS]
    pulse = c.rows([c.row("ppg", after=ppg)], zscore)
    return np.vstack([c.rows(leads, zscore if published else lambda x: np.clip(x, -5, 5)), pulse])


def ecgfounder(s):
    c = Case(s, 500.0, 10.0)

    def clean(x):
        b, a = sps.iirnotch(50, 30, fs=500)
        x = sps.filtfilt(b, a, x)
        x = both_ways(sps.butter(4, [0.67, 40], "bandpass", fs=500, output="sos"), 500, x)
        return x - sps.medfilt(x, int(0.4 * 500) + 1)

    made = [c.row(lead, after=clean) for lead in LEADS]
    every = np.concatenate([x for x, _ in made])
    return c.rows(made, lambda x: (x - every.mean()) / every.std())


def papagei(s):
    c = Case(s, 125.0, 10.0)

    def clean(x, fs):  # pyPPG's Preprocess, fL 0.5, fH 12, order 4, 50 ms
        x = both_ways(sps.cheby2(4, 20, [0.5, 12], "bandpass", fs=fs, output="sos"), fs, x)
        return both_ways(int(round(fs * 0.05)), fs, x)

    return c.rows([c.row("ppg", before=clean)], zscore)


def ecg_fm(s):
    c = Case(s, 500.0, 5.0)
    return c.rows([c.row(lead) for lead in LEADS], zscore)


def heartlang(s):
    c = Case(s, 100.0, 10.0)
    return c.rows([c.row(lead) for lead in LEADS], zscore)


def main():
    check_resampling()
    rng = np.random.default_rng(SEED)
    t = np.arange(int(SECONDS * ECG_FS)) / ECG_FS
    components = ecg_components(t, rng).astype(np.float32)
    ppg = ppg_wave(np.arange(int(SECONDS * PPG_FS)) / PPG_FS, rng).astype(np.float32)
    weights = mixing(rng)
    leads = (weights.astype(np.float32)[:, :, None] * components[None]).sum(axis=1, dtype=np.float64)
    signals = {lead: (leads[i].astype(np.float32).astype(float), ECG_FS) for i, lead in enumerate(LEADS)}
    signals["ppg"] = (ppg.astype(float), PPG_FS)
    for name, begin, end in GAPS:
        x, fs = signals[name]
        at = np.arange(x.size) / fs
        x[(at >= begin) & (at < end)] = np.nan
    profiles = {"qualityfm": qualityfm, "qualityfm-joint": qualityfm_joint, "cardiofm": cardiofm,
                "cardiofm-250": lambda s: cardiofm(s, 250.0), "csfm": csfm, "csfm-published": lambda s: csfm(s, True),
                "ecgfounder": ecgfounder, "papagei": papagei, "ecg-fm": ecg_fm, "heartlang": heartlang}
    FOLDER.mkdir(exist_ok=True)
    np.save(FOLDER / "ecg.npy", components)
    np.save(FOLDER / "ppg.npy", ppg)
    for name, make in profiles.items():
        np.save(FOLDER / f"{name}.npy", make(signals)[:, ::STRIDE].astype(np.float32))
    about = {"made_by": "tests/golden/profiles.py, numpy and scipy", "seed": SEED, "stride": STRIDE,
             "ecg_fs": ECG_FS, "ppg_fs": PPG_FS, "leads": LEADS, "weights": weights.tolist(), "gaps": GAPS,
             "profiles": list(profiles)}
    (FOLDER / "input.json").write_text(json.dumps(about, indent=1) + "\n")


if __name__ == "__main__":
    main()
