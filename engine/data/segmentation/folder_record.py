"""Whether labels that lie in a folder are those that would be made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.data.segmentation.folder_table import Outcome
from engine.data.segmentation.unlabelled import FoundImage
from engine.data.volumes.fingerprint import content_digest
from engine.data.volumes.write import provenance_path
from engine.errors import InputError
from engine.provenance import same_model

CLOCK_S = 1.0
"""That times of files may be off."""
UNLIKE = ("checkpoint", "overwrite", "ending")
"""Parameters that do not say what labels are: of a checkpoint its content counts, not its name."""


def check_table(table: Path, record: Mapping[str, Any]) -> None:
    """Refuses to replace the table of other images, or of another checkpoint or parameters.

    Raises:
        InputError: Says what it is of.
    """
    before = _record(table)
    if not before:
        return
    what = ""
    if before.get("images") != record["images"]:
        what = f"the images of {before.get('images')}"
    elif not same_model(before.get("checkpoint"), record["checkpoint"]):
        what = "another checkpoint"
    elif not _same(before, {key: record[key] for key in ("method", "parameters")}):
        what = "other parameters"
    if what:
        raise InputError(
            f"{table.parent} holds the results of {what}.",
            "Choose another folder, or switch Overwrite on (--overwrite on the command line).",
        )


def earlier_outcome(
    image: FoundImage,
    targets: Mapping[str, Path],
    made_by: Mapping[str, Any],
    *,
    overwrite: bool,
) -> Outcome | None:
    """What is to be said of an image whose labels are there; None where they are to be made.

    Labels are kept if the record beside them tells of the same image, checkpoint and parameters,
    and all maps that are wanted are there. Any others are never replaced unasked.

    Args:
        targets: "output" and the names of maps -> files.
        made_by: See `folder.segment_each`.
    """
    if overwrite or not targets["output"].exists():
        return None
    record = _record(targets["output"])
    if not (_same(record, made_by) and _of_image(record, image)):
        return _refused(image, targets["output"], "was made otherwise")
    changed = _changed(targets["output"])
    if not all(path.exists() for path in targets.values()):
        return _refused(image, targets["output"], "has been changed") if changed else None
    return Outcome(
        image.name, image.path, image.part, "kept", dict(targets),
        {} if changed else record.get("figures", {}),
        problem="Changed since it was made: its sizes are not counted." if changed else "",
    )  # fmt: skip


def _refused(image: FoundImage, labels: Path, why: str) -> Outcome:
    return Outcome(
        image.name, image.path, image.part, "failed",
        problem=f"{labels} is there and {why}.",
        remedy="Choose another folder, or switch Overwrite on (--overwrite on the command line) "
        "to replace it.",
    )  # fmt: skip


def _changed(labels: Path) -> bool:
    """Whether labels are younger than the record that was written after them."""
    made = provenance_path(labels).stat().st_mtime
    return labels.stat().st_mtime > made + CLOCK_S


def _record(labels: Path) -> dict[str, Any]:
    """What lies beside a file of labels; empty where that is no record."""
    try:
        found = json.loads(provenance_path(labels).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _same(record: Mapping[str, Any], made_by: Mapping[str, Any]) -> bool:
    if record.get("partial") or not isinstance(record.get("parameters"), dict):
        return False
    return all(
        same_model(record.get(key), now) if key == "checkpoint"
        else _plain(record.get(key), key) == _plain(now, key)
        for key, now in made_by.items()
    )  # fmt: skip


def _plain(value: Any, key: str) -> Any:
    if key == "parameters" and isinstance(value, Mapping):
        return {name: v for name, v in value.items() if name not in UNLIKE}
    return value


def _of_image(record: Mapping[str, Any], image: FoundImage) -> bool:
    try:
        digest = content_digest(image.files)
        told = record["inputs"]["input"]
        return bool(told["sha256"] == digest and told.get("part", "") == image.part)
    except (InputError, LookupError, TypeError):
        return False
