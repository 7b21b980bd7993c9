"""Reading what an output says of itself; the text is nobody's word but the file's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.data.pairset import PairSet, read_pair_set
from engine.data.pairset_stores import MANIFEST_NAME
from engine.data.png import read_png_metadata
from engine.data.segmentation.folder_table import TABLE
from engine.data.synthetic import HOLDS_STEPS
from engine.data.volumes.limits import opening
from engine.data.volumes.write import provenance_path
from engine.errors import InputError
from engine.provenance import SCHEMA
from engine.wording import first_fault

MOST_BYTES = 64 * 2**20
TRANSLATIONS = "translations.json"
SETS = (".npz", ".h5", ".hdf5")
NO_RECORD = "Give an output of Reverie, or its record NAME.json, which lies beside it."


class Told(BaseModel):
    """What a record says of an input, a checkpoint or the values in the file.

    Attributes:
        sha256: Of a file's content, or of an array: see `engine.provenance.array_hash`.
        model_sha256: Of a checkpoint: see `engine.training.checkpoint.model_sha256`; "" in older
            records.
        name, file, path, part: What it was called and where it lay.
        shape, packed: Of an array, and the array itself: see `engine.provenance.packed`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    model_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    name: str = ""
    file: str = ""
    path: str = ""
    part: str = ""
    shape: tuple[int, ...] = ()
    packed: str = ""

    @property
    def digest(self) -> str:
        """What it is known by: of a checkpoint what answers follow from, as far as that was
        recorded, so that another title does not make it another one."""
        return self.model_sha256 or self.sha256


class Edited(BaseModel):
    """How many voxels were changed by hand before labels were saved."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    voxels: int = 0
    of: int = 0


class Record(BaseModel):
    """What is needed of a record; see `engine.provenance.of_job`.

    Attributes:
        results: Of labels that were saved in the window: those laid over each other in them.
        classes: Of one of these, which label each class became.
        recut: Whether one of them was cut anew by hand.
        before_editing: The labels as the results left them.
        edited: What was changed by hand then.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    schema_name: str = Field(alias="schema")
    method: str
    task: str
    parameters: dict[str, Any]
    checkpoint: Told | None = None
    classifier: Told | None = None
    inputs: dict[str, Told] = {}
    versions: dict[str, str] = {}
    machine: dict[str, str] = {}
    device: str = "cpu"
    dtype: str = "float32"
    threads: int = Field(default=0, ge=0, le=1024)
    region: str = ""
    holds: str = Field(default="", pattern=r"^[a-z]*(_[0-9]{1,3})?$")
    content: Told | None = None
    image: int = Field(default=0, ge=0, le=10_000)
    results: tuple[Record, ...] = Field(default=(), max_length=100)
    classes: dict[int, int] = {}
    recut: bool = False
    before_editing: Told | None = None
    edited: Edited = Edited()


@dataclass(frozen=True, eq=False)
class Output:
    """A file, or a set of pairs, with its record.

    Attributes:
        pairs: Of a set, what it holds.
    """

    path: Path
    record: Record
    pairs: PairSet | None = None

    @property
    def holds(self) -> str:
        """ "output" for the main result, else the name of a map with its number."""
        if self.record.holds:
            return self.record.holds
        # Records of before said nothing of it; maps of folders are named after what they hold.
        words = self.path.name.split(".")[0].rsplit("_", 1)
        maps = ("probability", "uncertainty", "entropy", "heat", "spread", "information")
        return words[-1] if words[-1] in maps else "output"


def outputs_of(path: Path) -> tuple[Output, ...]:
    """The output that a path means, or all of a folder.

    Args:
        path: An output, its record, a set of pairs, or a folder of outputs or the list in it.

    Raises:
        InputError: It is no output, or its record is damaged or of a version yet to come.
    """
    with opening(path):
        folder = path.is_dir()
        path.stat()
    if path.name in (MANIFEST_NAME, TRANSLATIONS, TABLE, f"{TABLE}.json"):
        path, folder = path.parent, True
    if folder:
        return _of_folder(path)
    if path.suffix.lower() == ".json":
        path = _described_by(path)
    return (_of_file(path),)


def _of_folder(folder: Path) -> tuple[Output, ...]:
    if (folder / MANIFEST_NAME).is_file():
        return (_of_set(folder),)
    # What the lists say of places is left aside: the files lie in the folder or nowhere.
    listed = any((folder / name).is_file() for name in (f"{TABLE}.json", TRANSLATIONS))
    if not listed:
        hint = NO_RECORD
        if (folder / "run.toml").is_file():
            hint = "It is a training run, whose run.toml can be trained again: reverie train."
        raise InputError(f"{folder} is no folder of outputs.", hint)
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    known = [p for p in files if p.name != TABLE and _text_of(p) is not None]
    if not known:
        raise InputError(f"The outputs of {folder} are not in it any more.", NO_RECORD)
    return tuple(_of_file(path) for path in known)


def _of_file(path: Path) -> Output:
    text = _text_of(path)
    if text is not None:
        record = _parsed(path, text)
        if record.holds == HOLDS_STEPS:
            raise InputError(
                f"{path} shows how an image came about, and is no result itself.",
                "Give the image.",
            )
        return Output(path, record)
    if path.suffix.lower() in SETS:
        return _of_set(path)
    if path.parent.name in ("images", "masks") and (path.parent.parent / MANIFEST_NAME).is_file():
        return _of_set(path.parent.parent)
    hint = NO_RECORD
    if path.suffix.lower() == ".safetensors":
        hint = "A checkpoint is trained again from its run folder: reverie train."
    raise InputError(f"{path} does not say where it comes from.", hint)


def _of_set(path: Path) -> Output:
    pairs = read_pair_set(path)
    if not pairs.names:
        raise InputError(f"The set {path} is empty.", NO_RECORD)
    return Output(path, _parsed(path, json.dumps(pairs.manifest.provenance)), pairs)


def _described_by(record: Path) -> Path:
    """The file that a record lies beside."""
    path = record.with_name(record.name[: -len(".json")])
    if not path.is_file():
        raise InputError(
            f"{record} lies beside no file {path.name}.", "Put the output beside its record."
        )
    return path


def _text_of(path: Path) -> str | None:
    """The record of a file as text; None where it has none."""
    beside = provenance_path(path)
    if beside.is_file():
        if beside.stat().st_size > MOST_BYTES:
            raise InputError(f"{beside} is too large for a record.", NO_RECORD)
        with opening(beside):
            return beside.read_text(encoding="utf-8", errors="replace")
    if path.suffix.lower() == ".png":
        return read_png_metadata(path).get("reverie")
    return None


def _parsed(path: Path, text: str) -> Record:
    try:
        values = json.loads(text)
        if isinstance(values, dict) and "schema" not in values:
            raise InputError(f"What lies beside {path} is no record of a run.", NO_RECORD)
        if isinstance(values, dict) and values["schema"] != SCHEMA:
            raise InputError(
                f"The record of {path} is of the form {str(values['schema'])[:60]!r}; this "
                f"version knows {SCHEMA!r}.",
                "Take the version of Reverie that made it, or a newer one.",
            )
        return Record.model_validate(values)
    except ValidationError as error:
        fault = first_fault(error, "its text")
        raise InputError(f"The record of {path} cannot be used: {fault}.", NO_RECORD) from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"The record of {path} is damaged: {error}.", NO_RECORD) from error
