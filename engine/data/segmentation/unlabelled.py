"""Finding the images in a folder that are to be segmented; nothing of them is read but headers."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.data.paired import bare_stem, stem_of, without_ending
from engine.data.volumes.fingerprint import files_of
from engine.data.volumes.folder import natural
from engine.data.volumes.limits import opening
from engine.data.volumes.read import SUPPORTED
from engine.errors import InputError
from engine.wording import listed

TO_SEGMENT = ("imagesTs", "imagesTr", "images")
"""Folders of published sets in which the images lie, the first of them taken."""
_CHANNEL = re.compile(r"^(.+)_(\d{4})$")
_FILES = tuple(e for e in SUPPORTED if e not in (".dcm", ".img"))
_OTHER = (*SUPPORTED, ".json", ".csv", ".txt", ".xml", ".raw", ".zraw", ".gz", ".zip", ".md")


@dataclass(frozen=True)
class FoundImage:
    """An image that has not been read.

    Attributes:
        name: Of its own in the folder; can be a file's name.
        path: File, or folder of a DICOM series.
        part: Which series, where the folder has several.
        files: What its values are in.
        channel: Which of those in the file.
    """

    name: str
    path: Path
    part: str = ""
    files: tuple[Path, ...] = ()
    channel: int = 0


@dataclass(frozen=True)
class FoundImages:
    """What a folder holds.

    Attributes:
        images: In natural order of their names.
        notes: What was left out or chosen, a sentence each.
    """

    images: tuple[FoundImage, ...]
    notes: tuple[str, ...] = ()


def find_images(folder: Path, *, channel: int = 0, outputs: Sequence[Path] = ()) -> FoundImages:
    """The images of a folder: files, DICOM series in it and below it, or nnU-Net's imagesTs.

    Masks that lie beside their images are left out, and so are folders without DICOM. Where all
    names end in _0000, _0001, ... these are the channels of a case, as nnU-Net has it.

    Args:
        folder: Where to look; of a published set, imagesTs, imagesTr or images in it.
        channel: Which of several that a case has.
        outputs: Folders whose files are no inputs.

    Raises:
        InputError: There is no such folder, or there are no images in it.
    """
    source, notes = _source(folder)
    files = _image_files(source)
    files, told = _without_masks(files)
    notes += told
    images, told = _by_case(files, channel)
    notes += told
    ours = {path.resolve() for path in outputs}
    images += [image for place in _below(source, ours) for image in _series(place, source, channel)]
    if not images:
        raise InputError(
            f"{folder} holds no images.",
            f"Images end in {', '.join(_FILES)}, or are DICOM series; of other folders in it, give "
            "the one that they lie in.",
        )
    passed = _passed_over(source, ours, images)
    return FoundImages(
        tuple(sorted(_unique(images), key=lambda i: natural(Path(i.name)))), notes + passed
    )


def _source(folder: Path) -> tuple[Path, tuple[str, ...]]:
    with opening(folder):
        inside = {entry.name: entry for entry in folder.iterdir() if entry.is_dir()}
        own = any(_is_image(entry) for entry in folder.iterdir())
    chosen = next((inside[name] for name in TO_SEGMENT if name in inside), None)
    if own or chosen is None:
        return folder, ()
    return chosen, (f"The images are those of {chosen.name}.",)


def _is_image(path: Path) -> bool:
    # A link that leads nowhere is told as an image that cannot be read.
    there = path.is_file() or (path.is_symlink() and not path.exists())
    return there and path.name.lower().endswith(_FILES) and not path.name.startswith(".")


def _image_files(folder: Path) -> list[Path]:
    with opening(folder):
        return sorted((path for path in folder.iterdir() if _is_image(path)), key=natural)


def _without_masks(files: list[Path]) -> tuple[list[Path], tuple[str, ...]]:
    """Without x_mask where there is an x."""
    plain = {stem_of(path) for path in files}
    masks = [p for p in files if stem_of(p) != bare_stem(p) and bare_stem(p) in plain]
    if not masks:
        return files, ()
    told = f"{len(masks)} left out as masks of others: {listed([p.name for p in masks])}."
    return [path for path in files if path not in masks], (told,)


def _by_case(files: list[Path], channel: int) -> tuple[list[FoundImage], tuple[str, ...]]:
    cases: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in files:
        if (match := _CHANNEL.match(without_ending(path))) is None:
            break
        cases[match[1]][int(match[2])] = path
    else:
        if cases and all(0 in channels for channels in cases.values()):
            return _of_channel(cases, channel)
    return [
        FoundImage(without_ending(path), path, files=files_of(path), channel=channel)
        for path in files
    ], ()


def _of_channel(
    cases: dict[str, dict[int, Path]], channel: int
) -> tuple[list[FoundImage], tuple[str, ...]]:
    notes: list[str] = []
    most = max(len(channels) for channels in cases.values())
    if most > 1:
        notes.append(f"Channel {channel} of {most} (0-based) is used.")
    without = [name for name, channels in cases.items() if channel not in channels]
    if without:
        notes.append(f"{len(without)} have no channel {channel}: {listed(without)}.")
    return [
        FoundImage(name, channels[channel], files=files_of(channels[channel]))
        for name, channels in cases.items()
        if channel in channels
    ], tuple(notes)


def _below(folder: Path, outputs: set[Path]) -> Iterator[Path]:
    """The folder and all in it but hidden ones and outputs, each once."""
    seen: set[Path] = set()
    for here, folders, _ in os.walk(folder, followlinks=True):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        place = Path(here)
        real = place.resolve()
        if real in seen or (real in outputs and place != folder):
            folders.clear()
            continue
        seen.add(real)
        yield place


def _series(place: Path, source: Path, channel: int) -> list[FoundImage]:
    """The DICOM series whose files lie in a folder, not below it."""
    from engine.data.volumes.dicom_header import looks_like_dicom
    from engine.data.volumes.dicom_series import series_of_files

    with opening(place):
        files = sorted(
            path
            for path in place.iterdir()
            if not path.name.startswith(".")
            and not path.name.lower().endswith(tuple(e for e in _OTHER if e != ".dcm"))
            and path.is_file()
            and looks_like_dicom(path)
        )
    found = series_of_files(files) if files else ()
    inside = place.relative_to(source).parts
    images = []
    for series in found:
        first, several = series.files[0], len(found) > 1
        if len(series.files) == 1:
            # A radiograph, or all slices in one file.
            name = (*inside, first.stem)
            images.append(FoundImage(_clean("_".join(name)), first, "", (first,), channel))
            continue
        name = (*(inside or (place.resolve().name,)), *((series.title,) if several else ()))
        part = series.uid if several else ""
        images.append(FoundImage(_clean("_".join(name)), place, part, series.files, channel))
    return images


def _clean(name: str) -> str:
    return re.sub(r"[^\w.+ ()-]+", "_", name).strip("_. ") or "image"


def _unique(images: Sequence[FoundImage]) -> list[FoundImage]:
    """With other names where two would write the same file, on any system."""
    often = Counter(image.name.casefold() for image in images)
    found, used = [], set()
    for image in images:
        name = image.name
        if often[name.casefold()] > 1:
            name = _clean(image.path.name.replace(".", "_"))
        number, base = 1, name
        while name.casefold() in used:
            number += 1
            name = f"{base}_{number}"
        used.add(name.casefold())
        found.append(replace(image, name=name))
    return found


def _passed_over(source: Path, outputs: set[Path], images: Sequence[FoundImage]) -> tuple[str, ...]:
    """Folders that were not looked into for files."""
    with opening(source):
        folders = [p for p in source.iterdir() if p.is_dir() and not p.name.startswith(".")]
    taken = {part for image in images for part in image.path.parents} | {i.path for i in images}
    left = sorted(p.name for p in folders if p not in taken and p.resolve() not in outputs)
    if not left:
        return ()
    return (f"Only DICOM series are looked for in folders, and there are none in {listed(left)}.",)
