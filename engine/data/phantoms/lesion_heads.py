"""A set of phantom heads, half of them with a lesion, and a table that says which slices show it.

To try out learning from image-level labels, and to make again what `phantom-lesion` learnt from.
"""

from __future__ import annotations

import csv
import io
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.data.atomic import disk_error, write_atomic
from engine.data.phantoms.brain import Contrast, LesionSpread, Tissue, make_brain
from engine.data.volumes.write import write_image, write_labels
from engine.errors import InputError

SPREAD = LesionSpread(radius=(0.10, 0.26), height=(-0.05, 0.45))
LEAST_MARKED = 10
"""Voxels of a slice; one with fewer, but some, is not in the table: nobody could tell."""
LEAST_HEAD = 0.05
"""Of a slice; with less there is hardly a head in it."""
TEST_SHARE = 0.2
TABLE = "slices.csv"
HEADINGS = ("file", "slice", "label", "patient", "mask", "split")


def write_lesion_heads(
    folder: Path, heads: int, contrast: Contrast = "FLAIR", seed: int = 0
) -> Iterator[str]:
    """Write images, masks to judge by, and the table `slices.csv`; tells each head's name.

    Every second head has a lesion. The last fifth of them is for the evaluation. The folder
    appears once all is in it.

    Args:
        folder: Must not be there yet, or be empty.
        heads: 2 or more; head i follows from `seed` + i alone.

    Raises:
        InputError: it holds something.
        DiskError: it cannot be written.
    """
    try:
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise InputError(f"{folder} exists already.", "Choose another name for the set.")
        beside = folder.with_name(f".{folder.name[:40]}.{uuid.uuid4().hex[:12]}")
        beside.mkdir(parents=True)
    except OSError as error:
        raise disk_error(folder, error) from error
    try:
        yield from _written(beside, heads, contrast, seed)
        if folder.is_dir():
            folder.rmdir()
        beside.rename(folder)
    except OSError as error:
        raise disk_error(folder, error) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _written(folder: Path, heads: int, contrast: Contrast, seed: int) -> Iterator[str]:
    for part in ("images", "masks"):
        (folder / part).mkdir()
    table = io.StringIO(newline="")
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(HEADINGS)
    for index in range(heads):
        name = f"head_{index + 1:04d}"
        brain = make_brain(seed=seed + index, lesion=SPREAD if index % 2 else None)
        marked = brain.tissues == Tissue.LESION
        image = brain.image(contrast, seed=seed + index)
        facts = {"phantom": "head", "contrast": contrast, "seed": seed + index}
        paths = f"images/{name}.nii.gz", f"masks/{name}.nii.gz"
        write_image(folder / paths[0], image, facts)
        write_labels(folder / paths[1], marked.astype(np.uint8), image, provenance=facts)
        split = "test" if index >= round(heads * (1 - TEST_SHARE)) else "train"
        for k, (lesion, tissue) in enumerate(zip(marked, brain.tissues, strict=True)):
            seen = int(lesion.sum())
            if np.mean(tissue != Tissue.AIR) < LEAST_HEAD or 0 < seen < LEAST_MARKED:
                continue
            label = "lesion" if seen else "normal"
            rows.writerow((paths[0], k, label, name, paths[1], split))
        yield name
    write_atomic(folder / TABLE, table.getvalue().encode())
