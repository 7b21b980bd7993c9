"""A phantom as a file, to be opened like any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from platformdirs import user_cache_path

if TYPE_CHECKING:
    from engine.data.phantoms.brain import Contrast

Lesion = Literal["small", "large", "none"]
FLAIR_SEED = 1002
"""No head that `phantom-lesion` learnt from."""


def write_phantom(
    path: Path,
    contrast: Contrast = "T1",
    seed: int = 0,
    labels: Path | None = None,
    lesion: Lesion = "small",
) -> Mapping[str, Any]:
    """Write the image of a head made of formulas, and its labels where asked for.

    Args:
        lesion: A large one is as those of `phantoms.lesion_heads`.

    Returns:
        What was written beside it, which says that it is a phantom.

    Raises:
        InputError: an ending that cannot be written.
        DiskError: the disk refuses.
    """
    from engine.data.phantoms.brain import LesionSpread, make_brain
    from engine.data.phantoms.lesion_heads import SPREAD
    from engine.data.volumes.write import write_image, write_labels

    spread = {"small": LesionSpread(), "large": SPREAD, "none": None}[lesion]
    brain = make_brain(seed=seed, lesion=spread)
    image = brain.image(contrast, seed=seed)
    facts = {"phantom": "head", "contrast": contrast, "seed": seed, "lesion": lesion}
    write_image(path, image, facts)
    if labels is not None:
        write_labels(labels, brain.labels(), image, provenance=facts)
    return facts


def sample(contrast: Contrast) -> Path:
    """The phantom that the window offers, made if it is not there yet: a head in T1, or one in
    FLAIR with a large lesion.

    Raises:
        DiskError: the disk refuses.
    """
    from engine.data.atomic import make_folder

    flair = contrast == "FLAIR"
    name = f"phantom-flair-{FLAIR_SEED}" if flair else "phantom"
    path = user_cache_path("reverie") / f"{name}.nii.gz"
    if not path.exists():
        make_folder(path.parent)
        if flair:
            write_phantom(path, contrast, FLAIR_SEED, lesion="large")
        else:
            write_phantom(path, contrast)
    return path
