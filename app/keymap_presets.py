"""Keys as people know them from ITK-SNAP, 3D Slicer and napari.

Only keys that those programs document or define in their own sources, for commands that are there
in both: ITK-SNAP's MainImageWindow.ui, Slicer's user guide, napari's utils/shortcuts.py. What they
leave alone has Reverie's own key, unless that key is taken.
"""

from __future__ import annotations

from app.keymap import PLAIN, Keys

PRESETS: dict[str, dict[str, Keys]] = {
    PLAIN: {},
    "ITK-SNAP": {
        "tool.navigate": ("1", "2"),
        "tool.polygon": ("3",),
        "tool.brush": ("4",),
        "tool.ruler": ("6",),
        "tool.eraser": (),
        "tool.adaptive": ("Shift+Q",),
        "label.previous": ("<", ","),
        "label.next": (">", "."),
        "label.swap": (),
        "brush.smaller": ("-",),
        "brush.larger": ("+", "="),
        "mask.toggle": ("S",),
        "mask.fainter": ("A",),
        "mask.stronger": ("D",),
        "overlays.toggle": ("W",),
        "overlays.fainter": ("Q",),
        "overlays.stronger": ("E",),
        "layer.previous": ("[",),
        "layer.next": ("]",),
        "contrast.auto": ("Ctrl+J",),
        "contrast.reset": ("Ctrl+Shift+J",),
        "crosshair.toggle": ("Shift+X",),
    },
    "3D Slicer": {
        "undo": ("Ctrl+Z", "Z"),
        "redo": ("Ctrl+Y", "Y", "Ctrl+Shift+Z"),
        "label.previous": ("Q", ","),
        "label.next": ("W", "."),
        "overlays.toggle": ("T",),
        "brush.ball": (),
        "brush.range": ("I",),
        "brush.smaller": ("-",),
        "brush.larger": ("+", "="),
        "tool.brush": (),
        "tool.fill": (),
        "tool.region": (),
        "tool.adaptive": ("Shift+Q",),
        "mask.toggle": ("G", "S"),
        "slice.previous": ("Left", "B", "PgUp"),
        "slice.next": ("Right", "F", "PgDown"),
        "layer.previous": ("[", "Ctrl+Down"),
        "layer.next": ("]", "Ctrl+Up"),
        "view.reset": ("R",),
    },
    "napari": {
        "tool.eraser": ("1", "E"),
        "tool.brush": ("2", "P"),
        "tool.polygon": ("3",),
        "tool.fill": ("4", "F"),
        "tool.picker": ("5", "L"),
        "tool.navigate": ("6", "Z"),
        "tool.lasso": (),
        "tool.vessel": (),
        "label.new": ("M",),
        "label.swap": ("X",),
        "label.previous": ("-", ","),
        "label.next": ("=", "."),
        "brush.smaller": ("[",),
        "brush.larger": ("]",),
        "brush.protect": ("B",),
        "layer.toggle": ("V",),
        "layer.previous": ("Ctrl+Down",),
        "layer.next": ("Ctrl+Up",),
        "slice.previous": ("Left", "PgUp"),
        "slice.next": ("Right", "PgDown"),
        "view.reset": ("Ctrl+R", "R"),
        "theme": ("Ctrl+Shift+T",),
        "shortcuts": ("Ctrl+Alt+/", "?", "Shift+?", "F1"),
    },
}
