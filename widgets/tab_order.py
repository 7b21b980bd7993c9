"""The order in which Tab goes from one control to the next: as they lie, not as they were made."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLayout, QScrollArea, QSplitter, QTabWidget, QWidget


def follow_layout(root: QWidget) -> None:
    """Let Tab go through everything in `root` as its layouts, splitters and tabs have it."""
    for first, second in pairwise(_stops(root)):
        QWidget.setTabOrder(first, second)


def _stops(widget: QWidget | None) -> Iterator[QWidget]:
    if widget is None:
        return
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    if isinstance(widget, QTabWidget):
        yield from _stops(widget.tabBar())
        for page in range(widget.count()):
            yield from _stops(widget.widget(page))
    elif isinstance(widget, QSplitter):
        for place in range(widget.count()):
            yield from _stops(widget.widget(place))
    elif isinstance(widget, QScrollArea):
        yield from _stops(widget.widget())
    elif widget.layout() is not None:
        yield from _items(widget.layout())
    else:  # a view with controls that lie on it
        for child in widget.children():
            if isinstance(child, QWidget) and child.layout() is not None and not child.isWindow():
                yield from _stops(child)


def _items(layout: QLayout | None) -> Iterator[QWidget]:
    for place in range(0 if layout is None else layout.count()):
        assert layout is not None, "it has items"
        item = layout.itemAt(place)
        if isinstance(item, QLayout):  # of which `widget` is another function
            yield from _items(item)
        elif item is not None:
            yield from _stops(item.widget())
