"""The layout of the Medical Segmentation Decathlon and of nnU-Net.

dataset.json         labels and their names, and in the Decathlon the list of cases
imagesTr/CASE.nii.gz (Decathlon) or CASE_0000.nii.gz, one file a channel (nnU-Net)
labelsTr/CASE.nii.gz
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

from engine.data.segmentation.cases import Case, CaseListing
from engine.data.segmentation.patients import patient_of
from engine.data.volumes.read import SUPPORTED
from engine.errors import InputError

DESCRIPTION = "dataset.json"
IMAGES, LABELS = "imagesTr", "labelsTr"
_CHANNEL = re.compile(r"^(.+)_(\d{4})$")
_ENDINGS = sorted(SUPPORTED, key=len, reverse=True)


def is_decathlon(path: Path) -> bool:
    """Whether a folder, or that of its dataset.json or imagesTr, has this layout."""
    root = _root(path)
    return (root / IMAGES).is_dir() and (root / LABELS).is_dir()


def find_decathlon(path: Path, channel: int = 0, patient_pattern: str = "") -> CaseListing:
    """The training cases; see `cases.find_cases`.

    Raises:
        InputError: A dataset.json that is none, a channel that is not there, or no pair.
    """
    root = _root(path)
    description = _description(root / DESCRIPTION)
    labels = {_stem(p): p for p in _files(root / LABELS)}
    images, notes = _images(root / IMAGES, set(labels), channel)
    names = sorted(images.keys() & labels.keys())
    if not names:
        raise InputError(
            f"No image of {root / IMAGES} has a label in {root / LABELS}.",
            "CASE_0000.nii.gz or CASE.nii.gz belongs to CASE.nii.gz.",
        )
    return CaseListing(
        tuple(
            Case(
                n,
                patient_of(n, patient_pattern),
                images[n],
                labels[n],
                channel=0
                if _CHANNEL.match(_stem(images[n])) and n != _stem(images[n])
                else channel,
            )
            for n in names
        ),
        f"the name of the case in {IMAGES} and {LABELS}",
        _names(description, root / DESCRIPTION),
        tuple(images[n] for n in sorted(images.keys() - labels.keys())),
        tuple(labels[n] for n in sorted(labels.keys() - images.keys())),
        notes,
    )


def label_names(root: Path) -> dict[int, str]:
    """Names of labels from the dataset.json of a folder, 0 among them; empty without one.

    Raises:
        InputError: A dataset.json that is none.
    """
    return _names(_description(root / DESCRIPTION), root / DESCRIPTION)


def _root(path: Path) -> Path:
    return path.parent if path.name in (DESCRIPTION, IMAGES) else path


def _files(folder: Path) -> list[Path]:
    return sorted(
        p
        for p in folder.iterdir()
        if p.is_file() and not p.name.startswith(".") and p.name.lower().endswith(SUPPORTED)
    )


def _stem(path: Path) -> str:
    ending = next(e for e in _ENDINGS if path.name.lower().endswith(e))
    return path.name[: -len(ending)]


def _images(
    folder: Path, labelled: set[str], channel: int
) -> tuple[dict[str, Path], tuple[str, ...]]:
    """Case -> file of the wanted channel. CASE_0000 is a channel unless a label has that name."""
    found: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in _files(folder):
        stem = _stem(path)
        split = _CHANNEL.match(stem)
        if split and stem not in labelled:
            found[split.group(1)][int(split.group(2))] = path
        else:
            found[stem][channel] = path
    missing = sorted(name for name, files in found.items() if channel not in files)
    if missing:
        raise InputError(
            f"{len(missing)} cases of {folder} have no channel {channel}: {missing[0]}, ...",
            f"Choose one of {', '.join(map(str, sorted(found[missing[0]])))}.",
        )
    most = max((len(files) for files in found.values()), default=0)
    notes = (f"Channel {channel} of {most} is used.",) if most > 1 else ()
    return {name: files[channel] for name, files in found.items()}, notes


def _description(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} is not valid JSON: {error}.", "Correct it.") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} does not describe a data set.", "Correct it, or take it away.")
    return found


def _names(description: dict[str, Any], path: Path) -> dict[int, str]:
    """The Decathlon has {"1": "anterior"}, nnU-Net {"anterior": 1}."""
    labels = description.get("labels", {})
    if not isinstance(labels, dict):
        labels = {}
    names: dict[int, str] = {}
    for key, value in labels.items():
        number, name = (key, value) if isinstance(value, str) else (value, key)
        try:
            names[int(number)] = str(name)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{path} has the label {key!r}: {value!r}, which is no number with a name.",
                "Regions of several labels cannot be used: give each label a number.",
            ) from error
    return names
