"""Names and colours of labels on the command line: taken from files, kept, written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from app.cli_report import Reporter
from engine.data.volumes.label_table import LabelEntry

TABLE_HELP = "Names and colours of labels, in place of the file's own (ITK-SNAP's form)."
SAVE_HELP = "Write names and colours of labels here (ITK-SNAP's form)."
Table = Annotated[Path | None, typer.Option("--table", help=TABLE_HELP)]
SaveTable = Annotated[Path | None, typer.Option("--save-table", help=SAVE_HELP)]


def chosen_table(own: Sequence[LabelEntry], table: Path | None) -> tuple[LabelEntry, ...]:
    """Names and colours: those of the file asked for, else the labels' own.

    Raises:
        InputError: that file is no label description.
    """
    from engine.data.volumes.label_table import read_label_table

    return tuple(own) if table is None else read_label_table(table)


def keep_table(
    entries: Sequence[LabelEntry], path: Path, save_table: Path | None, reporter: Reporter
) -> list[Path]:
    """Writes names and colours where asked for, and says where they would be lost.

    Returns:
        The file written, if one was.
    """
    from engine.data.volumes.label_table import write_label_table
    from engine.data.volumes.write import NAMING_ENDINGS

    if save_table is not None:
        write_label_table(save_table, entries)
        return [save_table]
    if entries and not path.name.lower().endswith(NAMING_ENDINGS):
        reporter.note(
            f"{path.name} has no room for the labels' names and colours: keep them with "
            "--save-table FILE."
        )
    return []
