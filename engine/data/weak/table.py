"""A table of images, or of slices of volumes, with their labels.

One row an image, a volume or a slice, with a heading: `file`; `label`, words or numbers, several
with a semicolon between; and if wanted `slice` (of the file, from 0; without it all that no other
row names; what no row names is not learnt from), `patient`, `mask` (to judge by, or instead of a
label) and `split` (train or test).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.data.segmentation.patients import patient_of
from engine.data.volumes.read import SUPPORTED
from engine.data.weak.listing import NEGATIVE, PARTS, Entry, Listing, numbered
from engine.errors import InputError

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "file": ("file", "image", "path", "volume", "scan", "filename", "file_name"),
    "slice": ("slice", "index", "z"),
    "label": ("label", "labels", "class", "diagnosis", "finding"),
    "patient": ("patient", "subject", "case", "patient_id"),
    "mask": ("mask", "seg", "segmentation", "truth"),
    "split": ("split", "role", "set", "part"),
}
MANY = 5


@dataclass(frozen=True)
class Row:
    """A line of the table, its words as they are written."""

    line: int
    file: str
    slice: int | None
    labels: tuple[str, ...]
    patient: str
    mask: str
    split: str


def read_table(path: Path, *, channel: int = 0, patient_pattern: str = "") -> Listing:
    """The images that a table lists; paths are relative to it.

    Args:
        channel: Which of several that a file has.
        patient_pattern: For rows without a patient, see `patients.patient_of`.

    Raises:
        InputError: Not a table, without the columns that are needed, with files that are not
            there, or with rows that contradict each other; says which line.
    """
    rows = _rows(path)
    _check_files(path, rows)
    words = [word for row in rows for word in row.labels]
    classes = numbered(words)
    by_file: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_file[row.file].append(row)
    entries = tuple(
        _entry(path, same, classes, channel, patient_pattern) for same in by_file.values()
    )
    names: dict[int, str] = {}
    if words:
        names = {0: "normal", **{n: _name(word) for word, n in classes.items() if n}}
    rule = f"the table {path.name}, {len(rows)} rows"
    return Listing(tuple(sorted(entries, key=lambda e: e.name)), names, rule)


def _rows(path: Path) -> list[Row]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"The table {path} cannot be read: {error}.", "Check it.") from error
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    columns = _columns(path, reader.fieldnames or ())
    rows = []
    for values in reader:
        plain = {key: (values.get(column) or "").strip() for key, column in columns.items()}
        if not plain["file"]:
            if any(plain.values()):
                raise InputError(f"Line {reader.line_num} of {path} names no file.", "Correct it.")
            continue
        rows.append(_row(path, reader.line_num, plain))
    if not rows:
        raise InputError(f"The table {path} has no rows.", "Give one row an image or slice.")
    return rows


def _columns(path: Path, headings: Sequence[str]) -> dict[str, str]:
    """Our name of each column there is -> its heading."""
    known = {h.strip().lower().replace(" ", "_"): h for h in headings if h}
    found = {}
    for name, aliases in HEADINGS.items():
        heading = next((known[a] for a in aliases if a in known), None)
        if heading is not None:
            found[name] = heading
    if "file" not in found or not {"label", "mask"} & set(found):
        raise InputError(
            f"The table {path} has the columns {', '.join(known) or 'of nothing'}.",
            "Its first line must name them: file and label (or mask), and if wanted slice, "
            "patient, mask, split.",
        )
    return found


def _row(path: Path, line: int, plain: Mapping[str, str]) -> Row:
    number = plain.get("slice", "")
    if number and not number.isdecimal():
        raise InputError(
            f"Line {line} of {path} has the slice {number!r}.",
            "Slices are numbers from 0; leave it empty for a label of the whole volume.",
        )
    split = plain.get("split", "").lower()
    if split and split not in PARTS:
        raise InputError(
            f"Line {line} of {path} has the split {split!r}.", "Write train or test, or nothing."
        )
    labels = tuple(w.strip() for w in plain.get("label", "").split(";") if w.strip())
    return Row(
        line, plain["file"], int(number) if number else None, labels, plain.get("patient", ""),
        plain.get("mask", ""), split,
    )  # fmt: skip


def _check_files(path: Path, rows: list[Row]) -> None:
    named = dict.fromkeys(name for row in rows for name in (row.file, row.mask) if name)
    missing = [name for name in named if not (path.parent / name).exists()]
    if missing:
        shown = ", ".join(missing[:MANY])
        raise InputError(
            f"The table {path} names {len(missing)} files that are not there: {shown}.",
            f"Paths are relative to {path.parent}.",
        )


def _entry(
    path: Path, rows: list[Row], classes: Mapping[str, int], channel: int, pattern: str
) -> Entry:
    """An image from all its rows."""
    name = _without_ending(rows[0].file)
    patients = {row.patient for row in rows if row.patient}
    masks = {row.mask for row in rows if row.mask}
    splits = {PARTS[row.split] for row in rows if row.split}
    for what, values in (("patients", patients), ("masks", masks), ("splits", splits)):
        if len(values) > 1:
            raise InputError(
                f"{path} gives {rows[0].file} several {what}: {', '.join(sorted(values))}.",
                f"See line {rows[0].line} and those after it.",
            )
    told: dict[int | None, frozenset[int]] = {}
    for row in rows:
        if row.labels:
            seen = frozenset(classes[w] for w in row.labels if w.lower() not in NEGATIVE)
            told[row.slice] = told.get(row.slice, frozenset()) | seen
    if not told and not masks:
        raise InputError(
            f"Line {rows[0].line} of {path} gives {rows[0].file} neither a label nor a mask.",
            "Give one of them.",
        )
    return Entry(
        name, patients.pop() if patients else patient_of(name.rpartition("/")[2], pattern),
        path.parent / rows[0].file, channel=channel, role=splits.pop() if splits else "",
        mask=path.parent / masks.pop() if masks else None, told=told or None,
    )  # fmt: skip


def _without_ending(name: str) -> str:
    plain = Path(name).as_posix()
    ending = next(
        (e for e in sorted(SUPPORTED, key=len, reverse=True) if plain.lower().endswith(e)), ""
    )
    return plain[: len(plain) - len(ending)]


def _name(word: str) -> str:
    return f"label {word}" if word.isdecimal() else word
