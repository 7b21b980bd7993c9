"""`reverie labels`: the window's operations on label maps, statistics and surfaces."""

from __future__ import annotations

import inspect
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from app.cli_doubt import doubt
from app.cli_options import option, parameter_options, switch
from app.cli_report import Reporter
from app.cli_tables import SAVE_HELP, TABLE_HELP, Table, chosen_table, keep_table
from app.cli_volumes import Debug, Json, finish, provenance
from engine.data.labels.logic import RemapParams
from engine.data.labels.operations import OPERATIONS, Operation, apply
from engine.data.labels.subject import Labels, Subject
from engine.data.volumes.label_table import LabelEntry
from engine.data.volumes.volume import Volume
from engine.errors import InputError
from engine.parameters import describe

if TYPE_CHECKING:
    from engine.data.volumes.masks import LabelsRead

Input = Annotated[Path, typer.Argument(metavar="IN", help="Label map.")]
Image = Annotated[Path | None, typer.Option("--image", help="Image on the same grid.")]


def label_commands() -> typer.Typer:
    """The commands below `reverie labels`: one an operation, `stats`, `mesh` and `doubt`."""
    program = typer.Typer(
        help="Label maps: change them, measure them, make surfaces.", no_args_is_help=True
    )
    for what in OPERATIONS:
        program.command(what.name, help=what.help)(_Command(what))
    program.command("stats")(_stats)
    program.command("mesh")(_mesh)
    program.command("doubt")(doubt)
    return program


def options_of(what: Operation) -> list[inspect.Parameter]:
    """Files and options of the command of one operation."""
    options = [_argument("source", "IN", "Label map to change; it stays as it is.")]
    options.append(_argument("output", "OUT", "Where the new label map goes."))
    if what.needs_image:
        options.append(option("image", Path, "Image on the same grid.", metavar="PATH"))
    if what.takes_other:
        options.append(option("other", Path, "A second label map.", metavar="PATH"))
    locked = "Labels that neither lose nor gain a voxel, as 2,3."
    options.append(option("locked", str, locked, metavar="LIST"))
    options.append(option("table", Path, TABLE_HELP, metavar="PATH"))
    options.append(option("save_table", Path, SAVE_HELP, metavar="PATH"))
    options += parameter_options([what])
    options.append(switch("as_json", "Print JSON on standard output.", flag="--json"))
    return [*options, switch("debug", "Show the traceback of a fault of the program.")]


def _argument(name: str, metavar: str, help: str) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, annotation=Path,
        default=typer.Argument(..., metavar=metavar, help=help, show_default=False),
    )  # fmt: skip


class _Command:
    """A command whose options typer reads from a signature made at run time."""

    def __init__(self, what: Operation) -> None:
        parameters = options_of(what)
        self.__signature__ = inspect.Signature(parameters)
        self.__annotations__ = {p.name: p.annotation for p in parameters}
        self._what = what

    def __call__(self, **options: Any) -> None:
        def body(reporter: Reporter) -> None:
            _operate(self._what, options, reporter)

        command = f"labels {self._what.name}"
        finish(command, body, as_json=options["as_json"], debug=options["debug"])


def _operate(what: Operation, options: dict[str, Any], reporter: Reporter) -> None:
    from engine.data.volumes.write import write_labels

    begun = time.monotonic()
    names = [info.name for info in describe(what.params)]
    params = what.params.parse({n: options[n] for n in names if options[n] is not None})
    if what.needs_image and not options.get("image"):
        raise InputError(f"{what.title} looks at the image.", "Give --image PATH.")
    read = _read(options["source"], options.get("image"), options["table"], reporter)
    labels, volume = read.labels, read.volume
    other = options.get("other")
    second = _same_grid(other, volume, reporter).labels if other else None
    locked = _numbers(options["locked"] or "")
    subject = Subject(labels, volume.spacing_mm, read.values, second, locked)
    result = apply(what, subject, params)
    changed = int(np.count_nonzero(result != labels))
    table = _renumbered(read.table, params) if isinstance(params, RemapParams) else read.table
    record = provenance(
        f"labels {what.name}", options["source"], parameters=params.model_dump(),
        locked=sorted(locked),
    )  # fmt: skip
    path = write_labels(options["output"], result, volume, table, record)
    files = [path, *keep_table(table, path, options["save_table"], reporter)]
    figures = {"changed voxels": changed, "changed ml": changed * volume.geometry.voxel_ml}
    reporter.finished(f"{what.title}: done.", files, time.monotonic() - begun, figures)


@dataclass(frozen=True, eq=False)
class _Read:
    """Labels, the volume on whose grid they lie, the image's values if there is one, names."""

    labels: Labels
    volume: Volume
    values: Any
    table: tuple[LabelEntry, ...]


def _read(path: Path, image: Path | None, table: Path | None, reporter: Reporter) -> _Read:
    from engine.data.volumes.masks import table_of, whole_labels
    from engine.data.volumes.read import read_volume

    if image is None:
        volume = read_volume(path, kind="labels")
        labels, notes = whole_labels(path, volume)
        for note in notes:
            reporter.note(f"{path.name}: {note}")
        return _Read(labels, volume, None, chosen_table(table_of(path, volume), table))
    ground = read_volume(image, kind="image")
    found = _same_grid(path, ground, reporter)
    return _Read(found.labels, ground, ground.values(), chosen_table(found.table, table))


def _renumbered(entries: Sequence[LabelEntry], params: RemapParams) -> tuple[LabelEntry, ...]:
    """Names that go where their labels went; where several became one, the first's."""
    pairs = params.pairs()
    named: dict[int, LabelEntry] = {}
    for entry in entries:
        value = pairs.get(entry.value, entry.value)
        named.setdefault(value, replace(entry, value=value))
    return tuple(named[value] for value in sorted(named) if value)


def _same_grid(path: Path, like: Volume, reporter: Reporter) -> LabelsRead:
    """Labels of a file that has to lie on the grid of a volume.

    Raises:
        InputError: it has another grid.
    """
    from engine.data.volumes.masks import read_labels

    read = read_labels(path, like.geometry)
    if not read.matches:
        raise InputError(
            f"{path} lies on another grid than {like.source.path}: {'; '.join(read.differences)}.",
            "Bring it there first: reverie volume resample IN OUT --labels --like IMAGE.",
        )
    for note in read.notes:
        reporter.note(f"{path.name}: {note}")
    return read


def _numbers(text: str) -> frozenset[int]:
    pieces = [piece.strip() for piece in text.split(",") if piece.strip()]
    if wrong := [piece for piece in pieces if not piece.isdecimal()]:
        raise InputError(f"{wrong[0]!r} is no label number.", "Write them as in --locked 2,3.")
    return frozenset(map(int, pieces))


def _stats(
    source: Input,
    image: Image = None,
    table: Table = None,
    output: Annotated[Path | None, typer.Option("--output", help="CSV file to write.")] = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Volume, place and the image's values of each label, as CSV in RAS+ millimetres."""

    def body(reporter: Reporter) -> None:
        from engine.data.labels import statistics

        begun = time.monotonic()
        read = _read(source, image, table, reporter)
        names = {entry.value: entry.name for entry in read.table}
        geometry = read.volume.geometry
        rows = statistics.label_statistics(read.labels, geometry, read.values, names)
        if output is not None:
            statistics.write_csv(output, rows)
            told = f"{len(rows)} labels were measured."
            reporter.finished(told, [output], time.monotonic() - begun)
        elif as_json:
            print(json.dumps(statistics.table(rows)))
        else:
            print(statistics.csv_text(rows), end="")

    finish("labels stats", body, as_json=as_json, debug=debug)


def _mesh(
    source: Input,
    output: Annotated[Path, typer.Argument(metavar="OUT", help="An .stl, .ply or .obj file.")],
    label: Annotated[int, typer.Option(min=1, help="Label to make the surface of.")] = 1,
    smoothing: Annotated[
        float, typer.Option(min=0, max=100, help="Blur before the surface is found. In mm.")
    ] = 0.0,
    max_faces: Annotated[int, typer.Option(min=100, help="Most triangles to make.")] = 200_000,
    table: Table = None,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """The surface of a label, closed, in RAS+ millimetres."""

    def body(reporter: Reporter) -> None:
        from engine.data.labels.mesh import surface, write_mesh

        begun = time.monotonic()
        read = _read(source, None, table, reporter)
        mesh = surface(read.labels, label, read.volume.affine, smoothing, max_faces)
        names = {entry.value: entry.name for entry in read.table}
        name = names.get(label, f"label {label}")
        write_mesh(output, mesh, name)
        figures = {
            "triangles": len(mesh.faces), "area mm2": mesh.area_mm2, "volume ml": mesh.volume_ml,
        }  # fmt: skip
        reporter.finished(f"The surface of {name}.", [output], time.monotonic() - begun,
                          figures)  # fmt: skip

    finish("labels mesh", body, as_json=as_json, debug=debug)
