"""What was trained, kept among the user's models."""

from __future__ import annotations

import filecmp
import re
import shutil
from pathlib import Path

from engine import library
from engine.data.atomic import atomic_path, disk_error


def model_of(weights: Path, title: str) -> str:
    """The name among the user's models of a checkpoint, which is copied there if it is not yet.

    Raises:
        DiskError: it cannot be copied.
    """
    for there in sorted(library.user_folder().glob("*.safetensors")):
        if filecmp.cmp(weights, there, shallow=False):
            return there.stem
    return add_to_models(weights, title)


def add_to_models(weights: Path, title: str) -> str:
    """Copy a checkpoint to the user's models, with a picture where its run has one; returns the
    name that it has there.

    Raises:
        DiskError: it cannot be copied.
    """
    wanted = re.sub(r"[^\w.-]+", "-", title).strip("-.") or "model"
    folder = library.user_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    name, number = wanted, 1
    while (folder / f"{name}.safetensors").exists():
        number += 1
        name = f"{wanted}-{number}"
    picture = library.picture_of(weights)
    with atomic_path(folder / f"{name}.safetensors") as beside:
        shutil.copyfile(weights, beside)
    if picture is not None:
        with atomic_path(folder / f"{name}{library.PICTURE}") as beside:
            shutil.copyfile(picture, beside)
    return name
