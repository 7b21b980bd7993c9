"""In the copy of a set: patients in one part alone, and lists that name what is there."""

from __future__ import annotations

import csv
import io
import json
import os
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from engine.data.atomic import write_atomic
from engine.data.doctor.checks import files_of
from engine.data.doctor.copying import CaseEditor, Change, Places
from engine.data.doctor.examining import Examination
from engine.data.doctor.findings import Fix
from engine.data.doctor.layouts import Item
from engine.data.paired import without_ending
from engine.data.segmentation.decathlon import DESCRIPTION
from engine.data.segmentation.lists import plain_name
from engine.data.volumes.read import SUPPORTED
from engine.data.weak.listing import PARTS

PATIENTS: Fix = "one-part"


def new_roles(found: Examination, dropped: Collection[Item]) -> dict[Item, str]:
    """Cases whose patient is in several parts -> the part where most of that patient's are, that
    to train on where it is a tie; those that are there already are not named."""
    by_patient: dict[str, list[Item]] = defaultdict(list)
    for look in found.looks:
        if look.item not in dropped and look.item.patient and look.item.role:
            by_patient[look.item.patient].append(look.item)
    moves: dict[Item, str] = {}
    for items in by_patient.values():
        counts = Counter(item.role for item in items)
        if len(counts) > 1:
            best = max(counts, key=lambda role: (counts[role], role == "train"))
            moves.update((item, best) for item in items if item.role != best)
    return moves


def one_part(found: Examination, places: Places, moves: Mapping[Item, str]) -> list[Change]:
    """Move the files of cases into the folder of another part. Lists are rewritten by `lists`.

    Raises:
        DiskError: The disk refuses.
    """
    if found.layout.lists:
        return [
            Change(places.below(item.path).as_posix(), PATIENTS, f"from {item.role} to {role}")
            for item, role in moves.items()
        ]
    folders: dict[str, str | None] = {
        look.item.role: _part_of(places.below(look.item.path)) for look in found.looks
    }
    changes = []
    for item, role in moves.items():
        for file in files_of(item):
            old = places.below(file)
            before, after = _part_of(old), folders[role]
            if before is None or after is None or not (places.folder / old).exists():
                continue
            parts = list(old.parts)
            parts[parts.index(before)] = after
            new = places.folder.joinpath(*parts)
            if new.exists():
                # Another case of that name is there; image and mask get the same new one.
                stem = without_ending(new)
                new = new.with_name(f"{stem}_{before}{new.name[len(stem) :]}")
            new.parent.mkdir(parents=True, exist_ok=True)
            os.rename(places.folder / old, new)
            changes.append(Change(old.as_posix(), PATIENTS, f"moved from {before} to {after}"))
    return changes


def _part_of(path: Path) -> str | None:
    """The folder in a path that says which part of the set it is."""
    found = (p for p in path.parts[:-1] if p.lower() in PARTS or p.lower().startswith("val"))
    return next(found, None)


def mend_lists(
    found: Examination, places: Places, dropped: Collection[Item], moves: Mapping[Item, str],
    editor: CaseEditor,
) -> None:  # fmt: skip
    """Let lists, tables and dataset.json of the copy name what is in it.

    Raises:
        DiskError: The disk refuses.
    """
    if found.layout.lists and (dropped or moves):
        _lists(found, places, dropped, moves)
    elif found.layout.kind == "table" and (dropped or editor.renamed):
        _table(found.source, places, dropped, editor.renamed)
    elif found.layout.kind == "decathlon":
        file = places.place(found.layout.source / DESCRIPTION)
        if file.is_file():
            _description(file, {item.name for item in dropped}, editor.remap)


def _lists(
    found: Examination, places: Places, dropped: Collection[Item], moves: Mapping[Item, str]
) -> None:
    for role, file in found.layout.lists.items():
        gone = {item.name for item in dropped} | {i.name for i, to in moves.items() if to != role}
        lines = file.read_text(encoding="utf-8").split()
        kept = [line for line in lines if plain_name(line) not in gone]
        kept += [item.name for item, to in moves.items() if to == role]
        write_atomic(places.place(file), ("\n".join(kept) + "\n").encode())


def _table(
    table: Path, places: Places, dropped: Collection[Item], renamed: Mapping[Path, Path]
) -> None:
    """Without the rows of cases that are left out, and with files' new names."""
    text = table.read_text(encoding="utf-8-sig")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    gone = {file for item in dropped for file in files_of(item)}
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    for row in csv.reader(text.splitlines(), delimiter=delimiter):
        files = {cell: table.parent / cell for cell in row if cell.lower().endswith(SUPPORTED)}
        if gone & set(files.values()):
            continue
        folder = places.place(table).parent
        new = {
            c: renamed[f].relative_to(folder).as_posix() for c, f in files.items() if f in renamed
        }
        writer.writerow([new.get(cell, cell) for cell in row])
    write_atomic(places.place(table), out.getvalue().encode())


def _description(file: Path, dropped: Collection[str], remap: Mapping[int, int]) -> None:
    """dataset.json with the labels' new numbers and without cases that are left out."""
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    labels = told.get("labels")
    if isinstance(labels, dict) and remap:
        numbers = {str(old): new for old, new in remap.items()}
        told["labels"] = {
            (str(numbers.get(key, key)) if isinstance(value, str) else key): (
                value if isinstance(value, str) else numbers.get(str(value), value)
            )
            for key, value in labels.items()
        }
    if isinstance(told.get("training"), list):
        told["training"] = [c for c in told["training"] if _case(c) not in dropped]
        told["numTraining"] = len(told["training"])
    write_atomic(file, json.dumps(told, indent=1, ensure_ascii=False).encode())


def _case(entry: Any) -> str:
    image = entry.get("image", "") if isinstance(entry, dict) else entry
    return without_ending(Path(str(image)))
