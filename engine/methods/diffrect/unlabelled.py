"""Images without labels, from folders, lists and what pairing has left over."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import h5py

from engine.data.paired import without_ending
from engine.data.segmentation.cases import H5_ENDINGS, LIST_ENDINGS, Case, find_cases
from engine.data.segmentation.patients import patient_of
from engine.data.segmentation.reading import CaseFacts, unusable_values
from engine.data.segmentation.unlabelled import find_images
from engine.data.volumes.limits import decoding
from engine.data.volumes.read import read_volume
from engine.errors import InputError
from engine.steps import ProgressStep, Step
from engine.wording import listed


def unlabelled_cases(
    source: Path | None, bare: Sequence[Path], pattern: str = ""
) -> tuple[Case, ...]:
    """The cases of a folder or list, and of single files; their `label` is not to be read.

    Args:
        bare: Images that were found beside labelled ones, but without a label.

    Raises:
        InputError: A folder without images, or a list that names what is not there.
    """
    found = [_case(without_ending(path), path, "", pattern) for path in bare]
    if source is None:
        return tuple(found)
    if source.is_file() and source.suffix.lower() in LIST_ENDINGS:
        return (*found, *find_cases(source, patient_pattern=pattern).cases)
    if not source.is_dir():
        raise InputError(f"{source} is no folder of images and no list.", "Check the path.")
    images = find_images(files_of(source)).images
    return (*found, *(_case(i.name, i.path, i.part, pattern) for i in images))


def files_of(folder: Path) -> Path:
    """Where the h5 files of a folder of SSL4MIS lie; any other folder stays what it is."""
    for inside in (folder / "data" / "slices", folder / "data"):
        if inside.is_dir() and any(p.suffix.lower() in H5_ENDINGS for p in inside.iterdir()):
            return inside
    return folder


def usable_images(
    cases: Sequence[Case], taken: set[str], done: int
) -> Generator[Step, None, tuple[tuple[CaseFacts, ...], tuple[str, ...]]]:
    """Those that can be read, with their shapes, and what is to be told of the others.

    Args:
        taken: Names of the labelled cases.
        done: How many cases were checked before, for the progress.
    """
    usable: dict[str, CaseFacts] = {}
    told, labelled = [], []
    for index, case in enumerate(cases):
        yield ProgressStep(done + index + 1, done + len(cases), f"Checking {case.name}")
        if case.name in taken:
            labelled.append(case.name)  # the labelled one is used
            continue
        try:
            volume = read_volume(case.image, part=case.image_part)
        except InputError as error:
            told.append(f"{error.message} {error.hint}".strip())
            continue
        if problem := unusable_values(volume):
            told.append(f"{case.image}: {problem[0]}. {problem[1]}")
            continue
        if has_label(case):
            labelled.append(case.name)
        usable[case.name] = CaseFacts(case, volume.geometry.shape)
    if labelled:
        told.append(
            f"{len(labelled)} unlabelled cases have a label, which is not looked at: "
            f"{listed(labelled)}."
        )
    if usable:
        told.append(f"{len(usable)} images without a label are unlabelled cases.")
    return tuple(usable.values()), tuple(told)


def has_label(case: Case) -> bool:
    """Whether the h5 file of a case holds a label beside the image.

    Raises:
        InputError: It cannot be read.
    """
    if case.image.suffix.lower() not in H5_ENDINGS:
        return False
    with decoding(case.image), h5py.File(case.image, "r", locking=False) as file:
        return "label" in file


def _case(name: str, path: Path, part: str, pattern: str) -> Case:
    return Case(name, patient_of(name, pattern), path, path, part)
