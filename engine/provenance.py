"""Where an output comes from: enough to make it again, and to say why it differs. No torch."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
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


def of_job(
    job: Job, *, device: str, precision: str, threads: int, checkpoint: Mapping[str, str]
) -> dict[str, Any]:
    """The record of one job.

    Args:
        checkpoint: name and sha256.
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
            name: {"sha256": array_hash(value), "shape": list(value.shape)}
            for name, value in job.inputs.items()
            if isinstance(value, np.ndarray)
        },
        "device": device,
        "dtype": precision,
        "threads": threads,
    }


def png_text(provenance: Mapping[str, Any]) -> dict[str, str]:
    """PNG text chunks: the record, and the mark of synthetic media that other programs know."""
    return {
        "Software": f"Reverie {provenance['versions']['reverie']}",
        "Description": "Synthetic image, made by a diffusion model",
        "DigitalSourceType": SYNTHETIC_SOURCE,
        "reverie": json.dumps(provenance),
    }
