"""The labels that can be painted: value, name, colour, and how each is treated."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from widgets.paint.labels.counts import LARGEST

_FIRST = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255))
_GOLDEN = 0.618034  # turns of hue that keep every few colours apart

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Label:
    """One label.

    Attributes:
        value: What voxels hold, 1 to 65535.
        name: For people.
        colour: Red, green, blue, 0 to 255.
        visible: Whether it is shown.
        locked: Whether painting must neither add to it nor take from it.
        opacity: 0 to 1, besides the layer's own.
    """

    value: int
    name: str
    colour: Colour
    visible: bool = True
    locked: bool = False
    opacity: float = 1.0

    def __post_init__(self) -> None:
        if not 1 <= self.value <= LARGEST:
            raise ValueError(f"a label's value is from 1 to {LARGEST}, not {self.value}")
        if len(self.colour) != 3 or not all(0 <= part <= 255 for part in self.colour):
            raise ValueError(f"a colour is three numbers from 0 to 255, not {self.colour}")
        if not 0.0 <= self.opacity <= 1.0:
            raise ValueError(f"an opacity is from 0 to 1, not {self.opacity}")


def default_colour(value: int) -> Colour:
    """The colour that a new label of this value gets."""
    value = (value - 1) % 255 + 1
    if value <= len(_FIRST):
        return _FIRST[value - 1]
    hue = (0.08 + value * _GOLDEN) % 1.0
    saturation = (0.85, 0.55, 0.7)[value % 3]
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, (0.95, 0.8)[value % 2])
    return round(255 * red), round(255 * green), round(255 * blue)


_DEFAULTS = np.array([(*default_colour(value), 255) for value in range(1, 256)], np.uint8)


class LabelTable(QObject):
    """Labels in the order of the list, one of them active: the one that is painted.

    The active value may be 0, background: painting then erases.
    """

    changed = pyqtSignal()
    activeChanged = pyqtSignal(int)

    def __init__(self, labels: Iterable[Label] = (), parent: QObject | None = None) -> None:
        """Without labels there is a first one, red, of value 1."""
        super().__init__(parent)
        self._labels = _unique(labels) or [Label(1, "Label 1", default_colour(1))]
        self._active = self._labels[0].value

    # --- reading

    def labels(self) -> tuple[Label, ...]:
        return tuple(self._labels)

    def label(self, value: int) -> Label | None:
        """The label of a value, or None."""
        return next((label for label in self._labels if label.value == value), None)

    def active(self) -> int:
        return self._active

    def locked(self) -> frozenset[int]:
        """Values of the labels that must not change."""
        return frozenset(label.value for label in self._labels if label.locked)

    def colour(self, value: int) -> Colour:
        """The colour of a value, also of one that is not in the table; white for background."""
        label = self.label(value)
        if label is not None:
            return label.colour
        return default_colour(value) if value else (255, 255, 255)

    def name(self, value: int) -> str:
        """The name of a value, also of one that is not in the table."""
        label = self.label(value)
        if label is not None:
            return label.name
        return f"Label {value}" if value else "Background"

    def lookup(self, size: int = 256) -> NDArray[np.uint8]:
        """RGBA (size, 4) of the values from 0, transparent for background and hidden labels."""
        table = np.zeros((size, 4), np.uint8)
        table[1:] = _DEFAULTS[np.arange(size - 1) % len(_DEFAULTS)]
        for label in self._labels:
            if label.value < size:
                alpha = round(255 * label.opacity) if label.visible else 0
                table[label.value] = (*label.colour, alpha)
        return table

    # --- changing

    def setActive(self, value: int) -> None:
        """Paint this label, or erase with 0.

        Raises:
            KeyError: the table has no such label.
        """
        if value:
            self._place(value)
        if value != self._active:
            self._active = value
            self.activeChanged.emit(value)

    def add(self, name: str = "", colour: Colour | None = None, value: int | None = None) -> Label:
        """Append a label, by default of the lowest free value, and return it.

        Raises:
            ValueError: the value is taken or out of range, or none is free.
        """
        taken = {label.value for label in self._labels}
        if value is None:
            value = next((v for v in range(1, LARGEST + 1) if v not in taken), 0)
        if value in taken:
            raise ValueError(f"there is already a label of value {value}")
        label = Label(value, name or f"Label {value}", colour or default_colour(value))
        self._labels.append(label)
        self.changed.emit()
        return label

    def remove(self, value: int) -> None:
        """Take a label out of the table (its voxels stay); its neighbour becomes active.

        Raises:
            KeyError: the table has no such label.
        """
        place = self._place(value)
        del self._labels[place]
        self.changed.emit()
        if self._active == value:
            near = self._labels[min(place, len(self._labels) - 1)].value if self._labels else 0
            self.setActive(near)

    def change(self, value: int, /, **fields: Any) -> None:
        """Change fields of a label other than its value.

        Raises:
            KeyError: the table has no such label.
            ValueError: a field's value is out of range, or it is the value itself.
        """
        place = self._place(value)
        new = replace(self._labels[place], **fields)
        if new.value != value:
            raise ValueError("a label keeps its value: add another one instead")
        if new != self._labels[place]:
            self._labels[place] = new
            self.changed.emit()

    def move(self, value: int, place: int) -> None:
        """Put a label at another place of the list.

        Raises:
            KeyError: the table has no such label.
        """
        old = self._place(value)
        if old != place:
            self._labels.insert(place, self._labels.pop(old))
            self.changed.emit()

    def reset(self, labels: Iterable[Label]) -> None:
        """Take other labels; the active one stays if it is among them.

        Raises:
            ValueError: two of the same value.
        """
        self._labels = _unique(labels)
        self.changed.emit()
        if self._active and self.label(self._active) is None:
            self.setActive(self._labels[0].value if self._labels else 0)

    def next(self) -> None:
        """Make the next label active, the first after the last."""
        self._step(1)

    def previous(self) -> None:
        """Make the label before active, the last before the first."""
        self._step(-1)

    def _step(self, by: int) -> None:
        values = [label.value for label in self._labels]
        if self._active in values:
            self.setActive(values[(values.index(self._active) + by) % len(values)])
        elif values:
            self.setActive(values[0 if by > 0 else -1])

    def _place(self, value: int) -> int:
        for place, label in enumerate(self._labels):
            if label.value == value:
                return place
        raise KeyError(value)


def _unique(labels: Iterable[Label]) -> list[Label]:
    found = list(labels)
    if len({label.value for label in found}) != len(found):
        raise ValueError("two labels have the same value")
    return found
