"""What is odd about the images of a set: copies, grids, colours, types and ranges of values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from engine.data.doctor.about import about
from engine.data.doctor.findings import Finding
from engine.data.doctor.looking import Look
from engine.wording import counted, listed

FAR_SPACING = 2.0
"""Times by which a voxel may be longer or shorter than most."""
WIDE_RANGE = 100.0
"""Times by which ranges of values may differ before that is told."""


def of_images(looks: Sequence[Look]) -> Iterator[Finding]:
    """Findings that follow from all images together."""
    yield from _copies(looks)
    yield from _grids(looks)
    yield from _kinds(looks)


def _copies(looks: Sequence[Look]) -> Iterator[Finding]:
    same: dict[str, list[Look]] = defaultdict(list)
    for look in looks:
        if look.image is not None and not look.image.constant:
            same[look.image.digest].append(look)
    for group in same.values():
        if len({look.item.path for look in group}) < 2:
            continue
        names = listed([look.item.name for look in group])
        masks = {look.mask.digest for look in group if look.mask is not None}
        differ = " Their masks differ." if len(masks) > 1 else ""
        parts = {look.item.role for look in group}
        across = " They are in different parts of the set." if len(parts) > 1 else ""
        yield about(
            "copies", "error" if across or differ else "warning", group,
            f"{names} are the same image.{differ}{across}",
            "They count as one patient's in the split. Keep one of them"
            + (", that with the right mask." if differ else "."),
            "drop-copies",
        )  # fmt: skip


def _grids(looks: Sequence[Look]) -> Iterator[Finding]:
    """Sizes, voxel sizes and axes that differ between images."""
    seen = [look for look in looks if look.image is not None]
    # The lists of SSL4MIS train on slices and validate on volumes.
    alike = [look for look in seen if look.item.role in ("", "train")]
    flat = [look for look in alike if look.image and look.image.shape[0] == 1]
    if flat and len(flat) < len(alike):
        deep = [look for look in alike if look.image and look.image.shape[0] > 1]
        fewer = min(flat, deep, key=len)
        yield about(
            "shape", "warning", fewer,
            f"{len(flat)} images have one slice, {len(deep)} have several: "
            f"{listed([look.item.name for look in fewer])} differ.",
            "Train on one kind: keep pictures and volumes apart.",
        )  # fmt: skip
    shapes = Counter(look.image.shape for look in seen if look.image)
    if len(shapes) > 1:
        yield about(
            "shape", "note", seen[:1],
            f"Images come in {len(shapes)} sizes, most often "
            f"{' x '.join(map(str, shapes.most_common(1)[0][0][::-1]))}.",
            "Nothing needs to be done: each method brings them to its own size.",
        )  # fmt: skip
    placed = [look for look in seen if look.image and look.image.spacing]
    if len(placed) > 1:
        yield from _spacings(placed)
        yield from _axes(placed)


def _spacings(placed: Sequence[Look]) -> Iterator[Finding]:
    table = np.array([sorted(look.image.spacing) for look in placed if look.image])
    median = np.median(table, axis=0)
    ratio = np.maximum(table / median, median / table).max(axis=1)
    far = [look for look, r in zip(placed, ratio, strict=True) if r > FAR_SPACING]
    if far:
        told = " x ".join(f"{side:.3g}" for side in median)
        first = far[0].image
        assert first is not None
        yield about(
            "spacing", "warning", far,
            f"{counted(len(far), 'image')} {'has' if len(far) == 1 else 'have'} voxels more than "
            f"{FAR_SPACING:g} times as large or small as most ({told} mm): "
            f"{listed([look.item.name for look in far])}, for example "
            f"{' x '.join(f'{s:.3g}' for s in sorted(first.spacing))} mm.",
            "Check whether the voxel size is right; if it is, they can be resampled to the usual "
            "one.", "resample-spacing",
        )  # fmt: skip


def _axes(placed: Sequence[Look]) -> Iterator[Finding]:
    axes = Counter(look.image.axes for look in placed if look.image)
    if len(axes) < 2:
        return
    usual = axes.most_common(1)[0][0]
    others = [look for look in placed if look.image and look.image.axes != usual]
    told = ", ".join(f"{n} {code}" for code, n in axes.most_common())
    yield about(
        "orientation", "warning", others,
        f"Images are stored along different axes: {told}.",
        "Methods that take slices as they are stored would see patients turned. All can be "
        "turned to RAS; no voxel is changed.", "to-ras",
    )  # fmt: skip


def _kinds(looks: Sequence[Look]) -> Iterator[Finding]:
    """Colours among grey images, and types and ranges of values."""
    seen = [look for look in looks if look.image is not None]
    grey = [look for look in seen if look.image and look.image.grey]
    colour = [look for look in seen if look.image and look.image.colour and not look.image.grey]
    if grey and len(grey) < len(seen):
        yield about(
            "colour", "note", grey,
            f"{counted(len(grey), 'image')} {'is' if len(grey) == 1 else 'are'} stored in colour, "
            f"but grey: {listed([look.item.name for look in grey])}.",
            "They are read as grey where that is wanted; they can be saved as grey.", "to-grey",
        )  # fmt: skip
    if colour and len(colour) + len(grey) < len(seen):
        yield about(
            "colour", "warning", colour,
            f"{counted(len(colour), 'image')} {'is' if len(colour) == 1 else 'are'} in colour, "
            f"{len(seen) - len(colour)} are grey: "
            f"{listed([look.item.name for look in colour])}.",
            "Look at them: often these are drawings on top of an image. They can be made grey.",
            "to-grey",
        )  # fmt: skip
    types = Counter(look.image.dtype for look in seen if look.image)
    if len(types) > 1:
        usual = types.most_common(1)[0][0]
        others = [look for look in seen if look.image and look.image.dtype != usual]
        told = ", ".join(f"{n} {name}" for name, n in types.most_common())
        deep = [look for look in others if look.image and _makes_bytes(look, usual)]
        yield about(
            "depth", "warning" if deep else "note", deep or others,
            f"Values are of several types: {told}.",
            "They are scaled image by image. Pictures of 16 bits can be made 8 bits by their "
            "own range." if deep else
            "Nothing needs to be done: values are scaled image by image.",
            "to-8-bit" if deep else "",
        )  # fmt: skip
    spans = [(look.image.high - look.image.low, look) for look in seen if look.image]
    spans = [(span, look) for span, look in spans if span > 0]
    if spans:
        (least, _), (most, widest) = min(spans, key=_first), max(spans, key=_first)
        if most > WIDE_RANGE * least:
            yield about(
                "depth", "note", [widest],
                f"Values span from {least:.3g} in one image to {most:.3g} in another.",
                "Nothing needs to be done: they are scaled image by image. Where numbers mean "
                "something, as in CT, check the widest.",
            )  # fmt: skip


def _first(pair: tuple[float, Look]) -> float:
    return pair[0]


def _makes_bytes(look: Look, usual: str) -> bool:
    image = look.image
    return image is not None and usual == "uint8" and image.picture and image.dtype == "uint16"
