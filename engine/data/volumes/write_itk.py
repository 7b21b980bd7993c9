"""Arrays as NRRD, Slicer's segmentation NRRD and MetaImage."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.data.atomic import atomic_path, write_atomic
from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.volume import Geometry, Volume

if TYPE_CHECKING:
    import SimpleITK as sitk

_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0])
_LITTLE = 2**20
_LOCAL = b"ElementDataFile = LOCAL\n"
_NAMED = re.compile(rb"^ElementDataFile *= *(.*?)\s*$", re.MULTILINE)
_MOST_KEPT = 100


def to_itk(array: NDArray[Any], geometry: Geometry) -> sitk.Image:
    """(D, H, W) as an image in the patient (ITK's axes are LPS)."""
    import SimpleITK as sitk

    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    columns = _RAS_TO_LPS @ geometry.affine[:3, :3]
    spacing = np.linalg.norm(columns, axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((columns / spacing).ravel().tolist())
    image.SetOrigin((_RAS_TO_LPS @ geometry.affine[:3, 3]).tolist())
    return image


def image_to_itk(volume: Volume) -> sitk.Image:
    """All channels: colours and components as vectors, times as a fourth axis."""
    import SimpleITK as sitk

    if len(volume.array) == 1:
        return to_itk(volume.array[0], volume.geometry)
    place = to_itk(np.zeros((1, 1, 1), np.uint8), volume.geometry)
    if volume.channels != "time":
        vectors = np.ascontiguousarray(np.moveaxis(volume.array, 0, -1))
        image = sitk.GetImageFromArray(vectors, isVector=True)
        image.SetSpacing(place.GetSpacing())
        image.SetDirection(place.GetDirection())
        image.SetOrigin(place.GetOrigin())
        return image
    image = sitk.GetImageFromArray(np.ascontiguousarray(volume.array), isVector=False)
    direction = np.eye(4)
    direction[:3, :3] = np.reshape(place.GetDirection(), (3, 3))
    image.SetSpacing((*place.GetSpacing(), 1.0))
    image.SetDirection(direction.ravel().tolist())
    image.SetOrigin((*place.GetOrigin(), 0.0))
    return image


def write_itk(
    path: Path, array: NDArray[Any], geometry: Geometry, table: Sequence[LabelEntry] = ()
) -> None:
    """Writes (D, H, W), compressed; the ending of the path chooses the format.

    Raises:
        OSError: What was written is not what was given.
    """
    image = to_itk(array, geometry)
    if path.name.lower().endswith(".seg.nrrd"):
        for key, text in _slicer_fields(array, table).items():
            image.SetMetaData(key, text)
    _write(path, image)


def write_itk_image(path: Path, volume: Volume) -> None:
    """As `write_itk`, of all channels."""
    image = image_to_itk(volume)
    _write(path, image)
    if image.GetDimension() == 4 and path.suffix.lower() == ".nrrd":
        _name_space(path)


def _write(path: Path, image: sitk.Image) -> None:
    """ITK does not notice every failed write, so the file is read back and compared."""
    import SimpleITK as sitk

    try:
        sitk.ProcessObject.SetGlobalWarningDisplay(False)
        sitk.WriteImage(image, os.fspath(path), useCompression=True)
        # A view does not keep its image alive.
        written = sitk.ReadImage(os.fspath(path))
        found, array = (sitk.GetArrayViewFromImage(i) for i in (written, image))
        same = np.array_equal(found, array, equal_nan=array.dtype.kind == "f")
    except RuntimeError as error:
        raise _failed(path) from error
    if not same:
        raise _failed(path)


def _name_space(path: Path) -> None:
    """Says whose axes those of an image with time are, which ITK leaves open in four of them."""
    unnamed, named = b"\nspace dimension: 4\n", b"\nspace: left-posterior-superior-time\n"
    copy = path.with_name(f"{path.name}.part")
    try:
        with open(path, "rb") as source, open(copy, "wb") as target:
            start = source.read(_LITTLE)
            target.write(start.replace(unnamed, named, 1))
            shutil.copyfileobj(source, target)
        os.replace(copy, path)
    finally:
        copy.unlink(missing_ok=True)


def write_mhd(target: Path, volume: Volume) -> None:
    """Writes a MetaImage header and its values beside it, `<name>.zraw`.

    Values never take the place of older ones: an older header keeps its own until the new header
    is in its place, at once.

    Raises:
        DiskError: The disk refuses; older files stay as they were.
    """
    values = next(path for path in _value_files(target) if not path.exists())
    before = _named_values(target)
    with ExitStack() as undo:
        with atomic_path(values) as beside:
            header = _split(beside, volume)
        undo.callback(values.unlink, missing_ok=True)
        write_atomic(target, header + f"ElementDataFile = {values.name}\n".encode())
        undo.pop_all()
    if before in islice(_value_files(target), _MOST_KEPT):
        before.unlink(missing_ok=True)


def _value_files(target: Path) -> Iterator[Path]:
    yield target.with_suffix(".zraw")
    for number in count(2):
        yield target.with_name(f"{target.stem}-{number}.zraw")


def _named_values(target: Path) -> Path:
    """The file of values that the header at the target names; the target itself without one."""
    try:
        with open(target, "rb") as stream:
            found = _NAMED.search(stream.read(_LITTLE))
    except OSError:
        return target
    name = found[1].decode("utf-8", "replace") if found else ""
    return target.with_name(name) if name and Path(name).name == name else target


def _split(values: Path, volume: Volume) -> bytes:
    """Writes the values alone, and returns the header that goes before them."""
    together = values.with_suffix(".mha")
    try:
        write_itk_image(together, volume)
        with open(together, "rb") as source, open(values, "wb") as target:
            start = source.read(_LITTLE)
            header, found, first = start.partition(_LOCAL)
            if not found:
                raise _failed(values)
            target.write(first)
            shutil.copyfileobj(source, target)
    finally:
        together.unlink(missing_ok=True)
    return header


def _failed(path: Path) -> OSError:
    free = shutil.disk_usage(path.parent).free
    number = errno.ENOSPC if free < _LITTLE else errno.EIO
    return OSError(number, os.strerror(number))


def _slicer_fields(array: NDArray[Any], table: Sequence[LabelEntry]) -> dict[str, str]:
    """What Slicer keeps in a .seg.nrrd: one block for each segment."""
    fields = {
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_ReferenceImageExtentOffset": "0 0 0",
    }
    for number, entry in enumerate(table):
        fields |= {
            f"Segment{number}_ID": f"Segment_{entry.value}",
            f"Segment{number}_Name": entry.name,
            f"Segment{number}_NameAutoGenerated": "0",
            f"Segment{number}_Color": " ".join(f"{part / 255:.6f}" for part in entry.colour),
            f"Segment{number}_ColorAutoGenerated": "0",
            f"Segment{number}_LabelValue": str(entry.value),
            f"Segment{number}_Layer": "0",
            f"Segment{number}_Extent": _extent(array == entry.value),
            f"Segment{number}_Tags": "Segmentation.Status:inprogress|",
        }
    return fields


def _extent(inside: NDArray[np.bool_]) -> str:
    """First and last column, row and slice; an empty range where there is none."""
    ends = []
    for axes in ((0, 1), (0, 2), (1, 2)):
        found = np.flatnonzero(inside.any(axis=axes))
        ends += [int(found[0]), int(found[-1])] if found.size else [0, -1]
    return " ".join(map(str, ends))
