#!/usr/bin/env python3
"""Figures of quality scores, for tests/bench/quality.sh, which says what they mean.

    quality_figures.py DATA PART…        parts: noise cinc blind monotone calibration reference

PEERS=0 leaves other measures out. Intervals are 95 % percentiles of 2000 draws over records. Needs numpy, the
programs of the project in PATH, and for peers neurokit2.
"""
import csv
import io
import json
import os
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib" / "quality" / "fit"))
sys.path.insert(0, str(Path(__file__).resolve().parent))
import quality_peers  # noqa: E402
import mixtures as m  # noqa: E402
import windows as w  # noqa: E402

DRAWS, SEED = 2000, 1
GOOD_SNR = 10.0  # dB: what the score is the probability of
NORMAL, VENTRICULAR = (1, 2, 3), 5  # codes: normal and bundle branch block beats; premature ventricular


def peers_wanted():
    return os.environ.get("PEERS", "1") != "0" and quality_peers.available()


# ---- intervals over records


def numbered(names):
    return np.unique(np.asarray(names), return_inverse=True)[1]


def draws_of(groups):
    """How often each record is drawn; the first row is the sample itself."""
    drawn = np.random.default_rng(SEED).multinomial(groups, np.full(groups, 1 / groups), size=DRAWS)
    return np.vstack([np.ones(groups, int), drawn])


def interval(values):
    values = np.asarray(values, float)
    there = values[1:][np.isfinite(values[1:])]
    if not np.isfinite(values[0]) or len(there) < DRAWS / 2:
        return values[0], np.nan, np.nan
    return (values[0], *np.percentile(there, [2.5, 97.5]))


def text(values, digits=3, sign=False):
    value, low, high = interval(values)
    form = f"{'+' if sign else ''}.{digits}f"
    return f"{value:{form}} [{low:{form}}, {high:{form}}]" if np.isfinite(low) else f"{value:{form}}"


def auroc_draws(score, bad, group, times):
    """AUROC of a low score for the bad, of each row of `times` [draws, groups]: of each pair of records once."""
    groups = times.shape[1]
    value = np.unique(score, return_inverse=True)[1]
    count = np.zeros((groups, value.max() + 1))
    np.add.at(count, (group[~bad], value[~bad]), 1)
    above = count.sum(1, keepdims=True) - np.cumsum(count, 1) + count / 2  # good windows of a record above a value
    pairs = np.zeros((groups, groups))  # of a bad window of i and a good one of j: those in the right order
    np.add.at(pairs, group[bad], above[:, value[bad]].T)
    bads, goods = np.bincount(group[bad], minlength=groups), np.bincount(group[~bad], minlength=groups)
    with np.errstate(invalid="ignore"):
        return np.einsum("di,ij,dj->d", times, pairs, times) / ((times @ bads) * (times @ goods))


def weighted_mean(sums, counts, times):
    with np.errstate(invalid="ignore"):
        return (times @ sums) / (times @ counts)


def spearman(x, y):
    def ranks(v):
        _, place, count = np.unique(v, return_inverse=True, return_counts=True)
        return (np.cumsum(count) - (count - 1) / 2)[place]

    a, b = ranks(np.asarray(x)), ranks(np.asarray(y))
    return float(np.corrcoef(a, b)[0, 1]) if np.ptp(a) > 0 and np.ptp(b) > 0 else 0.0


def ece_draws(score, good, group, times):
    """Expected calibration error, ten bins of equal width, of each row of `times`."""
    which = np.minimum((10 * score).astype(int), 9)
    total = np.zeros(len(times))
    for b in range(10):
        inside = which == b
        gap = np.bincount(group[inside], good[inside] - score[inside], times.shape[1])
        total += np.abs(times @ gap)
    return total / (times @ np.bincount(group, minlength=times.shape[1]))


def heading(line):
    print(f"\n{line}", flush=True)


# ---- streams


# ---- noisy against clean windows


def noise(data):
    heading("AUROC, noisy against clean 10-s windows of ten records of mitdb (200 + 200, first signal, noise channel 0), "
            "SNR 18 / 12 / 6 dB")
    windows = w.bench_windows(data / "mitdb", data / "nstdb")
    group = numbered(np.tile(windows.record, 2))
    times = draws_of(group.max() + 1)
    bad = np.repeat([False, True], len(windows.clean))

    names = ("template matching", "kurtosis", "Zhao 2018") if peers_wanted() else ()

    def scores(x):
        return {"ours": (w.grade(x, windows.fs)["score"], 0.0), **quality_peers.peer_scores(x, windows.fs, names)}

    clean = scores(windows.clean)
    noisy = {key: scores(x) for key, x in windows.noisy.items()}
    for kind in ("ma", "bw"):
        for name in clean:
            cells = [text(auroc_draws(np.concatenate([clean[name][0], noisy[kind, level][name][0]]), bad, group, times))
                     for level in w.BENCH_LEVELS]
            print(f"{kind}  {name:<20}" + "".join(f"{cell:>24}" for cell in cells))
    for name in names:
        seconds = max(clean[name][1], 1e-9)
        print(f"{name}: {1000 * seconds:.2f} ms a window, {1 / seconds:.0f} windows a second and core")


# ---- the noisy class of cinc2017, and blindness to rhythm by its classes


def whole_records(data):
    """Rhythm, score and samples of each record of cinc2017."""
    folder = data / "cinc2017"
    rhythm = w.read_labels(folder / "reference.csv", "rhythm")
    segments = w.program("cfm-segment", "-q", folder, "--trust-data", "--signals", "ecg", "--whole")
    score = {row["record"]: float(row["score"]) for row in w.table_of(segments, "cfm-quality") if row["channel"] != "*"}
    records = sorted(score)
    return records, np.array([rhythm[r] for r in records]), np.array([score[r] for r in records]), segments


def cinc(data):
    records, rhythm, score, _ = whole_records(data)
    count = {c: int(np.sum(rhythm == c)) for c in "NAO~"}
    heading("cinc2017, whole records, " + ", ".join(f"{n} {c}" for c, n in count.items()) + ": AUROC of a low score")
    found = {"ours": score}
    if peers_wanted():
        x = [w.read_signal(data / "cinc2017" / r, flags=("--trust-data",))[0] for r in records]
        found.update({name: value[0] for name, value in quality_peers.peer_scores(x, 300).items()})
    group = np.arange(len(records))
    times = draws_of(len(records))
    print(f"{'':<20}{'~ against the rest':>26}{'A against N':>26}{'O against N':>26}{'A, O against N':>26}")
    noisy = {}
    for name, value in found.items():
        noisy[name] = auroc_draws(value, rhythm == "~", group, times)
        cells = [text(noisy[name])]
        for bad in ("A", "O", "AO"):
            of = np.isin(rhythm, list(bad) + ["N"])
            cells.append(text(auroc_draws(value[of], rhythm[of] != "N", group[of], times)))
        print(f"{name:<20}" + "".join(f"{cell:>26}" for cell in cells))
    for name in found:
        if name != "ours":
            print(f"ours - {name}, ~ against the rest, paired: {text(noisy['ours'] - noisy[name], sign=True)}")


# ---- blindness to rhythm by windows with good signal


def class_difference(label, score, is_class, is_normal, record, least=3):
    """Mean over records of (mean score of a class - mean of the normal windows of the same record)."""
    differences, n, m = [], 0, 0
    for r in np.unique(record):
        a, b = score[(record == r) & is_class], score[(record == r) & is_normal]
        if len(a) >= least and len(b) >= least:
            differences.append(a.mean() - b.mean())
            n, m = n + len(a), m + len(b)
    if not differences:
        parts = [f"{score[chosen].mean():.3f} ({chosen.sum()} windows of {len(np.unique(record[chosen]))} records)"
                 for chosen in (is_class, is_normal) if chosen.any()]
        print(f"  {label:<44} no record has both; {' against '.join(parts) or 'none'}")
        return
    times = draws_of(len(differences))
    value = weighted_mean(np.array(differences), np.ones(len(differences)), times)
    enough = len(differences) >= 5
    shown = text(value if enough else value[:1], sign=True) + ("" if enough else ", too few records for an interval")
    print(f"  {label:<44} {shown:<28} {len(differences):>3} records, {n} and {m} windows")


WINDOW_KINDS = ("normal", "AF or flutter", "ventricular bigeminy", "VT, 3 s and more", "a fifth ventricular beats",
                "faster than 110 a minute")


def annotated_windows(folder, length=10.0, after=300.0):
    """All windows of all records, first signal: samples, record, and what rhythm and beats they have."""
    kept, record, kind = [], [], {name: [] for name in WINDOW_KINDS}
    for header in sorted(folder.glob("*.hea")):
        x, fs = w.read_signal(header.with_suffix(""))
        beats, codes = w.read_beats(header.with_suffix(""), codes=True)
        rhythms = w.read_rhythm(header.with_suffix(""))
        n = round(length * fs)
        for begin in range(round(after * fs), len(x) - n + 1, n):
            inside = codes[(beats >= begin) & (beats < begin + n)]
            if len(inside) < 2:
                continue
            share = {}
            for first, end, name in rhythms:
                overlap = min(end, begin + n) - max(first, begin)
                if overlap > 0:
                    share[name] = share.get(name, 0) + overlap / n
            ventricular = np.mean(inside == VENTRICULAR)
            sinus = share.get("N", 0) > 0.99 or not rhythms
            fast = len(inside) / length * 60 > 110
            kept.append(x[begin:begin + n])
            record.append(header.stem)
            kind["normal"].append(sinus and not fast and bool(np.isin(inside, NORMAL).all()))
            kind["AF or flutter"].append(share.get("AFIB", 0) + share.get("AFL", 0) > 0.99)
            kind["ventricular bigeminy"].append(share.get("B", 0) > 0.7)
            kind["VT, 3 s and more"].append(share.get("VT", 0) * length >= 3)
            kind["a fifth ventricular beats"].append(ventricular >= 0.2)
            kind["faster than 110 a minute"].append(fast and ventricular < 0.5)
    return np.array(kept), fs, np.array(record), {name: np.array(v) for name, v in kind.items()}


def agreement(beats, others, window):
    """F1 of two lists of beat times."""
    if len(beats) == 0 or len(others) == 0:
        return 0.0
    near = np.abs(beats[:, None] - others) <= window
    return (near.any(0).sum() + near.any(1).sum()) / (len(beats) + len(others))


def alarm_windows(data, folder, at, only, extra=()):
    """{record: (score, good)} of the 10 s up to `at` (s). Good signal, told without the score: both ECG leads are
    there, neither is flat for 1 s nor beyond 7 mV, and the beats found in each lead by itself agree (F1 >= 0.9 within
    150 ms, five at least)."""
    records = "\n".join(str(folder / r) for r in only).encode()
    stream = w.program("cfm-segment", "-q", "--records", "-", "--signals", "ecg:all", "--from", f"{at - 10:g}", "--until",
                       f"{at:g}", "--max-missing", "1", feed=records)
    score = {row["record"]: float(row["score"]) for row in w.table_of(stream, "cfm-quality", *extra)
             if row["channel"] == "*" and row["score"]}
    usable, beats = {header["record"]: usable_leads(header) for header in w.segments_of(stream)}, {}
    for lead in (0, 1):
        one = w.program("cfm-segment", "-q", "-", "--signals", f"#{lead}", "--whole", "--max-missing", "1", feed=stream)
        for row in w.table_of(one, "cfm-delineate", "--only", "beats"):
            if row["r_peak"] and row["channel"] != "global":
                beats.setdefault((row["record"], lead), []).append(float(row["r_peak"]))
    good = {}
    for record in score:
        a, b = (np.array(beats.get((record, lead), [])) for lead in (0, 1))
        good[record] = usable.get(record, False) and min(len(a), len(b)) >= 5 and agreement(a, b, 0.15) >= 0.9
    return {record: (score[record], good[record]) for record in score}


def usable_leads(header):
    tensor = header["tensors"].get("ecg")
    if tensor is None or tensor["shape"][0] < 2:
        return False
    digital = w.samples_of(header, "ecg")
    if "mask" in tensor and not w.samples_of(header, tensor["mask"]).all():
        return False
    for c in (0, 1):
        changes = np.flatnonzero(np.diff(digital[c]))
        runs = np.diff(np.concatenate([[-1], changes, [digital.shape[1] - 1]]))
        x = (digital[c] - tensor["offset"][c]) * tensor["scale"][c]
        if runs.max() >= tensor["fs"] or np.abs(x - np.median(x)).max() > 7:
            return False
    return True


def blind(data):
    heading("blindness to rhythm: mitdb, 10-s windows after 5:00, first signal; score of a class - normal windows of the "
            "same record")
    x, fs, record, kind = annotated_windows(data / "mitdb")
    score = w.grade(x, fs)["score"]
    for name, is_class in kind.items():
        if name != "normal":
            class_difference(name, score, is_class, kind["normal"], record)
    if (data / "cpsc2021").is_dir():
        x, fs, record, kind = annotated_windows(data / "cpsc2021", after=0)
        score, subject = w.grade(x, fs)["score"], np.array([r.rsplit("_", 1)[0] for r in record])
        class_difference("AF (cpsc2021, subjects)", score, kind["AF or flutter"], kind["normal"], subject)
    vt_alarms(data)


def vt_alarms(data, extra=()):
    folder = data / "challenge2015"
    alarm = w.read_labels(folder / "alarms.csv", "true_alarm")
    true, false = ([r for r in sorted(alarm) if alarm[r] in values] for values in (("1", "true"), ("0", "false")))
    if not extra:
        heading("challenge2015: score (lower of two ECG leads) of true VT alarms, 4:50-5:00, against windows away from "
                "alarms, both with good signal")
    vt = alarm_windows(data, folder, 300, true, extra)
    away = [(r, *v) for at, only in ((60, true + false), (120, false), (180, false)) for r, v in
            alarm_windows(data, folder, at, only, extra).items()]
    at_alarm = [(r, *v) for r, v in vt.items()]
    rows = [(r, s, True) for r, s, good in at_alarm if good] + [(r, s, False) for r, s, good in away if good]
    group = numbered([r for r, _, _ in rows])
    score, is_vt = np.array([s for _, s, _ in rows]), np.array([v for _, _, v in rows])
    groups = group.max() + 1
    times = draws_of(groups)

    def mean(chosen):
        counts = np.bincount(group[chosen], minlength=groups)
        return weighted_mean(np.bincount(group[chosen], score[chosen], groups), counts, times)

    vt_mean, away_mean = mean(is_vt), mean(~is_vt)
    print(f"  VT {vt_mean[0]:.3f}, away {away_mean[0]:.3f}, difference {text(vt_mean - away_mean, sign=True)}: "
          f"{is_vt.sum()} of {len(vt)} alarms and {np.sum(~is_vt)} of {len(away)} windows away are good")
    early = {r: s for r, s, good in away if good}
    pairs = np.array([s - early[r] for r, s, good in at_alarm if good and r in early])
    if len(pairs) >= 5:
        paired = weighted_mean(pairs, np.ones(len(pairs)), draws_of(len(pairs)))
        print(f"  paired, VT - 0:50-1:00 of the same record: {text(paired, sign=True)}, {len(pairs)} records")
    every = np.array([s for _, s, _ in at_alarm])
    print(f"  without that criterion: VT {every.mean():.3f}, away {np.mean([s for _, s, _ in away]):.3f}")


# ---- monotone in SNR, calibrated


def monotone(data):
    heading("monotone in SNR: Spearman of level (-6 to 24 dB by 3 dB) and median score of 20 windows, ten records")
    levels = tuple(float(v) for v in range(-6, 25, 3))
    windows = w.bench_windows(data / "mitdb", data / "nstdb", levels=levels)
    records = np.unique(windows.record)
    for kind in ("ma", "bw"):
        median = np.array([[np.median(w_score[windows.record == r]) for r in records] for w_score in
                           (w.grade(windows.noisy[kind, level], windows.fs)["score"] for level in levels)])
        rho = np.array([spearman(levels, median[:, r]) for r in range(len(records))])
        print(f"{kind}  least {rho.min():.3f} ({records[rho.argmin()]}), median {np.median(rho):.3f}; median score at "
              + ", ".join(f"{level:g} dB {value:.2f}" for level, value in list(zip(levels, np.median(median, 1)))[::2]))


def reliability(score, good):
    which = np.minimum((10 * score).astype(int), 9)
    print("  score      " + "".join(f"{f'{b / 10:.1f}-{(b + 1) / 10:.1f}':>9}" for b in range(10)))
    for name, of in (("windows", lambda i: f"{i.sum()}"), ("mean score", lambda i: f"{score[i].mean():.2f}"),
                     ("share good", lambda i: f"{good[i].mean():.2f}")):
        print(f"  {name:<11}" + "".join(f"{of(which == b) if np.any(which == b) else '-':>9}" for b in range(10)))


def calibration_rows(label, score, snr, record):
    good = snr >= GOOD_SNR
    group = numbered(record)
    times = draws_of(group.max() + 1)
    print(f"{label:<30} ECE {text(ece_draws(score, good, group, times))}  Brier {np.mean((score - good) ** 2):.3f}  "
          f"AUROC {text(auroc_draws(score, ~good, group, times))}  Spearman {spearman(snr, score):.3f}  "
          f"n {len(score)} of {group.max() + 1} records")


def ecg_calibration(data, count=100):
    """Windows, SNR (dB), kind of noise and record: the mixture of the weights, but from the other channel of nstdb."""
    rng = np.random.default_rng(SEED)
    clean = w.bench_windows(data / "mitdb", data / "nstdb", noises=(), count=count)
    sources = m.noise_sources(data, clean.fs, channel=0)
    x, snr, kind = [], rng.uniform(*m.SNR, len(clean.clean)), []
    for i, (window, power) in enumerate(zip(clean.clean, clean.power)):
        kind.append(m.KINDS[i % len(m.KINDS)])
        x.append(w.add_noise(window, m.ecg_noise(rng, len(window), sources, kind[-1]), snr[i], power))
    return np.array(x), clean.fs, snr, np.array(kind), clean.record


def calibration(data):
    heading("calibration: 10-s windows with noise at an SNR drawn from U(-6, 30) dB; the score as P(SNR >= 10 dB)")
    x, fs, snr, kind, record = ecg_calibration(data)
    score = w.grade(x, fs)["score"]
    calibration_rows("ECG, ten records of mitdb", score, snr, record)
    reliability(score, snr >= GOOD_SNR)
    for name in m.KINDS:
        of = kind == name
        calibration_rows(f"  {name}", score[of], snr[of], record[of])
    x, fs, power, record = m.ppg_windows(data, SEED, every=1)
    rng = np.random.default_rng(SEED)
    x, power, record = (np.repeat(v, 3, axis=0) for v in (x, power, record))
    snr = rng.uniform(-6, 30, len(x))
    noisy = np.array([w.add_noise(window, m.pulse_noise(rng, len(window), fs), db, p)
                      for window, db, p in zip(x, snr, power)])
    score = w.grade(noisy, fs, channel="PLETH:NU")["score"]
    calibration_rows("PPG, challenge2015", score, snr, record)
    reliability(score, snr >= GOOD_SNR)


# ---- the published score, by regularity


def reference(data):
    heading("for comparison: the published score, by the regularity of RR (cfm-quality --method rr)")
    try:
        _, rhythm, _, stream = whole_records(data)
        rows = list(w.table_of(stream, "cfm-quality", "--method", "rr"))
    except RuntimeError as error:
        print(f"  left out: {error}")
        return
    found = {row["record"]: float(row["score"]) for row in rows if row["channel"] != "*" and row["score"]}
    score = np.array([found[r] for r in sorted(found)])
    if len(score) != len(rhythm):
        print(f"  left out: {len(score)} of {len(rhythm)} records have that score")
        return
    times, group = draws_of(len(score)), np.arange(len(score))
    print(f"  cinc2017, ~ against the rest {text(auroc_draws(score, rhythm == '~', group, times))}")
    of = np.isin(rhythm, ["A", "N"])
    print(f"  cinc2017, A against N        {text(auroc_draws(score[of], rhythm[of] == 'A', group[of], times))}")
    vt_alarms(data, extra=("--method", "rr"))


def main():
    data = Path(sys.argv[1])
    parts = {"noise": noise, "cinc": cinc, "blind": blind, "monotone": monotone, "calibration": calibration,
             "reference": reference}
    for part in sys.argv[2:]:
        parts[part](data)


if __name__ == "__main__":
    main()
