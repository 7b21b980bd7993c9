"""Scores as one HTML file that needs no other: tables, box plots, pictures of the worst cases."""

from __future__ import annotations

import base64
from collections.abc import Generator
from html import escape
from pathlib import Path

from engine.data.atomic import check_writable, write_atomic
from engine.errors import InputError
from engine.metrics.overlap import RULE
from engine.metrics.table import ALL_METRICS, DISTANCES, WORDS, Row, ScoreTable
from engine.scoring.boxes import Box, box_plot
from engine.scoring.pictures import LEGEND, errors_png
from engine.scoring.scoring import Scores
from engine.steps import ProgressStep, Step

WORST = 12
"""Cases that are shown."""
PLOTTED = ("dice", "surface_dice", "hd95")
_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; } .rows { font-size: .85em; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #8886;
  white-space: nowrap; }
td.v, th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
.i { color: #888; font-size: .85em; } .bad { color: #d55e00; }
figure { display: inline-block; width: 300px; margin: 0 .6rem 1.2rem 0; font-size: .85em;
  vertical-align: top; overflow-wrap: anywhere; }
figure img { background: #000; display: block; }
.key { display: inline-block; width: .9em; height: .9em; margin: 0 .35em 0 1em;
  vertical-align: -.1em; }
svg { display: block; margin: .6rem 0; max-width: 100%; font: 12px system-ui, sans-serif; }
svg text { fill: currentColor; } svg .n { text-anchor: end; } svg .a { text-anchor: middle; }
svg .t { font-weight: 600; } svg .g { stroke: #8884; } svg .w { stroke: currentColor; }
svg .b { fill: #0072b266; stroke: currentColor; } svg .m { stroke: currentColor; stroke-width: 2; }
svg .d { fill: #d55e00aa; }
"""


def write_report(path: Path, scores: Scores, title: str) -> Generator[Step, None, Path]:
    """Writes the report; pictures are made of the cases with the lowest Dice.

    Yields:
        Progress in pictures.

    Raises:
        InputError: A picture's files have gone, or another ending than .html.
        DiskError: The disk refuses.
    """
    check_report(path)
    figures = []
    worst = _worst_first(scores.table)[:WORST]
    for index, row in enumerate(worst):
        yield ProgressStep(index, len(worst), f"Picture of {row.case}")
        png, told = errors_png(scores.case(row.case))
        figures.append(_figure(row, png, told))
    write_atomic(path, _page(scores, title, figures).encode())
    return path


def check_report(path: Path) -> None:
    """Finds out before the work whether a report could be written.

    Raises:
        InputError: An ending other than .html.
        DiskError: Its folder is not there, or may not be written to.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{path} has no ending for a report.", "Use .html.")
    check_writable(path)


def _page(scores: Scores, title: str, figures: list[str]) -> str:
    table = scores.table
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>",
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        f"<p>{len(table.rows)} cases of {len({r.patient for r in table.rows})} patients; "
        f"distances in {table.unit}; surface Dice within {scores.params.tolerance:g} "
        f"{table.unit}. In brackets 95 % bootstrap intervals over patients.</p>",
        *(f"<p>{escape(note)}</p>" for note in scores.notes),
        "<h2>Means</h2>", _means(table),
    ]  # fmt: skip
    if scores.other is not None:
        parts += ["<h2>The other model</h2>", _means(scores.other)]
        parts += ["<h2>Lead over the other model, in pairs</h2>", _leads(scores)]
    parts += ["<h2>Distribution</h2>", *(_plot(scores, metric) for metric in PLOTTED)]
    keys = "".join(
        f"<span class='key' style='background:rgb{colour}'></span>{escape(name)}"
        for name, colour in LEGEND.items()
    )
    parts += [f"<h2>Cases with the lowest Dice</h2><p>{keys}</p>", *figures]
    parts += ["<h2>All cases</h2>", _rows(table), f"<h2>Rules</h2><p>{escape(RULE)}</p>"]
    return "\n".join([*parts, "</body></html>"])


def _means(table: ScoreTable) -> str:
    head = "".join(f"<th>{WORDS[m]}</th>" for m in ALL_METRICS)
    lines = []
    for label, name in table.names.items():
        cells = "".join(_estimate(table, metric, label) for metric in ALL_METRICS)
        found = table.rows
        missed = sum(row.scores[label].missed for row in found)
        spurious = sum(row.scores[label].spurious for row in found)
        lines.append(f"<tr><td>{escape(name)}</td>{cells}{_count(missed)}{_count(spurious)}</tr>")
    return (
        f"<div class='wide'><table><tr><th></th>{head}<th>Missed</th><th>Spurious</th></tr>"
        f"{''.join(lines)}</table></div>"
    )


def _estimate(table: ScoreTable, metric: str, label: int) -> str:
    found = table.estimate(metric, label)
    digits = 1 if metric in DISTANCES else 3
    return (
        f"<td class='v'>{found.mean:.{digits}f}<br><span class='i'>{found.low:.{digits}f} to "
        f"{found.high:.{digits}f}</span></td>"
    )


def _count(number: int) -> str:
    return f"<td class='v{' bad' if number else ''}'>{number}</td>"


def _leads(scores: Scores) -> str:
    lines = []
    for metric in ALL_METRICS:
        lead = scores.lead(metric)
        low, high = lead["interval"]
        p = "too few cases" if lead["p"] is None else f"{lead['p']:.2g}"
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


def _figure(row: Row, png: bytes, told: str) -> str:
    image = base64.b64encode(png).decode()
    return (
        f"<figure><img alt='' src='data:image/png;base64,{image}'><figcaption>"
        f"<b>{escape(row.case)}</b>: Dice {_dice(row):.3f}<br>{escape(told)}</figcaption></figure>"
    )


def _rows(table: ScoreTable) -> str:
    head = "".join(f"<th>{WORDS[m]}</th>" for m in ALL_METRICS)
    lines = []
    for row in _worst_first(table):
        for label, score in row.scores.items():
            cells = "".join(
                f"<td class='v'>{getattr(score, m):.{2 if m in DISTANCES else 3}f}</td>"
                for m in ALL_METRICS
            )
            state = "missed" if score.missed else "spurious" if score.spurious else ""
            lines.append(
                f"<tr><td>{escape(row.case)}</td><td>{escape(table.names[label])}</td>{cells}"
                f"<td class='v'>{score.true_size}</td><td class='v'>{score.found_size}</td>"
                f"<td class='bad'>{state}</td></tr>"
            )
    return (
        "<div class='wide'><table class='rows'><tr><th>Case</th><th>Label</th>"
        f"{head}<th>True voxels</th><th>Found voxels</th><th></th></tr>"
        f"{''.join(lines)}</table></div>"
    )


def _worst_first(table: ScoreTable) -> list[Row]:
    return sorted(table.rows, key=lambda row: (_dice(row), row.case))


def _dice(row: Row) -> float:
    """Mean over the classes."""
    return sum(score.dice for score in row.scores.values()) / len(row.scores)
