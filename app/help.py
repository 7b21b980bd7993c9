"""The cheat sheet of keys, and what the program says about itself."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from app.actions import Actions
from engine.failures import versions
from engine.methods import METHODS
from widgets.paint.tools.base import INFO

CANVAS_KEYS = (
    *((info.key, info.label) for info in INFO.values()),
    ("X", "Swap brush and eraser"),
    ("[  ]", "Tool width, also − + and Shift+wheel"),
    ("Right-drag", "Erase with any tool"),
    ("S", "Mask on and off"),
    ("A  D", "Mask opacity"),
)
VIEW_KEYS = (
    ("Ctrl+wheel", "Zoom"),
    ("Middle-drag, Space+drag", "Pan"),
    ("R", "Fit"),
    ("Drag on the image", "Window (across) and level (up, down)"),
    ("Ctrl+double-click", "Reset window and level"),
    ("Click on the image", "Follow a pixel through time"),
    ("Left, Right, Home, End", "Step through the timeline"),
    ("Space on the timeline", "Play"),
    ("A  S  R on a variant", "Recall its parameters, its seed, all but its seed"),
)


class Shortcuts(QDialog):
    """All keys on one page."""

    def __init__(self, actions: Actions, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard and pointer")
        columns = QHBoxLayout()
        columns.setSpacing(3 * self.fontMetrics().height())
        commands = actions.shortcuts()
        columns.addWidget(_table("Commands", commands), 0, Qt.AlignmentFlag.AlignTop)
        right = QVBoxLayout()
        top = Qt.AlignmentFlag.AlignTop
        right.addWidget(_table("On the mask", CANVAS_KEYS), 0, top)
        right.addSpacing(self.fontMetrics().height())
        right.addWidget(_table("Image and timeline", VIEW_KEYS), 0, top)
        right.addStretch(1)
        columns.addLayout(right)
        _close_below(self, columns)


class About(QDialog):
    """Name, licence, methods, versions."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Reverie")
        papers = "".join(f"<li>{m.title}: {m.summary} <i>{m.paper}</i></li>" for m in METHODS)
        text = QLabel(
            "<h3>Reverie</h3><p>A desktop studio for diffusion on medical images. Free software "
            "under the GPL, version 3 or later. Its images are synthetic: not for diagnosis.</p>"
            f"<p>Methods:</p><ul>{papers}</ul><p>{versions()}</p>",
            self,
        )
        text.setWordWrap(True)
        text.setMinimumWidth(30 * self.fontMetrics().height())
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        holder = QVBoxLayout()
        holder.addWidget(text)
        _close_below(self, holder)


def _close_below(dialog: QDialog, content: QHBoxLayout | QVBoxLayout) -> None:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    buttons.rejected.connect(dialog.reject)
    column = QVBoxLayout(dialog)
    pad = dialog.fontMetrics().height()
    column.setContentsMargins(pad, pad, pad, pad)
    column.addLayout(content)
    column.addSpacing(pad // 2)
    column.addWidget(buttons)


def _table(title: str, rows: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> QWidget:
    holder = QWidget()
    grid = QGridLayout(holder)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(holder.fontMetrics().height())
    grid.setVerticalSpacing(holder.fontMetrics().height() // 4)
    heading = QLabel(title, holder)
    heading.setProperty("role", "heading")
    grid.addWidget(heading, 0, 0, 1, 2)
    for line, (keys, what) in enumerate(rows, start=1):
        key = QLabel(keys, holder)
        key.setProperty("role", "muted")
        grid.addWidget(key, line, 0)
        grid.addWidget(QLabel(what, holder), line, 1)
    grid.setColumnStretch(1, 1)
    return holder
