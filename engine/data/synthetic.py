"""Synthetic images as files that say where they come from: one image, or all as a set of pairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.atomic import atomic_path, write_atomic
from engine.data.pairset import PairSetWriter
from engine.data.png import SYNTHETIC_METADATA, write_png
from engine.errors import InputError
from engine.provenance import content, png_text
from engine.results import SynthesisResult

HOLDS_STEPS = "steps"
"""What a record says of pictures of how an image came about."""


def steps_metadata(result: SynthesisResult, place: int) -> dict[str, str]:
    """PNG text chunks of a picture that shows how one image of a result came about."""
    return {**SYNTHETIC_METADATA, **png_text({**_record(result, place), "holds": HOLDS_STEPS})}


def save_image(path: Path, result: SynthesisResult, place: int = 0) -> Path:
    """Write one image; the name's ending chooses the format, PNG if it has none.

    A PNG (8 bit) holds its record in text chunks; TIFF and npy (float32) have it in NAME.json
    beside them.

    Returns:
        The path written.

    Raises:
        InputError: a format that is not offered.
        DiskError: it cannot be written.
    """
    suffix = path.suffix.lower()
    values = result.images[place]
    record = {**_record(result, place), "holds": "output"}
    if suffix in ("", ".png"):
        path = path.with_suffix(".png")
        pixels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
        told = png_text({**record, "content": content(pixels)})
        write_png(path, pixels, {**SYNTHETIC_METADATA, **told})
        return path
    if suffix in (".tif", ".tiff"):
        import tifffile

        with atomic_path(path) as beside:
            tifffile.imwrite(beside, values)
    elif suffix == ".npy":
        with atomic_path(path) as beside:
            np.save(beside, values)
    else:
        raise InputError(
            f"{path.name}: images are not written as {suffix}.", "Choose .png, .tif or .npy."
        )
    told_beside = json.dumps({**record, "content": content(values)}, indent=2)
    write_atomic(path.with_name(f"{path.name}.json"), told_beside.encode())
    return path


def save_set(target: Path, result: SynthesisResult) -> None:
    """All images with their mask as a set of pairs with a manifest.

    Raises:
        InputError: the target holds something else.
        DiskError: it cannot be written.
    """
    record = dict(result.provenance)
    inputs = dict(record.get("inputs", {}))
    if "mask" in inputs:
        # The set itself holds the mask.
        inputs["mask"] = {k: v for k, v in inputs["mask"].items() if k != "packed"}
    with PairSetWriter(target, {**record, "inputs": inputs}) as writer:
        for image, seed in zip(result.images, result.seeds, strict=True):
            writer.add(f"seed_{seed:010d}", image, result.mask, {"seed": seed})


def _record(result: SynthesisResult, place: int) -> dict[str, Any]:
    return {**result.provenance, "image": place, "seed": result.seeds[place]}
