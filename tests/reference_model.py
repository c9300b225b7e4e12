"""A model of cfm-pretrain as the reference PyTorch modules, for tests/real/parity.sh and tests/bench/train.sh.

    student, teacher, sizes = reference_model(REFERENCE, "runs/q/model.safetensors")

REFERENCE is the folder with qualityfm.py. Every name and shape must be the module's own (load_state_dict is strict).
"""
import json
import struct
import sys

import torch

TEACHER = "teacher.encoder."
SIZES = ("channels", "d", "layers", "heads", "ffn", "window", "tokens", "bins", "strides", "decoder_strides")


def header_of(path):
    """The JSON header of a safetensors file, and where its tensors begin."""
    with open(path, "rb") as file:
        (size,) = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(size)), 8 + size


def load_file(path):
    """What safetensors.torch.load_file gives, for those who have no such package: float32 tensors by name."""
    header, begin = header_of(path)
    with open(path, "rb") as file:
        data = memoryview(bytearray(file.read()))[begin:]
    tensors = {}
    for name, about in header.items():
        if name != "__metadata__":
            first, last = about["data_offsets"]
            tensors[name] = torch.frombuffer(data[first:last], dtype=torch.float32).reshape(about["shape"]).clone()
    return tensors


def reference_model(reference, path):
    sys.path.insert(0, reference)
    from qualityfm import QualityFM

    try:
        from safetensors.torch import load_file as load
    except ImportError:
        load = load_file
    tensors = load(path)
    architecture = json.loads(header_of(path)[0]["__metadata__"]["cfm.config"])["architecture"]
    sizes = {name: architecture[name] for name in SIZES}
    student, teacher = QualityFM(**sizes), QualityFM(**sizes).encoder
    student.load_state_dict({name: t for name, t in tensors.items() if not name.startswith(TEACHER)})
    teacher.load_state_dict({name[len(TEACHER) :]: t for name, t in tensors.items() if name.startswith(TEACHER)})
    return student, teacher, sizes
