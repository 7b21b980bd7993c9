"""Puts the images of a DICOM series in order, by where they lie and never by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.data.volumes.dicom_header import TIME_KEYS, Frame
from engine.data.volumes.dicom_values import Vector
from engine.data.volumes.volume import Affine, Channels, plain_affine

SAME_PLACE_MM = 0.01
UNEVEN = 0.01
TILT_DEGREES = 0.2
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True, eq=False)
class Order:
    """The images of a volume in order.

    Attributes:
        frames: (T, D) images: points in time, and slices along the normal.
        affine: As in `Geometry`.
        oriented: Whether the files say how they lie in the patient.
        channels: "single", "time", or "components" (echoes, b-values).
        notes, warnings: As in `Volume`.
    """

    frames: tuple[tuple[Frame, ...], ...]
    affine: Affine
    oriented: bool
    channels: Channels
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def arrange(frames: Sequence[Frame]) -> Order:
    """Orders images of one size and direction.

    The affine follows from the first image, the distances within it, and the mean step from the
    first to the last image; that step also holds the shear of a tilted gantry.

    Args:
        frames: At least one.
    """
    if any(f.position is None or f.orientation is None for f in frames):
        return _without_places(frames)
    normal = _normal(frames[0])
    frames = sorted(frames, key=lambda f: (_height(f, normal), f.header.path, f.index))
    stacks = _stacks(frames, normal)
    order = _points_in_time(stacks)
    line = order.frames[0]
    step, told = _step(line, normal)
    return replace(order, affine=_affine(line[0], step), warnings=(*order.warnings, *told))


def _normal(frame: Frame) -> Vector:
    assert frame.orientation is not None
    return np.cross(frame.orientation[0], frame.orientation[1])


def _height(frame: Frame, normal: Vector) -> float:
    assert frame.position is not None
    return float(frame.position @ normal)


def _stacks(frames: Sequence[Frame], normal: Vector) -> list[list[Frame]]:
    """Images in order of height, those of one place together."""
    stacks: list[list[Frame]] = []
    for frame in frames:
        if stacks and _height(frame, normal) - _height(stacks[-1][0], normal) < SAME_PLACE_MM:
            stacks[-1].append(frame)
        else:
            stacks.append([frame])
    return stacks


def _points_in_time(stacks: list[list[Frame]]) -> Order:
    most, least = max(map(len, stacks)), min(map(len, stacks))
    if most == 1:
        return Order((tuple(s[0] for s in stacks),), plain_affine(), True, "single")
    key, name = _time_key(stacks)
    ordered = [sorted(stack, key=lambda f: _moment(f, key)) for stack in stacks]
    frames = tuple(tuple(stack[t] for stack in ordered) for t in range(least))
    warnings: tuple[str, ...] = ()
    if least != most:
        several = sum(len(stack) > least for stack in stacks)
        warnings = (
            f"{several} of {len(stacks)} positions hold up to {most} images, the others {least}: "
            f"the first {least} of each, by {name}, {'is' if least == 1 else 'are'} shown.",
        )
    if least == 1:
        return Order(frames, plain_affine(), True, "single", warnings=warnings)
    channels: Channels = "components" if name in ("b-value", "echo time") else "time"
    notes = (f"{least} images at each position, in order of {name}",)
    return Order(frames, plain_affine(), True, channels, notes, warnings)


def _time_key(stacks: list[list[Frame]]) -> tuple[str, str]:
    """The first attribute that tells the images of every position apart."""
    for key, name in TIME_KEYS:
        if all(
            all(key in f.times for f in stack) and len({f.times[key] for f in stack}) == len(stack)
            for stack in stacks
        ):
            return key, name
    return "", "file name"


def _moment(frame: Frame, key: str) -> tuple[bool, float, str, str, int]:
    value = frame.times.get(key, "")
    file = str(frame.header.path)
    # Times of day are texts: they sort as they are, all being of the form HHMMSS.
    if isinstance(value, str):
        return True, 0.0, value, file, frame.index
    return False, value, "", file, frame.index


def _affine(frame: Frame, step: Vector) -> Affine:
    assert frame.orientation is not None
    assert frame.position is not None
    between_rows, between_columns = frame.spacing or (1.0, 1.0)
    lps = np.eye(4)
    lps[:3, 0] = frame.orientation[0] * between_columns
    lps[:3, 1] = frame.orientation[1] * between_rows
    lps[:3, 2] = step
    lps[:3, 3] = frame.position
    return _LPS_TO_RAS @ lps


def _step(line: Sequence[Frame], normal: Vector) -> tuple[Vector, tuple[str, ...]]:
    """From one slice to the next in mm (LPS), and what is odd about it."""
    if len(line) == 1:
        return normal * (line[0].thickness or 1.0), ()
    places = np.array([f.position for f in line])
    step: Vector = (places[-1] - places[0]) / (len(line) - 1)
    told = _uneven(places, normal)
    along = float(step @ normal)
    aside = float(np.linalg.norm(step - along * normal))
    degrees = float(np.degrees(np.arctan2(aside, along)))
    if degrees > TILT_DEGREES:
        told += (
            f"The slices are sheared by {degrees:.1f}°, as by a tilted gantry ({aside:.2f} mm "
            "aside from one to the next): positions and volumes are right, angles across slices "
            "are not.",
        )
    beside = places - places[0] - np.arange(len(line))[:, None] * step
    beside = np.linalg.norm(beside - (beside @ normal)[:, None] * normal, axis=1)
    if beside.max() > max(0.1, 0.02 * along):
        worst = int(beside.argmax())
        told += (f"The slices are not in line: slice {worst} is {beside.max():.1f} mm aside.",)
    return step, told


def _uneven(places: Vector, normal: Vector) -> tuple[str, ...]:
    gaps = np.diff(places @ normal)
    usual = float(np.median(gaps))
    if gaps.max() - gaps.min() <= max(UNEVEN * usual, SAME_PLACE_MM):
        return ()
    # The usual distance is the commonest, which many gaps do not shift as they shift a mean.
    usual = float(Counter(np.round(gaps, 2).tolist()).most_common(1)[0][0]) or usual
    whole = np.rint(gaps / usual)
    missing = np.where(np.abs(gaps - whole * usual) < 0.1 * usual, whole - 1, 0)
    span = f"Slice distance varies from {gaps.min():.2f} to {gaps.max():.2f} mm"
    drift = np.abs((places - places[0]) @ normal - np.arange(len(places)) * gaps.mean()).max()
    effect = f"They are shown {gaps.mean():.2f} mm apart: places are off by up to {drift:.1f} mm."
    count = int(missing.clip(0).sum())
    if not count:
        return (f"{span}. {effect}",)
    where = [
        f"between slices {i} and {i + 1} (z = {places[i, 2]:.1f} to {places[i + 1, 2]:.1f} mm)"
        for i in np.flatnonzero(missing > 0)[:3]
    ]
    more = " and elsewhere" if int((missing > 0).sum()) > 3 else ""
    seem = "1 slice seems" if count == 1 else f"{count} slices seem"
    return (f"{span}: {seem} to be missing {', '.join(where)}{more}. {effect}",)


def _without_places(frames: Sequence[Frame]) -> Order:
    """Pictures, ultrasound and old files: in the order of their numbers, as flat as they come."""
    line = sorted(frames, key=lambda f: (_number(f), f.header.path, f.index))
    first = line[0]
    rows, columns = first.spacing or (1.0, 1.0)
    affine = plain_affine((first.thickness or 1.0, rows, columns))
    notes: tuple[str, ...] = () if first.spacing else ("pixel size not given: taken as 1 mm",)
    if len(line) == 1:
        return Order((tuple(line),), affine, False, "single", notes)
    if first.header.moving and first.header.samples == 1:
        return Order(tuple((f,) for f in line), affine, False, "time", notes)
    warning = (
        "The files do not say where their slices lie: they are in the order of their instance "
        f"numbers, {first.thickness or 1.0:g} mm apart."
    )
    return Order((tuple(line),), affine, False, "single", notes, (warning,))


def _number(frame: Frame) -> float:
    value = frame.times.get("InstanceNumber", 0.0)
    return value if isinstance(value, float) else 0.0
