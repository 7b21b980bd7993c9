"""Results as files that say where they come from; used by the window and the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.data.pairset import PairSetWriter
from engine.data.phantoms import PHANTOM_METADATA
from engine.data.png import SYNTHETIC_METADATA, write_png
from engine.errors import InputError
from engine.provenance import png_text
from engine.results import MaskResult, SynthesisResult

SET_SUFFIXES = (".npz", ".h5", ".hdf5")


def is_set(target: Path) -> bool:
    """Whether a name asks for a set of pairs: a folder, .npz or .h5."""
    return target.suffix.lower() in ("", *SET_SUFFIXES)


def check_target(target: Path) -> None:
    """Refuse, before anything is computed, a name that a result cannot be written under.

    Raises:
        InputError: neither a PNG nor a set.
    """
    if target.suffix.lower() != ".png" and not is_set(target):
        raise InputError(
            f"{target.name} cannot be written: {target.suffix} is no format for results.",
            f"End the name in .png for images, in {' or '.join(SET_SUFFIXES[:2])} for a set, "
            "or give a folder.",
        )


def image_metadata(result: SynthesisResult, index: int) -> dict[str, str]:
    """PNG text chunks of one image of a result."""
    record = {**result.provenance, "image": index, "seed": result.seeds[index]}
    return {**SYNTHETIC_METADATA, **png_text(record)}


def save_image(path: Path, result: SynthesisResult, index: int = 0) -> None:
    """One image as PNG with its provenance.

    Raises:
        DiskError: it cannot be written.
    """
    write_png(path, result.images[index], image_metadata(result, index))


def save_mask(path: Path, mask: Any, *, grown: bool = False) -> None:
    """A mask (H, W) in {0, 1} as PNG, black and white.

    Args:
        grown: It was made by the program, and says so.

    Raises:
        DiskError: it cannot be written.
    """
    write_png(path, mask > 0, dict(PHANTOM_METADATA) if grown else None)


def save_pair(path: Path, result: SynthesisResult, index: int = 0) -> tuple[Path, Path]:
    """An image, and beside it its mask as NAME_mask.png; returns both paths."""
    mask = path.with_name(f"{path.stem}_mask.png")
    save_image(path, result, index)
    save_mask(mask, result.mask)
    return path, mask


def save_set(target: Path, result: SynthesisResult) -> None:
    """All images with their mask as a set of pairs with a manifest.

    Raises:
        InputError: the target holds something else.
        DiskError: it cannot be written.
    """
    with PairSetWriter(target, result.provenance) as writer:
        for image, seed in zip(result.images, result.seeds, strict=True):
            writer.add(f"seed_{seed:010d}", image, result.mask, {"seed": seed})


def save_result(
    target: Path, result: SynthesisResult | MaskResult, *, with_mask: bool = False
) -> list[Path]:
    """What a job made, in the form that the target's name asks for; returns what was written.

    Several images under one PNG name get their seed added to it.
    """
    if isinstance(result, MaskResult):
        save_mask(target, result.mask, grown=True)
        return [target]
    if is_set(target):
        save_set(target, result)
        return [target]
    single = len(result.seeds) == 1
    paths = []
    for index, seed in enumerate(result.seeds):
        path = target if single else target.with_name(f"{target.stem}_seed{seed}.png")
        save_image(path, result, index)
        paths.append(path)
    if with_mask:
        paths.append(target.with_name(f"{target.stem}_mask.png"))
        save_mask(paths[-1], result.mask)
    return paths
