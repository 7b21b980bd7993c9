"""An unpickler that can build arrays of numbers and call nothing else."""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError

HINT = "Use a file from a source you trust, or export the data as PNG pairs."

ALLOWED = {
    ("_codecs", "encode"): "encode",
    ("__builtin__", "bytes"): "bytes",
    ("numpy", "dtype"): "dtype",
    ("numpy", "ndarray"): "ndarray",
    **{
        (f"numpy.{core}.multiarray", name): kind
        for core in ("core", "_core")
        for name, kind in (("_reconstruct", "reconstruct"), ("scalar", "scalar"))
    },
    **{(f"numpy.{core}.numeric", "_frombuffer"): "frombuffer" for core in ("core", "_core")},
}


def forbidden(source: Path, what: str) -> InputError:
    """The error for anything in a pickle that is not an array."""
    return InputError(
        f"{source} contains {what}, which is not an array. Nothing in it was run.", HINT
    )


class ArrayUnpickler(pickle.Unpickler):
    """Knows a handful of names, and gives each a harmless stand-in instead of numpy's own.

    The stand-ins are bound methods and a bare object: a pickle can set attributes on what it
    gets, and these have none that can be set.
    """

    def __init__(self, source: Path, content: bytes) -> None:
        super().__init__(io.BytesIO(content), encoding="latin1")
        self._source = source
        # Bytes in a pickle can be shared by many arrays; none written by numpy does that.
        self._left = len(content) + 2**20
        self._array_mark = object()

    def find_class(self, module: str, name: str) -> Any:
        kind = ALLOWED.get((module, name))
        if kind is None:
            raise forbidden(self._source, f"{module}.{name}")
        stand_ins: dict[str, object] = {
            "reconstruct": self._reconstruct,
            "frombuffer": self._from_buffer,
            "scalar": self._scalar,
            "encode": self._encode,
            "bytes": self._no_bytes,
            "ndarray": self._array_mark,
            "dtype": self._dtype,
        }
        return stand_ins[kind]

    def persistent_load(self, pid: object) -> Any:
        raise forbidden(self._source, "a persistent reference")

    def _reconstruct(self, kind: object, *_: object) -> PickledArray:
        if kind is not self._array_mark:
            raise forbidden(self._source, "an array of an unknown class")
        return PickledArray(self._source, self._spend)

    def _from_buffer(
        self,
        buffer: bytes,
        dtype: object,
        shape: tuple[int, ...],
        order: str,
        axes: tuple[int, ...] | None = None,
    ) -> PickledArray:
        array = self._filled(shape, dtype, order == "F", buffer)
        if order == "K" and axes is not None and array.array is not None:
            array.array = array.array.transpose(axes)
        return array

    def _scalar(self, dtype: object, content: object) -> PickledArray:
        return self._filled((), dtype, False, content)

    def _filled(self, *state: object) -> PickledArray:
        array = PickledArray(self._source, self._spend)
        array.__setstate__(state)
        return array

    def _dtype(self, code: object, *_: object) -> _Dtype:
        return _Dtype(code)

    def _encode(self, text: str, encoding: str) -> bytes:
        """Protocols 0 to 2 carry bytes as Latin-1 text."""
        if encoding not in ("latin1", "latin-1"):
            raise ValueError(f"bytes encoded as {encoding!r:.20}")
        return text.encode("latin-1")

    def _no_bytes(self) -> bytes:
        return b""

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise ValueError("its arrays are larger than the file")


class _Dtype:
    """Stands for numpy.dtype: a kind, a width and a byte order."""

    def __init__(self, code: object) -> None:
        self.code = code
        self.swapped = False

    def __setstate__(self, state: tuple[object, ...]) -> None:
        order, nested = state[1], state[2:5]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in nested):
            raise ValueError("a structured array")
        self.swapped = order == ">"

    def resolve(self, source: Path) -> np.dtype[Any]:
        if not isinstance(self.code, str) or not 1 <= len(self.code) <= 4:
            raise ValueError("an array of unknown type")
        dtype = np.dtype(self.code.lstrip("<>|="))
        if dtype.kind not in "biuf":
            raise forbidden(source, f"an array of type {dtype}")
        return dtype.newbyteorder(">" if self.swapped else "<")


class PickledArray:
    """Stands for an array while it is read: its bytes, checked against what it declares."""

    def __init__(self, source: Path, spend: Callable[[int], None]) -> None:
        self._source = source
        self._spend = spend
        self.array: NDArray[Any] | None = None

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        shape, dtype, fortran, content = state[-4:]
        if isinstance(content, list):
            raise forbidden(self._source, "an array of objects")
        if isinstance(content, str):
            content = content.encode("latin-1")
        if not isinstance(dtype, _Dtype) or not isinstance(content, bytes | bytearray):
            raise ValueError("an array without type or contents")
        if len(shape) > 8 or not all(isinstance(n, int) and n >= 0 for n in shape):
            raise ValueError(f"an array of shape {str(shape)[:60]}")
        resolved = dtype.resolve(self._source)
        if math.prod(shape) * resolved.itemsize != len(content):
            raise ValueError(f"an array of shape {shape} with {len(content)} bytes")
        self._spend(len(content))
        flat = np.frombuffer(content, resolved).astype(resolved.newbyteorder("="))
        self.array = flat.reshape(shape, order="F" if fortran else "C")
