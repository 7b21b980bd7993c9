"""What is wrong with a set as a whole: labels, classes, copies, kinds of images, patients."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from engine.data.doctor.checks import files_of
from engine.data.doctor.findings import Check, Finding, Fix, Severity
from engine.data.doctor.layouts import Layout
from engine.data.doctor.looking import Look
from engine.data.segmentation.checking import MAX_CLASSES, describe_remap, numbering

SHOWN = 5
FEW_PATIENTS = 5
RARE_SHARE = 0.1
"""Of the cases: a label that fewer show is rare."""
SPARSE = 1e-3
"""Of the voxels: a label with fewer is small."""
UNEVEN = 10
"""Times as many images of one kind as of another."""
FAR_SPACING = 2.0
"""Times by which a voxel may be longer or shorter than most."""
WIDE_RANGE = 100.0
"""Times by which ranges of values may differ before that is told."""


def of_set(layout: Layout, looks: Sequence[Look]) -> Iterator[Finding]:
    """Findings that follow from all cases together."""
    yield from _labels(layout, looks)
    yield from _balance(layout, looks)
    yield from _copies(looks)
    yield from _grids(looks)
    yield from _kinds(looks)
    yield from _patients(layout, looks)
    yield from _number(layout, looks)


def listed(names: Sequence[str]) -> str:
    """The first few."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def counted(count: int, what: str) -> str:
    """For example "1 image", "3 images"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _about(
    check: Check, severity: Severity, looks: Sequence[Look], message: str, remedy: str,
    fix: Fix | Literal[""] = "",
) -> Finding:  # fmt: skip
    files: list[Path] = []
    for look in looks:
        files += files_of(look.item)
    names = tuple(look.item.name for look in looks)
    return Finding(check, severity, names, tuple(dict.fromkeys(files)), message, remedy, fix)


def _labels(layout: Layout, looks: Sequence[Look]) -> Iterator[Finding]:
    marked = [look for look in looks if look.mask is not None]
    values = sorted({v for look in marked if look.mask for v in look.mask.counts})
    if not marked:
        return
    if len({0, *values}) > MAX_CLASSES:
        many = [look for look in marked if look.mask and len(look.mask.counts) > MAX_CLASSES]
        yield _about(
            "labels", "error", many or marked,
            f"The masks have {len(values)} different values, so they are no label maps.",
            f"At most {MAX_CLASSES} labels can be learnt; check that these are the masks.",
        )  # fmt: skip
        return
    remap, _, _ = numbering(values, layout.names)
    if remap:
        having = [
            look for look in marked
            if look.mask and any(remap.get(v, v) != v for v in look.mask.counts)
        ]  # fmt: skip
        others = [str(v) for v in values if v and layout.names and v not in layout.names]
        unnamed = f" The set has no name for {', '.join(others)}." if others else ""
        yield _about(
            "labels", "error" if layout.expects_masks else "note", having,
            f"The labels are {', '.join(map(str, values))}, not 0 to {len(remap) - 1}.{unnamed}",
            f"They can be renumbered: {describe_remap(remap)}.", "renumber",
        )  # fmt: skip
    if values == [0]:
        yield _about(
            "labels", "error", marked, "All masks are empty: there is no structure to learn.",
            "Check that these are the masks.",
        )  # fmt: skip
        return
    empty = [look for look in marked if look.mask and not any(look.mask.counts)]
    full = [
        look for look in marked if look.mask and len(look.mask.counts) == 1 and look not in empty
    ]
    if empty:
        yield _about(
            "labels", "note", empty,
            f"{counted(len(empty), 'mask')} {'is' if len(empty) == 1 else 'are'} empty: "
            f"{listed([e.item.name for e in empty])}.",
            "They are used as images in which there is nothing to find.",
        )  # fmt: skip
    if full:
        yield _about(
            "labels", "warning", full,
            f"{counted(len(full), 'mask')} {'is' if len(full) == 1 else 'are'} one label from "
            f"edge to edge: {listed([e.item.name for e in full])}.",
            "Check that these are the masks.",
        )  # fmt: skip
    made = [look for look in marked if look.mask and look.mask.conversions]
    if made:
        assert made[0].mask is not None
        yield _about(
            "labels", "warning", made,
            f"{counted(len(made), 'mask')} {'is' if len(made) == 1 else 'are'} no label map but a "
            f"picture of one ({'; '.join(made[0].mask.conversions)}): "
            f"{listed([e.item.name for e in made])}.",
            "What is read from them can be saved as label maps. Look at some of them.",
            "clean-mask",
        )  # fmt: skip


def _balance(layout: Layout, looks: Sequence[Look]) -> Iterator[Finding]:
    told = [look for look in looks if look.item.labels is not None]
    if told:
        yield from _balance_of_images(told)
        return
    marked = [look for look in looks if look.mask is not None]
    voxels: Counter[int] = Counter()
    for look in marked:
        assert look.mask is not None
        voxels.update(look.mask.counts)
    total = sum(voxels.values())
    if len(voxels) > MAX_CLASSES:
        return
    for value in sorted(v for v in voxels if v):
        having = [look for look in marked if look.mask and value in look.mask.counts]
        name = layout.names.get(value, f"label {value}")
        if len(having) < RARE_SHARE * len(marked) or len(having) == 1 < len(marked):
            yield _about(
                "balance", "warning", having,
                f"Only {len(having)} of {counted(len(marked), 'case')} show {name}.",
                "It may be missing from a part of the split, and is hard to learn: add cases.",
            )  # fmt: skip
        elif voxels[value] < SPARSE * total:
            yield _about(
                "balance", "note", having,
                f"{name[:1].upper()}{name[1:]} fills {voxels[value] / total:.2g} of all voxels.",
                "Small structures need patches that are drawn around them, as cDAL does, or "
                "images cut to what matters.",
            )  # fmt: skip


def _balance_of_images(looks: Sequence[Look]) -> Iterator[Finding]:
    kinds: dict[str, list[Look]] = defaultdict(list)
    for look in looks:
        for label in look.item.labels or {"normal"}:
            kinds[label].append(look)
    if len(kinds) == 1:
        yield _about(
            "balance", "error", looks, f"All images are {next(iter(kinds))}.",
            "What a finding looks like is learnt from images with it and images without.",
        )  # fmt: skip
        return
    by_size = sorted(kinds.items(), key=lambda item: len(item[1]))
    (rare, few), (often, many) = by_size[0], by_size[-1]
    if len(many) > UNEVEN * len(few):
        yield _about(
            "balance", "warning", few,
            f"There are {counted(len(few), 'image')} of {rare} and {len(many)} of {often}.",
            "Training draws both alike; still, add images of the rare kind.",
        )  # fmt: skip


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
        yield _about(
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
        yield _about(
            "shape", "warning", fewer,
            f"{len(flat)} images have one slice, {len(deep)} have several: "
            f"{listed([look.item.name for look in fewer])} differ.",
            "Train on one kind: keep pictures and volumes apart.",
        )  # fmt: skip
    shapes = Counter(look.image.shape for look in seen if look.image)
    if len(shapes) > 1:
        yield _about(
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
        yield _about(
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
    yield _about(
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
        yield _about(
            "colour", "note", grey,
            f"{counted(len(grey), 'image')} {'is' if len(grey) == 1 else 'are'} stored in colour, "
            f"but grey: {listed([look.item.name for look in grey])}.",
            "They are read as grey where that is wanted; they can be saved as grey.", "to-grey",
        )  # fmt: skip
    if colour and len(colour) + len(grey) < len(seen):
        yield _about(
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
        yield _about(
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
            yield _about(
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


def _patients(layout: Layout, looks: Sequence[Look]) -> Iterator[Finding]:
    roles: dict[str, dict[str, list[Look]]] = defaultdict(lambda: defaultdict(list))
    for look in looks:
        if look.item.role and look.item.patient:
            roles[look.item.patient][look.item.role].append(look)
    leaking = {patient: parts for patient, parts in roles.items() if len(parts) > 1}
    if not leaking:
        return
    cases = [look for parts in leaking.values() for group in parts.values() for look in group]
    movable = bool(layout.lists) or layout.kind in ("pairs", "weak", "h5")
    are = "patient is" if len(leaking) == 1 else "patients are"
    yield _about(
        "patients", "error", cases,
        f"{len(leaking)} {are} in more than one part of the set: {listed(sorted(leaking))}.",
        "What is tested on must not be learnt from. All cases of a patient can be put into the "
        "part where most of them are; if names hide who is who, give a patient pattern.",
        "one-part" if movable else "",
    )  # fmt: skip


def _number(layout: Layout, looks: Sequence[Look]) -> Iterator[Finding]:
    usable = [
        look for look in looks
        if look.image is not None and (look.mask is not None or not layout.expects_masks)
    ]  # fmt: skip
    patients = {look.item.patient for look in usable if look.item.patient}
    if layout.kind == "pickle":
        return
    if len(usable) < 2 or len(patients) < 2:
        yield _about(
            "number", "error", usable,
            f"There are {counted(len(usable), 'usable case')} of "
            f"{counted(len(patients), 'patient')}.",
            "Training and validation need different patients: add some, or give a patient "
            "pattern if names hide who is who.",
        )  # fmt: skip
    elif len(patients) < FEW_PATIENTS:
        yield _about(
            "number", "warning", usable,
            f"There are only {counted(len(patients), 'patient')}.",
            "Figures of so few say little about others: add patients, or validate in folds.",
        )  # fmt: skip
