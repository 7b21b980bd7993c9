"""Sets of synthetic image/mask pairs: writing them so that nothing is lost, reading them back."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from engine.data.image_limits import MAX_SIDE, MIN_SIDE
from engine.data.pairset_manifest import Manifest, PairSet
from engine.data.pairset_stores import ArrayStore, FolderStore, Store
from engine.errors import DiskError, InputError
from engine.provenance import same_making

__all__ = ["Manifest", "PairSet", "PairSetWriter", "read_pair_set"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._\-]{0,119}")


class PairSetWriter:
    """Writes pairs one by one; whatever happens, what is on disk is a readable set.

    The target's name decides the form: NAME.npz and NAME.h5 (.hdf5) are one file of arrays,
    anything else is a folder of PNGs (images rounded to 8 bits). Use it as a context manager, or
    call `close`. A set that exists is continued: `names` tells what is there already.

    Args:
        target: Folder or file.
        provenance: JSON values: method, checkpoint hash, seed, ... Written into the manifest and
            into every PNG.

    Raises:
        InputError: The target holds something else, is damaged, or was made in another way.
        DiskError: It cannot be written.
    """

    def __init__(self, target: str | os.PathLike[str], provenance: Mapping[str, Any]) -> None:
        path = Path(target)
        self._store: Store = _store(path)
        existing = self._store.load()
        if existing is None:
            _refuse_foreign(path)
            self._manifest = Manifest(provenance=dict(provenance))
            self._store.close(self._manifest)
        else:
            self._manifest = existing.manifest
            fresh = Manifest(provenance=dict(provenance)).model_dump(mode="json")
            made = self._manifest.model_dump(mode="json")
            if not same_making(made["provenance"], fresh["provenance"]):
                raise InputError(
                    f"{path} holds a set that was made in another way.", "Choose another target."
                )

    @property
    def names(self) -> frozenset[str]:
        """Names of the pairs that the set holds."""
        return frozenset(pair.name for pair in self._manifest.pairs)

    def add(
        self,
        name: str,
        image: ArrayLike,
        mask: ArrayLike,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds a pair.

        Args:
            name: Letters, digits, dot, dash and underscore; not yet in the set.
            image: (H, W) in [0, 1].
            mask: (H, W) in {0, 1}.
            details: JSON values of this pair alone, such as its seed.

        Raises:
            InputError: Name taken or unfit, shapes that differ, values out of range or NaN.
            DiskError: It cannot be written.
        """
        picture, marked = np.array(image, np.float32), np.array(mask)
        problem = _problem(name, self.names, picture, marked)
        if problem:
            raise InputError(f"The pair {name} cannot be added: {problem}.", "Check the pair.")
        self._manifest = self._store.add(
            name, picture, marked.astype(np.uint8), details or {}, self._manifest
        )

    def close(self) -> None:
        """Writes what is not yet on disk; may be called again."""
        self._store.close(self._manifest)

    def __enter__(self) -> PairSetWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # A full disk on the way must not be followed by a second error that hides it.
        if not isinstance(error, DiskError):
            self.close()


def read_pair_set(path: str | os.PathLike[str]) -> PairSet:
    """Reads a set in any of its three forms and compares every hash.

    Raises:
        InputError: Not there, not a set, damaged, or changed since it was written.
    """
    source = Path(path)
    found = _store(source).load()
    if found is None:
        raise InputError(f"{source} holds no set of pairs.", "Choose a folder with manifest.json.")
    return found


def _store(path: Path) -> Store:
    if path.suffix.lower() in (".npz", ".h5", ".hdf5"):
        return ArrayStore(path)
    return FolderStore(path)


def _refuse_foreign(path: Path) -> None:
    if path.is_file():
        raise InputError(f"{path} is a file.", "Choose a folder, or a name in .npz or .h5.")
    if path.is_dir() and any(not item.name.startswith(".") for item in path.iterdir()):
        raise InputError(f"The folder {path} holds other files.", "Choose an empty folder.")


def _problem(
    name: str, taken: frozenset[str], image: np.ndarray[Any, Any], mask: np.ndarray[Any, Any]
) -> str | None:
    if not _NAME.fullmatch(name):
        return "its name has other signs than letters, digits, dot, dash and underscore"
    if name.lower() in {other.lower() for other in taken}:
        return "the set has a pair of that name"
    if image.ndim == 2 and not MIN_SIDE <= min(image.shape) <= max(image.shape) <= MAX_SIDE:
        return f"its sides {image.shape} are not between {MIN_SIDE} and {MAX_SIDE} pixels"
    if image.ndim != 2 or image.shape != mask.shape:
        return f"image {image.shape} and mask {mask.shape} must be (H, W) of one size"
    if not np.isfinite(image).all() or image.min() < 0 or image.max() > 1:
        return "its image has values outside [0, 1]"
    if not np.isin(mask, (0, 1)).all():
        return "its mask has values other than 0 and 1"
    return None
