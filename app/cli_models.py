"""`reverie models`: the models there are, found, compared, tried on an image, and looked after."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli_columns import columns
from app.cli_report import Reporter
from app.cli_run import OK, guarded
from engine import library
from engine.errors import InputError
from engine.library import Entry, Origin
from engine.library.choosing import Compared, Order, Wanted, choose, compare
from engine.library.describing import headline
from engine.library.fitting import facts_of, misfits
from widgets.panels.wording import file_size

HELP = """List the models there are: bundled, trained and imported.

With names, only these. With --compare: what they say side by side, what differs first. With
--fits: whether they fit an image. --title, --notes and --trash change one of your own."""

HEADS = ("NAME", "METHOD", "ROLE", "ORIGIN", "SIZE", "FIGURE", "TITLE")
WIDE = 44


def models(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Name or file.")
    ] = None,
    contains: Annotated[
        str, typer.Option(metavar="TEXT", help="Only those whose card holds all these words.")
    ] = "",
    method: Annotated[
        str, typer.Option(metavar="METHOD", help="Only those of this method, such as cdal.")
    ] = "",
    role: Annotated[
        str, typer.Option(metavar="ROLE", help="Only those of this kind, such as segmenter.")
    ] = "",
    origin: Annotated[Origin | None, typer.Option(help="Only those that came so.")] = None,
    sort: Annotated[Order, typer.Option(help="Order of the table.")] = "name",
    side_by_side: Annotated[
        bool, typer.Option("--compare", help="Side by side, what differs first.")
    ] = False,
    fits: Annotated[
        Path | None, typer.Option(metavar="IMAGE", help="Say whether they fit this image.")
    ] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Give the named model another title.")
    ] = None,
    notes: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Keep this as notes of the named model.")
    ] = None,
    trash: Annotated[
        bool, typer.Option("--trash", help="Move the named model to the trash.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of a fault.")] = False,
) -> None:
    """The command."""
    wanted = Wanted(contains, method, role, origin or "", sort)
    if title is not None or notes is not None or trash:
        body = partial(_change, names or (), title, notes, trash=trash)
    else:
        body = partial(_show, names or (), wanted, fits, side_by_side=side_by_side, as_json=as_json)
    raise typer.Exit(guarded(Reporter(as_json=False), "reverie models", body, debug=debug))


def _show(
    names: Sequence[str], wanted: Wanted, image: Path | None, *, side_by_side: bool, as_json: bool
) -> int:
    """Print what is asked for.

    Raises:
        InputError: a model or the image cannot be read, or there is nothing to compare.
    """
    known = [library.entry_of(path, bundled=library.is_bundled(path)) for path in _paths(names)]
    kept = choose(known or library.entries(), wanted)
    if side_by_side:
        # Those that are named keep their order.
        return _compare(known or kept, as_json=as_json)
    unfit = _unfit(kept, image) if image is not None else {}
    if as_json:
        told = [_values(entry, unfit.get(entry.path)) for entry in kept]
        print(json.dumps({"models": told}, indent=1))
        return OK
    if not kept:
        print("There are no such models." if known or library.entries() else "There are no models.")
        return OK
    if image is None:
        print("\n".join(columns([HEADS, *(_cells(entry) for entry in kept)])))
        return OK
    for entry in kept:
        reasons = unfit[entry.path]
        print(f"{entry.name}: {'fits, as far as its card tells' if not reasons else ''}".rstrip())
        print("".join(f"  {reason}\n" for reason in reasons), end="")
    return OK


def _change(names: Sequence[str], title: str | None, notes: str | None, *, trash: bool) -> int:
    """Change or delete the one model that is named.

    Raises:
        InputError: none or several are named, or it came with the program.
        DiskError: it cannot be written or moved.
    """
    from engine.library.keeping import edit, to_trash

    if len(names) != 1:
        raise InputError(f"One model is changed, and {len(names)} are named.", "Name one.")
    (path,) = _paths(names)
    if trash:
        to_trash(path)
        print(f"{path.name} is in the trash.")
        return OK
    card = library.entry_of(path).card
    found = edit(
        path, card.title if title is None else title, card.notes if notes is None else notes
    )
    print(f"{found.name}: {found.card.title}")
    return OK


def _paths(names: Sequence[str]) -> list[Path]:
    return [library.find(name) for name in names]


def _unfit(entries: Sequence[Entry], image: Path) -> dict[Path, tuple[str, ...]]:
    """Why each may do badly on an image; those that take none say so."""
    from app.model_uses import use_of
    from engine.data.volumes.read import read_volume

    facts = facts_of(read_volume(image))
    takes_none = "It takes no image."
    return {
        entry.path: misfits(entry.card, facts) if use_of(entry.card).image
        else (use_of(entry.card).why or takes_none,)
        for entry in entries
    }  # fmt: skip


def _compare(entries: Sequence[Entry], *, as_json: bool) -> int:
    if len(entries) < 2:
        raise InputError("There is nothing to compare.", "Name two or more models.")
    rows = compare(entries)
    if as_json:
        found = {
            "models": [entry.name for entry in entries],
            "differs": {_label(row): list(row.values) for row in rows if row.differs},
            "same": {_label(row): row.values[0] for row in rows if not row.differs},
        }
        print(json.dumps(found, indent=1))
        return OK
    lines: list[Sequence[str]] = [("", *(entry.name for entry in entries))]
    lines += [(_label(row), *row.values) for row in rows if row.differs]
    print("\n".join(columns(lines, WIDE)))
    same = [row for row in rows if not row.differs]
    if same:
        print("\nThe same:")
        print("\n".join(columns([(f"  {_label(row)}", row.values[0]) for row in same], WIDE)))
    return OK


def _label(row: Compared) -> str:
    return row.name if row.part == "Card" else f"{row.part}: {row.name}"


def _cells(entry: Entry) -> tuple[str, ...]:
    card = entry.card
    return (
        entry.name, card.method, card.role, entry.origin,
        file_size(entry.bytes), headline(card), card.title.strip(),
    )  # fmt: skip


def _values(entry: Entry, unfit: Sequence[str] | None) -> dict[str, Any]:
    """A model as JSON has it."""
    fit = {} if unfit is None else {"misfits": list(unfit)}
    return {
        "name": entry.name, "origin": entry.origin, "path": str(entry.path),
        "bytes": entry.bytes, "written": entry.written, **fit, "card": entry.card.model_dump(),
    }  # fmt: skip
