"""The parts of a report on images: means, what one way gains, sets, pictures of the worst cases."""

from __future__ import annotations

import io
from collections.abc import Generator
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.metrics.image_table import ImageRow
from engine.metrics.images import HIGHER_IS_BETTER, IMAGE_METRICS, IMAGE_UNITS, IMAGE_WORDS
from engine.scoring.boxes import Box, box_plot
from engine.scoring.html import figure, interval, wide
from engine.scoring.image_scores import PREDICTION, REFERENCE, ImageScores, read_images
from engine.scoring.pairing import ScoredCase
from engine.scoring.planes import across, seen
from engine.steps import ProgressStep, Step

WORST = 12
SIDE = 288
GAP = 2
DIGITS = {"ssim": 3, "psnr": 1, "mae": 4, "mi": 3}


def image_parts(scores: ImageScores) -> Generator[Step, None, list[str]]:
    """HTML of all but the title.

    Yields:
        Progress in pictures.

    Raises:
        InputError: A picture's files have gone.
    """
    table = scores.table
    parts = [
        f"<p>{len(table.rows)} cases of {len({r.patient for r in table.rows})} patients. In "
        "brackets 95 % bootstrap intervals over patients.</p>",
        *(f"<p>{escape(note)}</p>" for note in scores.notes),
        "<h2>Means</h2>", _means(scores),
    ]  # fmt: skip
    if len(table.ways) > 1:
        parts += ["<h2>In pairs</h2>", _gains(scores)]
    if scores.sets:
        parts += ["<h2>Sets of slices</h2>", _sets(scores)]
    parts += ["<h2>Distribution</h2>", *(_plot(scores, metric) for metric in IMAGE_METRICS)]
    figures = yield from _figures(scores)
    if figures:
        told = "Each from left: the reference, the prediction, and the absolute difference."
        parts += ["<h2>Cases with the lowest SSIM</h2>", f"<p>{told}</p>", *figures]
    return [*parts, "<h2>All cases</h2>", _rows(scores), f"<h2>Rules</h2><p>{table.rule}</p>"]


def worst_first(scores: ImageScores) -> list[ImageRow]:
    """By the SSIM of the first way."""
    way = next(iter(scores.table.ways))
    return sorted(scores.table.rows, key=lambda row: (row.scores[way].ssim, row.case))


def images_png(scores: ImageScores, case: ScoredCase) -> tuple[bytes, str]:
    """A PNG of reference, prediction and difference in the slice that differs most, and what it
    is.

    Raises:
        InputError: A file that cannot be read or used.
    """
    shown = read_images(case, scores.params)
    geometry = shown.volumes[REFERENCE].geometry
    cut = across(geometry.spacing_mm)
    wholes = [np.moveaxis(shown.slices[way], 0, cut) for way in (REFERENCE, PREDICTION)]
    turned, spacing = seen(geometry, *wholes)
    axis = across(spacing)
    truth, found = (np.clip(np.moveaxis(whole, axis, 0), 0, 1) for whole in turned)
    if axis:  # heads up
        truth, found = truth[:, ::-1], found[:, ::-1]
    apart = np.abs(truth - found)
    place = int(apart.mean(axis=(1, 2)).argmax())
    gap = np.ones((truth.shape[1], GAP), np.float32)
    row: NDArray[np.float32] = np.concatenate(
        [truth[place], gap, found[place], gap, apart[place]], axis=1
    )
    down, along = (step for a, step in enumerate(spacing) if a != axis)
    size = (SIDE, max(1, round(SIDE * row.shape[0] * down / (row.shape[1] * along))))
    stream = io.BytesIO()
    picture = Image.fromarray((255 * row).astype(np.uint8))
    picture.resize(size, Image.Resampling.BILINEAR).save(stream, "PNG")
    number = f", slice {place + 1} of {len(truth)}" if len(truth) > 1 else ""
    return stream.getvalue(), number


def _figures(scores: ImageScores) -> Generator[Step, None, list[str]]:
    found = []
    worst = worst_first(scores)[:WORST]
    for index, row in enumerate(worst):
        case = scores.files(row.case)
        if case is None:
            continue
        yield ProgressStep(index, len(worst), f"Picture of {row.case}")
        png, told = images_png(scores, case)
        found.append(figure(png, row.case, f": SSIM {row.scores[PREDICTION].ssim:.3f}{told}"))
    return found


def _means(scores: ImageScores) -> str:
    table = scores.table
    lines = []
    for way, what in table.ways.items():
        cells = "".join(interval(table.estimate(way, m), DIGITS[m]) for m in IMAGE_METRICS)
        lines.append(f"<tr><td>{escape(way)}</td>{cells}<td>{escape(what)}</td></tr>")
    return wide(["", *map(titled, IMAGE_METRICS), ""], lines)


def _gains(scores: ImageScores) -> str:
    first, *others = scores.table.ways
    lines = []
    for other in others:
        cells = "".join(
            interval(scores.table.gain(first, other, m), DIGITS[m] + 1) for m in IMAGE_METRICS
        )
        lines.append(f"<tr><td>{escape(first)} minus {escape(other)}</td>{cells}</tr>")
    return wide(["", *map(titled, IMAGE_METRICS)], lines)


def _sets(scores: ImageScores) -> str:
    lines = []
    for way, found in scores.sets.items():
        told = ["not told"] * 2
        if found.fid is not None and found.kid is not None:
            told = [f"{found.fid:.4g}", f"{found.kid:.3g} ± {found.kid_spread:.1g}"]
        cells = "".join(f"<td class='v'>{text}</td>" for text in told)
        lines.append(
            f"<tr><td>{escape(way)}</td>{cells}<td>{escape(found.encoder)}</td>"
            f"<td class='v'>{found.counts[0]} / {found.counts[1]}</td></tr>"
        )
    cautions = {found.caution for found in scores.sets.values() if found.caution}
    return wide(["", "FID", "KID", "Features", "Slices"], lines) + "".join(
        f"<p>{escape(caution)}</p>" for caution in sorted(cautions)
    )


def _plot(scores: ImageScores, metric: str) -> str:
    rows = scores.table.rows
    boxes = [
        Box(way, [getattr(r.scores[way], metric) for r in rows], [r.case for r in rows])
        for way in scores.table.ways
    ]
    values = [value for box in boxes for value in box.values]
    arrow = "higher is better" if HIGHER_IS_BETTER[metric] else "lower is better"
    return box_plot(f"{titled(metric)}, {arrow}", boxes, min(0.0, *values), max(values))


def _rows(scores: ImageScores) -> str:
    lines = []
    for row in worst_first(scores):
        for way, score in row.scores.items():
            cells = "".join(
                f"<td class='v'>{getattr(score, m):.{DIGITS[m]}f}</td>" for m in IMAGE_METRICS
            )
            lines.append(
                f"<tr><td>{escape(row.case)}</td><td>{escape(way)}</td>{cells}"
                f"<td class='v'>{row.slices}</td></tr>"
            )
    return wide(["Case", "", *map(titled, IMAGE_METRICS), "Slices"], lines, "rows")


def titled(metric: str) -> str:
    """With its unit."""
    unit = IMAGE_UNITS.get(metric)
    return f"{IMAGE_WORDS[metric]}, {unit}" if unit else IMAGE_WORDS[metric]
