"""A corrected copy of a set: whole or not there, with a record of what was changed.

The copy is made under another name beside the target and renamed when all is done. Files of the
set itself are only read.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.data.atomic import disk_error, write_atomic
from engine.data.doctor.checks import files_of
from engine.data.doctor.copying import CaseEditor, Change, Places, left_out
from engine.data.doctor.examining import Examination
from engine.data.doctor.findings import DROPS, FIXES, Finding, Fix
from engine.data.doctor.layouts import Item
from engine.data.doctor.moving import mend_lists, new_roles, one_part
from engine.data.volumes.limits import readable_bytes
from engine.errors import DiskError, InputError
from engine.steps import ProgressStep, Step

RECORD = "doctor.json"
ROOM = 1.2
"""Times the size of the set that must be free."""


@dataclass(frozen=True)
class Corrected:
    """A copy in which faults were mended.

    Attributes:
        path: Its folder.
        source, masks: What a training takes in place of those of the set.
        changes: What differs from the set.
    """

    path: Path
    source: Path
    masks: Path | None
    changes: tuple[Change, ...] = field(default=())

    @property
    def summary(self) -> str:
        """A sentence."""
        count = len(self.changes)
        return f"{count} change{'s' if count != 1 else ''} in the copy {self.path}."


def repair(
    found: Examination, chosen: Sequence[Finding], output: Path
) -> Generator[Step, None, Corrected]:
    """Write a copy of a set in which the chosen findings are mended.

    Args:
        chosen: Some of the findings, each with a fix.
        output: Folder that is not there yet, or is empty.

    Raises:
        InputError: Nothing to mend, a place in the set itself, or files outside of it.
        DiskError: The disk refuses, or is too small; nothing is left behind.
    """
    mended = [finding for finding in chosen if finding.fix]
    if not mended:
        raise InputError(
            "None of the findings can be mended in a copy.",
            "Correct the set as their remedies say.",
        )
    roots = _roots(found)
    target = output.expanduser().absolute()
    _check_target(target, roots)
    dropped = _dropped(found, mended)
    files = list(_files(roots, dropped))
    _check_room(target, files)
    stage = target.parent / f".{target.name[:40]}.{uuid.uuid4().hex[:12]}"
    total = len(files) + len(found.looks)
    try:
        for index, (source, below) in enumerate(files):
            _copy(source, stage / below)
            yield ProgressStep(index + 1, total, f"Copying {source.name}")
        places = Places(stage, roots)
        changes = [c for item, fix in dropped.items() for c in left_out(item, fix, places)]
        editor = CaseEditor(found, mended, places)
        for index, look in enumerate(found.looks):
            if look.item not in dropped:
                changes += editor.edit(look)
            yield ProgressStep(len(files) + index + 1, total, f"Correcting {look.item.name}")
        apart = any(finding.fix == "one-part" for finding in mended)
        moves = new_roles(found, dropped) if apart else {}
        changes += one_part(found, places, moves)
        mend_lists(found, places, dropped, moves, editor)
        _record(stage, found, changes)
        _settle(stage, target)
    except OSError as error:
        raise disk_error(target, error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    settled = Places(target, roots)
    masks = None if found.masks is None else settled.place(found.masks)
    return Corrected(target, settled.place(found.source), masks, tuple(changes))


def _roots(found: Examination) -> dict[Path, str]:
    """The folders that are copied -> what they are called in the copy."""
    if found.layout.kind == "pickle":
        raise InputError(
            f"{found.source} is one file of arrays, which is not corrected here.",
            "Save its images and masks in two folders.",
        )
    root = found.layout.source if found.layout.kind == "decathlon" else found.source
    root = root if root.is_dir() else root.parent
    masks = found.masks
    if masks is None or masks == root or root in masks.parents:
        return {root: ""}
    return {root: "images", masks: "masks"}


def _check_target(target: Path, roots: dict[Path, str]) -> None:
    for root in roots:
        inside, around = target.resolve(), root.resolve()
        if inside == around or around in inside.parents or inside in around.parents:
            raise InputError(
                f"The copy cannot lie at {target}: the set itself is there.",
                "Choose a folder beside the set.",
            )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} exists already.", "Choose a new folder for the copy.")
    if not target.parent.is_dir():
        raise DiskError(
            f"{target} cannot be written: {target.parent} is no folder.", "Create it first."
        )


def _dropped(found: Examination, mended: Sequence[Finding]) -> dict[Item, Fix]:
    """Cases that are left out; of copies all but the first."""
    by_name = {look.item.name: look.item for look in found.looks}
    gone: dict[Item, Fix] = {}
    for finding in mended:
        if finding.fix in DROPS:
            names = finding.cases[1:] if finding.fix == "drop-copies" else finding.cases
            for name in names:
                gone.setdefault(by_name[name], finding.fix)
    return gone


def _files(roots: dict[Path, str], dropped: dict[Item, Fix]) -> Iterator[tuple[Path, Path]]:
    """What is copied, and where to; hidden files and those of cases that are left out are not."""
    gone = {file for item in dropped for file in files_of(item)}
    for root, name in roots.items():
        for here, folders, files in os.walk(root, followlinks=True):
            place = Path(here)
            folders[:] = sorted(
                f for f in folders if not f.startswith(".") and place / f not in gone
            )
            for file in sorted(files):
                source = place / file
                if not file.startswith(".") and source not in gone and source.is_file():
                    yield source, Path(name) / source.relative_to(root)


def _check_room(target: Path, files: Sequence[tuple[Path, Path]]) -> None:
    needed = int(ROOM * sum(source.stat().st_size for source, _ in files))
    free = shutil.disk_usage(target.parent).free
    if needed > free:
        raise DiskError(
            f"{target} cannot be written: the copy needs {readable_bytes(needed)}, "
            f"{readable_bytes(free)} are free.",
            "Free some space, or choose another disk.",
        )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _record(stage: Path, found: Examination, changes: Sequence[Change]) -> None:
    from engine.provenance import versions

    content = {
        "source": str(found.source.absolute()),
        "masks": None if found.masks is None else str(found.masks.absolute()),
        "layout": found.layout.kind,
        "versions": versions(),
        "changes": [{**asdict(c), "button": FIXES[c.fix]} for c in changes],
    }
    write_atomic(stage / RECORD, json.dumps(content, indent=1, ensure_ascii=False).encode())


def _settle(stage: Path, target: Path) -> None:
    if target.is_dir():
        target.rmdir()  # empty, as was checked; anything else refuses here
    os.rename(stage, target)
