"""The file of labelled cases: written once, added to by any process, never half."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from filelock import FileLock

from engine.data.segmentation.cases import Case
from engine.errors import InputError
from engine.jobs import Job
from engine.methods.diffrect import labelled
from engine.methods.diffrect.labelled import (
    LOCK,
    Labelled,
    Promotion,
    begin_run,
    continued_labelled,
    pin,
    promote,
    proposal_of,
    proposed,
    read_labelled,
)
from engine.methods.diffrect.params import PromoteParams
from engine.methods.diffrect.promoting import promote_case
from tests.helpers.adaptdiff_models import run
from tests.helpers.diffrect_models import label_file
from tests.helpers.torch_rules import cpu_context


def case(name: str) -> Case:
    return Case(name, name, Path(name), Path(name))


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    begin_run(folder, [case("a")], [case("b"), case("c")], "b")
    return folder


def test_a_new_run_and_the_same_again(begun: Path) -> None:
    wanted = Labelled(("a",), ("b", "c"), (), "b")
    assert read_labelled(begun) == wanted
    assert begin_run(begun, [case("a")], [case("b")], "c") == wanted, "what it says is kept"
    assert continued_labelled(begun, [case("a")]) == wanted
    assert continued_labelled(begun.parent, [case("a")]) is None
    with pytest.raises(InputError, match="other labelled cases"):
        begin_run(begun, [case("c")], [], "")


def test_promotions_in_the_order_in_which_they_came(begun: Path, tmp_path: Path) -> None:
    labels = label_file(tmp_path / "mended.nii.gz", (1, 40, 36))
    promote(begun, "c", labels)
    found = promote(begun, "b", labels)
    assert found.promoted == (
        Promotion("c", "promoted/c.nii.gz"), Promotion("b", "promoted/b.nii.gz"),
    )  # fmt: skip
    assert read_labelled(begun) == found
    labels.unlink()
    assert (begun / "promoted" / "b.nii.gz").is_file(), "it is a copy"


@pytest.mark.parametrize(
    ("name", "problem"),
    [("a", "labelled already"), ("x", "has no unlabelled case x")],
)
def test_cases_that_cannot_be_promoted(
    begun: Path, tmp_path: Path, name: str, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        promote(begun, name, label_file(tmp_path / "m.nii.gz", (1, 40, 36)))
    assert not (begun / "promoted").exists()


def test_files_that_cannot_be_promoted(begun: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        promote(begun, "b", tmp_path / "none.nii.gz")
    (tmp_path / "m.mhd").touch()
    with pytest.raises(InputError, match="ending"):
        promote(begun, "b", tmp_path / "m.mhd")
    with pytest.raises(InputError, match="holds no run"):
        promote(tmp_path, "b", tmp_path / "m.nii.gz")
    with pytest.raises(InputError, match="no run folder"):
        promote(tmp_path / "gone", "b", tmp_path / "m.nii.gz")
    found = read_labelled(begun)
    assert found is not None
    assert not found.promoted


def test_another_case_is_watched(begun: Path) -> None:
    assert pin(begun, "c").pinned == "c"
    with pytest.raises(InputError, match="has no unlabelled case a"):
        pin(begun, "a")


def test_two_at_once_wait_for_each_other(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled, "PATIENCE_S", 0.05)
    with FileLock(begun / LOCK), pytest.raises(InputError, match="Another process changes"):
        pin(begun, "c")
    assert pin(begun, "c").pinned == "c"


@pytest.mark.parametrize("text", ["{", "[]", '{"chosen": []}', '{"chosen": 3}', "[" * 9999])
def test_damaged_files(begun: Path, text: str) -> None:
    (begun / "labelled.json").write_text(text)
    with pytest.raises(InputError, match=r"labelled\.json cannot be read"):
        read_labelled(begun)


def test_promoting_as_a_job(begun: Path, tmp_path: Path) -> None:
    labels = label_file(tmp_path / "mended.nii.gz", (1, 40, 36))
    job = Job("diffrect", "promote", PromoteParams(case="b"), {"labels": labels, "output": begun})
    result, _ = run(promote_case(job, cpu_context()))
    assert "b is labelled now, one of 2" in result.summary
    told = json.loads((begun / "labelled.json").read_text())
    assert told["promoted"] == [{"case": "b", "label": "promoted/b.nii.gz"}]


def test_what_is_proposed_is_complete(begun: Path) -> None:
    assert proposed(begun) == frozenset()
    target = proposal_of(begun, "b")
    target.parent.mkdir()
    target.touch()
    (target.parent / ".c.nii.gz.1f.json").touch()
    assert proposed(begun) == frozenset(), "its record comes last"
    target.with_name("b.nii.gz.json").touch()
    assert proposed(begun) == {"b"}


def test_the_watched_case_is_one_without_a_label(begun: Path, tmp_path: Path) -> None:
    labels = label_file(tmp_path / "mended.nii.gz", (1, 40, 36))
    assert promote(begun, "b", labels).watched == "c"
    assert pin(begun, "c").watched == "c"
    assert promote(begun, "c", labels).watched == ""
