"""Where the command line puts what a job made."""

from __future__ import annotations

from pathlib import Path

from app.saving import save_mask
from engine.data.synthetic import save_image, save_set
from engine.errors import DiskError, InputError
from engine.results import MaskResult, SynthesisResult

IMAGE_SUFFIXES = (".png", ".tif", ".tiff", ".npy")
SET_SUFFIXES = (".npz", ".h5", ".hdf5")


def is_set(target: Path) -> bool:
    """Whether a name asks for a set of pairs: a folder, .npz or .h5."""
    return target.suffix.lower() in ("", *SET_SUFFIXES)


def check_target(target: Path, *, mask_only: bool, with_mask: bool) -> None:
    """Refuse, before anything is computed, a name that a result cannot be written under.

    Args:
        mask_only: The result is a mask, which is written as PNG.
        with_mask: The mask is to lie beside the image.

    Raises:
        InputError: no format for this result, or a set that is there already.
        DiskError: its folder is not there.
    """
    suffix = target.suffix.lower()
    if mask_only and suffix != ".png":
        raise InputError(f"{target.name} cannot be written: masks are PNG.", "End it in .png.")
    if suffix not in IMAGE_SUFFIXES and not is_set(target):
        raise InputError(
            f"{target.name} cannot be written: {target.suffix} is no format for results.",
            "End the name in .png, .tif or .npy for images, in .npz or .h5 for a set, "
            "or give a folder.",
        )
    if with_mask and is_set(target):
        raise InputError(
            f"{target.name} is a set of pairs, which holds the mask anyway.",
            "Leave --with-mask out.",
        )
    if is_set(target) and (target.is_file() or (target.is_dir() and any(target.iterdir()))):
        raise InputError(f"{target} exists already.", "Choose another name for the set.")
    if not target.parent.is_dir():
        raise DiskError(
            f"{target} cannot be written: {target.parent} is no folder.",
            "Create the folder or choose another one.",
        )


def save_result(
    target: Path, result: SynthesisResult | MaskResult, *, with_mask: bool = False
) -> list[Path]:
    """What a job made, in the form that the target's name asks for; returns what was written.

    Several images under one name get their seed added to it.

    Raises:
        InputError, DiskError: it cannot be written there.
    """
    if isinstance(result, MaskResult):
        save_mask(target, result.mask, grown=True)
        return [target]
    if is_set(target):
        save_set(target, result)
        return [target]
    several = len(result.seeds) > 1
    paths = []
    for index, seed in enumerate(result.seeds):
        path = target.with_name(f"{target.stem}_seed{seed}{target.suffix}") if several else target
        paths.append(save_image(path, result, index))
    if with_mask:
        paths.append(target.with_name(f"{target.stem}_mask.png"))
        save_mask(paths[-1], result.mask)
    return paths
