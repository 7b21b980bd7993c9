"""What was measured: lengths, angles and regions, in the patient's coordinates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from PyQt6.QtCore import QObject, pyqtSignal

from widgets.viewer.volume.planes import PlaneName

World = tuple[float, float, float]


class MeasureKind(Enum):
    """A length, an angle, or values within a rectangle or an ellipse."""

    RULER = "ruler"
    ANGLE = "angle"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"

    @property
    def points(self) -> int:
        """How many points it has: an angle's second one is its corner; a region's two are
        opposite corners of its frame."""
        return 3 if self is MeasureKind.ANGLE else 2

    @property
    def region(self) -> bool:
        """Whether it has an area."""
        return self in (MeasureKind.RECTANGLE, MeasureKind.ELLIPSE)


@dataclass(frozen=True)
class Measurement:
    """One of them.

    Attributes:
        key: Names it as long as the program runs.
        kind: See `MeasureKind`.
        points: RAS+ mm.
        plane: In which it was drawn.
        name: For people.
    """

    key: int
    kind: MeasureKind
    points: tuple[World, ...]
    plane: PlaneName
    name: str


class Measurements(QObject):
    """The list of measurements, one of which may be selected."""

    changed = pyqtSignal()
    selectedChanged = pyqtSignal(object)  # key, or None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: dict[int, Measurement] = {}
        self._selected: int | None = None
        self._next = 1

    def items(self) -> tuple[Measurement, ...]:
        """In the order in which they were made."""
        return tuple(self._items.values())

    def get(self, key: int) -> Measurement:
        """Raises KeyError when it is gone."""
        return self._items[key]

    def add(
        self, kind: MeasureKind, points: Sequence[World], plane: PlaneName, name: str = ""
    ) -> Measurement:
        """Keep a new one and select it; it is numbered unless it has a name.

        Raises:
            ValueError: this kind has another number of points.
        """
        if len(points) != kind.points:
            raise ValueError(f"{kind.value} has {kind.points} points, not {len(points)}")
        key, self._next = self._next, self._next + 1
        same = sum(item.kind is kind for item in self._items.values())
        item = Measurement(
            key, kind, tuple(points), plane, name or f"{kind.value.title()} {same + 1}"
        )
        self._items[key] = item
        self.changed.emit()
        self.select(key)
        return item

    def movePoint(self, key: int, place: int, world: World) -> None:
        """Put one of a measurement's points elsewhere."""
        item = self._items[key]
        points = list(item.points)
        points[place] = world
        self._items[key] = replace(item, points=tuple(points))
        self.changed.emit()

    def rename(self, key: int, name: str) -> None:
        self._items[key] = replace(self._items[key], name=name)
        self.changed.emit()

    def remove(self, keys: Sequence[int]) -> None:
        """Take some away; such as are gone already do not matter."""
        gone = [key for key in keys if self._items.pop(key, None) is not None]
        if gone:
            if self._selected in gone:
                self.select(None)
            self.changed.emit()

    def clear(self) -> None:
        self.remove(list(self._items))

    def selected(self) -> int | None:
        """The key of the selected one."""
        return self._selected

    def select(self, key: int | None) -> None:
        if key != self._selected:
            self._selected = key
            self.selectedChanged.emit(key)
