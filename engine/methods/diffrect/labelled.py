"""The file of a run that says which of its cases are labelled; it may grow while the run trains.

labelled.json       what was chosen at the start, what was promoted since, and the case to watch
promoted/           the label maps of promoted cases
proposals/          pseudo-labels of cases that were watched, as NAME.nii.gz, the latest of each

The run reads it at the start of every epoch. Loads no torch.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from engine.data.atomic import atomic_path, disk_error, write_atomic
from engine.data.segmentation.cases import Case
from engine.data.volumes.write import LABEL_ENDINGS, ending_of
from engine.errors import InputError

FILE, FOLDER, PROPOSALS, LOCK = "labelled.json", "promoted", "proposals", "labelled.lock"
PROPOSAL = ".nii.gz"
PATIENCE_S = 10.0
ENDINGS = tuple(ending for ending in LABEL_ENDINGS if ending != ".mhd")
"""Of label maps that are one file."""


@dataclass(frozen=True)
class Promotion:
    """An unlabelled case that has got a label.

    Attributes:
        case: Its name.
        label: File within the run folder.
    """

    case: str
    label: str


@dataclass(frozen=True)
class Labelled:
    """What the file says.

    Attributes:
        chosen: Names of the cases that were labelled from the start.
        unlabelled: Names of the others.
        promoted: In the order in which they came.
        pinned: Name of the unlabelled case to watch; "" for the first.
        classes: Names of the labels from 0 on; runs of earlier versions do not tell.
    """

    chosen: tuple[str, ...] = ()
    unlabelled: tuple[str, ...] = ()
    promoted: tuple[Promotion, ...] = ()
    pinned: str = ""
    classes: tuple[str, ...] = ()

    @property
    def watched(self) -> str:
        """The case that pictures are of, "" where every case is labelled by now."""
        left = [name for name in self.unlabelled if name not in self.labelled]
        return self.pinned if self.pinned in left else next(iter(left), "")

    @property
    def labelled(self) -> frozenset[str]:
        """Names of all that have a label by now."""
        return frozenset(self.chosen) | {promotion.case for promotion in self.promoted}


def read_labelled(run: Path) -> Labelled | None:
    """What the file of a run says, None where there is none.

    Raises:
        InputError: It cannot be read.
    """
    file = run / FILE
    if not file.is_file():
        return None
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        return Labelled(
            tuple(map(str, found["chosen"])),
            tuple(map(str, found["unlabelled"])),
            tuple(Promotion(str(p["case"]), str(p["label"])) for p in found["promoted"]),
            str(found["pinned"]),
            tuple(map(str, found.get("classes", ()))),
        )
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(
            f"{file} cannot be read: {error}.", "Correct it, or begin the run anew."
        ) from error


def continued_labelled(run: Path, labelled: Sequence[Case]) -> Labelled | None:
    """What the file of a run that is continued says, None of a new one.

    Raises:
        InputError: It cannot be read, or the run was begun with other labelled cases.
    """
    found = read_labelled(run)
    if found is not None and found.chosen != tuple(case.name for case in labelled):
        raise InputError(
            f"The run in {run} was begun with other labelled cases.",
            "Continue it with the same ones, or choose another folder.",
        )
    return found


def begin_run(
    run: Path,
    labelled: Sequence[Case],
    unlabelled: Sequence[Case],
    pinned: str,
    classes: Sequence[str] = (),
) -> Labelled:
    """Write the file of a new run; that of a continued one keeps what it says.

    Raises:
        InputError: The run was begun with other labelled cases.
        DiskError: The disk refuses.
    """
    found = continued_labelled(run, labelled)
    if found is not None:
        return found
    chosen = tuple(case.name for case in labelled)
    made = Labelled(chosen, tuple(case.name for case in unlabelled), (), pinned, tuple(classes))
    _write(run, made)
    return made


def promote(run: Path, case: str, labels: Path) -> Labelled:
    """Give an unlabelled case a label; a run that trains takes it in at its next epoch.

    Args:
        labels: A label map on the voxels of the case's image, as any reader takes it. It is
            copied.

    Raises:
        InputError: No such run, case or file, or a case that has a label already.
        DiskError: The disk refuses.
    """
    with _held(run):
        now = _required(run)
        if case in now.labelled:
            raise InputError(f"{case} is labelled already.", "Choose an unlabelled case.")
        if case not in now.unlabelled:
            raise InputError(
                f"The run in {run} has no unlabelled case {case}.",
                f"Those it has are listed in {run / FILE}.",
            )
        ending = ending_of(labels, ENDINGS)
        target = run / FOLDER / f"{case}{ending}"
        _copy(labels, target)
        added = Promotion(case, f"{FOLDER}/{target.name}")
        made = replace(now, promoted=(*now.promoted, added))
        _write(run, made)
    return made


def pin(run: Path, case: str) -> Labelled:
    """Choose another case to watch; it is shown from the next picture on.

    Raises:
        InputError: No such run or case.
        DiskError: The disk refuses.
    """
    with _held(run):
        now = _required(run)
        if case not in now.unlabelled:
            raise InputError(
                f"The run in {run} has no unlabelled case {case}.",
                f"Those it has are listed in {run / FILE}.",
            )
        made = replace(now, pinned=case)
        _write(run, made)
    return made


def proposed(run: Path) -> frozenset[str]:
    """The cases that the run has proposed labels of, with the record that is written after them."""
    folder = run / PROPOSALS
    if not folder.is_dir():
        return frozenset()
    ending = f"{PROPOSAL}.json"
    names = (path.name for path in folder.iterdir())
    # A name with a dot before it is of a file that is being written.
    return frozenset(n.removesuffix(ending) for n in names if n.endswith(ending) and n[0] != ".")


def proposal_of(run: Path, case: str) -> Path:
    """Where the pseudo-label of a case lies, once there is one."""
    return run / PROPOSALS / f"{case}{PROPOSAL}"


def _required(run: Path) -> Labelled:
    found = read_labelled(run)
    if found is None:
        raise InputError(
            f"{run} holds no run with labelled and unlabelled cases.",
            "Choose the folder of a DiffRect training.",
        )
    return found


@contextmanager
def _held(run: Path) -> Iterator[None]:
    """Two that write at once would lose what one of them has to say."""
    if not run.is_dir():
        raise InputError(f"There is no run folder {run}.", "Check the path.")
    lock = FileLock(run / LOCK)
    try:
        lock.acquire(timeout=PATIENCE_S)
    except Timeout as error:
        raise InputError(
            f"Another process changes the labelled cases of {run}.", "Try again in a moment."
        ) from error
    except NotImplementedError:
        yield  # a file system without locks
        return
    except OSError as error:
        raise disk_error(run / LOCK, error) from error
    try:
        yield
    finally:
        lock.release()


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise InputError(f"There is no file {source}.", "Check the path.")
    try:
        target.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_error(target.parent, error) from error
    with atomic_path(target) as beside:
        shutil.copyfile(source, beside)


def _write(run: Path, content: Labelled) -> None:
    write_atomic(run / FILE, json.dumps(asdict(content), indent=1, ensure_ascii=False).encode())
