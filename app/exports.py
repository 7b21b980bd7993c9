"""What the window writes: one image in several formats, and the timeline. No widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

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
    from app.step_frames import in_grey
    from engine.data.png import write_png

    shown = [in_grey(frame, *values) for frame in frames]
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
