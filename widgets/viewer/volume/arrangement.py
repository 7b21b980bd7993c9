"""Where views lie beside each other: splitters that are built anew for each layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QSplitter, QWidget

HANDLE = 4  # view pixels


class ViewLayout(Enum):
    """One view; a large and three small ones; two by two; side by side."""

    ONE = "one"
    MAIN = "main"
    GRID = "grid"
    COMPARE = "compare"


def row(widgets: Sequence[QWidget]) -> QSplitter:
    """Side by side."""
    return _splitter(Qt.Orientation.Horizontal, widgets)


def column(widgets: Sequence[QWidget]) -> QSplitter:
    """Below each other."""
    return _splitter(Qt.Orientation.Vertical, widgets)


def large_and_small(large: QWidget, small: Sequence[QWidget]) -> QSplitter:
    """One with two thirds of the width, the others below each other beside it."""
    whole = row([large, column(small)])
    whole.setSizes([2000, 1000])
    return whole


def grid(rows: Sequence[Sequence[QWidget]]) -> QSplitter:
    """Two rows whose columns are moved together."""
    lines = [row(widgets) for widgets in rows]
    whole = column(lines)
    for line in lines:
        for other in lines:
            if other is not line:
                line.splitterMoved.connect(_follower(line, other))
    return whole


def splitters(root: QSplitter) -> list[QSplitter]:
    """A splitter and those in it, in order."""
    return [root, *root.findChildren(QSplitter)]


def _follower(line: QSplitter, other: QSplitter) -> Callable[[], None]:
    return lambda: other.setSizes(line.sizes())


def _splitter(orientation: Qt.Orientation, widgets: Sequence[QWidget]) -> QSplitter:
    splitter = QSplitter(orientation)
    splitter.setHandleWidth(HANDLE)
    splitter.setChildrenCollapsible(False)
    for widget in widgets:
        splitter.addWidget(widget)
        widget.show()
    splitter.setSizes([1000] * len(widgets))
    return splitter
