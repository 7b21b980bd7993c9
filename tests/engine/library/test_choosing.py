from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine import library
from engine.errors import CheckpointError
from engine.library.choosing import Wanted, choose, compare


def _names(wanted: Wanted) -> list[str]:
    return [entry.name for entry in choose(library.entries(), wanted)]


@pytest.mark.usefixtures("shelves")
@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(), ["lungs", "mine", "vessels"]),
        (Wanted(text="WARD scans"), ["mine"]),
        (Wanted(text="0.8123"), ["mine"]),
        (Wanted(text="ward absent"), []),
        (Wanted(text="own"), ["mine", "vessels"]),
        (Wanted(method="cdal"), ["lungs", "mine"]),
        (Wanted(method="cdal", role="segmenter"), []),
        (Wanted(role="segmenter"), ["vessels"]),
        (Wanted(origin="bundled"), ["lungs"]),
        (Wanted(origin="trained"), ["mine"]),
        (Wanted(origin="imported"), ["vessels"]),
        (Wanted(order="method"), ["vessels", "lungs", "mine"]),
    ],
)
def test_checkpoints_are_found_by_words_and_kinds(wanted: Wanted, names: list[str]) -> None:
    assert sorted(_names(wanted)) == sorted(names)
    if wanted.order == "method":
        assert _names(wanted) == names


def test_largest_and_newest_come_first(shelves: tuple[Path, Path]) -> None:
    sizes = {e.name: e.bytes for e in library.entries()}
    assert _names(Wanted(order="size")) == sorted(sizes, key=lambda name: (-sizes[name], name))
    for age, name in enumerate(("mine", "vessels", "lungs")):
        (path,) = (e.path for e in library.entries() if e.name == name)
        os.utime(path, (1000 - age, 1000 - age))
    assert _names(Wanted(order="newest")) == ["mine", "vessels", "lungs"]


@pytest.mark.usefixtures("shelves")
def test_what_differs_comes_first() -> None:
    lungs, mine, vessels = library.entries()
    rows = compare((lungs, mine))
    places = [row.differs for row in rows]
    assert places == sorted(places, reverse=True)
    values = {(row.part, row.name): row.values for row in rows}
    assert values["Card", "Terms"] == ("CC BY 4.0", "")
    assert values["Figures", "Dice"] == ("", "0.8123")
    assert values["Card", "Method"] == ("cdal", "cdal")
    assert not next(row for row in rows if row.name == "Method").differs
    assert ("Card", "Notes") not in values, "nobody says anything there"
    three = compare((lungs, mine, vessels))
    assert {len(row.values) for row in three} == {3}
    assert next(row for row in three if row.name == "Method").differs


def test_a_picture_beside_a_checkpoint_or_in_its_run_is_found(
    shelves: tuple[Path, Path], tmp_path: Path
) -> None:
    _, own = shelves
    picture = own / "mine.png"
    picture.touch()
    assert {e.name: e.picture for e in library.entries()} == {
        "lungs": None, "mine": picture, "vessels": None,
    }  # fmt: skip
    run = tmp_path / "run"
    for folder in ("checkpoints", "previews"):
        (run / folder).mkdir(parents=True)
    weights = run / "checkpoints" / "best.safetensors"
    assert library.picture_of(weights) is None
    (run / "run.toml").touch()
    for name in ("000100_a.png", "000200_a.png"):
        (run / "previews" / name).touch()
    assert library.picture_of(weights) == run / "previews" / "000200_a.png"


def test_an_entry_says_what_is_wrong_with_its_file(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no checkpoint"):
        library.entry_of(tmp_path / "absent.safetensors")
