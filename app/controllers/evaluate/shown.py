"""From scores to tables and plots; made in the background, for bootstraps of many cases last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.controllers.evaluate.pages import Grid, Key, Shown
from engine.metrics.bootstrap import Estimate
from engine.metrics.images import HIGHER_IS_BETTER, IMAGE_METRICS
from engine.metrics.overlap import RULE, ClassScore
from engine.metrics.table import DISTANCES, WORDS, ScoreTable
from engine.scoring.image_report import DIGITS, titled
from engine.scoring.image_scores import ImageScores
from engine.scoring.memorised import Memorised
from engine.scoring.scoring import Scores
from engine.wording import counted
from widgets.panels.data_table import Cell, Column, Line
from widgets.plots.box_plots import BoxGroup

if TYPE_CHECKING:
    from app.controllers.evaluate.pages import Found

MODELS = ("first", "other")
FAULTS = {
    "missed": "Missed: it is there and nothing of it was found. It counts with 0 and the image's "
    "diagonal.",
    "spurious": "Spurious: found where there is none. It counts with 0 and the image's diagonal.",
}
ONE_PATIENT = "nothing of other patients"
TOO_FEW = "too few patients to tell"
UNSURE = "unsure: the test shows none"
BETTER = " is better"
FEWEST, SIGNIFICANT = 6, 0.05
"""Of fewer patients, even if all agree, the signed-rank test never is that sure."""
COPY_RULE = (
    "Slices are compared by the correlation of small grey versions, mirrored ones too. A slice is "
    "suspicious that is nearer to a training slice than the chosen share of the training slices "
    "is to its nearest one of another patient."
)


def shown(found: Found, notes: Sequence[str] = ()) -> Shown:
    """Everything that is seen of an evaluation.

    Args:
        notes: What the run told besides.
    """
    if isinstance(found, Memorised):
        return _copies(found)
    told = tuple(dict.fromkeys((*found.notes, *notes)))
    return _labels(found, told) if isinstance(found, Scores) else _images(found, told)


# --- label maps


def _labels(scores: Scores, notes: tuple[str, ...]) -> Shown:
    table = scores.table
    tables = [(False, table)] if scores.other is None else [(False, table), (True, scores.other)]
    compared = len(tables) > 1
    models = models_of(scores)
    sized = any(s.true_size or s.found_size for row in table.rows for s in row.scores.values())
    columns = [Column("Case"), Column("Label")]
    columns += [Column("Model")] if compared else []
    told = any(s.state for _, one in tables for row in one.rows for s in row.scores.values())
    columns += [Column("State", "Missed and spurious structures")] if told else []
    columns += [_column(metric, table.unit) for metric in table.metrics]
    columns += [Column("True", "Voxels of the reference", 0),
                Column("Found", "Voxels of the prediction", 0)] if sized else []  # fmt: skip
    lines, keys = [], []
    for place, row in enumerate(table.rows):
        for label, name in table.names.items():
            for other, one in tables:
                score = one.rows[place].scores[label]
                texts = [row.case, name, *((models[other],) if compared else ())]
                texts += [score.state] if told else []
                lines.append(_line(texts, score, table.metrics, sized=sized))
                keys.append(Key(row.case, label, other))
    patients = len({row.patient for row in table.rows})
    facts = f"{_people(len(table.rows), patients)} · {counted(len(table.names), 'label')}"
    return Shown(
        scores, "labels", scores.title, facts, Grid(tuple(columns), tuple(lines)), tuple(keys),
        _label_means(tables, models if compared else ()), _leads(scores) if compared else None,
        {_column(m, table.unit).title: _label_boxes(tables, m, keys) for m in table.metrics},
        models if compared else (), RULE, notes, dict(table.names),
    )  # fmt: skip


def _column(metric: str, unit: str) -> Column:
    if metric in DISTANCES:
        return Column(f"{WORDS[metric]}, {unit}", "A distance: lower is better", 2)
    tip = "(found - true) / true" if metric == "volume_error" else "From 0 to 1: higher is better"
    return Column(WORDS[metric], tip)


def _line(texts: Sequence[str], score: ClassScore, metrics: Sequence[str], *, sized: bool) -> Line:
    figures: list[Cell] = [float(getattr(score, metric)) for metric in metrics]
    figures += [float(score.true_size), float(score.found_size)] if sized else []
    return Line((*texts, *figures), texts[1], FAULTS.get(score.state, ""))


def models_of(scores: Scores) -> tuple[str, str]:
    """What two models are called: as the folders of what they predicted, where these differ."""
    for case in scores.cases:
        if case.prediction is not None and case.against is not None:
            names = case.prediction.parent.name, case.against.parent.name
            return names if names[0] != names[1] else MODELS
    return MODELS


def _label_means(tables: Sequence[tuple[bool, ScoreTable]], models: Sequence[str]) -> Grid:
    first = tables[0][1]
    columns = [Column("Label"), *([Column("Model")] if models else [])]
    columns += [_column(metric, first.unit) for metric in first.metrics]
    columns += [Column("Missed", "Cases", 0), Column("Spurious", "Cases", 0)]
    lines = []
    for other, table in tables:
        model = (models[other],) if models else ()
        for label, name in table.names.items():
            found = [table.estimate(metric, label) for metric in table.metrics]
            states = [row.scores[label].state for row in table.rows]
            told = [_told(e, 2 if m in DISTANCES else 3)
                    for e, m in zip(found, table.metrics, strict=True)]  # fmt: skip
            counts = float(states.count("missed")), float(states.count("spurious"))
            fault = "Structures were missed or are spurious" if any(counts) else ""
            lines.append(Line((name, *model, *told, *counts), fault=fault))
        if len(table.names) > 1:
            told = [_told(table.overall(m), 2 if m in DISTANCES else 3) for m in table.metrics]
            lines.append(Line(("Mean of labels", *model, *told, None, None)))
    return Grid(tuple(columns), tuple(lines))


def _leads(scores: Scores) -> Grid:
    first, other = models_of(scores)
    columns = (
        Column("Measure"),
        Column(f"{first} minus {other}", "Mean of the differences, case by case"),
        Column("95 % interval", "Bootstrap over patients"), Column("Cases", digits=0),
        Column(f"{first} better in", "Cases", 0), Column("p", "Wilcoxon's signed-rank test"),
        Column("Says"),
    )  # fmt: skip
    lines = []
    for metric in scores.table.metrics:
        lead = scores.lead(metric)
        low, high = lead["interval"]
        p = "too few differ" if lead["p"] is None else f"{lead['p']:.2g}"
        better = metric not in DISTANCES
        alone = lead["patients"] < 2
        says = ""
        if metric != "volume_error" or alone:
            says = _says(low, high, lead["patients"], first, other, higher=better)
            if says.endswith(BETTER) and (lead["p"] is None or lead["p"] >= SIGNIFICANT):
                says = UNSURE
        lines.append(Line((
            _column(metric, scores.table.unit).title, f"{lead['mean']:+.4f}",
            "one patient" if alone else f"{low:+.4f} to {high:+.4f}", float(lead["n"]),
            None if metric == "volume_error" else float(lead["better in"]), p, says,
        )))  # fmt: skip
    return Grid(columns, tuple(lines))


def _says(
    low: float, high: float, patients: int, first: str, other: str, *, higher: bool
) -> str:  # fmt: skip
    """What an interval of a difference says."""
    if patients < 2:
        return ONE_PATIENT
    if low <= 0 <= high:
        return "no difference shown"
    if patients < FEWEST:
        return TOO_FEW
    return f"{first if (low > 0) == higher else other}{BETTER}"


def _label_boxes(
    tables: Sequence[tuple[bool, ScoreTable]], metric: str, keys: Sequence[Key]
) -> tuple[BoxGroup, ...]:
    places = {key: place for place, key in enumerate(keys)}
    groups = []
    for label, name in tables[0][1].names.items():
        for other, table in tables:
            values = [float(getattr(row.scores[label], metric)) for row in table.rows]
            cases = [row.case for row in table.rows]
            at = [places[Key(case, label, other)] for case in cases]
            groups.append(BoxGroup(name, values, cases, at, int(other)))
    return tuple(groups)


# --- images


def _images(scores: ImageScores, notes: tuple[str, ...]) -> Shown:
    table, ways = scores.table, tuple(scores.table.ways)
    columns = (
        Column("Case"), Column("Way"), *(_image_column(m) for m in IMAGE_METRICS),
        Column("Slices", "That show a body", 0),
    )  # fmt: skip
    lines, keys = [], []
    for row in table.rows:
        for way in ways:
            figures = [float(getattr(row.scores[way], metric)) for metric in IMAGE_METRICS]
            lines.append(Line((row.case, way, *figures, float(row.slices)), way))
            keys.append(Key(row.case, way=way))
    patients = len({row.patient for row in table.rows})
    cautions = [f.caution for f in scores.sets.values() if f.caution]
    return Shown(
        scores, "images", scores.title, _people(len(table.rows), patients),
        Grid(columns, tuple(lines)), tuple(keys), _image_means(scores),
        _gains(scores) if len(ways) > 1 else None,
        {titled(metric): _image_boxes(scores, metric) for metric in IMAGE_METRICS},
        (), table.rule, tuple(dict.fromkeys((*notes, *cautions))),
    )  # fmt: skip


def _image_column(metric: str) -> Column:
    better = "higher" if HIGHER_IS_BETTER[metric] else "lower"
    return Column(titled(metric), f"{better.capitalize()} is better", DIGITS[metric])


def _image_means(scores: ImageScores) -> Grid:
    columns = [Column("Way"), *(_image_column(m) for m in IMAGE_METRICS)]
    if scores.sets:
        columns += [Column("FID"), Column("KID"), Column("Features", "What FID and KID are by")]
    lines = []
    for way in scores.table.ways:
        cells: list[Cell] = [
            _told(scores.table.estimate(way, metric), DIGITS[metric]) for metric in IMAGE_METRICS
        ]
        found = scores.sets.get(way)
        if found is not None:
            told = ["not told", "not told"]
            if found.fid is not None and found.kid is not None:
                told = [f"{found.fid:.4g}", f"{found.kid:.3g} ± {found.kid_spread:.1g}"]
            cells += [*told, found.encoder]
        elif scores.sets:
            cells += [None, None, None]
        lines.append(Line((way, *cells)))
    return Grid(tuple(columns), tuple(lines))


def _gains(scores: ImageScores) -> Grid:
    first, *others = scores.table.ways
    columns = (
        Column("Measure"), Column("Compared"), Column("Difference", "Mean, case by case"),
        Column("95 % interval", "Bootstrap over patients"), Column("Cases", digits=0),
        Column("Says"),
    )  # fmt: skip
    lines = []
    for other in others:
        for metric in IMAGE_METRICS:
            gain = scores.table.gain(first, other, metric)
            higher = HIGHER_IS_BETTER[metric]
            says = _says(gain.low, gain.high, gain.patients, first, other, higher=higher)
            lines.append(Line((
                titled(metric), f"{first} minus {other}", f"{gain.mean:+.4f}",
                gain.interval(4, "+"), float(gain.count), says,
            )))  # fmt: skip
    return Grid(columns, tuple(lines))


def _image_boxes(scores: ImageScores, metric: str) -> tuple[BoxGroup, ...]:
    ways, rows = tuple(scores.table.ways), scores.table.rows
    return tuple(
        BoxGroup(
            way, [float(getattr(row.scores[way], metric)) for row in rows],
            [row.case for row in rows], [i * len(ways) + place for i in range(len(rows))], place,
        )
        for place, way in enumerate(ways)
    )  # fmt: skip


# --- copies


def _copies(found: Memorised) -> Shown:
    columns = (
        Column("Synthetic slice"), Column("Nearest training slice"),
        Column("Correlation", "1 is the same picture"), Column("", "Nearer than usual"),
    )  # fmt: skip
    lines = [
        Line(
            (one.slice, one.training, one.correlation, "suspicious" if one.suspicious else ""),
            "suspicious" if one.suspicious else "usual",
            "Nearer to a training slice than two patients usually are" if one.suspicious else "",
        )
        for one in found.nearest
    ]
    keys = tuple(Key(one.slice, place=i) for i, one in enumerate(found.nearest))
    box = BoxGroup(
        "synthetic slices", [one.correlation for one in found.nearest],
        [one.slice for one in found.nearest], range(len(keys)),
    )  # fmt: skip
    return Shown(
        found, "copies", "Copies of training images",
        f"{len(found.suspicious)} of {len(keys)} suspicious",
        Grid(columns, tuple(lines)), keys, None, None, {"Correlation": (box,)}, (), COPY_RULE,
        (found.summary(),),
    )  # fmt: skip


def _people(cases: int, patients: int) -> str:
    return f"{counted(cases, 'case')} · {counted(patients, 'patient')}"


def _told(found: Estimate, digits: int) -> Any:
    return f"{found.mean:.{digits}f}  ({found.interval(digits)})"
