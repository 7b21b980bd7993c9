"""How much of each structure a segmentation found, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.data.volumes.volume import Geometry

UNIT_SPACING = (1.0, 1.0, 1.0)


def figures_of(
    labels: NDArray[np.uint8],
    names: Mapping[int, str],
    geometry: Geometry,
    uncertainty: NDArray[np.float32] | None = None,
) -> dict[str, Any]:
    """Sizes and mean uncertainty, as JSON values.

    Args:
        labels: (D, H, W).
        names: Class -> name; the background may be among them.
        geometry: Of the image.
        uncertainty: (D, H, W), where it is known.

    Returns:
        structures: class -> name, voxels, mm3 (None where the voxel size is not known or a
        picture has no depth); mean_uncertainty over all voxels, and over those of structures
        (None where there are none).
    """
    counts = np.bincount(labels.ravel(), minlength=max(names, default=0) + 1)
    known = geometry.oriented or (geometry.shape[0] > 1 and geometry.spacing_mm != UNIT_SPACING)
    size = 1000.0 * geometry.voxel_ml if known else None
    found: dict[str, Any] = {
        "structures": {
            str(value): {
                "name": name,
                "voxels": int(counts[value]),
                "mm3": None if size is None else round(float(counts[value] * size), 3),
            }
            for value, name in names.items()
            if value
        }
    }
    if uncertainty is not None:
        inside = uncertainty[labels > 0]
        found["mean_uncertainty"] = float(uncertainty.mean())
        found["mean_uncertainty_in_structures"] = float(inside.mean()) if inside.size else None
    return found


def told(figures: Mapping[str, Any]) -> str:
    """The sizes as a sentence."""
    parts = []
    for structure in figures["structures"].values():
        ml = "" if structure["mm3"] is None else f" ({structure['mm3'] / 1000:.3g} ml)"
        parts.append(f"{structure['name']} {structure['voxels']:,} voxels{ml}")
    return f"Found: {', '.join(parts)}."
