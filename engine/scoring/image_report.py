"""The parts of a report on images: means, what one way gains, sets, pictures of the worst cases."""

from __future__ import annotations

import io
from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.metrics.image_table import ImageRow
from engine.metrics.images import HIGHER_IS_BETTER, IMAGE_METRICS, IMAGE_UNITS, IMAGE_WORDS
from engine.scoring.document import (
    Box,
    Cell,
    Figure,
    Heading,
    Part,
    Plot,
    Table,
    Text,
    interval,
    number,
)
from engine.scoring.image_scores import REFERENCE, ImageScores, read_images
from engine.scoring.pairing import ScoredCase
from engine.scoring.planes import across, seen
from engine.steps import ProgressStep, Step

WORST = 12
SIDE = 288
GAP = 2
DIGITS = {"ssim": 3, "psnr": 1, "mae": 4, "mi": 3}


def image_parts(scores: ImageScores) -> Generator[Step, None, list[Part]]:
    """All but the title.

    Yields:
        Progress in pictures.

    Raises:
        InputError: A picture's files have gone.
    """
    table = scores.table
    parts: list[Part] = [
        Text(
            f"{len(table.rows)} cases of {len({r.patient for r in table.rows})} patients. Below "
            "means 95 % bootstrap intervals over patients."
        ),
        *(Text(note) for note in scores.notes),
        Heading("Means"), _means(scores),
    ]  # fmt: skip
    if len(table.ways) > 1:
        parts += [Heading("In pairs"), _gains(scores)]
    if scores.sets:
        parts += [Heading("Sets of slices"), _sets(scores)]
        cautions = {found.caution for found in scores.sets.values() if found.caution}
        parts += [Text(caution) for caution in sorted(cautions)]
    parts += [Heading("Distribution"), *(_plot(scores, metric) for metric in IMAGE_METRICS)]
    figures = yield from _figures(scores)
    if figures:
        told = f"Each from left: the reference, the {scores.first}, and the absolute difference."
        parts += [Heading("Cases with the lowest SSIM"), Text(told), *figures]
    return [*parts, Heading("All cases"), _rows(scores), Heading("Rules"), Text(table.rule)]


def worst_first(scores: ImageScores) -> list[ImageRow]:
    """By the SSIM of the first way."""
    first = scores.first
    return sorted(scores.table.rows, key=lambda row: (row.scores[first].ssim, row.case))


def images_png(scores: ImageScores, case: ScoredCase) -> tuple[bytes, str]:
    """A PNG of the reference, the first way's image and their difference in the slice where they
    differ most, and which slice that is.

    Raises:
        InputError: A file that cannot be read or used.
    """
    shown = read_images(case, scores.params, (scores.first,))
    geometry = shown.volumes[REFERENCE].geometry
    cut = across(geometry.spacing_mm)
    wholes = [np.moveaxis(shown.slices[way], 0, cut) for way in (REFERENCE, scores.first)]
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


def _figures(scores: ImageScores) -> Generator[Step, None, list[Figure]]:
    found = []
    worst = worst_first(scores)[:WORST]
    for index, row in enumerate(worst):
        case = scores.files(row.case)
        if case is None:
            continue
        yield ProgressStep(index, len(worst), f"Picture of {row.case}")
        png, told = images_png(scores, case)
        found.append(Figure(png, row.case, f": SSIM {row.scores[scores.first].ssim:.3f}{told}"))
    return found


def _means(scores: ImageScores) -> Table:
    table = scores.table
    lines = [
        (Cell(way), *(interval(table.estimate(way, m), DIGITS[m]) for m in IMAGE_METRICS),
         Cell(what))
        for way, what in table.ways.items()
    ]  # fmt: skip
    return Table(("", *map(titled, IMAGE_METRICS), ""), tuple(lines))


def _gains(scores: ImageScores) -> Table:
    first, *others = scores.table.ways
    lines = [
        (Cell(f"{first} minus {other}"),
         *(interval(scores.table.gain(first, other, m), DIGITS[m] + 1) for m in IMAGE_METRICS))
        for other in others
    ]  # fmt: skip
    return Table(("", *map(titled, IMAGE_METRICS)), tuple(lines))


def _sets(scores: ImageScores) -> Table:
    lines = []
    for way, found in scores.sets.items():
        told = ["not told"] * 2
        if found.fid is not None and found.kid is not None:
            told = [f"{found.fid:.4g}", f"{found.kid:.3g} ± {found.kid_spread:.1g}"]
        counts = number(f"{found.counts[0]} / {found.counts[1]}")
        lines.append((Cell(way), *map(number, told), Cell(found.encoder), counts))
    return Table(("", "FID", "KID", "Features", "Slices"), tuple(lines))


def _plot(scores: ImageScores, metric: str) -> Plot:
    rows = scores.table.rows
    boxes = tuple(
        Box(way, [getattr(r.scores[way], metric) for r in rows], [r.case for r in rows])
        for way in scores.table.ways
    )
    values = [value for box in boxes for value in box.values]
    arrow = "higher is better" if HIGHER_IS_BETTER[metric] else "lower is better"
    return Plot(f"{titled(metric)}, {arrow}", boxes, min(0.0, *values), max(values))


def _rows(scores: ImageScores) -> Table:
    lines = []
    for row in worst_first(scores):
        for way, score in row.scores.items():
            figures = [f"{getattr(score, m):.{DIGITS[m]}f}" for m in IMAGE_METRICS]
            lines.append((Cell(row.case), Cell(way), *map(number, (*figures, str(row.slices)))))
    return Table(("Case", "", *map(titled, IMAGE_METRICS), "Slices"), tuple(lines), long=True)


def titled(metric: str) -> str:
    """With its unit."""
    unit = IMAGE_UNITS.get(metric)
    return f"{IMAGE_WORDS[metric]}, {unit}" if unit else IMAGE_WORDS[metric]
