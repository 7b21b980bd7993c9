"""A phantom as a file, to be opened like any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_cache_path

if TYPE_CHECKING:
    from engine.data.phantoms.brain import Contrast


def write_phantom(
    path: Path, contrast: Contrast = "T1", seed: int = 0, labels: Path | None = None
) -> Mapping[str, Any]:
    """Write the image of a head made of formulas, and its labels where asked for.

    Returns:
        What was written beside it, which says that it is a phantom.

    Raises:
        InputError: an ending that cannot be written.
        DiskError: the disk refuses.
    """
    from engine.data.phantoms.brain import make_brain
    from engine.data.volumes.write import write_image, write_labels

    brain = make_brain(seed=seed)
    image = brain.image(contrast, seed=seed)
    facts = {"phantom": "head", "contrast": contrast, "seed": seed}
    write_image(path, image, facts)
    if labels is not None:
        write_labels(labels, brain.labels(), image, provenance=facts)
    return facts


def sample_path() -> Path:
    """Where the window keeps the phantom that it offers."""
    return user_cache_path("reverie") / "phantom.nii.gz"
