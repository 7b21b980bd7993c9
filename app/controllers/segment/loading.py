"""Reading a session with the files that it names; for a thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.session_models import SessionState
from app.session_paths import locate
from app.study import LabelFile
from engine.errors import EngineError, InputError
from widgets.paint.labels.change import Prepared, prepared

if TYPE_CHECKING:
    from engine.data.volumes.volume import Geometry, Volume


@dataclass(frozen=True, eq=False)
class Loaded:
    """A session with the volumes that it names."""

    path: Path
    state: SessionState
    volumes: tuple[Volume | None, ...]
    labels: Prepared | None
    label_file: LabelFile | None
    told: tuple[str, ...]


def load(path: Path, watch: Any) -> Loaded:
    """Read a session and the files that it names; for a thread.

    Raises:
        InputError: the session is damaged, no image of it is left, or its labels fit none.
    """
    from app.session_file import load_session
    from engine.data.volumes.fingerprint import Fingerprint
    from engine.data.volumes.read import read_volume

    state = load_session(path)
    told: list[str] = []
    volumes: list[Volume | None] = []
    for number, image in enumerate(state.images):
        watch(number / len(state.images))
        found = locate(image.file, path)
        told += [found.told()] if found.told() else []
        if found.path is None:
            volumes.append(None)
        else:
            volumes.append(read_volume(found.path, part=image.file.part))
    if not any(volume is not None for volume in volumes):
        raise InputError(
            f"No image of the session {path} can be found.",
            "Put the images back, or beside the session file: " + " ".join(told),
        )
    base = next(volume for volume in volumes if volume is not None).geometry
    labels, file = None, None
    for mask in state.masks:
        labels = mask.labels
        if labels is not None and labels.shape != base.shape:
            # Opening without them would lose them with the next session that is saved.
            raise InputError(
                f"The labels in {path} fit no image of it any more.",
                "Put the images back as they were: " + " ".join(told),
            )
        if mask.file is None:
            continue
        found = locate(mask.file, path)
        if found.path is not None:
            file = LabelFile(found.path, Fingerprint.of(found.path))
        told += [found.told()] if found.told() else []
        if labels is None and found.path is not None:
            labels, why = _read_labels(found.path, base)
            file = None if why else file
            told += [why] if why else []
    ready = None if labels is None else prepared(labels)
    return Loaded(path, state, tuple(volumes), ready, file, tuple(told))


def _read_labels(path: Path, like: Geometry) -> tuple[Any, str]:
    """Labels (D, H, W), or None and what stands in the way: the image is shown without them."""
    from engine.data.volumes.masks import read_labels

    try:
        found = read_labels(path, like)
    except EngineError as error:
        return None, f"The labels are missing: {error.message}"
    if not found.matches:
        return None, f"The labels are missing: {path} lies on another grid than the image."
    return found.labels, ""
