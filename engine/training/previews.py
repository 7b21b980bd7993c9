"""The pictures that a run leaves on its way: previews/000100_name.png. Loads no torch.

Grey values are spread over their own range, which is kept beside them; label maps lie as the
indices of a palette, so that any viewer shows them in colours and none of their numbers is lost.
Tables of a few numbers have these beside them as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from engine.data.atomic import atomic_path, disk_error
from engine.data.image_formats import DECODE_ERRORS, short
from engine.errors import InputError

FOLDER = "previews"
LABEL_COLOURS = (
    (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255),
)  # fmt: skip
MOST_PIXELS = 4096**2
MOST_NUMBERS = 1024
_KEY = "reverie"
_NAME = re.compile(r"(\d{6,})_[a-z0-9-]+\.png")

Pictures = Mapping[str, NDArray[Any]]
"""Title -> (H, W): floating point for grey values, uint8 for label maps."""


def grey_range(picture: NDArray[Any]) -> tuple[float, float]:
    """What to show as black and white: [0, 1] where all values lie in it, else their own range."""
    known = picture[np.isfinite(picture)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if low >= 0.0 and high <= 1.0:
        return 0.0, 1.0
    return (low, high) if low < high else (low, low + 1.0)


def write_previews(run: Path, iteration: int, pictures: Pictures) -> None:
    """Write one file a picture, each whole or not at all.

    Raises:
        DiskError: the folder cannot be written.
    """
    folder = run / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    for place, (title, picture) in enumerate(pictures.items()):
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or f"picture-{place}"
        image, about = _encoded(picture)
        info = PngInfo()
        info.add_itxt(_KEY, json.dumps({"title": title, "place": place, **about}))
        with atomic_path(folder / f"{iteration:06d}_{slug}.png") as beside:
            image.save(beside, format="PNG", pnginfo=info)


def preview_iterations(run: Path) -> tuple[int, ...]:
    """The iterations that there are pictures of, in order."""
    return tuple(sorted({iteration for iteration, _ in _files(run)}))


def read_previews(run: Path, iteration: int) -> dict[str, NDArray[Any]]:
    """The pictures of an iteration as they were written, grey values of all but the smallest to a
    255th of their range.

    Raises:
        InputError: a file is no picture of a run.
    """
    found = [_decoded(path) for i, path in _files(run) if i == iteration]
    return {title: picture for _, title, picture in sorted(found, key=lambda f: (f[0], f[1]))}


def prune_previews(run: Path, after: int) -> None:
    """Remove the pictures of iterations that a continued run comes to again.

    Raises:
        DiskError: a file cannot be removed.
    """
    for iteration, path in _files(run):
        if iteration > after:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise disk_error(path, error) from error


def _files(run: Path) -> list[tuple[int, Path]]:
    folder = run / FOLDER
    if not folder.is_dir():
        return []
    named = ((_NAME.fullmatch(path.name), path) for path in folder.iterdir())
    return [(int(match[1]), path) for match, path in named if match is not None]


def _encoded(picture: NDArray[Any]) -> tuple[Image.Image, dict[str, Any]]:
    if picture.dtype == np.uint8:
        image = Image.fromarray(np.ascontiguousarray(picture)).convert("L")
        # Grey becomes a palette without a change of the numbers.
        image.putpalette(_palette())
        return image, {"kind": "labels"}
    low, high = grey_range(picture)
    part = (picture.astype(np.float64) - low) / (high - low)
    grey = np.rint(np.nan_to_num(part, nan=0.0, posinf=1.0, neginf=0.0).clip(0, 1) * 255)
    about: dict[str, Any] = {"kind": "grey", "low": low, "high": high}
    if picture.size <= MOST_NUMBERS and np.isfinite(picture).all():
        about["values"] = picture.tolist()
    return Image.fromarray(grey.astype(np.uint8)), about


def _palette() -> bytes:
    colours = [(0, 0, 0), *(LABEL_COLOURS[i % len(LABEL_COLOURS)] for i in range(255))]
    return bytes(part for colour in colours for part in colour)


def _decoded(path: Path) -> tuple[int, str, NDArray[Any]]:
    """Place, title and values."""
    try:
        with Image.open(path, formats=("PNG",)) as image:
            if image.width * image.height > MOST_PIXELS:
                raise InputError(f"{path} is larger than any preview.", "Remove the file.")
            # As stored: a palette is not turned into its colours.
            values = np.array(image)
            about = json.loads(image.info[_KEY])
            place, title = int(about["place"]), str(about["title"])
            if values.dtype != np.uint8 or values.ndim != 2:
                raise ValueError(f"{values.shape} values of type {values.dtype}")
            if about["kind"] == "labels":
                return place, title, values
            if "values" in about:
                return place, title, np.array(about["values"], np.float32).reshape(values.shape)
            low, high = float(about["low"]), float(about["high"])
            return place, title, (low + values * ((high - low) / 255)).astype(np.float32)
    except InputError:
        raise
    except DECODE_ERRORS as error:
        raise InputError(
            f"{path} is no preview of a run: {short(error)}.", "Remove the file."
        ) from error
