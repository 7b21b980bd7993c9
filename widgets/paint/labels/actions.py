"""What can be done to labels by a key or from a menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from widgets.paint.labels.display import LabelDisplay
from widgets.paint.labels.editor import LabelEditor
from widgets.paint.labels.tools import INFO


@dataclass(frozen=True)
class EditorAction:
    """One action.

    Attributes:
        id: A stable name for key maps.
        title: For menus.
        keys: The keys that it has by default.
        icon: As `widgets.icons.icon` takes it, or empty.
        hint: What it does, or empty.
        run: Does it.
    """

    id: str
    title: str
    keys: tuple[str, ...]
    icon: str
    hint: str
    run: Callable[[], object]


def actions(editor: LabelEditor, display: LabelDisplay) -> tuple[EditorAction, ...]:
    """All actions that need no view: tools first, then sizes, labels and their display."""
    tools = [
        EditorAction(
            f"tool.{name.value}", info.label, (info.key,), info.icon, info.hint,
            partial(editor.setTool, name),
        )
        for name, info in INFO.items()
    ]  # fmt: skip
    others: list[tuple[str, str, tuple[str, ...], str, Callable[[], object]]] = [
        ("size.smaller", "Smaller tool", ("[", "-"), "", partial(editor.stepSize, -1)),
        ("size.larger", "Larger tool", ("]", "+", "="), "", partial(editor.stepSize, 1)),
        ("label.new", "New label", ("M",), "mdi6.plus", editor.newLabel),
        ("label.swap", "Swap with background", ("X",), "", editor.swapBackground),
        ("label.previous", "Previous label", (",",), "", editor.table.previous),
        ("label.next", "Next label", (".",), "", editor.table.next),
        ("labels.toggle", "Labels on or off", ("S",), "mdi6.eye-outline", display.toggleLabels),
        ("labels.fainter", "Labels fainter", ("A",), "", partial(display.stepOpacity, -1)),
        ("labels.stronger", "Labels stronger", ("D",), "", partial(display.stepOpacity, 1)),
        ("overlays.toggle", "Overlays on or off", ("W",), "", display.toggleOverlays),
        ("edit.undo", "Undo", ("Ctrl+Z",), "mdi6.undo", editor.undo),
        ("edit.redo", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "mdi6.redo", editor.redo),
    ]
    return (
        *tools,
        *(EditorAction(i, title, keys, g, "", run) for i, title, keys, g, run in others),
    )
