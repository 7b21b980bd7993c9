"""Saving a translation: on its source's grid, marked as synthetic, with where it comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.data.png import SYNTHETIC_METADATA, write_png
from engine.data.volumes.volume import Source, Volume
from engine.data.volumes.write import IMAGE_ENDINGS, write_image, write_map
from engine.provenance import content, png_text
from engine.results import TranslationResult

MARK = "SYNTHETIC: translated by a diffusion model"
"""What a NIfTI's description says."""
PNG, NIFTI = ".png", (".nii", ".nii.gz")


def write_translation(
    path: Path,
    result: TranslationResult,
    volume: Volume,
    *,
    spread: Path | None = None,
    information: Path | None = None,
) -> tuple[Path, ...]:
    """Writes what is asked for; the record lies beside every file as JSON, in a PNG within it.

    Args:
        path: See `targets.check_targets`. A PNG holds black to white in 8 bits, or 16 where the
            source has them.
        volume: The source.
        spread, information: Maps of the result, as `write.write_map` takes them.

    Returns:
        All files written, the image first.

    Raises:
        InputError: an ending that cannot be written.
        DiskError: the disk refuses.
    """
    if path.name.lower().endswith(PNG):
        _write_png(path, result, volume)
    else:
        made = as_volume(result, volume)
        if path.name.lower().endswith(NIFTI):
            made = replace(made, source=_marked(made.source))
        told = {"holds": "output", "content": content(made.array[0])}
        write_image(path, made, {**result.provenance, **told})
    maps = (
        (spread, "spread", result.spread),
        (information, "information", result.information),
    )
    for place, name, values in maps:
        if place is not None:
            write_map(place, values, volume, {**result.provenance, "holds": name})
    return (path, *(place for place, *_ in maps if place is not None))


def as_volume(result: TranslationResult, source: Volume) -> Volume:
    """The result as an image of its source's geometry."""
    return replace(
        source, array=result.image[np.newaxis], kind="image", channels="single", slope=1.0,
        intercept=0.0, window=result.window, unit="", notes=(), warnings=(), table=(),
    )  # fmt: skip


def ending_for(source: Path, volume: Volume) -> str:
    """The ending under which a translation of a file is kept: its own where it can be written."""
    name = source.name.lower()
    own = next((e for e in IMAGE_ENDINGS if name.endswith(e)), "")
    if own and (own != PNG or volume.geometry.shape[0] == 1):
        return own
    return PNG if volume.geometry.shape[0] == 1 and not volume.geometry.oriented else ".nii.gz"


def _write_png(path: Path, result: TranslationResult, volume: Volume) -> None:
    low, high = result.window
    unit = np.clip((result.image[0] - low) / (high - low), 0, 1)
    kind = np.uint16 if volume.array.dtype == np.uint16 else np.uint8
    pixels = np.rint(unit * np.iinfo(kind).max).astype(kind)
    told = {**result.provenance, "holds": "output", "content": content(pixels)}
    write_png(path, pixels, {**SYNTHETIC_METADATA, **png_text(told)})


def _marked(source: Source) -> Source:
    """With a NIfTI's header that has the mark in its description, whatever the source is."""
    import nibabel as nib

    known: Any = source.header
    header = known.copy() if isinstance(known, nib.Nifti1Header) else nib.Nifti1Header()
    header["descrip"] = MARK
    return replace(source, header=header)
