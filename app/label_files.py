"""Painted labels to and from files: between the program's table and the engine's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from widgets.paint.labels.table import LARGEST, Label

if TYPE_CHECKING:
    from engine.data.volumes.label_table import LabelEntry
    from engine.data.volumes.volume import Volume

DICOM_ENDING = ".dcm"


def save_labels(
    path: Path,
    labels: NDArray[Any],
    like: Volume,
    table: Iterable[Label],
    record: Mapping[str, Any] | None = None,
) -> Path:
    """Write labels (D, H, W) in the geometry of their image; the ending chooses the format.

    A .dcm becomes a DICOM segmentation, which only an image from DICOM can have.

    Args:
        record: Where they come from, written beside them as NAME.json; a .dcm has none.

    Raises:
        InputError: the ending or the image does not fit.
        DiskError: the disk refuses.
    """
    entries = entries_of(table)
    if path.suffix.lower() == DICOM_ENDING:
        from engine.data.volumes.dicom_seg import write_dicom_seg

        return write_dicom_seg(path, labels, like, entries)
    from engine.data.volumes.write import write_labels

    return write_labels(path, labels, like, entries, record)


def entries_of(table: Iterable[Label]) -> tuple[LabelEntry, ...]:
    """Rows of the program's table as files have them."""
    from engine.data.volumes.label_table import LabelEntry

    return tuple(
        LabelEntry(
            value=row.value, name=row.name, colour=row.colour, opacity=row.opacity,
            visible=row.visible,
        )
        for row in table
    )  # fmt: skip


def labels_of(entries: Sequence[LabelEntry]) -> tuple[Label, ...]:
    """Rows of a file as the program has them; background is none, nor what no mask can hold."""
    return tuple(
        Label(e.value, e.name, e.colour, e.visible, opacity=e.opacity)
        for e in entries
        if 0 < e.value <= LARGEST
    )


def ending_of(path: Path) -> str:
    """The ending that chooses the format, as ".nii.gz"; "" when it is none that can be written."""
    from engine.data.volumes.write import LABEL_ENDINGS

    name = path.name.lower()
    endings = (*LABEL_ENDINGS, DICOM_ENDING)
    return next((ending for ending in endings if name.endswith(ending)), "")
