"""The mixtures of noise that the score is a probability under, and the clean windows they are added to.

    sources = noise_sources("data", 360.0)
    noise = ecg_noise(rng, 3600, sources, "ma")                # of power 1
    x, fs, power, record = ppg_windows("data", seed=1)         # clean windows of PLETH
"""

from pathlib import Path

import numpy as np

import windows as w

SNR = (-6.0, 30.0)  # dB, of the uniform distribution that a window's is drawn from
KINDS = ("bw", "ma", "mixture", "white", "motion")  # of noise on an ECG, equally often


def at_rate(x, fs, wanted):
    """x resampled by its Fourier coefficients."""
    n = round(len(x) * wanted / fs)
    bins = np.fft.rfft(x)[:n // 2 + 1]
    return np.fft.irfft(np.pad(bins, (0, n // 2 + 1 - len(bins))), n) * n / len(x)


def noise_sources(data, fs, channel=1):
    """Long pieces of noise at fs Hz: baseline wander and muscle noise of nstdb, a channel of each, and made-up motion."""
    sources = {kind: at_rate(*w.read_signal(Path(data) / "nstdb" / kind, channel), fs) for kind in ("bw", "ma")}
    stream = w.program("cfm-synth", "-q", "--signals", "ecg", "--duration", "1800", "--noise", "motion@0", "--seed", "1")
    for header in w.segments_of(stream):
        noisy, clean = (w.samples_of(header, name)[0].astype(float) for name in ("ecg", "reference/ecg"))
        sources["motion"] = at_rate(noisy - clean, header["tensors"]["ecg"]["fs"], fs)
    return sources


def ecg_noise(rng, n, sources, kind):
    """n samples of power 1; the mixture is of bw and ma with a uniform share of the power."""
    def piece(name):
        x = w.random_piece(sources[name], n, rng)
        x = x - x.mean()
        return x / max(x.std(), 1e-12)

    if kind == "white":
        return rng.standard_normal(n)
    if kind == "mixture":
        share = rng.uniform()
        return np.sqrt(share) * piece("bw") + np.sqrt(1 - share) * piece("ma")
    return piece(kind)


def pulse_noise(rng, n, fs):
    """Noise of a pulse wave: white noise through a Butterworth band-pass of order 2, of 0.1 Hz to
    U(0.5, 8), 0.05 to 0.4 or 0.5 to 20 Hz, half of it in one burst."""
    low, high = ((0.1, rng.uniform(0.5, 8)), (0.05, 0.4), (0.5, min(20, 0.45 * fs)))[rng.integers(3)]
    f = np.fft.rfftfreq(n, 1 / fs)
    with np.errstate(divide="ignore"):
        gain = 1 / np.sqrt(1 + ((f**2 - low * high) / (f * (high - low))) ** 4)
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * gain, n)
    if rng.random() < 0.5:
        t = np.arange(n) / n
        noise = noise * np.exp(-0.5 * ((t - rng.uniform(0.1, 0.9)) / rng.uniform(0.05, 0.3)) ** 2)
    return noise


# Least indices of a 30-s segment of PPG to which noise is added.
CLEAN_PULSES = {"template_correlation": 0.9, "beat_ratio": 16.0, "baseline_ratio": 8.0}


def ppg_windows(data, seed, length=10.0, every=1, each=8):
    """Clean windows of PLETH of one record in `every`, their power and record: of 30-s segments with nothing missing
    in which the pulses resemble one another."""
    folder = data / "challenge2015"
    headers = [p for p in sorted(folder.glob("*.hea")) if "PLETH" in p.read_text(encoding="utf-8", errors="replace")]
    names = "\n".join(str(p.with_suffix("")) for p in headers[::every]).encode()
    stream = w.program("cfm-segment", "-q", "--records", "-", "--signals", "ppg", "--length", "30", "--max-missing", "0",
                       feed=names)
    clean = {row["id"] for row in w.table_of(stream, "cfm-quality") if row["channel"] != "*"
             and all(float(row[name] or "nan") >= least for name, least in CLEAN_PULSES.items())
             and float(row["flat_fraction"]) <= 0.05}
    pulses = {}
    for row in w.table_of(stream, "cfm-delineate", "--only", "pulses"):
        if row["foot"] and row["systole"]:
            pulses.setdefault(row["id"], []).append((float(row["foot"]), float(row["systole"])))
    x, power, record = [], [], []
    rng = np.random.default_rng(seed)
    for header in w.segments_of(stream):
        if header["id"] not in clean or header["id"] not in pulses:
            continue
        tensor = header["tensors"]["ppg"]
        samples = (w.samples_of(header, "ppg")[0] - tensor["offset"][0]) * tensor["scale"][0]
        fs, n = tensor["fs"], round(length * tensor["fs"])
        begin = int(rng.integers(0, len(samples) - n + 1))
        marks = np.rint((np.array(pulses[header["id"]]) - header["start"]) * fs).astype(int) - begin
        window = samples[begin:begin + n]
        heights = [window[systole] - window[foot] for foot, systole in marks if 0 <= foot < systole < n]
        if len(heights) < 3:
            continue
        x.append(window)
        power.append(np.median(heights) ** 2 / 8)
        record.append(header["record"])
    x, power, record = np.array(x), np.array(power), np.array(record)
    kept = np.concatenate([np.flatnonzero(record == r)[:each] for r in np.unique(record)])
    return x[kept], float(fs), power[kept], record[kept]
