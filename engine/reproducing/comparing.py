"""How far two arrays are apart, and how they are read from files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.dicom_header import looks_like_dicom
from engine.data.volumes.dicom_seg_read import is_dicom_seg, read_dicom_seg
from engine.data.volumes.read import read_volume
from engine.data.volumes.write import smallest
from engine.reproducing.params import ReproduceParams
from engine.reproducing.report import Comparison, Verdict


def read_values(path: Path, *, labels: bool) -> NDArray[Any]:
    """What a file holds, (D, H, W): labels in the smallest type that holds them, else as stored.

    Raises:
        InputError: It cannot be read.
    """
    if labels and looks_like_dicom(path) and is_dicom_seg(path):
        return smallest(read_dicom_seg(path).labels)
    volume = read_volume(path, kind="labels" if labels else "image")
    values = volume.values()
    if not labels:
        return values
    # Hands and other programs may leave fractions or negative numbers: those differ as they are.
    whole = values.size == 0 or (values.min() >= 0 and np.array_equal(values, np.rint(values)))
    return smallest(values) if whole else values


def compare_labels(
    name: str, old: NDArray[Any], new: NDArray[Any], params: ReproduceParams
) -> Comparison:
    """Label maps (D, H, W)."""
    if old.shape != new.shape:
        return _of_shapes(name, old, new)
    changed = int(np.count_nonzero(old != new))
    if not changed:
        return Comparison(name, "equal", old.size, 0)
    dice = {}
    for label in np.union1d(np.unique(old), np.unique(new)):
        if label:
            one, other = old == label, new == label
            both = np.count_nonzero(one & other)
            dice[int(label)] = 2 * both / (np.count_nonzero(one) + np.count_nonzero(other))
    near = changed <= params.epsilon * old.size and min(dice.values()) >= params.dice
    return Comparison(name, "close" if near else "different", old.size, changed, dice=dice)


def compare_values(
    name: str, old: NDArray[Any], new: NDArray[Any], params: ReproduceParams
) -> Comparison:
    """Grey values or maps (D, H, W), or pictures (H, W); NaN equals NaN."""
    if old.shape != new.shape:
        return _of_shapes(name, old, new)
    if np.array_equal(old, new, equal_nan=old.dtype.kind == "f" and new.dtype.kind == "f"):
        return Comparison(name, "equal", old.size, 0)
    if old.dtype.kind == "u" and old.dtype.itemsize <= 2:
        span = float(np.iinfo(old.dtype).max)
    else:
        finite = old[np.isfinite(old)]
        span = float(finite.max() - finite.min()) if finite.size else 0.0
    changed, largest, total = 0, 0.0, 0.0
    # Slice by slice: whole volumes in float64 would fill the memory.
    for one, other in zip(np.atleast_3d(old), np.atleast_3d(new), strict=True):
        apart = np.abs(one.astype(np.float64) - other.astype(np.float64))
        apart[np.isnan(one) & np.isnan(other)] = 0.0
        apart[np.isnan(apart)] = np.inf
        changed += int(np.count_nonzero(apart))
        largest, total = max(largest, float(apart.max())), total + float(apart.sum())
    verdict: Verdict = "close" if largest <= params.epsilon * span else "different"
    return Comparison(name, verdict, old.size, changed, largest, total / old.size, span)


def _of_shapes(name: str, old: NDArray[Any], new: NDArray[Any]) -> Comparison:
    sides = [" x ".join(map(str, array.shape)) for array in (old, new)]
    note = f"it has {sides[0]} voxels, made again {sides[1]}"
    return Comparison(name, "different", old.size, old.size, note=note)
