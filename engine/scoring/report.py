"""Scores as one HTML file that needs no other: tables, box plots, pictures of the worst cases."""

from __future__ import annotations

from collections.abc import Generator
from html import escape
from pathlib import Path

from engine.data.atomic import write_atomic
from engine.metrics.overlap import RULE
from engine.metrics.table import DISTANCES, WORDS, Row, ScoreTable
from engine.scoring.boxes import Box, box_plot
from engine.scoring.errors import KINDS
from engine.scoring.html import check_report, figure, interval, page, wide
from engine.scoring.image_report import image_parts
from engine.scoring.image_scores import ImageScores
from engine.scoring.pictures import errors_png
from engine.scoring.scoring import Scores
from engine.steps import ProgressStep, Step

WORST = 12
"""Cases that are shown."""
PLOTTED = ("dice", "surface_dice", "hd95")


def write_report(
    path: Path, scores: Scores | ImageScores, title: str
) -> Generator[Step, None, Path]:
    """Writes the report; pictures are made of the worst cases, where their files are known.

    Yields:
        Progress in pictures.

    Raises:
        InputError: A picture's files have gone, or another ending than .html.
        DiskError: The disk refuses.
    """
    check_report(path)
    if isinstance(scores, ImageScores):
        parts = yield from image_parts(scores)
    else:
        parts = yield from _parts(scores)
    write_atomic(path, page(title, parts).encode())
    return path


def _parts(scores: Scores) -> Generator[Step, None, list[str]]:
    table = scores.table
    within = f"; surface Dice within {scores.params.tolerance:g} {table.unit}"
    if "surface_dice" not in table.metrics:
        within = ""
    parts = [
        f"<p>{len(table.rows)} cases of {len({r.patient for r in table.rows})} patients; "
        f"distances in {table.unit}{within}. In brackets 95 % bootstrap intervals over "
        "patients.</p>",
        *(f"<p>{escape(note)}</p>" for note in scores.notes),
        "<h2>Means</h2>", _means(table),
    ]  # fmt: skip
    if scores.other is not None:
        parts += ["<h2>The other model</h2>", _means(scores.other)]
        parts += ["<h2>Lead over the other model, in pairs</h2>", _leads(scores)]
    plotted = [metric for metric in PLOTTED if metric in table.metrics]
    parts += ["<h2>Distribution</h2>", *(_plot(scores, metric) for metric in plotted)]
    figures = yield from _figures(scores)
    if figures:
        keys = "".join(
            f"<span class='key' style='background:rgb{kind.colour}'></span>{escape(kind.name)}"
            for kind in KINDS.values()
        )
        parts += [f"<h2>Cases with the lowest Dice</h2><p>{keys}</p>", *figures]
    parts += ["<h2>All cases</h2>", _rows(table), f"<h2>Rules</h2><p>{escape(RULE)}</p>"]
    return parts


def _figures(scores: Scores) -> Generator[Step, None, list[str]]:
    found = []
    worst = _worst_first(scores.table)[:WORST]
    for index, row in enumerate(worst):
        case = scores.files(row.case)
        if case is None:
            continue
        yield ProgressStep(index, len(worst), f"Picture of {row.case}")
        png, told = errors_png(case)
        found.append(figure(png, row.case, f": Dice {_dice(row):.3f}\n{told}"))
    return found


def _means(table: ScoreTable) -> str:
    lines = []
    for label, name in table.names.items():
        cells = "".join(
            interval(table.estimate(metric, label), 1 if metric in DISTANCES else 3)
            for metric in table.metrics
        )
        missed = sum(row.scores[label].missed for row in table.rows)
        spurious = sum(row.scores[label].spurious for row in table.rows)
        lines.append(f"<tr><td>{escape(name)}</td>{cells}{_count(missed)}{_count(spurious)}</tr>")
    return wide(["", *(WORDS[m] for m in table.metrics), "Missed", "Spurious"], lines)


def _count(number: int) -> str:
    return f"<td class='v{' bad' if number else ''}'>{number}</td>"


def _leads(scores: Scores) -> str:
    lines = []
    for metric in scores.table.metrics:
        lead = scores.lead(metric)
        low, high = lead["interval"]
        p = "too few differ" if lead["p"] is None else f"{lead['p']:.2g}"
        lines.append(
            f"<tr><td>{WORDS[metric]}</td><td class='v'>{lead['mean']:+.4g}</td>"
            f"<td class='v'>{low:+.4g} to {high:+.4g}</td><td class='v'>{p}</td></tr>"
        )
    return (
        "<table><tr><th></th><th>Mean</th><th>95 % interval</th><th>p (signed ranks)</th></tr>"
        f"{''.join(lines)}</table>"
    )


def _plot(scores: Scores, metric: str) -> str:
    boxes = []
    for whose, table in (("", scores.table), (" (other)", scores.other)):
        if table is None:
            continue
        boxes += [
            Box(
                name + whose, [getattr(r.scores[label], metric) for r in table.rows],
                [r.case for r in table.rows],
            )
            for label, name in table.names.items()
        ]  # fmt: skip
    most = max(max(box.values) for box in boxes) if metric in DISTANCES else 1.0
    unit = f", {scores.table.unit}" if metric in DISTANCES else ""
    return box_plot(WORDS[metric] + unit, boxes, 0.0, most)


def _rows(table: ScoreTable) -> str:
    lines = []
    for row in _worst_first(table):
        for label, score in row.scores.items():
            cells = "".join(
                f"<td class='v'>{getattr(score, m):.{2 if m in DISTANCES else 3}f}</td>"
                for m in table.metrics
            )
            lines.append(
                f"<tr><td>{escape(row.case)}</td><td>{escape(table.names[label])}</td>{cells}"
                f"<td class='v'>{score.true_size}</td><td class='v'>{score.found_size}</td>"
                f"<td class='bad'>{score.state}</td></tr>"
            )
    words = [WORDS[m] for m in table.metrics]
    return wide(["Case", "Label", *words, "True voxels", "Found voxels", ""], lines, "rows")


def _worst_first(table: ScoreTable) -> list[Row]:
    return sorted(table.rows, key=lambda row: (_dice(row), row.case))


def _dice(row: Row) -> float:
    """Mean over the classes."""
    return sum(score.dice for score in row.scores.values()) / len(row.scores)
