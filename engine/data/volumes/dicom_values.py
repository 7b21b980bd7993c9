"""Attributes of DICOM headers as plain values, whatever a writer made of them."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.data.image_formats import DECODE_ERRORS

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

Vector = NDArray[np.float64]


def decode_errors() -> tuple[type[Exception], ...]:
    """What pydicom raises on damaged bytes."""
    from pydicom.errors import BytesLengthException, InvalidDicomError

    return (*DECODE_ERRORS, BytesLengthException, InvalidDicomError)


@contextmanager
def quiet() -> Iterator[None]:
    """Keeps back what libraries have to say of odd headers: it is no news to the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class Groups:
    """Looks an attribute up where a frame may keep it: its own group, the shared one, the file."""

    def __init__(self, data: Dataset, shared: Dataset | None, own: Dataset | None) -> None:
        self._places = [place for place in (own, shared) if place is not None]
        self._data = data

    def item(self, sequence: str, keyword: str) -> Dataset:
        """The data set that holds the keyword, or else the file's."""
        for place in self._places:
            item = first_item(place, sequence)
            if item is not None and keyword in item:
                return item
        return self._data


def unit_vectors(cosines: tuple[float, ...] | None) -> Vector | None:
    """(2, 3) of length one, or None where they are no two directions at right angles."""
    if cosines is None:
        return None
    vectors = np.array(cosines).reshape(2, 3)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if lengths.min() < 0.5:
        return None
    unit: Vector = vectors / lengths
    return unit if abs(float(unit[0] @ unit[1])) < 0.05 else None


def first_item(data: Dataset, keyword: str) -> Dataset | None:
    """The first item of a sequence, or None."""
    items = data.get(keyword)
    return items[0] if items else None


def text_of(data: Dataset, keyword: str) -> str:
    """An attribute as text, "" where it is missing."""
    value = data.get(keyword)
    # Names may hold line breaks and other signs that would upset a line of text.
    return "" if value is None else " ".join(str(value).split())


def whole_of(data: Dataset, keyword: str, default: int = 0) -> int:
    """An attribute as a whole number."""
    numbers = numbers_of(data, keyword, 1)
    return default if numbers is None else int(numbers[0])


def numbers_of(data: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """The first numbers of an attribute, or None where they are missing or are none."""
    try:
        value = data.get(keyword)
        if value is None or value == "":
            return None
        values = value if hasattr(value, "__iter__") and not isinstance(value, str) else [value]
        found = tuple(float(v) for v in values)[:count]
    except (TypeError, ValueError, OverflowError, AttributeError):
        return None
    return found if len(found) == count and all(map(math.isfinite, found)) else None
