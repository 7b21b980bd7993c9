"""What came of each image of a folder: a table for people, the same as JSON for the program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.data.atomic import write_atomic
from engine.data.volumes.write import provenance_path
from engine.errors import InputError

TABLE = "summary.csv"
State = Literal["done", "kept", "failed"]
STATES: tuple[State, ...] = ("done", "kept", "failed")


@dataclass(frozen=True)
class Outcome:
    """What came of one image.

    Attributes:
        name: As its files are called.
        image, part: What was segmented: file or folder, and which series of it.
        state: Segmented now, kept from before, or not segmented.
        files: "output" and the names of maps -> files; none where it failed.
        figures: See `figures.figures_of`.
        seconds: That it took, when it was made.
        problem, remedy: Why it failed, and what to do.
    """

    name: str
    image: Path
    part: str
    state: State
    files: Mapping[str, Path] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class FolderResult:
    """What came of a folder.

    Attributes:
        folder: Where the labels are.
        table: The CSV file.
        cases: In the order in which they were looked at.
        left: How many were not come to, because it was interrupted.
    """

    folder: Path
    table: Path
    cases: tuple[Outcome, ...]
    left: int = 0

    def of(self, state: State) -> tuple[Outcome, ...]:
        """The images of one state."""
        return tuple(case for case in self.cases if case.state == state)

    @property
    def summary(self) -> str:
        """A sentence for people."""
        words = {"done": "segmented", "kept": "kept from before", "failed": "failed"}
        told = [f"{len(n)} {words[s]}" for s in STATES if (n := self.of(s))]
        if self.left:
            told.append(f"{self.left} left")
        return f"{', '.join(told) or 'nothing'} of {len(self.cases) + self.left} images."


def write_table(
    path: Path, cases: Sequence[Outcome], record: Mapping[str, Any], *, left: int = 0
) -> None:
    """Writes the CSV, and beside it the same as JSON with what was asked for.

    Raises:
        DiskError: The disk refuses.
    """
    structures = _structures(cases)
    text = io.StringIO()
    writer = csv.writer(text)
    sizes = [f"{name} {unit}" for unit in ("voxels", "mm3") for name in structures.values()]
    writer.writerow(
        ["case", "state", *sizes, "mean uncertainty", "mean uncertainty in structures",
         "seconds", "labels", "image", "problem"]
    )  # fmt: skip
    for case in cases:
        found = case.figures.get("structures", {})
        writer.writerow(
            [
                case.name, case.state,
                *(found.get(key, {}).get(unit) for unit in ("voxels", "mm3") for key in structures),
                _rounded(case.figures.get("mean_uncertainty")),
                _rounded(case.figures.get("mean_uncertainty_in_structures")),
                round(case.seconds, 2), case.files.get("output", Path()).name, case.image,
                f"{case.problem} {case.remedy}".strip(),
            ]
        )  # fmt: skip
    write_atomic(path, text.getvalue().encode())
    content = {**record, "cases": [asdict(case) for case in cases], "left": left}
    told = json.dumps(content, indent=1, ensure_ascii=False, default=str)
    write_atomic(provenance_path(path), told.encode())


def read_result(path: Path) -> FolderResult:
    """What came of a folder, from its table or the folder itself.

    Raises:
        InputError: No table, or one that is damaged.
    """
    table = path / TABLE if path.is_dir() else path
    file = provenance_path(table)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        cases = tuple(_outcome(case) for case in content["cases"])
        return FolderResult(table.parent, table, cases, int(content["left"]))
    except OSError as error:
        raise InputError(
            f"{path} holds no results of a folder: {file.name} cannot be read.",
            "Choose the folder that labels were written to.",
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"{file} is damaged: {error}.", "Segment the folder again; what is done is kept."
        ) from error


def _outcome(case: Mapping[str, Any]) -> Outcome:
    state = next(s for s in STATES if s == case["state"])
    return Outcome(
        str(case["name"]), Path(case["image"]), str(case["part"]), state,
        {str(k): Path(v) for k, v in case["files"].items()}, dict(case["figures"]),
        float(case["seconds"]), str(case["problem"]), str(case["remedy"]),
    )  # fmt: skip


def _structures(cases: Sequence[Outcome]) -> dict[str, str]:
    """Class -> name, of the first that tells."""
    for case in cases:
        if found := case.figures.get("structures"):
            return {key: structure["name"] for key, structure in found.items()}
    return {}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
