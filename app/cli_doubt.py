"""`reverie labels doubt`: where to look at a segmentation first, from its uncertainty."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from app.cli_report import Reporter
from app.cli_tables import Table, chosen_table
from app.cli_volumes import Debug, Json, finish
from engine.data.labels.doubt import LEAST, MOST
from engine.errors import InputError

Map = Annotated[
    Path, typer.Argument(metavar="MAP", help="Uncertainty, as segment --uncertainty writes it.")
]
Labels = Annotated[Path | None, typer.Option("--labels", help="Label map on the same grid.")]
Least = Annotated[
    float, typer.Option("--least", min=0, help="Voxels count where the map is above this.")
]
Most = Annotated[int, typer.Option("--most", min=1, help="Regions that are listed at most.")]
Output = Annotated[Path | None, typer.Option("--output", help="CSV file to write.")]


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
