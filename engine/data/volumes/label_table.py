"""Names and colours of labels, in the text files that ITK-SNAP reads and writes.

A line is `value R G B alpha visible mesh "name"`: colours 0 to 255, alpha 0 to 1, the two flags 0
or 1; a line that begins with # is a comment.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from engine.data.atomic import write_atomic
from engine.errors import InputError

MAX_BYTES = 2**22
MAX_LABEL = 2**32 - 1
BESIDE = (".label", ".txt")
"""Endings of the label description of a mask, tried in this order."""
_PALETTE = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255), (255, 0, 255))
_MASK_ENDINGS = (".nii.gz", ".img.gz", ".hdr.gz", ".seg.nrrd")
_LINE = re.compile(r'^(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+"(.*)"$')
_FORM = 'A line reads: value R G B alpha visible mesh "name".'
_HEAD = """\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
# Fields:
#    IDX:   Zero-based index
#    -R-:   Red color component (0..255)
#    -G-:   Green color component (0..255)
#    -B-:   Blue color component (0..255)
#    -A-:   Label transparency (0.00 .. 1.00)
#    VIS:   Label visibility (0 or 1)
#    IDX:   Label mesh visibility (0 or 1)
#  LABEL:   Label description
################################################
"""


@dataclass(frozen=True)
class LabelEntry:
    """What is known of one label.

    Attributes:
        value: The number in the mask; 0 is the background.
        name: In any script.
        colour: Red, green and blue, 0 to 255.
        opacity: 0 (clear) to 1.
        visible: Whether it is shown in slices.
        mesh: Whether it is shown in 3D.
    """

    value: int
    name: str
    colour: tuple[int, int, int] = (255, 0, 0)
    opacity: float = 1.0
    visible: bool = True
    mesh: bool = True


@dataclass(frozen=True)
class LabelPreset:
    """A label table that comes with the program."""

    key: str
    title: str
    entries: tuple[LabelEntry, ...]


def unnamed(value: int) -> LabelEntry:
    """A label that nobody gave a name."""
    return LabelEntry(value, f"Label {value}", _PALETTE[(value - 1) % len(_PALETTE)])


def read_label_table(path: str | os.PathLike[str]) -> tuple[LabelEntry, ...]:
    """Reads a label description file.

    Raises:
        InputError: Not there, not text, or a line that does not fit, with its number.
    """
    source = Path(path)
    try:
        with open(source, "rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise InputError(
            f"{source} does not exist.", "Check the name, or choose it again."
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{source} cannot be read: {reason}.", "Choose another file.") from error
    if len(content) > MAX_BYTES or b"\0" in content:
        raise InputError(f"{source} is not a label description file.", _FORM)
    return parse_label_table(_decoded(content), str(source))


def table_beside(path: str | os.PathLike[str]) -> tuple[LabelEntry, ...]:
    """The label description of a mask's name in its folder, .label or .txt, else what the record
    of how it was made says; empty without either.

    A text file of that name may be anything, so what is no label description is passed over.
    """
    mask = Path(path)
    stem = mask.name
    for ending in (*_MASK_ENDINGS, mask.suffix):
        if ending and stem.lower().endswith(ending.lower()):
            stem = stem[: -len(ending)]
            break
    for ending in BESIDE:
        file = mask.with_name(stem + ending)
        if file.is_file():
            try:
                return read_label_table(file)
            except InputError:
                continue
    return _recorded(mask.with_name(f"{mask.name}.json"))


def record_of(table: Sequence[LabelEntry]) -> list[dict[str, Any]]:
    """Names and colours as JSON values, for the record beside a mask."""
    return [{"value": e.value, "name": e.name, "colour": list(e.colour)} for e in table]


def _recorded(record: Path) -> tuple[LabelEntry, ...]:
    """What `record_of` gave, from a record; empty where it is none."""
    try:
        if record.stat().st_size > MAX_BYTES:
            return ()
        entries = json.loads(record.read_text(encoding="utf-8"))["labels"]
        found = []
        for entry in entries:
            red, green, blue = (min(255, max(0, int(part))) for part in entry["colour"])
            found.append(LabelEntry(int(entry["value"]), str(entry["name"]), (red, green, blue)))
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return ()
    return tuple(entry for entry in found if 0 < entry.value <= MAX_LABEL)


def write_label_table(path: str | os.PathLike[str], entries: Sequence[LabelEntry]) -> None:
    """Writes a label description file that ITK-SNAP opens.

    Raises:
        DiskError: The file cannot be written.
    """
    write_atomic(path, format_label_table(entries).encode())


def parse_label_table(text: str, place: str) -> tuple[LabelEntry, ...]:
    """The entries of a label description; `place` names it in errors.

    Raises:
        InputError: A line that does not fit, or no entry at all.
    """
    found: dict[int, LabelEntry] = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip().lstrip("\ufeff")
        if not line or line.startswith("#"):
            continue
        entry = _entry(line, f"{place}, line {number}")
        if entry.value in found:
            raise InputError(
                f"{place}, line {number}: label {entry.value} is there twice.",
                "Give every label a number of its own.",
            )
        found[entry.value] = entry
    if not found:
        raise InputError(f"{place} names no labels.", _FORM)
    return tuple(found.values())


def format_label_table(entries: Sequence[LabelEntry]) -> str:
    """The text of a label description file; the background is added where it is missing."""
    lines = [_HEAD]
    if all(entry.value != 0 for entry in entries):
        entries = [LabelEntry(0, "Clear Label", (0, 0, 0), 0.0, False, False), *entries]
    for e in entries:
        red, green, blue = e.colour
        # The format knows no escapes, and a line ends an entry.
        name = " ".join(e.name.replace('"', "'").split())
        lines.append(
            f"{e.value:5d}{red:6d}{green:5d}{blue:5d}{e.opacity:9.4g}"
            f'{e.visible:3d}{e.mesh:3d}    "{name}"\n'
        )
    return "".join(lines)


def label_presets() -> tuple[LabelPreset, ...]:
    """The label tables that come with the program, in order of their titles."""
    folder = resources.files("resources") / "presets" / "labels"
    found = []
    for file in folder.iterdir():
        if file.name.endswith(".txt"):
            text = file.read_text("utf-8")
            # The first comment says what it is, for people.
            title = text.partition("\n")[0].lstrip("# ").strip()
            entries = parse_label_table(text, file.name)
            found.append(LabelPreset(file.name[:-4], title, entries))
    return tuple(sorted(found, key=lambda preset: preset.title))


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        # Older files are in the code page of the machine that wrote them; this one always decodes.
        return content.decode("latin-1")


def _entry(line: str, place: str) -> LabelEntry:
    match = _LINE.match(line)
    if match is None:
        raise InputError(f'{place}: "{line[:60]}" is no label.', _FORM)
    value, red, green, blue, opacity, visible, mesh, name = match.groups()
    return LabelEntry(
        value=int(_number(value, "value", MAX_LABEL, place)),
        name=name,
        colour=(
            int(_number(red, "red", 255, place)),
            int(_number(green, "green", 255, place)),
            int(_number(blue, "blue", 255, place)),
        ),
        opacity=_number(opacity, "alpha", 1, place),
        visible=_number(visible, "visible", 1, place) != 0,
        mesh=_number(mesh, "mesh", 1, place) != 0,
    )


def _number(text: str, name: str, most: int, place: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= most or (name != "alpha" and value != int(value)):
        raise InputError(f"{place}: {name} is {text[:20]}, not a number from 0 to {most}.", _FORM)
    return value
