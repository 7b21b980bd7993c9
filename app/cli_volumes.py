"""`reverie volume`: what lies in a file, the same in another format or on another grid."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer

from app.cli_report import Reporter
from app.cli_run import guarded
from app.cli_tables import SaveTable, Table, chosen_table, keep_table
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.events import JobProgress

Input = Annotated[Path, typer.Argument(metavar="IN", help="A file, or a folder of slices.")]
Output = Annotated[Path, typer.Argument(metavar="OUT", help="Its ending chooses the format.")]
PartId = Annotated[str, typer.Option("--part", help="Data set or series of the file to take.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault.")]
AsLabels = Annotated[bool, typer.Option("--labels", help="Its numbers name structures.")]
Shown = Annotated[
    Literal["T1", "T2", "PD", "FLAIR"], typer.Option("--contrast", help="What the scanner shows.")
]
Channel = Annotated[
    int | None,
    typer.Option("--channel", min=0, help="Only this point in time or component, from 0."),
]


def volume_commands() -> typer.Typer:
    """The commands below `reverie volume`."""
    program = typer.Typer(
        help="Images and label maps: what is in them, other formats, other grids.",
        no_args_is_help=True,
    )
    program.command("info")(_info)
    program.command("convert")(_convert)
    program.command("resample")(_resample)
    program.command("series")(_series)
    program.command("phantom")(_phantom)
    program.command("phantoms")(_phantoms)
    return program


def finish(command: str, body: Callable[[Reporter], None], *, as_json: bool, debug: bool) -> None:
    """Run the body of a command and leave with its exit code."""
    reporter = Reporter(as_json=as_json)
    work = partial(body, reporter)
    raise typer.Exit(guarded(reporter, f"reverie {command}", work, debug=debug))


def provenance(command: str, source: Path, **more: Any) -> dict[str, Any]:
    """What is kept beside a file that was made from another one."""
    from engine.provenance import versions

    return {"command": f"reverie {command}", "source": str(source), "versions": versions(), **more}


def told(volume: Volume) -> dict[str, Any]:
    """A volume as JSON values."""
    from nibabel.orientations import aff2axcodes

    geometry = volume.geometry
    return {
        "path": str(volume.source.path),
        "format": volume.source.format,
        "part": volume.source.part,
        "kind": volume.kind,
        "shape_dhw": list(geometry.shape),
        "channels": volume.array.shape[0],
        "channels_are": volume.channels,
        "type": str(volume.array.dtype),
        "slope": volume.slope,
        "intercept": volume.intercept,
        "unit": volume.unit,
        "spacing_mm_dhw": list(geometry.spacing_mm),
        "orientation_ijk": "".join(aff2axcodes(geometry.affine)) if geometry.oriented else "",
        "affine_ras": geometry.affine.tolist(),
        "notes": list(volume.notes),
        "warnings": list(volume.warnings),
        "labels": [{"value": e.value, "name": e.name} for e in volume.table],
    }


def _info(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files or folders.")],
    part: PartId = "",
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Size, spacing, orientation and type of images, and the parts of files that hold several."""

    def body(reporter: Reporter) -> None:
        from engine.data.volumes.read import parts, read_volume

        for path in files:
            choices = parts(path)
            found: dict[str, Any] = {"path": str(path)}
            if part or len(choices) < 2:
                found = told(read_volume(path, part=part))
            found["parts"] = [
                {"id": c.id, "title": c.title, "detail": c.detail} for c in choices
            ]  # fmt: skip
            print(json.dumps(found) if as_json else "\n".join(_lines(found)))

    finish("volume info", body, as_json=as_json, debug=debug)


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [str(found["path"])]
    if "shape_dhw" in found:
        d, h, w = found["shape_dhw"]
        spacing = " x ".join(f"{size:g}" for size in reversed(found["spacing_mm_dhw"]))
        count = found["channels"]
        several = f", {count} {found['channels_are']}" if count > 1 else ""
        lines += [
            f"  {found['kind']}, {found['format']}, {found['type']}",
            f"  {w} x {h} x {d} voxels{several}",
            f"  {spacing} mm, {found['orientation_ijk'] or 'without orientation'}",
        ]
        if (found["slope"], found["intercept"]) != (1, 0):
            lines.append(f"  values are stored * {found['slope']:g} + {found['intercept']:g}")
        lines += [f"  {note}" for note in found["notes"]]
        lines += [f"  warning: {warning}" for warning in found["warnings"]]
    return lines + [f"  part {p['id']}: {p['title']}, {p['detail']}" for p in found["parts"]]


def _convert(
    source: Input,
    output: Output,
    part: PartId = "",
    channel: Channel = None,
    labels: AsLabels = False,
    table: Table = None,
    save_table: SaveTable = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """The same image or label map in another format, in the same place.

    Type, slope, times, components and colours stay as they are where the other format can hold
    them, else the values do; of NIfTI the header too.
    """

    def body(reporter: Reporter) -> None:
        begun = time.monotonic()
        volume = _read(source, part, labels)
        record = provenance("volume convert", source, part=part, channel=channel)
        files = _write(output, _of(volume, channel), record, table, save_table, reporter)
        seconds = time.monotonic() - begun
        reporter.finished(f"{source.name} was converted.", files, seconds)

    finish("volume convert", body, as_json=as_json, debug=debug)


def _resample(
    source: Input,
    output: Output,
    like: Annotated[Path, typer.Option("--like", help="Image whose grid it is to have.")],
    part: PartId = "",
    channel: Channel = None,
    labels: AsLabels = False,
    table: Table = None,
    save_table: SaveTable = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """The same on the grid of another image, with type and channels as `convert` keeps them."""

    def body(reporter: Reporter) -> None:
        from engine.data.volumes.read import read_volume
        from engine.data.volumes.resample import describe_resampling, resample_volume

        begun = time.monotonic()
        volume = _of(_read(source, part, labels), channel)
        target = read_volume(like)
        named = volume.kind == "labels"
        reporter.note(describe_resampling(volume.geometry, target.geometry, labels=named))
        moved = resample_volume(volume, target)
        record = provenance("volume resample", source, like=str(like), channel=channel)
        files = _write(output, moved, record, table, save_table, reporter)
        seconds = time.monotonic() - begun
        reporter.finished(f"{source.name} was resampled.", files, seconds)

    finish("volume resample", body, as_json=as_json, debug=debug)


def _read(source: Path, part: str, labels: bool) -> Volume:
    """An image, or labels as whole numbers with their names."""
    from engine.data.volumes.masks import table_of, whole_labels
    from engine.data.volumes.read import read_volume

    volume = read_volume(source, part=part, kind="labels" if labels else None)
    if volume.kind != "labels":
        return volume
    array = whole_labels(source, volume)[0][np.newaxis]
    return replace(
        volume, array=array, channels="single", slope=1.0, intercept=0.0,
        table=table_of(source, volume),
    )  # fmt: skip


def _of(volume: Volume, channel: int | None) -> Volume:
    """One channel of a volume, or all."""
    if channel is None:
        return volume
    if channel >= len(volume.array):
        raise InputError(
            f"{volume.source.path} has no channel {channel}: they go from 0 to "
            f"{len(volume.array) - 1}.",
            "Choose one of these with --channel.",
        )
    return replace(volume, array=volume.array[channel : channel + 1], channels="single")


def _write(
    output: Path,
    volume: Volume,
    record: dict[str, Any],
    table: Path | None,
    save_table: Path | None,
    reporter: Reporter,
) -> list[Path]:
    from engine.data.volumes.write import write_image, write_labels

    if volume.kind != "labels":
        return [write_image(output, volume, record)]
    entries = chosen_table(volume.table, table)
    path = write_labels(output, volume.array[0], volume, entries, record)
    return [path, *keep_table(entries, path, save_table, reporter)]


def _series(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where DICOM files lie.")],
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """The DICOM series in a folder and the folders in it."""

    def body(reporter: Reporter) -> None:
        from engine.data.volumes.dicom_series import find_series

        found = find_series(folder)
        if not found:
            raise InputError(f"{folder} holds no DICOM images.", "Choose another folder.")
        for series in found:
            order = series.order
            if as_json:
                row = {
                    "uid": series.uid, "title": series.title, "detail": series.detail,
                    "shape_dhw": list(series.shape), "files": len(series.files),
                    "notes": list(order.notes), "warnings": list(order.warnings),
                }  # fmt: skip
                print(json.dumps(row))
                continue
            print(f"{series.title}: {series.detail}\n  --part {series.uid}")
            print("".join(f"  warning: {w}\n" for w in order.warnings), end="")

    finish("volume series", body, as_json=as_json, debug=debug)


def _phantom(
    output: Output,
    contrast: Shown = "T1",
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Another head.")] = 0,
    lesion: Annotated[
        Literal["small", "large", "none"], typer.Option(help="How large the lesion is.")
    ] = "small",
    labels: Annotated[
        Path | None, typer.Option("--labels", help="Where hippocampi and lesion go, as labels.")
    ] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """A head made of formulas, to try things on; nobody's image."""

    def body(reporter: Reporter) -> None:
        from app.phantom_file import write_phantom

        begun = time.monotonic()
        write_phantom(output, contrast, seed, labels, lesion)
        files = [output] if labels is None else [output, labels]
        reporter.finished("A phantom was made.", files, time.monotonic() - begun)

    finish("volume phantom", body, as_json=as_json, debug=debug)


def _phantoms(
    output: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    heads: Annotated[int, typer.Option(min=2, max=9999, help="How many.")] = 40,
    contrast: Shown = "FLAIR",
    seed: Annotated[int, typer.Option(min=0, max=2**30, help="Other heads.")] = 0,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Heads made of formulas, every second with a lesion, and a table of which slices show it:
    a set to learn from image-level labels with (train --method cdm --images FOLDER/slices.csv)."""

    def body(reporter: Reporter) -> None:
        from engine.data.phantoms.lesion_heads import TABLE, write_lesion_heads

        begun = time.monotonic()
        for done, name in enumerate(write_lesion_heads(output, heads, contrast, seed), 1):
            spent = time.monotonic() - begun
            reporter.event(
                JobProgress(0, done, heads, done / spent, spent / done * (heads - done), name)
            )
        summary = f"{heads} phantoms were made, {heads // 2} of them with a lesion."
        reporter.finished(summary, [output / TABLE], time.monotonic() - begun)

    finish("volume phantoms", body, as_json=as_json, debug=debug)
