"""How labels and their place are written to files of the program's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from widgets.paint.labels.table import LARGEST, Label

Part = Annotated[int, Field(ge=0, le=255)]
Row = tuple[float, float, float, float]
Rows = Annotated[tuple[Row, ...], Field(min_length=4, max_length=4)]
"""An affine (4, 4), row by row."""


def rows_of(affine: NDArray[np.float64]) -> tuple[Row, ...]:
    """An affine (4, 4) for a file."""
    return tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in affine)


class LabelRecord(BaseModel):
    """As `widgets.paint.labels.table.Label`."""

    model_config = ConfigDict(frozen=True)

    value: int = Field(ge=1, le=LARGEST)
    name: str
    colour: tuple[Part, Part, Part]
    visible: bool = True
    locked: bool = False
    opacity: float = Field(default=1.0, ge=0.0, le=1.0)

    @staticmethod
    def of(label: Label) -> LabelRecord:
        return LabelRecord(
            value=label.value, name=label.name, colour=label.colour, visible=label.visible,
            locked=label.locked, opacity=label.opacity,
        )  # fmt: skip

    def label(self) -> Label:
        return Label(self.value, self.name, self.colour, self.visible, self.locked, self.opacity)


def records_of(labels: Iterable[Label]) -> tuple[LabelRecord, ...]:
    """A table for a file."""
    return tuple(LabelRecord.of(label) for label in labels)
