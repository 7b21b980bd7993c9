"""What is wrong with a set as a whole: labels, classes, patients, and its images together."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from engine.data.doctor.about import about
from engine.data.doctor.findings import Finding
from engine.data.doctor.image_checks import of_images
from engine.data.doctor.layouts import Layout
from engine.data.doctor.looking import Look
from engine.data.segmentation.checking import MAX_CLASSES, describe_remap, numbering
from engine.wording import counted, listed

FEW_PATIENTS = 5
RARE_SHARE = 0.1
"""Of the cases: a label that fewer show is rare."""
SPARSE = 1e-3
"""Of the voxels: a label with fewer is small."""
UNEVEN = 10
"""Times as many images of one kind as of another."""


def of_set(layout: Layout, looks: Sequence[Look]) -> Iterator[Finding]:
    """Findings that follow from all cases together."""
    yield from _labels(layout, looks)
    yield from _balance(layout, looks)
    yield from of_images(looks)
    yield from _patients(layout, looks)
    yield from _number(layout, looks)


def _labels(layout: Layout, looks: Sequence[Look]) -> Iterator[Finding]:
    marked = [look for look in looks if look.mask is not None]
    values = sorted({v for look in marked if look.mask for v in look.mask.counts})
    if not marked:
        return
    if len({0, *values}) > MAX_CLASSES:
        many = [look for look in marked if look.mask and len(look.mask.counts) > MAX_CLASSES]
        yield about(
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
        yield about(
            "labels", "error" if layout.expects_masks else "note", having,
            f"The labels are {', '.join(map(str, values))}, not 0 to {len(remap) - 1}.{unnamed}",
            f"They can be renumbered: {describe_remap(remap)}.", "renumber",
        )  # fmt: skip
    if values == [0]:
        yield about(
            "labels", "error", marked, "All masks are empty: there is no structure to learn.",
            "Check that these are the masks.",
        )  # fmt: skip
        return
    empty = [look for look in marked if look.mask and not any(look.mask.counts)]
    full = [
        look for look in marked if look.mask and len(look.mask.counts) == 1 and look not in empty
    ]
    if empty:
        yield about(
            "labels", "note", empty,
            f"{counted(len(empty), 'mask')} {'is' if len(empty) == 1 else 'are'} empty: "
            f"{listed([e.item.name for e in empty])}.",
            "They are used as images in which there is nothing to find.",
        )  # fmt: skip
    if full:
        yield about(
            "labels", "warning", full,
            f"{counted(len(full), 'mask')} {'is' if len(full) == 1 else 'are'} one label from "
            f"edge to edge: {listed([e.item.name for e in full])}.",
            "Check that these are the masks.",
        )  # fmt: skip
    made = [look for look in marked if look.mask and look.mask.conversions]
    if made:
        assert made[0].mask is not None
        yield about(
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
            yield about(
                "balance", "warning", having,
                f"Only {len(having)} of {counted(len(marked), 'case')} show {name}.",
                "It may be missing from a part of the split, and is hard to learn: add cases.",
            )  # fmt: skip
        elif voxels[value] < SPARSE * total:
            yield about(
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
        yield about(
            "balance", "error", looks, f"All images are {next(iter(kinds))}.",
            "What a finding looks like is learnt from images with it and images without.",
        )  # fmt: skip
        return
    by_size = sorted(kinds.items(), key=lambda item: len(item[1]))
    (rare, few), (often, many) = by_size[0], by_size[-1]
    if len(many) > UNEVEN * len(few):
        yield about(
            "balance", "warning", few,
            f"There are {counted(len(few), 'image')} of {rare} and {len(many)} of {often}.",
            "Training draws both alike; still, add images of the rare kind.",
        )  # fmt: skip


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
    yield about(
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
        yield about(
            "number", "error", usable,
            f"There are {counted(len(usable), 'usable case')} of "
            f"{counted(len(patients), 'patient')}.",
            "Training and validation need different patients: add some, or give a patient "
            "pattern if names hide who is who.",
        )  # fmt: skip
    elif len(patients) < FEW_PATIENTS:
        yield about(
            "number", "warning", usable,
            f"There are only {counted(len(patients), 'patient')}.",
            "Figures of so few say little about others: add patients, or validate in folds.",
        )  # fmt: skip
