"""Mending single cases in the copy of a set."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from engine.data.doctor import editing
from engine.data.doctor.checks import files_of
from engine.data.doctor.examining import Examination
from engine.data.doctor.findings import Finding, Fix
from engine.data.doctor.layouts import Item
from engine.data.doctor.looking import Look, fits, read_image, read_mask
from engine.data.paired import without_ending
from engine.data.segmentation.checking import describe_remap, numbering
from engine.data.segmentation.reading import renumbered
from engine.data.volumes.limits import decoding
from engine.data.volumes.volume import Volume
from engine.data.volumes.write import IMAGE_ENDINGS, LABEL_ENDINGS, write_image, write_labels
from engine.errors import InputError

WHITE = 255
Array = NDArray[Any]


@dataclass(frozen=True)
class Change:
    """What differs in the copy: file, below the copy; by which fix; in words."""

    file: str
    fix: Fix
    told: str


@dataclass(frozen=True)
class Places:
    """Where the files of a set lie in its copy.

    Attributes:
        folder: The copy.
        roots: Folders of the set -> what they are called in the copy, "" for the copy itself.
    """

    folder: Path
    roots: dict[Path, str]

    def below(self, file: Path) -> Path:
        """A file's path below the copy.

        Raises:
            InputError: It is not in the set's folders.
        """
        for root, name in self.roots.items():
            if file == root or root in file.parents:
                return Path(name) / file.relative_to(root)
        raise InputError(
            f"{file} lies outside of the set.", "Move it into the set's folder, or copy it by hand."
        )

    def place(self, file: Path) -> Path:
        """Where a file lies in the copy."""
        return self.folder / self.below(file)


class CaseEditor:
    """Writes the changed files of cases into a copy that has all files already.

    Args:
        found: The set.
        mended: Findings that are to be mended.
        places: Where files go.

    Attributes:
        remap: Label -> its new number; empty unless labels are renumbered.
        renamed: Files of the set that have another ending in the copy -> those.
    """

    def __init__(self, found: Examination, mended: Sequence[Finding], places: Places) -> None:
        self._places = places
        self._wanted: dict[str, set[Fix]] = {}
        for finding in mended:
            if finding.fix:
                for name in finding.cases:
                    self._wanted.setdefault(name, set()).add(finding.fix)
        values = sorted({v for look in found.looks if look.mask for v in look.mask.counts})
        renumber = any("renumber" in fixes for fixes in self._wanted.values())
        self.remap = dict(numbering(values, found.layout.names)[0]) if renumber else {}
        sides = [look.image.spacing for look in found.looks if look.image and look.image.spacing]
        self._spacing = tuple(float(s) for s in np.median(np.array(sides), axis=0)) if sides else ()
        self._masks_done: set[Path] = set()
        self.renamed: dict[Path, Path] = {}

    def edit(self, look: Look) -> list[Change]:
        """Mend a case; tells what was changed.

        Raises:
            InputError: A file outside of the set, or that cannot be written in its format.
            DiskError: The disk refuses.
        """
        fixes = self._wanted.get(look.item.name, set())
        if not fixes or look.item.image is None:
            return []
        if look.item.mask_part or look.item.image.suffix.lower() in (".h5", ".hdf5"):
            return self._edit_h5(look, fixes)
        image = read_image(look.item)
        mended, changes = self._image(look, image, fixes)
        if look.item.mask is not None and look.mask is not None:
            changes += self._mask(look, image, mended, fixes)
        return changes

    def _image(self, look: Look, image: Volume, fixes: set[Fix]) -> tuple[Volume, list[Change]]:
        done: list[tuple[Fix, str]] = []
        now = image
        if "fill-values" in fixes:
            assert look.image is not None
            now = replace(now, array=editing.filled(np.asarray(now.array)))
            told = f"{look.image.bad} values that were NaN or infinite are {look.image.low:g}"
            done.append(("fill-values", told))
        if "to-grey" in fixes and now.channels == "rgb":
            now = editing.grey(now)
            done.append(("to-grey", "colours became grey"))
        if "to-8-bit" in fixes:
            low, high = now.array.min(), now.array.max()
            now = editing.in_bytes(now)
            done.append(("to-8-bit", f"values from {low:g} to {high:g} became 0 to 255"))
        now, told_of_grid = self._moved(now, fixes, labels=False)
        done += told_of_grid
        if not done:
            return image, []
        file = self._write_image(look.item, now)
        return now, [Change(file, fix, told) for fix, told in done]

    def _moved(
        self, volume: Volume, fixes: set[Fix], *, labels: bool
    ) -> tuple[Volume, list[tuple[Fix, str]]]:
        """On the usual grid and along the usual axes, as asked for."""
        done: list[tuple[Fix, str]] = []
        if "resample-spacing" in fixes and len(self._spacing) == 3 and volume.geometry.oriented:
            d, h, w = self._spacing
            target = editing.usual_grid(volume.geometry, (d, h, w))
            before = volume.spacing_mm
            array = editing.on_grid(
                np.asarray(volume.array), volume.geometry, target, labels=labels
            )
            volume = replace(volume, array=array, geometry=target)
            told = " x ".join(f"{s:.3g}" for s in before[::-1])
            now = " x ".join(f"{s:.3g}" for s in target.spacing_mm[::-1])
            done.append(("resample-spacing", f"voxels of {told} mm became {now} mm"))
        if "to-ras" in fixes and volume.geometry.oriented:
            array, geometry = editing.to_ras(np.asarray(volume.array), volume.geometry)
            volume = replace(volume, array=array, geometry=geometry)
            done.append(("to-ras", "axes were turned to RAS"))
        return volume, done

    def _mask(self, look: Look, image: Volume, mended: Volume, fixes: set[Fix]) -> list[Change]:
        item = look.item
        assert item.mask is not None
        if item.mask in self._masks_done:
            return []
        read = read_mask(item, image)
        labels: Array = read.labels
        geometry = read.geometry
        done: list[tuple[Fix, str]] = []
        if "resample-mask" in fixes:
            labels, geometry = editing.fitted(read, image.geometry), image.geometry
            done.append(("resample-mask", f"the mask was resampled: {'; '.join(read.differences)}"))
        if "take-place" in fixes:
            geometry = image.geometry
            done.append(("take-place", f"it took the image's place: {'; '.join(read.differences)}"))
        if "clean-mask" in fixes:
            done.append(("clean-mask", "what was read as labels was saved"))
        if "renumber" in fixes and self.remap:
            labels = renumbered(labels, self.remap)
            done.append(("renumber", f"labels: {describe_remap(self.remap)}"))
        if fits(geometry, image.geometry):
            geometry = image.geometry
        own = Volume(labels[np.newaxis], geometry, "labels")
        own, told_of_grid = self._moved(own, fixes, labels=True)
        done += told_of_grid
        if not done:
            return []
        if own.geometry.shape == mended.geometry.shape and fits(own.geometry, mended.geometry):
            own = replace(own, geometry=mended.geometry)
        file = self._write_mask(item, own, mended)
        self._masks_done.add(item.mask)
        return [Change(file, fix, told) for fix, told in done]

    def _write_image(self, item: Item, volume: Volume) -> str:
        assert item.image is not None
        target = self._target(item.image, item, IMAGE_ENDINGS, volume)
        write_image(target, volume)
        self._replaced(item.image, target, item.files)
        return target.relative_to(self._places.folder).as_posix()

    def _write_mask(self, item: Item, labels: Volume, image: Volume) -> str:
        assert item.mask is not None
        target = self._target(item.mask, item, LABEL_ENDINGS, labels)
        array = labels.array[0]
        if target.suffix.lower() == ".png" and array.max() == 1:
            array = array * np.uint8(WHITE)  # as people expect of a picture
        write_labels(target, array, replace(image, geometry=labels.geometry))
        self._replaced(item.mask, target, (item.mask,))
        return target.relative_to(self._places.folder).as_posix()

    def _target(self, file: Path, item: Item, endings: Sequence[str], volume: Volume) -> Path:
        """The file's place in the copy, with an ending that can be written."""
        series = file.is_dir() or len(item.files) > 1
        base = self._places.place(file)
        if base == self._places.folder:
            base = base / item.name
        if (
            not series
            and file.suffix.lower() != ".dcm"
            and file.name.lower().endswith(tuple(endings))
        ):
            return base
        flat = not volume.geometry.oriented and volume.geometry.shape[0] == 1
        whole = volume.array.dtype in (np.uint8, np.uint16)
        ending = (".png" if whole else ".tif") if flat else ".nii.gz"
        return base.with_name((file.name if series else without_ending(file)) + ending)

    def _replaced(self, file: Path, target: Path, files: Sequence[Path]) -> None:
        """Take away in the copy what the new file stands for."""
        before = self._places.place(file)
        if before == target:
            return
        self.renamed[file] = target
        for old in files:
            place = self._places.place(old)
            if place.is_dir():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        if before.is_dir() and not any(before.iterdir()):
            before.rmdir()

    def _edit_h5(self, look: Look, fixes: set[Fix]) -> list[Change]:
        """Data sets of an h5 file, value by value; all else in the file stays."""
        item = look.item
        assert item.image is not None
        target = self._places.place(item.image)
        file = self._places.below(item.image).as_posix()
        changes: list[Change] = []
        with decoding(target), h5py.File(target, "r+") as store:
            if "fill-values" in fixes and look.image is not None:
                data = store[item.image_part or "image"]
                data[...] = editing.filled(data[...])
                told = f"{look.image.bad} values that were NaN or infinite are {look.image.low:g}"
                changes.append(Change(file, "fill-values", told))
            if "renumber" in fixes and self.remap:
                data = store[item.mask_part or "label"]
                labels = np.rint(data[...]).astype(np.int64)
                data[...] = renumbered(labels, self.remap).astype(data.dtype)
                changes.append(Change(file, "renumber", f"labels: {describe_remap(self.remap)}"))
        return changes


def left_out(item: Item, fix: Fix, places: Places) -> list[Change]:
    """What is told of a case that is not in the copy; a mask that others share stays."""
    return [
        Change(places.below(file).as_posix(), fix, "left out")
        for file in files_of(item)
        if not places.place(file).exists()
    ]
