"""What is wrong with single cases: files that are missing or unreadable, masks that do not fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.data.doctor.findings import Finding, Fix
from engine.data.doctor.layouts import Item, Layout
from engine.data.doctor.looking import ImageFacts, Look, MaskFacts

SAME_ASPECT = 0.02
"""Parts by which sides of pictures may be scaled differently."""


def of_cases(layout: Layout, looks: Sequence[Look]) -> Iterator[Finding]:
    """Findings that each are about one case."""
    for look in looks:
        yield from _pairing(layout, look)
        yield from _reading(look)
        yield from _fitting(look)
        yield from _values(look)


def files_of(item: Item) -> tuple[Path, ...]:
    """Those of the image, and the mask where it is another."""
    own = item.files or ((item.image,) if item.image is not None else ())
    return (*own, item.mask) if item.mask is not None and item.mask not in own else own


def _pairing(layout: Layout, look: Look) -> Iterator[Finding]:
    item = look.item
    if not layout.expects_masks:
        return
    if item.image is None:
        yield Finding(
            "pairs", "error", (item.name,), files_of(item),
            f"The mask {item.path.name} has no image.",
            "Give image and mask the same name, or leave the mask out.", "drop-unpaired",
        )  # fmt: skip
    elif item.mask is None:
        yield Finding(
            "pairs", "error", (item.name,), files_of(item),
            f"The image {item.path.name} has no mask.",
            "Give image and mask the same name, or leave the image out. DiffRect can learn from "
            "images without labels, too.", "drop-unpaired",
        )  # fmt: skip


def _reading(look: Look) -> Iterator[Finding]:
    for message, remedy in (look.image_fault, look.mask_fault):
        if message:
            yield Finding(
                "files", "error", (look.item.name,), files_of(look.item), message,
                f"{remedy} Or leave the case out.".strip(), "drop-unreadable",
            )  # fmt: skip


def _fitting(look: Look) -> Iterator[Finding]:
    """A mask on another grid than its image."""
    image, mask, item = look.image, look.mask, look.item
    if image is None or mask is None or item.mask is None or not mask.differences:
        return
    told = "; ".join(mask.differences)
    if mask.shape != image.shape:
        fix: Fix = "resample-mask" if _can_resample(image, mask) else "drop-misfit"
        how = (
            "Resampling takes the nearest label for each voxel of the image."
            if fix == "resample-mask"
            else "Export image and mask from the same series again. Or leave the case out."
        )
        yield Finding(
            "shape", "error", (item.name,), files_of(item),
            f"The mask {item.mask.name} does not have the size of its image: {told}.", how, fix,
        )  # fmt: skip
    elif mask.axes != image.axes and mask.axes and image.axes:
        yield Finding(
            "place", "error", (item.name,), files_of(item),
            f"The mask {item.mask.name} has other axes than its image: {told}.",
            "Resampling puts each label where it lies in the patient.", "resample-mask",
        )  # fmt: skip
    else:
        yield Finding(
            "place", "error", (item.name,), files_of(item),
            f"The mask {item.mask.name} does not lie on its image: {told}.",
            "Both have the same voxels, so the mask most likely lost its place: it can take the "
            "image's, voxel by voxel. Look at the picture first.", "take-place",
        )  # fmt: skip


def _can_resample(image: ImageFacts, mask: MaskFacts) -> bool:
    """Whether both have a place, or are pictures of one scale."""
    if image.axes and mask.axes:
        return True
    if image.shape[0] != 1 or mask.shape[0] != 1:
        return False
    ratios = [m / i for m, i in zip(mask.shape[1:], image.shape[1:], strict=True)]
    return abs(ratios[0] / ratios[1] - 1) <= SAME_ASPECT


def _values(look: Look) -> Iterator[Finding]:
    image, item = look.image, look.item
    if image is None:
        return
    if image.bad:
        yield Finding(
            "values", "error", (item.name,), files_of(item),
            f"{item.path.name} has {image.bad:,} values that are NaN or infinite.",
            f"They can be filled with the least value, {image.low:g}.", "fill-values",
        )  # fmt: skip
    elif image.constant:
        yield Finding(
            "constant", "error", (item.name,), files_of(item),
            f"{item.path.name} is the same everywhere: all its values are {image.low:g}.",
            "There is nothing to learn from it: leave it out.", "drop-constant",
        )  # fmt: skip
    elif look.unusable[0]:
        yield Finding(
            "values", "error", (item.name,), files_of(item),
            f"{item.path.name}: {look.unusable[0]}.", look.unusable[1],
        )  # fmt: skip
