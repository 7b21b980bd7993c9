"""The denoising timeline as files: a PNG strip, an animated GIF, single frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from engine.data.atomic import atomic_path, make_folder
from engine.data.png import write_png
from engine.errors import InputError
from engine.events import JobPreview
from widgets.timeline.frame import Frame

THUMB, LEAST = 192, 128
CAPTION, GAP, GUTTER = 22, 6, 64
INK, PAPER = 225, 24
FRAME_MS, LAST_FRAME_MS = 120, 1500
SYNTHETIC = "Synthetic images, made by a diffusion model"


def frames_of(previews: Sequence[JobPreview], image: int = 0) -> list[Frame]:
    """The key steps of one image of a batch, in order."""
    keyed = sorted((p for p in previews if p.key), key=lambda p: p.index)
    return [Frame(p.index + 1, p.total, p.t, p.x_t[image], p.x0_hat[image]) for p in keyed]


def strip_picture(frames: Sequence[Frame]) -> NDArray[np.uint8]:
    """x_t over x0_hat, or the frames' ways, one column a step, with captions; (H, W) uint8.

    Raises:
        InputError: there are no frames.
    """
    _require(frames)
    columns = [[_thumb(picture) for picture in f.pictures().values()] for f in frames]
    titles = list(frames[0].pictures())
    width, height = columns[0][0].size
    pitch = width + GAP
    sheet = Image.new(
        "L",
        (GUTTER + len(columns) * pitch + GAP, CAPTION + len(titles) * (height + GAP) + GAP),
        PAPER,
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for row, title in enumerate(titles):
        middle = CAPTION + row * (height + GAP) + height // 2
        draw.text((GAP, middle), title, INK, font, anchor="lm")
    for i, (frame, pictures) in enumerate(zip(frames, columns, strict=True)):
        left = GUTTER + i * pitch
        draw.text((left + width // 2, CAPTION // 2), frame.caption(), INK, font, anchor="mm")
        for row, picture in enumerate(pictures):
            sheet.paste(picture, (left, CAPTION + row * (height + GAP)))
    return np.asarray(sheet, np.uint8)


def write_gif(path: Path, frames: Sequence[Frame], comment: str = SYNTHETIC) -> None:
    """x_t beside x0_hat, or the frames' ways, through the steps; the last one is held.

    Args:
        comment: What the file says of itself.

    Raises:
        InputError: there are no frames.
        DiskError: it cannot be written.
    """
    _require(frames)
    pictures = [
        Image.fromarray(np.hstack([_grey(picture) for picture in f.pictures().values()]))
        for f in frames
    ]
    durations = [FRAME_MS] * (len(pictures) - 1) + [LAST_FRAME_MS]
    with atomic_path(path) as beside:
        pictures[0].save(
            beside, format="GIF", save_all=True, append_images=pictures[1:],
            duration=durations, loop=0, comment=comment.encode(),
        )  # fmt: skip


def write_frames(
    folder: Path, frames: Sequence[Frame], metadata: Mapping[str, str] | None = None
) -> list[Path]:
    """One PNG a step for x_t and one for x0_hat, or one for each of its ways; their paths.

    Args:
        folder: Made if it is missing.
        metadata: Text chunks of every PNG.

    Raises:
        InputError: there are no frames.
        DiskError: they cannot be written.
    """
    _require(frames)
    make_folder(folder)
    written = []
    for frame in frames:
        for name, picture in frame.pictures().items():
            run = f"run{frame.run + 1}_" if frame.run else ""
            path = folder / f"{run}step{frame.index:04d}_{name.replace(' ', '_')}.png"
            write_png(path, _grey(picture), {**(metadata or {}), "Comment": frame.caption()})
            written.append(path)
    return written


def write_timeline(
    folder: Path,
    frames: Sequence[Frame],
    metadata: Mapping[str, str] | None = None,
    comment: str = SYNTHETIC,
) -> list[Path]:
    """Strip, GIF and frames of one run in a folder."""
    paths = write_frames(folder, frames, metadata)
    strip, gif = folder / "strip.png", folder / "timeline.gif"
    write_png(strip, strip_picture(frames), metadata)
    write_gif(gif, frames, comment)
    return [strip, gif, *paths]


def _require(frames: Sequence[Frame]) -> None:
    if not frames:
        raise InputError("There are no steps to export.", "Make an image first.")


def _grey(picture: np.ndarray | None) -> NDArray[np.uint8]:
    """[-1, 1] or uint8 -> uint8; noise beyond the range is cut."""
    if picture is None:
        raise InputError("A step was not kept, so it cannot be exported.", "Run it again.")
    if picture.dtype == np.uint8:
        return picture
    return np.rint(np.clip((picture + 1) / 2, 0, 1) * 255).astype(np.uint8)


def _thumb(picture: np.ndarray | None) -> Image.Image:
    image = Image.fromarray(_grey(picture))
    if (times := LEAST // max(image.size)) > 1:
        return image.resize((image.width * times, image.height * times), Image.Resampling.NEAREST)
    scale = min(1.0, THUMB / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS) if scale < 1 else image
