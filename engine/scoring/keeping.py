"""What an evaluation compared, kept beside its table, so that errors can be looked at later.

NAME.json                                   figures, and which files belong to which case
NAME-labels/references/CASE.nii.gz          what was drawn, in the numbers that were judged
NAME-labels/predictions/CASE.nii.gz         what was found; .h5 where nothing is known of a patient
NAME-images/references/CASE.nii.gz          what was measured, as it was compared
NAME-images/translation/CASE.nii.gz         what was made of another modality

Where several ways are compared, each has a folder of its name in place of predictions.
"""

from __future__ import annotations

import json
import re
import shutil
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engine.data.atomic import disk_error
from engine.data.volumes.volume import Source, Volume
from engine.data.volumes.write import write_image, write_labels
from engine.scoring.pairing import Cut, ScoredCase

Kind = Literal["labels", "images"]
REFERENCES, PREDICTIONS = "references", "predictions"


@dataclass(frozen=True, eq=False)
class _Row:
    """A row of the table; `files` are paths in the folder, the reference's first, and `ways` the
    names of the others where these are images."""

    name: str
    patient: str
    files: tuple[Path, ...]
    image: Source
    cut: Cut | None
    ways: tuple[str, ...]

    def case(self, folder: Path) -> ScoredCase:
        """With the files where they are."""
        reference, prediction, *others = (folder / file for file in self.files)
        if self.ways:
            return ScoredCase(
                self.name, self.patient, reference, prediction, image=self.image.path,
                part=self.image.part, ways=dict(zip(self.ways, (prediction, *others), strict=True)),
            )  # fmt: skip
        return ScoredCase(
            self.name, self.patient, reference, prediction, others[0] if others else None,
            self.image.path, self.image.part, self.cut,
        )  # fmt: skip


class Keeper:
    """Takes what is judged, and puts it beside the table once all is.

    A context: what was taken goes again if the evaluation does not come to its end. An older
    folder of the same table stays until then.

    Args:
        output: The table; of a .csv, which cannot tell of files, nothing is kept.
        wanted: Whether anything is.
        ways: Names of folders for what was found, the one that is judged first.
        kind: Label maps, or images in [0, 1].
        synthetic: Of the ways those whose images are, and are marked so.
    """

    def __init__(
        self, output: Path, *, wanted: bool, ways: Sequence[str] = (PREDICTIONS,),
        kind: Kind = "labels", synthetic: Collection[str] = (),
    ) -> None:  # fmt: skip
        self._output, self._kind = output, kind
        self._places, self._synthetic = (REFERENCES, *ways), frozenset(synthetic)
        self._wanted = wanted and output.suffix.lower() == ".json"
        self._folder: Path | None = None
        self._older: Path | None = None
        self._names: set[str] = set()
        self._rows: list[_Row] = []

    @property
    def keeps(self) -> bool:
        """Whether anything is taken."""
        return self._wanted

    def __enter__(self) -> Keeper:
        self._older = kept_folder(self._output)
        if self._wanted:
            try:
                folder = self._output.with_name(f".{self._stem[:40]}.{uuid.uuid4().hex[:12]}")
                folder.mkdir()
                self._folder = folder
                for name in self._places:
                    (folder / name).mkdir()
            except OSError as error:
                raise disk_error(self._output.parent, error) from error
        return self

    def add(
        self,
        case: str,
        patient: str,
        image: Volume,
        truth: NDArray[Any],
        found: Sequence[NDArray[Any]],
        cuts: Mapping[str, Cut] | None = None,
    ) -> None:
        """Take what belongs to an image, all (D, H, W) on its voxels.

        Args:
            image: As it was read; its file is what errors are shown on.
            found: Of each way.
            cuts: Row of the table -> the slice that it judges, where rows are not whole images.

        Raises:
            DiskError: The disk refuses.
        """
        if self._folder is None:
            return
        file = self._file(case) + (".nii.gz" if image.geometry.oriented else ".h5")
        paths = tuple(Path(place) / file for place in self._places)
        for path, array in zip(paths, (truth, *found), strict=True):
            self._write(path, array, image)
        rows: Mapping[str, Cut | None] = {case: None} if cuts is None else cuts
        ways = self._places[1:] if self._kind == "images" else ()
        self._rows += [
            _Row(row, patient, paths, image.source, cut, ways) for row, cut in rows.items()
        ]

    def settle(self) -> dict[str, Any]:
        """Puts the folder in its place, and tells what the table has to say of it.

        Raises:
            DiskError: The disk refuses.
        """
        if self._folder is None:
            return {}
        place = self._free()
        try:
            self._folder.rename(place)
        except OSError as error:
            raise disk_error(place, error) from error
        self._folder = place
        files = [row.case(place).record(place) for row in self._rows]
        return {_folder_key(self._kind): place.name, "files": files}

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        unused = self._older if kind is None else self._folder
        if unused is not None:
            shutil.rmtree(unused, ignore_errors=True)

    @property
    def _stem(self) -> str:
        return f"{self._output.stem}-{self._kind}"

    def _write(self, place: Path, array: NDArray[Any], image: Volume) -> None:
        assert self._folder is not None, "what is not wanted is not written"
        path = self._folder / place
        if self._kind == "labels":
            write_labels(path, array, image)
            return
        made = place.parts[0] in self._synthetic
        record = {"synthetic": True, "source": str(image.source.path)} if made else None
        write_image(path, Volume(array.astype(np.float32)[np.newaxis], image.geometry), record)

    def _free(self) -> Path:
        """A folder's name that is not taken."""
        place, number = self._output.with_name(self._stem), 2
        while place.exists():
            place, number = self._output.with_name(f"{self._stem}-{number}"), number + 1
        return place

    def _file(self, case: str) -> str:
        """A file's name without ending, of its own on any system."""
        wanted = re.sub(r"[^\w.+ ()-]+", "_", case).strip("_. ") or "case"
        name, number = wanted, 2
        while name.casefold() in self._names:
            name, number = f"{wanted}_{number}", number + 1
        self._names.add(name.casefold())
        return name


def kept_folder(table: Path) -> Path | None:
    """The folder of label maps or images that belongs to a table; None where there is none."""
    try:
        told = json.loads(table.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    for kind in get_args(Kind):
        name = told.get(_folder_key(kind)) if isinstance(told, dict) else None
        # Never another place: the folder is deleted with its table.
        own = re.escape(f"{table.stem}-{kind}") + r"(-\d+)?"
        if isinstance(name, str) and re.fullmatch(own, name):
            place = table.with_name(name)
            return place if place.is_dir() and not place.is_symlink() else None
    return None


def _folder_key(kind: str) -> str:
    """Of a table's JSON: the name of the folder beside it."""
    return f"{kind} folder"
