"""`reverie labels doubt`: where to look at a segmentation first, from its uncertainty."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from app.cli_report import Reporter
from app.cli_tables import Table, chosen_table
from app.cli_volumes import Debug, Json, finish
from engine.data.labels.doubt import LEAST, MOST
from engine.errors import InputError

HIGHEST = 1.001
"""What an entropy that is scaled to 1 may have after rounding."""

Map = Annotated[
    Path, typer.Argument(metavar="MAP", help="Uncertainty, as segment --uncertainty writes it.")
]
Labels = Annotated[Path | None, typer.Option("--labels", help="Label map on the same grid.")]
Least = Annotated[
    float, typer.Option("--least", min=0, help="Voxels count where the map is above this.")
]
Most = Annotated[int, typer.Option("--most", min=1, help="Regions that are listed at most.")]
Output = Annotated[Path | None, typer.Option("--output", help="CSV file to write.")]


def _check_map(source: Path, values: NDArray[Any]) -> None:
    """Refuse what is no uncertainty: of it a table would be made that means nothing."""
    bad = int(values.size - np.isfinite(values).sum())
    if bad:
        raise InputError(
            f"{source} is no map of uncertainty: {bad:,} of {values.size:,} values are NaN or "
            "infinite.",
            "Give a map as segment --uncertainty writes it.",
        )
    low, high = float(values.min()), float(values.max())
    if low < 0 or high > HIGHEST:
        raise InputError(
            f"{source} is no map of uncertainty: its values are from {low:g} to {high:g}.",
            "Give a map as segment --uncertainty writes it; its values are from 0 to 1.",
        )


def doubt(
    source: Map,
    labels: Labels = None,
    least: Least = LEAST,
    most: Most = MOST,
    table: Table = None,
    output: Output = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Regions in which votes disagree, the largest sum of variance first, as CSV.

    Voxels i j k count from 0, places are RAS+ millimetres. Votes whose variance is above 0.0625
    do not all lie on one side of one half.
    """

    def body(reporter: Reporter) -> None:
        from engine.data.labels import doubt as doubts
        from engine.data.volumes.masks import read_labels
        from engine.data.volumes.read import read_volume

        begun = time.monotonic()
        volume = read_volume(source, kind="image")
        if len(volume.array) != 1:
            raise InputError(
                f"{source} has {len(volume.array)} values a voxel.",
                "Give a map of one value, as segment --uncertainty writes it.",
            )
        _check_map(source, volume.values())
        found, names = None, {}
        if labels is not None:
            read = read_labels(labels, volume.geometry)
            if not read.matches:
                raise InputError(
                    f"{labels} lies on another grid than {source}: {'; '.join(read.differences)}.",
                    "Give the labels that were made with the map.",
                )
            found = read.labels
            names = {entry.value: entry.name for entry in chosen_table(read.table, table)}
        regions = doubts.doubtful_regions(volume.values(), found, least, most)
        rows = doubts.table(regions, volume.geometry, names)
        if output is not None:
            doubts.write_csv(output, rows)
            told = f"{len(rows)} region{'s' if len(rows) != 1 else ''} above {least:g}."
            reporter.finished(told, [output], time.monotonic() - begun)
        elif as_json:
            print(json.dumps(rows))
        else:
            print(doubts.csv_text(rows), end="")

    finish("labels doubt", body, as_json=as_json, debug=debug)
