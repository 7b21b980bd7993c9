"""What the window writes: one image in several formats, and the timeline. No widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.results import SynthesisResult
from widgets.timeline.frame import Frame

IMAGE_FILTER = "PNG, 8 bit (*.png);;TIFF, 32 bit float (*.tif *.tiff);;NumPy array (*.npy)"


def save_image(path: Path, result: SynthesisResult, place: int) -> Path:
    """Write one image; the name's ending chooses the format, PNG if it has none.

    PNG holds its provenance in text chunks, other formats have it in NAME.json beside them.

    Raises:
        InputError: a format that is not offered.
        DiskError: it cannot be written.
    """
    from engine.data import synthetic

    return synthetic.save_image(path, result, place)


def save_pair(path: Path, result: SynthesisResult, place: int) -> Path:
    """Write an image, and its mask beside it as NAME_mask.png.

    Raises:
        InputError, DiskError: as `save_image`.
    """
    from app import saving

    written = save_image(path, result, place)
    saving.save_mask(written.with_name(f"{written.stem}_mask.png"), result.mask)
    return written


def save_timeline(
    kind: str, path: Path, frames: Sequence[Frame], result: SynthesisResult, place: int
) -> Path:
    """Write key frames as a PNG 'strip', a 'gif', or single 'frames' in a folder.

    Raises:
        DiskError: it cannot be written.
    """
    from app import timeline_files
    from engine.data.png import write_png
    from engine.data.synthetic import steps_metadata

    facts = steps_metadata(result, place)
    if kind == "frames":
        timeline_files.write_frames(path, frames, facts)
        return path
    if kind == "gif":
        path = path.with_suffix(".gif")
        timeline_files.write_gif(path, frames)
        return path
    path = path.with_suffix(".png")
    write_png(path, timeline_files.strip_picture(frames), facts)
    return path


def save_states(
    kind: str,
    path: Path,
    frames: Sequence[Frame],
    values: tuple[float, float],
    facts: Mapping[str, str],
) -> Path:
    """Write states of a segmentation as a PNG 'strip', a 'gif', or single 'frames' in a folder.

    Args:
        values: Those shown as black and as white.
        facts: Text chunks of every PNG.

    Raises:
        DiskError: it cannot be written.
    """
    from app import timeline_files
    from engine.data.png import write_png

    shown = [_as_shown(frame, *values) for frame in frames]
    if kind == "frames":
        timeline_files.write_frames(path, shown, facts)
        return path
    if kind == "gif":
        path = path.with_suffix(".gif")
        timeline_files.write_gif(path, shown, "; ".join(facts.values()))
        return path
    path = path.with_suffix(".png")
    write_png(path, timeline_files.strip_picture(shown), facts)
    return path


def _as_shown(frame: Frame, low: float, high: float) -> Frame:
    """The same in 8 bits."""

    def grey(state: np.ndarray | None) -> np.ndarray | None:
        if state is None or state.dtype == np.uint8:
            return state
        share = (np.clip(state, low, high) - low) / (high - low)
        return np.asarray(np.rint(share * 255), np.uint8)

    ways = {name: grey(way) for name, way in frame.ways.items()}
    kept = {name: way for name, way in ways.items() if way is not None}
    return replace(frame, x_t=grey(frame.x_t), x0_hat=grey(frame.x0_hat), ways=kept)
