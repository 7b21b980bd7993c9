"""Steps that concern a slice as a whole."""

from __future__ import annotations

import numpy as np

from widgets.paint.labels.editor import LabelEditor
from widgets.paint.labels.rule import PaintRule
from widgets.viewer.volume.planes import Plane, slice_box


def copy_slice(editor: LabelEditor, plane: Plane, index: int, by: int) -> int:
    """Lay the labels of a slice over the one `by` further, and return that slice's index.

    Background is not copied, locked labels neither come nor go, and what may be painted over is
    as the editor is set.
    """
    target = index + by
    if not editor.fits(plane) or not 0 <= target < plane.count:
        return index
    editor.cancel()
    settings, model = editor.settings, editor.model
    rule = PaintRule(editor.table.locked(), settings.over, settings.over_label)
    source, box = model.peek(slice_box(plane, index)), slice_box(plane, target)
    model.begin(f"Copy slice {index} to {target}")
    model.assign(box, np.where(source, source, model.peek(box)), rule)
    if not model.commit():
        editor.statusChanged.emit("This slice has nothing to copy there")
    return target


def clear_slice(
    editor: LabelEditor, plane: Plane, index: int, *, only_active: bool = False
) -> bool:
    """Erase a slice's labels that are not locked; False when there were none."""
    ink = editor.eraser(only_active)
    if ink is None or not editor.fits(plane):
        return False
    box = slice_box(plane, index)
    return editor.write(box, np.ones(box.shape, bool), ink, f"Clear slice {index}")
