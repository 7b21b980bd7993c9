"""What one field of a form is: plain data, made by whoever knows the parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["int", "float", "bool", "choice", "text", "seed", "path"]
PathMode = Literal["open", "save", "folder", "any"]

LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One labelled row of a form.

    `minimum` and `maximum` are inclusive and hold for 'int', 'float' and 'seed' (whose range is
    [0, 2**32 - 1] by default). `decimals` is the number of digits after the point of a 'float';
    None writes as many as the number needs. `slider` gives an 'int' or 'float' a slider between
    these numbers, whose places are `step` apart; others are typed. `choices` holds (value, label)
    pairs of a 'choice'. A path of mode "any" is a file or a folder. `path_filter` is a filter as
    QFileDialog writes it: "Images (*.png *.tif)".

    Raises:
        ValueError: a choice without choices, an empty range, or a default outside of it.
    """

    name: str
    label: str
    kind: Kind
    default: Any = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str = ""
    help: str = ""
    choices: tuple[tuple[Any, str], ...] = ()
    group: str = ""
    advanced: bool = False
    decimals: int | None = None
    path_mode: PathMode = "open"
    path_filter: str = ""
    slider: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if self.kind == "choice" and self.default not in [value for value, _ in self.choices]:
            raise ValueError(f"{self.name}: the default {self.default!r} is not among the choices")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"{self.name}: the range {self.minimum} to {self.maximum} is empty")
        if self.kind in ("int", "float", "seed") and self.default is not None:
            low = self.minimum is not None and self.default < self.minimum
            high = self.maximum is not None and self.default > self.maximum
            if low or high:
                raise ValueError(f"{self.name}: the default {self.default!r} is out of range")
