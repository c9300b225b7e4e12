"""Windows of recordings with noise at a known SNR, and what cfm-quality says of them.

    x, fs = read_signal("mitdb/100")                          # mV, Hz
    windows = bench_windows("mitdb", "nstdb")                 # the clean and noisy windows of ten records
    graded = grade(windows.noisy["ma", 6.0], windows.fs)      # graded["score"], graded["kurtosis"], ...

Recordings are read and windows graded by the programs of the project, which must be in PATH; numpy is all else needed.

SNR here is 10 log10(signal power / noise power). Signal power is (median over the beats of a window of the peak-to-peak
height within 50 ms of the beat)^2 / 8: of a sine of that height. Noise power is the mean square of the very piece that
is added, its mean removed. The program nst of the WFDB package means something else: it scales by a trimmed RMS over
1-s pieces of the whole noise record, and at the same dB adds more noise.
"""

import base64
import csv
import functools
import io
import json
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

BENCH_RECORDS = ("100", "101", "106", "112", "115", "119", "122", "209", "220", "230")
BENCH_LEVELS = (18.0, 12.0, 6.0)  # dB
QRS_HALF = 0.05  # s on either side of a beat
DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "I16": "<i2", "U64": "<u8", "U8": "u1"}


def program(*command, feed=None):
    """Standard output of a program; what it says on standard error is the message when it fails."""
    done = subprocess.run([str(part) for part in command], input=feed, capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: status {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


# ---- recordings


@functools.lru_cache(maxsize=256)
def _segment(record, *flags):
    """Header of a record as one segment, with its tensors as arrays."""
    out = program("cfm-segment", "-q", record, "--whole", "--max-missing", "1", "--to", "ndjson", "--payload", "base64",
                  *flags)
    for line in out.splitlines():
        header = json.loads(line)
        if header["type"] == "segment":
            break
    else:
        raise ValueError(f"{record}: no segment {' '.join(flags)}")
    data = header.pop("data", {})
    header["arrays"] = {name: tensor_samples(tensor, data[name]) for name, tensor in header["tensors"].items()}
    return header


def tensor_samples(tensor, text):
    """The array of a tensor, from its header and base64."""
    return np.frombuffer(base64.b64decode(text), DTYPES[tensor["dtype"]]).reshape(tensor["shape"])


def read_signal(record, channel=0, flags=()):
    """Samples of a channel, a position or a name or kind of cfm-segment --signals: (float64 in the physical unit, NaN
    where missing, rate in Hz). The array is shared: copy before changing it."""
    return _signal(str(record), f"#{channel}" if isinstance(channel, int) else channel, tuple(flags))


@functools.lru_cache(maxsize=256)
def _signal(record, channel, flags):
    header = _segment(record, "--signals", channel, *flags)
    name, tensor = next((n, t) for n, t in header["tensors"].items() if "fs" in t and "/" not in n)
    x = header["arrays"][name][0].astype(float)
    if "scale" in tensor:
        x = (x - tensor["offset"][0]) * tensor["scale"][0]
    if "mask" in tensor:
        x[header["arrays"][tensor["mask"]][0] == 0] = np.nan
    x.setflags(write=False)
    return x, float(tensor["fs"])


def read_beats(record, ext="atr", codes=False):
    """Samples of the beats of an annotation file, on the record's clock; with codes: and their WFDB codes (1 N, 5 V)."""
    header = _segment(str(record), "--signals", "#0", "--ann", ext)
    rows = header["arrays"]["reference/beats"]
    sample = np.rint(rows[:, 0]).astype(int)
    return (sample, rows[:, 1].astype(int)) if codes else sample


def read_rhythm(record, ext="atr"):
    """Rhythms of an annotation file: a list of (first sample, end, name without bracket)."""
    header = _segment(str(record), "--signals", "#0", "--ann", ext)
    tensor = header["tensors"].get("reference/rhythm")
    if tensor is None:
        return []
    rows, names = header["arrays"]["reference/rhythm"], tensor["aux"]
    return [(int(row[0]), int(row[1]), names[int(row[3])].lstrip("(")) for row in rows]


def read_labels(path, column):
    """{record: value} of a column of a CSV with the column record."""
    with open(path, newline="", encoding="utf-8") as file:
        return {row["record"]: row[column] for row in csv.DictReader(file)}


# ---- noise at a known SNR


def signal_power(x, fs, beats):
    """(median peak-to-peak height within 50 ms of the beats)^2 / 8; beats: samples of x. NaN without a whole beat."""
    half = round(QRS_HALF * fs)
    heights = [np.ptp(x[b - half:b + half + 1]) for b in beats if b >= half and b + half < len(x)]
    return float(np.median(heights)) ** 2 / 8 if heights else float("nan")


def add_noise(x, noise, snr_db, power):
    """x + noise, which is scaled so that power / (mean square of noise, its mean removed) is snr_db. Not nst's SNR."""
    noise = noise - noise.mean()
    square = np.mean(noise**2)
    return x + noise * np.sqrt(power / 10 ** (snr_db / 10) / square) if square > 0 else x.copy()


def random_piece(noise, n, rng):
    """n samples from a random place."""
    begin = int(rng.integers(0, len(noise) - n + 1))
    return noise[begin:begin + n]


def part_of(noise, part):
    """From part[0] to part[1] of an array, fractions of its length: noise to fit with and noise to test with."""
    return noise[round(part[0] * len(noise)):round(part[1] * len(noise))]


def even_starts(x, fs, length, count, after=300.0):
    """First samples of `count` evenly spaced windows from `after` s to the end."""
    n = round(length * fs)
    return np.linspace(round(after * fs), len(x) - n, count).astype(int)


@dataclass
class Windows:
    fs: float
    length: float  # s
    clean: np.ndarray  # [windows, samples]
    record: np.ndarray  # [windows] name
    power: np.ndarray  # [windows] of the signal
    noisy: dict = field(default_factory=dict)  # (kind, dB) -> [windows, samples]


def bench_windows(mitdb, nstdb, records=BENCH_RECORDS, noises=("ma", "bw"), levels=BENCH_LEVELS, count=20, length=10.0,
                  channel=0, after=300.0, seed=1, noise_channel=0, noise_part=(0.0, 1.0)):
    """The windows noisy is told from clean by: `count` evenly spaced ones of each record, of its first signal, after
    5:00; of each kind of noise a piece from a random place, the same at all levels. Every record at one rate, that of
    the noise. A window without a beat in its middle parts is left out."""
    clean, names, powers, starts = [], [], [], []
    for record in records:
        x, fs = read_signal(Path(mitdb) / record, channel)
        beats = read_beats(Path(mitdb) / record)
        n = round(length * fs)
        for begin in even_starts(x, fs, length, count, after):
            window = x[begin:begin + n]
            power = signal_power(window, fs, beats[(beats >= begin) & (beats < begin + n)] - begin)
            if not power > 0:
                continue
            clean.append(window)
            names.append(record)
            powers.append(power)
            starts.append(begin)
    windows = Windows(fs, length, np.array(clean), np.array(names), np.array(powers))
    rng = np.random.default_rng(seed)
    for kind in noises:
        noise, noise_fs = read_signal(Path(nstdb) / kind, noise_channel)
        if noise_fs != windows.fs:
            raise ValueError(f"{kind} has {noise_fs:g} Hz, the records {windows.fs:g} Hz")
        pieces = [random_piece(part_of(noise, noise_part), n, rng) for _ in clean]
        for level in levels:
            windows.noisy[kind, float(level)] = np.array(
                [add_noise(x, piece, level, power) for x, piece, power in zip(clean, pieces, powers)])
    return windows


# ---- streams


def table_of(stream, tool, *flags):
    """Rows of a program's table of a stream."""
    return csv.DictReader(io.StringIO(program(tool, "-q", "--to", "csv", *flags, feed=stream).decode()))


def segments_of(stream):
    """Headers of its segments with their data as base64."""
    lines = program("cfm-view", "-q", "-", "--to", "ndjson", "--payload", "base64", feed=stream).splitlines()
    return [header for header in map(json.loads, lines) if header["type"] == "segment"]


def samples_of(header, tensor):
    return tensor_samples(header["tensors"][tensor], header["data"][tensor])


# ---- grades


def grade(windows, fs, channel="ECG:mV", length=None, extra=()):
    """What cfm-quality says of windows [n, samples], or of n channels [n, channels, samples] with names separated by
    commas: {column: [n] or [n, channels]}, numbers as float (NaN: not there), channel kind class reasons as text.
    `length` (s) is the windows' own unless given; `extra`: flags of cfm-quality."""
    windows = np.asarray(windows, np.float32)
    several = windows.ndim == 3
    if length is not None and round(length * fs) != windows.shape[-1]:
        raise ValueError(f"windows of {windows.shape[-1]} samples are not {length} s at {fs:g} Hz")
    frames = windows.transpose(0, 2, 1) if several else windows
    raw = np.ascontiguousarray(frames, "<f4").tobytes()
    length = windows.shape[-1] / fs
    segment = subprocess.Popen(["cfm-segment", "-", "-q", "--raw", "f32", "--fs", f"{fs:.17g}", "--channels", channel,
                                "--length", f"{length:.17g}", "--max-missing", "1"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    quality = subprocess.Popen(["cfm-quality", "-q", "--to", "csv", *extra], stdin=segment.stdout,
                               stdout=subprocess.PIPE)
    segment.stdout.close()
    feeder = _feed(segment.stdin, raw)
    out = quality.communicate()[0].decode()
    feeder.join()
    if segment.wait() != 0 or quality.returncode != 0:
        raise RuntimeError("cfm-segment | cfm-quality failed")
    rows = [row for row in csv.DictReader(io.StringIO(out)) if row["channel"] != "*"]
    shape = windows.shape[:2] if several else windows.shape[:1]
    if len(rows) != np.prod(shape):
        raise RuntimeError(f"{np.prod(shape)} windows and channels, {len(rows)} rows of cfm-quality")
    text = ("channel", "kind", "class", "reasons")
    columns = [name for name in rows[0] if name not in ("id", "record", "subject", "start")] if rows else []
    return {name: np.array([row[name] for row in rows] if name in text
                           else [float(row[name]) if row[name] else np.nan for row in rows]).reshape(shape)
            for name in columns}


def _feed(pipe, raw):
    def write():
        try:
            with pipe:
                pipe.write(raw)
        except BrokenPipeError:
            pass

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def auroc(bad, good):
    """Probability that a bad score is lower than a good one, ties half."""
    both = np.concatenate([bad, good])
    values, place, count = np.unique(both, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    n = len(good)
    return float((rank[len(bad):].sum() - n * (n + 1) / 2) / (n * len(bad)))
