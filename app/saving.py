"""Results as files that say where they come from; used by the window and the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.data.pairset import PairSetWriter
from engine.data.phantoms import PHANTOM_METADATA
from engine.data.png import SYNTHETIC_METADATA, write_png
from engine.provenance import png_text
from engine.results import SynthesisResult


def image_metadata(result: SynthesisResult, index: int) -> dict[str, str]:
    """PNG text chunks of one image of a result."""
    record = {**result.provenance, "image": index, "seed": result.seeds[index]}
    return {**SYNTHETIC_METADATA, **png_text(record)}


def save_image(path: Path, result: SynthesisResult, index: int = 0) -> None:
    """One image as PNG with its provenance.

    Raises:
        DiskError: it cannot be written.
    """
    write_png(path, result.images[index], image_metadata(result, index))


def save_mask(path: Path, mask: Any, *, grown: bool = False) -> None:
    """A mask (H, W) in {0, 1} as PNG, black and white.

    Args:
        grown: It was made by the program, and says so.

    Raises:
        DiskError: it cannot be written.
    """
    write_png(path, mask > 0, dict(PHANTOM_METADATA) if grown else None)


def save_set(target: Path, result: SynthesisResult) -> None:
    """All images with their mask as a set of pairs with a manifest.

    Raises:
        InputError: the target holds something else.
        DiskError: it cannot be written.
    """
    with PairSetWriter(target, result.provenance) as writer:
        for image, seed in zip(result.images, result.seeds, strict=True):
            writer.add(f"seed_{seed:010d}", image, result.mask, {"seed": seed})
