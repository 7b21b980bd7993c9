"""Evaluations that were saved as JSON, opened again: those of `score`, and those of the methods."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from engine.errors import InputError
from engine.metrics.feature_distance import FeatureDistance
from engine.metrics.image_table import ImageRow, ImageTable
from engine.metrics.images import IMAGE_METRICS, RULE, ImageScore
from engine.metrics.overlap import ClassScore
from engine.metrics.table import ALL_METRICS, Row, ScoreTable
from engine.scoring.image_scores import ImageScores
from engine.scoring.memorised import Memorised, Nearest
from engine.scoring.pairing import ScoredCase
from engine.scoring.params import ImageScoreParams, MemorisedParams, ScoreParams
from engine.scoring.scoring import Scores

Told = Mapping[str, Any]
UNKNOWN = float("nan")
LARGEST_BYTES = 512 * 2**20


def read_scores(path: Path) -> Scores | ImageScores | Memorised:
    """An evaluation as it was saved.

    Raises:
        InputError: A file that cannot be read, or that is no evaluation.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise _none(path, "it is larger than any")
        told = json.loads(path.read_text(encoding="utf-8"))
        return _scores(told, path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}.", "Choose another file."
        ) from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise _none(path, f"{type(error).__name__} {error}") from error


def _none(path: Path, why: str) -> InputError:
    return InputError(
        f"{path} is no evaluation: {why}.",
        "Choose a .json that Evaluate, `reverie score` or `reverie evaluate` has written.",
    )


def _scores(told: Told, path: Path) -> Scores | ImageScores | Memorised:
    if told.get("kind") == "copies":
        return _copies(told)
    title = str(told.get("title") or path.stem)
    notes = [str(note) for note in told.get("notes", ())]
    cases = tuple(_case(record, path.parent) for record in told.get("files", ()))
    if "evidence" in told:  # of CDM: one table for each kind of evidence
        (name, first), *others = ((n, _table(t)) for n, t in told["evidence"].items())
        other = others[0][1] if others else None
        notes.append(
            f"The evidence is that of {name}" + (f"; the other's, {others[0][0]}" if others else "")
            + "."
        )  # fmt: skip
        return Scores(ScoreParams(), cases, first, other, {}, tuple(notes), title)
    if "rows" not in told and isinstance(
        told.get("cases"), dict
    ):  # Dice alone, as AdaptDiff had it
        return Scores(
            ScoreParams(), cases, _dice_alone(told["cases"]), None, {}, tuple(notes), title
        )
    if "way" in told["rows"][0]:
        return _images(told, cases, tuple(notes), title)
    own = told.get("kind") == "labels"
    other = _table(told["other"]) if "other" in told else None
    return Scores(
        ScoreParams.parse(dict(told["parameters"])) if own else ScoreParams(), cases,
        _table(told), other, _voxels(told["rows"]), tuple(notes), title,
    )  # fmt: skip


def _copies(told: Told) -> Memorised:
    nearest = tuple(
        Nearest(
            str(row["slice"]), str(row["training"]), Path(row["file"]), float(row["correlation"]),
            bool(row["suspicious"]), Path(row["slice_file"]), int(row["slice_number"]) - 1,
            int(row["training_number"]) - 1,
        )
        for row in told["rows"]
    )  # fmt: skip
    if not nearest:
        raise ValueError("no slices")
    params = MemorisedParams.parse(dict(told["parameters"]))
    return Memorised(nearest, float(told["threshold"]), float(told["usual"]), params)


def _case(record: Told, folder: Path) -> ScoredCase:
    """Files without a folder of their own lie beside the evaluation."""

    def file(name: str) -> Path | None:
        return None if record.get(name) is None else folder / record[name]

    name = str(record["case"])
    axis, place = record.get("slice", (0, -1))
    return ScoredCase(
        name, str(record.get("patient", name)), folder / record["reference"], file("prediction"),
        file("against"), file("image"), str(record.get("image part", "")),
        None if place < 0 else (int(axis), int(place)),
        {str(way): folder / path for way, path in record.get("ways", {}).items()},
    )  # fmt: skip


def _table(told: Told) -> ScoreTable:
    rows = cast(Sequence[Told], told["rows"])
    metrics = tuple(metric for metric in ALL_METRICS if metric in rows[0])
    if not metrics:
        raise ValueError("no figures in its rows")
    names = {int(row["class"]): str(row["name"]) for row in rows}
    table = ScoreTable(names, metrics=metrics)
    cases: dict[str, dict[int, ClassScore]] = {}
    about: dict[str, tuple[str, str]] = {}
    for row in rows:
        case = str(row["case"])
        cases.setdefault(case, {})[int(row["class"])] = _score(row)
        about[case] = str(row["patient"]), str(row["unit"])
    for case, scores in cases.items():
        if set(scores) != set(names):
            raise ValueError(f"classes of {case} are missing")
        patient, unit = about[case]
        table.add(Row(case, patient, scores, unit))
    return table


def _score(row: Told) -> ClassScore:
    def figure(name: str) -> float:
        return float(row.get(name, UNKNOWN))

    return ClassScore(
        figure("dice"), figure("iou"), figure("precision"), figure("recall"), figure("hd"),
        figure("hd95"), figure("asd"), figure("surface_dice"), int(row["true_voxels"]),
        int(row["found_voxels"]),
    )  # fmt: skip


def _voxels(rows: Sequence[Told]) -> dict[str, float]:
    """Case -> millilitres of a voxel, from volumes that are told."""
    found = {}
    for row in rows:
        for kind in ("true", "found"):
            if row.get(f"{kind}_ml") and row[f"{kind}_voxels"]:
                found[str(row["case"])] = float(row[f"{kind}_ml"]) / int(row[f"{kind}_voxels"])
    return found


def _dice_alone(cases: Told) -> ScoreTable:
    table = ScoreTable({1: "foreground"}, metrics=("dice",))
    for name, dice in cases.items():
        score = ClassScore(float(dice), *(UNKNOWN,) * 7, 0, 0)
        table.add(Row(str(name), str(name), {1: score}, "px"))
    if not table.rows:
        raise ValueError("no cases")
    return table


def _images(
    told: Told, cases: tuple[ScoredCase, ...], notes: tuple[str, ...], title: str
) -> ImageScores:
    ways = {str(way): str(about["what"]) for way, about in told["ways"].items()}
    table = ImageTable(ways, rule=str(told.get("rule", RULE)))
    rows: dict[str, dict[str, ImageScore]] = {}
    about_case: dict[str, tuple[str, int]] = {}
    for row in told["rows"]:
        figures = [float(row[metric]) for metric in IMAGE_METRICS]
        rows.setdefault(str(row["case"]), {})[str(row["way"])] = ImageScore(*figures)
        about_case[str(row["case"])] = str(row["patient"]), int(row["slices"])
    for case, scores in rows.items():
        if set(scores) != set(ways):
            raise ValueError(f"figures of {case} are missing")
        patient, slices = about_case[case]
        table.add(ImageRow(case, patient, scores, slices))
    own = told.get("kind") == "images"
    # What a method keeps is in [0, 1] as it was compared.
    kept = ImageScoreParams(scale="unit")
    params = ImageScoreParams.parse(dict(told["parameters"])) if own else kept
    sets = {str(way): _set(one) for way, one in told.get("sets of slices", {}).items()}
    return ImageScores(params, cases, table, sets, notes, title)


def _set(told: Told) -> FeatureDistance:
    def figure(name: str) -> float | None:
        return None if told[name] is None else float(told[name])

    ours, theirs = (int(count) for count in told["images"])
    return FeatureDistance(
        str(told["features"]), figure("fid"), figure("kid"), figure("kid spread over subsets"),
        (ours, theirs), str(told["caution"]),
    )  # fmt: skip
