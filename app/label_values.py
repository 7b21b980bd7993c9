"""Which label of the table each class of a result becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.segmenters import Structure
from widgets.paint.labels.table import LARGEST, Colour, Label, LabelTable, default_colour


@dataclass(frozen=True)
class Naming:
    """Where classes go.

    Attributes:
        values: Class -> label, without the background.
        rows: Rows of the table that they need, new or renamed.
        told: A sentence for each class whose number was taken, for the user.
    """

    values: Mapping[int, int]
    rows: tuple[Label, ...]
    told: tuple[str, ...]

    def enter(self, table: LabelTable) -> None:
        """Put the rows into the table."""
        for row in self.rows:
            if table.label(row.value) is None:
                table.add(row.name, row.colour, row.value)
            else:
                table.change(row.value, name=row.name, colour=row.colour)


def naming_of(
    structures: Sequence[Structure], table: LabelTable, count: Callable[[int], int]
) -> Naming:
    """A structure becomes the label of its name, else of its number where that is free, else a
    free one.

    A row of the table is free while it has the name that every new row gets and no voxels. A
    colour that a row which stays has already is not given to another one.

    Args:
        count: Voxels of a label.
    """
    rows = {label.value: label for label in table.labels()}
    free = {v for v, label in rows.items() if label.name == f"Label {v}" and not count(v)}
    named = {_plain(label.name): v for v, label in reversed(rows.items())}
    values: dict[int, int] = {}
    for structure in structures:
        value = named.get(_plain(structure.name))
        if value is not None and value not in values.values():
            values[structure.value] = value
    own = {structure.value for structure in structures}
    worn = {label.colour for v, label in rows.items() if v not in free}
    made: list[Label] = []
    told: list[str] = []
    for structure in structures:
        if structure.value in values:
            continue
        taken = {*values.values(), *(set(rows) - free)}
        value = structure.value if structure.value not in taken else _next(taken | own)
        values[structure.value] = value
        colour = _unlike(worn, value) if structure.colour in worn else structure.colour
        made.append(Label(value, structure.name, colour))
        if value != structure.value:
            other = rows.get(structure.value)
            name = other.name if other is not None else "another class"
            told.append(f"{structure.name} is label {value}: {structure.value} is {name}.")
    return Naming(values, tuple(made), tuple(told))


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _unlike(worn: set[Colour], value: int) -> Colour:
    """The colour of a new label of this value, or the next one that is not worn."""
    offered = (default_colour(v) for v in range(value, value + LARGEST))
    return next((colour for colour in offered if colour not in worn), default_colour(value))


def _next(taken: set[int]) -> int:
    """The lowest value that is not taken.

    Raises:
        ValueError: there is none.
    """
    found = next((value for value in range(1, LARGEST + 1) if value not in taken), None)
    if found is None:
        raise ValueError("the table has no free label")
    return found
