"""Results to files: images with their provenance, pairs, sets, and the timeline. No widgets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.atomic import atomic_path, disk_error, write_atomic
from engine.errors import InputError
from engine.results import SynthesisResult
from widgets.timeline.frame import Frame

IMAGE_FILTER = "PNG, 8 bit (*.png);;TIFF, 32 bit float (*.tif *.tiff);;NumPy array (*.npy)"
GIF_FRAME_MS, GIF_LAST_MS = 120, 1500
GAP = 4  # pixels between the pictures of a strip


def provenance_of(result: SynthesisResult, place: int) -> dict[str, Any]:
    """The record of one image of a result: that of the job, with the image's own seed."""
    return {**result.provenance, "variant": place, "seed": result.seeds[place]}


def save_image(path: Path, result: SynthesisResult, place: int) -> Path:
    """Write one image; the name's ending chooses the format.

    PNG holds its provenance in text chunks, other formats have it in a JSON file beside them.

    Raises:
        InputError: a format that is not offered.
        DiskError: it cannot be written.
    """
    image = result.images[place]
    record = provenance_of(result, place)
    suffix = path.suffix.lower()
    if suffix in ("", ".png"):
        path = path.with_suffix(".png")
        _write_png(path, image, record)
        return path
    if suffix in (".tif", ".tiff"):
        import tifffile

        with atomic_path(path) as beside:
            tifffile.imwrite(beside, image)
    elif suffix == ".npy":
        with atomic_path(path) as beside:
            np.save(beside, image)
    else:
        raise InputError(
            f"{path.name}: images are not written as {suffix}.", "Choose .png, .tif or .npy."
        )
    write_atomic(path.with_suffix(path.suffix + ".json"), json.dumps(record, indent=2).encode())
    return path


def save_pair(path: Path, result: SynthesisResult, place: int) -> Path:
    """Write an image, and its mask beside it as NAME_mask.png (0 and 255).

    Raises:
        InputError, DiskError: as `save_image`.
    """
    written = save_image(path, result, place)
    mask = written.with_name(f"{written.stem}_mask.png")
    _write_png(mask, result.mask.astype(bool), provenance_of(result, place))
    return written


def save_set(target: Path, result: SynthesisResult) -> Path:
    """Write all variants as pairs, into a folder or a .npz or .h5 file.

    Raises:
        InputError: the target holds something else.
        DiskError: it cannot be written.
    """
    from engine.data.pairset import PairSetWriter

    with PairSetWriter(target, result.provenance) as writer:
        for image, seed in zip(result.images, result.seeds, strict=True):
            if f"seed-{seed}" not in writer.names:
                writer.add(f"seed-{seed}", np.clip(image, 0, 1), result.mask, {"seed": seed})
    return target


def save_strip(path: Path, frames: Sequence[Frame], record: Mapping[str, Any]) -> Path:
    """Write the key frames side by side, x_t over x0_hat, as one PNG."""
    rows = [
        [_grey(frame.x_t) for frame in frames],
        [_grey(frame.x0_hat) for frame in frames],
    ]
    height, width = rows[0][0].shape
    strip = np.zeros(
        (2 * height + GAP, len(frames) * (width + GAP) - GAP), np.uint8
    )  # fmt: skip
    for row, pictures in enumerate(rows):
        for column, picture in enumerate(pictures):
            top, left = row * (height + GAP), column * (width + GAP)
            strip[top : top + height, left : left + width] = picture
    path = path.with_suffix(".png")
    _write_png(path, strip, record)
    return path


def save_gif(path: Path, frames: Sequence[Frame], record: Mapping[str, Any]) -> Path:
    """Write x_t from noise to image as an animation; its provenance is its comment."""
    from PIL import Image

    pictures = [Image.fromarray(_grey(frame.x_t)) for frame in frames]
    times = [GIF_FRAME_MS] * (len(pictures) - 1) + [GIF_LAST_MS]
    path = path.with_suffix(".gif")
    with atomic_path(path) as beside:
        pictures[0].save(
            beside, format="GIF", save_all=True, append_images=pictures[1:], duration=times,
            loop=0, comment=json.dumps(record).encode(),
        )  # fmt: skip
    return path


def save_frames(folder: Path, frames: Sequence[Frame], record: Mapping[str, Any]) -> Path:
    """Write each key frame's x_t and x0_hat as PNGs into a folder, numbered by step."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    for frame in frames:
        for name, state in (("x_t", frame.x_t), ("x0_hat", frame.x0_hat)):
            own = {**record, "step": frame.index, "t": frame.t, "state": name}
            _write_png(folder / f"{frame.index:04d}_{name}.png", _grey(state), own)
    return folder


def _write_png(path: Path, image: np.ndarray, record: Mapping[str, Any]) -> None:
    from engine.data.png import SYNTHETIC_METADATA, write_png
    from engine.provenance import png_text

    write_png(path, image, {**SYNTHETIC_METADATA, **png_text(record)})


def _grey(state: np.ndarray | None) -> np.ndarray:
    """From the network's [-1, 1] to 8 bits."""
    assert state is not None, "recordings keep both states"
    return np.rint(np.clip((state + 1) * 127.5, 0, 255)).astype(np.uint8)
