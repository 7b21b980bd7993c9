"""Where an output comes from: enough to make it again, and to say why it differs. No torch."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import platform
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from engine.jobs import Job

SCHEMA = "reverie-provenance/1"
SYNTHETIC_SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
LIBRARIES = ("torch", "numpy", "scipy", "scikit-image")


def versions() -> dict[str, str]:
    """Of the program, of Python and of the libraries that the numbers depend on."""
    found = {"reverie": _version("reverie"), "python": platform.python_version()}
    return found | {name: _version(name) for name in LIBRARIES}


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "source"


def array_hash(array: np.ndarray) -> str:
    """SHA-256 of shape, type and values."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


@cache
def machine() -> dict[str, str]:
    """System, architecture and processor: another one may round otherwise."""
    return {
        "system": platform.system(), "architecture": platform.machine(), "processor": _processor(),
    }  # fmt: skip


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor())


def content(values: np.ndarray) -> dict[str, Any]:
    """What a record says of the values in its file, by which later changes are told.

    Args:
        values: (D, H, W) or (H, W), as stored: labels in the smallest unsigned type that holds
            them, maps and images in float32 or as pixels.
    """
    deep = values.reshape((1,) * (3 - values.ndim) + values.shape)
    return {"sha256": array_hash(np.asarray(deep, deep.dtype.newbyteorder("=")))}


def packed(mask: np.ndarray) -> str:
    """A mask (H, W) as text, a few kB: what was painted is in no file to make an image of again."""
    return base64.b64encode(zlib.compress(np.packbits(mask > 0).tobytes(), 9)).decode()


def unpacked(text: str, shape: tuple[int, int]) -> np.ndarray:
    """The mask (H, W) uint8 of `packed`.

    Raises:
        ValueError: another text, or of another shape.
    """
    count = shape[0] * shape[1]
    length = -(-count // 8)
    try:
        # No more than the shape needs, whatever the text unpacks to.
        data = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), length + 1)
    except (zlib.error, binascii.Error) as error:
        raise ValueError(f"no packed mask: {error}") from error
    if len(data) != length:
        raise ValueError(f"{len(data)} bytes for a mask of {shape[0]} x {shape[1]}")
    return np.unpackbits(np.frombuffer(data, np.uint8), count=count).reshape(shape)


def same_model(before: Any, now: Any) -> bool:
    """Whether two records are of checkpoints that answer alike: a new title makes none of another
    one.

    Args:
        before: See `engine.training.checkpoint.Identity`; older records have the file's hash alone.
        now: The same, of today.
    """
    if isinstance(before, str):
        before = {"sha256": before}
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        return bool(before == now)
    name = "model_sha256" if "model_sha256" in before else "sha256"
    return bool(before.get(name) == now.get(name))


def same_making(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether two records tell of the same way to make something."""
    return before.keys() == now.keys() and all(
        same_model(before[key], now[key]) if key == "checkpoint" else before[key] == now[key]
        for key in now
    )


def of_job(
    job: Job, *, device: str, precision: str, threads: int, checkpoint: Mapping[str, str]
) -> dict[str, Any]:
    """The record of one job.

    Args:
        checkpoint: See `engine.training.checkpoint.Identity`.
    """
    return {
        "schema": SCHEMA,
        "synthetic": True,
        "digital_source_type": SYNTHETIC_SOURCE,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "method": job.method,
        "task": job.task,
        "parameters": job.params.model_dump(),
        "checkpoint": dict(checkpoint),
        "inputs": {
            name: _input(job, name, value)
            for name, value in job.inputs.items()
            if isinstance(value, np.ndarray)
        },
        "machine": machine(),
        "device": device,
        "dtype": precision,
        "threads": threads,
    }


def _input(job: Job, name: str, value: np.ndarray) -> dict[str, Any]:
    """An array: its hash, and the file that it was read from, where it is known."""
    told: dict[str, Any] = {"sha256": array_hash(value), "shape": list(value.shape)}
    if name in job.files:
        told["path"] = str(job.files[name])
    part = job.inputs.get("part")
    return {**told, "part": part} if name == "input" and part else told


def png_text(provenance: Mapping[str, Any]) -> dict[str, str]:
    """PNG text chunks: the record, and the mark of synthetic media that other programs know."""
    return {
        "Software": f"Reverie {provenance['versions']['reverie']}",
        "Description": "Synthetic image, made by a diffusion model",
        "DigitalSourceType": SYNTHETIC_SOURCE,
        "reverie": json.dumps(provenance),
    }
