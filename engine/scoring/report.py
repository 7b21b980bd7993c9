"""Scores as one file: tables, box plots, pictures of the worst cases; HTML, or a PDF to print."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from engine.data.atomic import check_writable, write_atomic
from engine.errors import InputError
from engine.metrics.overlap import RULE
from engine.metrics.table import DISTANCES, WORDS, Row, ScoreTable
from engine.scoring.document import (
    LONG,
    Box,
    Cell,
    Figure,
    Heading,
    Key,
    Part,
    Plot,
    Table,
    Text,
    interval,
    number,
    shortened,
)
from engine.scoring.errors import KINDS
from engine.scoring.html import page
from engine.scoring.image_report import image_parts
from engine.scoring.image_scores import ImageScores
from engine.scoring.pictures import errors_png
from engine.scoring.scoring import Scores
from engine.steps import ProgressStep, Step

WORST = 12
"""Cases that are shown."""
PLOTTED = ("dice", "surface_dice", "hd95")
PAGES = (".html", ".htm")
PDF = ".pdf"


def check_report(path: Path) -> None:
    """Finds out before the work whether a report could be written.

    Raises:
        InputError: An ending other than .html and .pdf.
        DiskError: Its folder is not there, or may not be written to.
    """
    if path.suffix.lower() not in (*PAGES, PDF):
        raise InputError(f"{path} has no ending for a report.", "Use .html or .pdf.")
    check_writable(path)


def write_report(
    path: Path, scores: Scores | ImageScores, title: str
) -> Generator[Step, None, Path]:
    """Writes the report; pictures are made of the worst cases, where their files are known.

    Yields:
        Progress in pictures.

    Raises:
        InputError: A picture's files have gone, or another ending than .html and .pdf.
        DiskError: The disk refuses.
    """
    check_report(path)
    if isinstance(scores, ImageScores):
        parts = yield from image_parts(scores)
    else:
        parts = yield from _parts(scores)
    if path.suffix.lower() == PDF:
        from engine.scoring.pdf import pdf

        write_atomic(path, pdf(title, parts))
    else:
        write_atomic(path, page(title, parts).encode())
    return path


def _parts(scores: Scores) -> Generator[Step, None, list[Part]]:
    table = scores.table
    rules = []
    if any(metric in DISTANCES for metric in table.metrics):
        rules.append(f"distances in {table.unit}")
    if "surface_dice" in table.metrics:
        rules.append(f"surface Dice within {scores.params.tolerance:g} {table.unit}")
    patients = len({row.patient for row in table.rows})
    told = "; ".join([f"{len(table.rows)} cases of {patients} patients", *rules])
    parts: list[Part] = [
        Text(f"{told}. Below means 95 % bootstrap intervals over patients."),
        *(Text(note) for note in scores.notes),
        Heading("Means"), _means(table),
    ]  # fmt: skip
    if scores.other is not None:
        parts += [Heading("The other model"), _means(scores.other)]
        parts += [Heading("Lead over the other model, in pairs"), _leads(scores)]
    plotted = [metric for metric in PLOTTED if metric in table.metrics]
    parts += [Heading("Distribution"), *(_plot(scores, metric) for metric in plotted)]
    figures = yield from _figures(scores)
    if figures:
        key = Key(tuple((kind.name, kind.colour) for kind in KINDS.values()))
        parts += [Heading("Cases with the lowest Dice"), key, *figures]
    return [*parts, Heading("All cases"), _rows(table), Heading("Rules"), Text(RULE)]


def _figures(scores: Scores) -> Generator[Step, None, list[Figure]]:
    found = []
    worst = _worst_first(scores.table)[:WORST]
    for index, row in enumerate(worst):
        case = scores.files(row.case)
        if case is None:
            continue
        yield ProgressStep(index, len(worst), f"Picture of {row.case}")
        png, told = errors_png(case)
        found.append(Figure(png, row.case, f": Dice {_dice(row):.3f}\n{told}"))
    return found


def _means(table: ScoreTable) -> Table:
    lines = []
    for label, name in table.names.items():
        means = [
            interval(table.estimate(metric, label), 1 if metric in DISTANCES else 3)
            for metric in table.metrics
        ]
        missed = sum(row.scores[label].missed for row in table.rows)
        spurious = sum(row.scores[label].spurious for row in table.rows)
        counts = [number(str(n), bad=bool(n)) for n in (missed, spurious)]
        lines.append((Cell(name), *means, *counts))
    return Table(("", *(WORDS[m] for m in table.metrics), "Missed", "Spurious"), tuple(lines))


def _leads(scores: Scores) -> Table:
    lines = []
    for metric in scores.table.metrics:
        lead = scores.lead(metric)
        low, high = lead["interval"]
        between = f"{low:+.4g} to {high:+.4g}" if lead["patients"] > 1 else "one patient"
        p = "too few differ" if lead["p"] is None else f"{lead['p']:.2g}"
        figures = (f"{lead['mean']:+.4g}", between, p)
        lines.append((Cell(WORDS[metric]), *map(number, figures)))
    return Table(("", "Mean", "95 % interval", "p (signed ranks)"), tuple(lines))


def _plot(scores: Scores, metric: str) -> Plot:
    boxes = []
    for whose, table in (("", scores.table), (" (other)", scores.other)):
        if table is None:
            continue
        boxes += [
            Box(
                shortened(name, LONG - len(whose)) + whose,
                [getattr(r.scores[label], metric) for r in table.rows],
                [r.case for r in table.rows],
            )
            for label, name in table.names.items()
        ]  # fmt: skip
    most = max(max(box.values) for box in boxes) if metric in DISTANCES else 1.0
    unit = f", {scores.table.unit}" if metric in DISTANCES else ""
    return Plot(WORDS[metric] + unit, tuple(boxes), 0.0, most)


def _rows(table: ScoreTable) -> Table:
    lines = []
    for row in _worst_first(table):
        for label, score in row.scores.items():
            figures = [f"{getattr(score, m):.{2 if m in DISTANCES else 3}f}" for m in table.metrics]
            sizes = [str(score.true_size), str(score.found_size)]
            lines.append((
                Cell(row.case), Cell(table.names[label]), *map(number, (*figures, *sizes)),
                Cell(score.state, bad=True),
            ))  # fmt: skip
    words = [WORDS[m] for m in table.metrics]
    head = ("Case", "Label", *words, "True voxels", "Found voxels", "")
    return Table(head, tuple(lines), long=True)


def _worst_first(table: ScoreTable) -> list[Row]:
    return sorted(table.rows, key=lambda row: (_dice(row), row.case))


def _dice(row: Row) -> float:
    """Mean over the classes."""
    return sum(score.dice for score in row.scores.values()) / len(row.scores)
