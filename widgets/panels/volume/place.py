"""Places as text: world millimetres with letters, voxel indices that say where they count from."""

from __future__ import annotations

import re
from dataclasses import dataclass

from widgets.panels.volume.values import plain

World = tuple[float, float, float]
Voxel = tuple[int, int, int]
_ENDS = (("R", "L"), ("A", "P"), ("S", "I"))  # positive and negative end of each axis of RAS+
_NUMBER = r"([-+]?\d+(?:[.,]\d+)?)"
_BEFORE = re.compile(rf"([RLAPSI])?\s*{_NUMBER}", re.IGNORECASE)
_AFTER = re.compile(rf"{_NUMBER}\s*([RLAPSI])?", re.IGNORECASE)


@dataclass(frozen=True)
class ProbeLine:
    """What one layer has at a place.

    Attributes:
        layer: Its name.
        value: Its value, several for colours, or None outside of it.
        unit: As "HU", or empty.
        label: The label's name, for a layer of labels.
        colour: The label's colour, red, green, blue, 0 to 255.
    """

    layer: str
    value: float | tuple[float, ...] | None
    unit: str = ""
    label: str = ""
    colour: tuple[int, int, int] | None = None

    def text(self) -> str:
        """The value as it is shown."""
        if self.value is None:
            return "outside"
        if self.label:
            number = self.value if isinstance(self.value, float | int) else self.value[0]
            return f"{plain(number)}  {self.label}"
        numbers = self.value if isinstance(self.value, tuple) else (self.value,)
        text = ", ".join(plain(number, 5) for number in numbers)
        return f"{text} {self.unit}".rstrip()


def world_text(world: World, oriented: bool = True) -> str:
    """ "R 12.3  A 4.5  S 30.0 mm" for RAS+ millimetres, in columns that keep their width.

    Without a patient the axes are x, y and z.
    """
    if not oriented:
        return "  ".join(f"{a} {v:7.1f}" for a, v in zip("xyz", world, strict=True)) + " mm"
    parts = []
    for (positive, negative), value in zip(_ENDS, world, strict=True):
        rounded = round(value, 1)
        parts.append(f"{positive if rounded >= 0 else negative} {abs(rounded):5.1f}")
    return "  ".join(parts) + " mm"


def voxel_text(voxel: Voxel) -> str:
    """ "i j k" of a voxel (d, h, w), said to count from 0."""
    d, h, w = voxel
    return f"i {w:4d}  j {h:4d}  k {d:4d}  (0-based)"


def parse_world(text: str) -> World:
    """Three numbers in RAS+ millimetres from text like "R 12.3 A 4.5 S 30" or "-3, 4.5, 60".

    Letters say the direction and may stand in any order, before or after their number. Without
    letters the order is R, A, S.

    Raises:
        ValueError: with a message for the user.
    """
    cleaned = re.sub(r"\s*mm\s*$", "", text.strip(), flags=re.IGNORECASE)
    cleaned = re.sub(r"[,;]\s+", " ", cleaned)
    first = cleaned[:1].isalpha()
    pattern = _BEFORE if first else _AFTER
    found = [match.groups() for match in pattern.finditer(cleaned)]
    rest = pattern.sub("", cleaned).strip(" ,;()[]")
    if len(found) != 3 or rest:
        raise ValueError("Three numbers in mm, such as R 12.3 A 4.5 S 30")
    pairs = found if first else [(letter, number) for number, letter in found]
    letters = [(letter or "").upper() for letter, _ in pairs]
    numbers = [float(number.replace(",", ".")) for _, number in pairs]
    if not any(letters):
        return numbers[0], numbers[1], numbers[2]
    world: dict[int, float] = {}
    for letter, number in zip(letters, numbers, strict=True):
        axis = next((i for i, ends in enumerate(_ENDS) if letter and letter in ends), -1)
        world[axis] = number if axis < 0 or letter == _ENDS[axis][0] else -number
    if set(world) != {0, 1, 2}:
        raise ValueError("One of R or L, one of A or P and one of S or I")
    return world[0], world[1], world[2]
