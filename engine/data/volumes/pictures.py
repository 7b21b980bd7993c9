"""Screenshots and scrolls through slices as files that say where they come from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.data.atomic import atomic_path, disk_error
from engine.data.png import write_png
from engine.errors import InputError

MAX_COMMENT = 60_000
_COLOURS = 256


def save_picture(
    path: str | os.PathLike[str], rgb: NDArray[np.uint8], metadata: Mapping[str, str]
) -> Path:
    """Writes a PNG with text chunks.

    Args:
        path: Its folder must exist; the ending is .png.
        rgb: (H, W, 3).
        metadata: Keywords and texts.

    Raises:
        InputError: Another ending.
        DiskError: The disk refuses.
    """
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise InputError(f"{target} is not named as a PNG.", "Use the ending .png.")
    write_png(target, _checked(rgb), metadata)
    return target


def save_animation(
    path: str | os.PathLike[str],
    frames: Sequence[NDArray[np.uint8]],
    fps: float,
    metadata: Mapping[str, str],
) -> Path:
    """Writes frames as a GIF, or as numbered PNGs in a new folder where there is no ending.

    A GIF keeps 256 colours, chosen for all its frames together so that none flickers, counts time
    in hundredths of a second, and holds the metadata as JSON in its comment.

    Args:
        path: `name.gif`, or the name of a folder that does not exist yet.
        frames: (H, W, 3) each, all of one size.
        fps: Frames a second, above 0.
        metadata: Keywords and texts.

    Raises:
        InputError: Another ending, or a folder that is there already.
        DiskError: The disk refuses; nothing half-done is left.
        ValueError: No frames, or frames of different sizes.
    """
    target = Path(path)
    if not frames or len({frame.shape for frame in frames}) != 1:
        raise ValueError("an animation needs frames of one size")
    if target.suffix.lower() == ".gif":
        _save_gif(target, frames, fps, metadata)
    elif target.suffix:
        raise InputError(
            f"{target} is not named as a GIF.", "Use .gif, or no ending for a folder of PNGs."
        )
    else:
        _save_folder(target, frames, fps, metadata)
    return target


def _checked(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if rgb.ndim != 3 or rgb.shape[-1] != 3 or rgb.dtype != np.uint8:
        raise ValueError(f"a picture is (H, W, 3) uint8, not {rgb.shape} {rgb.dtype}")
    return np.ascontiguousarray(rgb)


def _save_gif(
    target: Path, frames: Sequence[NDArray[np.uint8]], fps: float, metadata: Mapping[str, str]
) -> None:
    palette = _palette(frames)
    pictures = [
        Image.fromarray(_checked(frame)).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in frames
    ]
    comment = json.dumps(dict(metadata)).encode()
    with atomic_path(target) as beside:
        pictures[0].save(
            beside,
            format="GIF",
            save_all=True,
            append_images=pictures[1:],
            # Viewers slow down what is faster than 50 frames a second.
            duration=max(20, round(100 / fps) * 10),
            loop=0,
            optimize=False,
            disposal=1,
            comment=comment if len(comment) <= MAX_COMMENT else b"",
        )


def _palette(frames: Sequence[NDArray[np.uint8]]) -> Image.Image:
    """Colours for all frames, from some pixels of some frames."""
    chosen = frames[:: max(1, len(frames) // 16)]
    step = max(1, max(chosen[0].shape[:2]) // 256)
    sample = np.concatenate([_checked(frame)[::step, ::step] for frame in chosen])
    return Image.fromarray(np.ascontiguousarray(sample)).quantize(_COLOURS)


def _save_folder(
    target: Path, frames: Sequence[NDArray[np.uint8]], fps: float, metadata: Mapping[str, Any]
) -> None:
    if target.exists():
        raise InputError(f"{target} exists already.", "Choose the name of a new folder.")
    unfinished = target.with_name(f".{target.name[:40]}.{os.urandom(6).hex()}")
    try:
        unfinished.mkdir()
    except OSError as error:
        raise disk_error(target, error) from error
    try:
        for number, frame in enumerate(frames):
            told = {**metadata, "Frame": f"{number + 1} of {len(frames)}", "FPS": f"{fps:g}"}
            write_png(unfinished / f"{number:04d}.png", _checked(frame), told)
        os.rename(unfinished, target)
    except OSError as error:
        raise disk_error(target, error) from error
    finally:
        if unfinished.exists():
            for file in unfinished.iterdir():
                file.unlink()
            unfinished.rmdir()
