"""Finding what an output was made of: by its hash, wherever it lies now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from engine import library
from engine.data.images import read_image, read_mask
from engine.data.paired import SUFFIXES
from engine.data.volumes.fingerprint import content_digest
from engine.data.volumes.given import file_record
from engine.data.volumes.read import read_volume
from engine.errors import CheckpointError, InputError
from engine.provenance import array_hash, unpacked
from engine.reproducing.record import Told
from engine.training.checkpoint import model_sha256, read_card
from engine.training.header import sha256_of


@dataclass(frozen=True, eq=False)
class Found:
    """What was found in the place of something recorded.

    Attributes:
        what: For people: "Input", "Weights".
        told: As recorded.
        digest: Of what was found, to be compared with that of `told`.
        path: Where it lies; None where the record itself holds it.
        array: What was read, of inputs that are arrays.
    """

    what: str
    told: Told
    digest: str
    path: Path | None = None
    array: NDArray[Any] | None = None

    @property
    def same(self) -> bool:
        """Whether it is what was used."""
        return self.digest == self.told.digest


def find_image(told: Told, given: Path | None, output: Path) -> Found:
    """The image or volume of a record, or another one of that name, which then is not `same`.

    Args:
        given: Where the user says that it is; nothing else is looked at then.
        output: Beside it an image that was moved is looked for.

    Raises:
        InputError: There is none, or it cannot be read.
    """

    def look(path: Path) -> Found:
        volume = read_volume(path, part=told.part)
        of_file = bool(told.file)
        digest = (
            str(file_record(path, volume, told.part)["sha256"])
            if of_file
            else array_hash(volume.array)
        )
        return Found("Input", told, digest, path)

    return _first("input", told, given, output, look)


def find_mask(told: Told, given: Path | None, output: Path) -> Found:
    """The mask (H, W) of a record: within it, beside the output as NAME_mask.png, or as
    `find_image`.

    Raises:
        InputError: As `find_image`.
    """
    if told.packed and given is None:
        height, width = _two(told)
        try:
            mask = unpacked(told.packed, (height, width))
        except ValueError as error:
            raise InputError(
                f"The mask in the record of {output} is damaged: {error}.",
                "Give the mask (--input on the command line).",
            ) from error
        # Hashed anew: what the record holds is believed as little as a file.
        return Found("Mask", told, array_hash(mask), None, mask)

    def look(path: Path) -> Found:
        mask = read_mask(path).mask
        return Found("Mask", told, array_hash(mask), path, mask)

    beside = output.with_name(f"{output.stem}_mask.png")
    return _first("mask", told, given, output, look, (beside,))


def find_template(told: Told, given: Path | None, output: Path) -> Found:
    """The template (H, W) or (H, W, 3) of a record, as `find_image`.

    Raises:
        InputError: As `find_image`.
    """

    def look(path: Path) -> Found:
        read = read_image(path)
        # The window gives it in [0, 1], the command line as it is in its file.
        ways = [read.array, read.unit()]
        hashes = [array_hash(way) for way in ways]
        place = hashes.index(told.sha256) if told.sha256 in hashes else 0
        return Found("Template", told, hashes[place], path, ways[place])

    return _first("template", told, given, output, look)


def find_masks(told: Told, given: Path | None, output: Path) -> Found:
    """The folder of masks that a set was made of, as `find_image`.

    Raises:
        InputError: As `find_image`.
    """

    def look(path: Path) -> Found:
        if not path.is_dir():
            raise InputError(f"{path} is no folder.", "Give the folder of masks.")
        files = [p for p in path.iterdir() if p.name.lower().endswith(SUFFIXES)]
        return Found("Masks", told, content_digest(files), path)

    return _first("input", told, given, output, look)


def find_weights(what: str, told: Told, value: Any, given: str, output: Path) -> Found:
    """The checkpoint of a record among those there are, or one of that name, which then is not
    `same`.

    Args:
        what: "Weights", "Classifier".
        value: What the parameter said: a name or a file.
        given: Name or file as the user says; nothing else is looked at then.
        output: Beside it one is looked for, too.

    Raises:
        CheckpointError: There is none.
    """
    digest_of = model_sha256 if told.model_sha256 else sha256_of
    if given:
        path = library.find(given)
        return Found(what, told, digest_of(path), path)
    other: Found | None = None
    for path in _checkpoints(told.name, value, output):
        found = Found(what, told, digest_of(path), path)
        if found.same:
            return found
        if other is None and path.stem == told.name:
            other = found
    if other is not None:
        return other
    raise CheckpointError(
        f"There is no checkpoint with the hash of {told.name or 'the one'} that made {output.name} "
        f"({told.digest[:12]}).",
        "Give it (--checkpoint or --classifier on the command line), or import it again.",
    )


def _checkpoints(name: str, value: Any, output: Path) -> Iterator[Path]:
    """All that may be the one of a record, those of its name first."""
    entries = sorted(library.entries(), key=lambda entry: entry.name != name)
    yield from (entry.path for entry in entries)
    # A record names any file it likes; only a checkpoint is looked at.
    named = [Path(value)] if isinstance(value, str) and Path(value).name != value else []
    for path in (*named, output.with_name(f"{name}.safetensors")):
        if path.suffix == ".safetensors" and _is_local(path) and _has_card(path):
            yield path


def _has_card(path: Path) -> bool:
    try:
        read_card(path)
    except CheckpointError:
        return False
    return True


def _first(
    flag: str,
    told: Told,
    given: Path | None,
    output: Path,
    look: Callable[[Path], Found],
    more: tuple[Path, ...] = (),
) -> Found:
    """The first place whose content is as recorded, else the first that can be read."""
    if given is not None:
        return look(given)
    names = {name for name in (told.file, Path(told.path).name) if name}
    places = [Path(told.path)] if told.path else []
    places += [*more, *(output.with_name(name) for name in sorted(names))]
    other: Found | None = None
    refused: InputError | None = None
    for path in dict.fromkeys(places):
        if path == output or not _is_local(path) or not (path.is_file() or path.is_dir()):
            continue
        try:
            found = look(path)
        except InputError as error:
            refused = refused or error
            continue
        if found.same:
            return found
        other = other or found
    if other is not None:
        return other
    if refused is not None:
        raise refused
    what = f" {told.path or told.file}" if told.path or told.file else ""
    raise InputError(
        f"The {flag}{what} that {output.name} was made of is not there any more.",
        f"Give it (--{'template' if flag == 'template' else 'input'} on the command line).",
    )


def _is_local(path: Path) -> bool:
    """Whether reading a path asks nobody else: names of shares may be anybody's machine."""
    return not str(path).startswith(("\\\\", "//"))


def _two(told: Told) -> tuple[int, int]:
    if len(told.shape) != 2 or not all(0 < side <= 16_384 for side in told.shape):
        raise InputError(f"The record tells of a mask of {told.shape}.", "Give the mask (--input).")
    return told.shape[0], told.shape[1]
