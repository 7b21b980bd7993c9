"""The lists of SSL4MIS, which name the cases of each part of a set."""

from __future__ import annotations

from pathlib import Path

from engine.data.segmentation.cases import H5_ENDINGS, LIST_ENDINGS

TRAIN_LISTS = ("train_slices", "train")
LISTS = {"validation": "val", "test": "test"}


def lists_of(images: Path) -> dict[str, Path]:
    """Part -> list, "train" first: those of a folder, or those beside its training list; empty
    where there is no training list."""
    if images.is_file() and images.suffix.lower() in LIST_ENDINGS:
        root, train = images.parent, images
    else:
        root = images
        found = (_list_of(root, name) for name in TRAIN_LISTS)
        first = next((file for file in found if file is not None), None)
        if first is None:
            return {}
        train = first
    others = {part: _list_of(root, name) for part, name in LISTS.items()}
    return {"train": train, **{part: file for part, file in others.items() if file is not None}}


def plain_name(line: str) -> str:
    """The name of a case as a list has it, without an ending of h5 files."""
    ending = next((e for e in H5_ENDINGS if line.lower().endswith(e)), "")
    return line[: len(line) - len(ending)]


def _list_of(folder: Path, name: str) -> Path | None:
    files = (folder / f"{name}{ending}" for ending in LIST_ENDINGS)
    return next((file for file in files if file.is_file()), None)
