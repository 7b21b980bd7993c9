"""A session comes back as it was; damaged, hostile and newer ones are refused in clear words."""

from __future__ import annotations

import io
import json
import math
import os
import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from app.label_record import LabelRecord
from app.session_file import (
    EARLIER,
    keep_earlier,
    last_session_path,
    load_session,
    save_session,
)
from app.session_models import (
    VERSION,
    ImageState,
    LayerState,
    LookState,
    MaskState,
    MeasurementState,
    SessionState,
)
from app.session_paths import file_ref, locate
from engine.errors import DiskError, InputError
from widgets.viewer.volume.layers import Blend, Look

SHAPE = (6, 9, 11)
ROWS = ((0.5, 0.0, 0.0, -7.0), (0.0, 2.0, 0.1, 3.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def state_of(folder: Path) -> SessionState:
    image = folder / "brain.nii"
    image.write_bytes(os.urandom(3 * 2**20))
    labels = np.zeros(SHAPE, np.uint16)
    labels[2, 3:5, 1:9] = 700
    session = folder / "work.reverie"
    return SessionState(
        program="test",
        images=(ImageState(name="Brain", file=file_ref(image, session, part="image")),),
        masks=(
            MaskState(
                name="Tail", shape=SHAPE, affine=ROWS, labels=labels, active=700,
                table=(LabelRecord(value=700, name="Tail", colour=(1, 2, 3), locked=True),),
            ),
            MaskState(name="Saved", shape=SHAPE, affine=ROWS, file=file_ref(image, session)),
        ),
        layers=(
            LayerState(kind="image", place=0, look=LookState(low=-100, high=math.inf, lut="hot")),
            LayerState(kind="mask", place=1), LayerState(kind="mask", place=0),
        ),
        active_layer=2, layout="1+3", layout_values={"main": "axial"}, crosshair=(1.5, -2.0, 3.25),
        time=4, radiological=False, tool="brush", tools={"brush": {"size": 7, "ball": True}},
        measurements=(MeasurementState(kind="ruler", points=((0, 0, 0), (1, 2, 3))),),
    )  # fmt: skip


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "work.reverie"
    save_session(path, state_of(tmp_path))
    return path


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    path = tmp_path / "work.reverie"
    save_session(path, state)
    again = load_session(path)
    assert again.masks[0].labels is not None
    assert again.masks[0].labels.dtype == np.uint16
    assert np.array_equal(again.masks[0].labels, state.masks[0].labels)
    assert again.masks[1].labels is None
    plain = {"masks": {"__all__": {"member"}}}
    assert again.model_dump(exclude=plain) == state.model_dump(exclude=plain)
    assert [ref.part for ref in again.files()] == ["image", ""]
    again.masks[0].labels[0] = 5  # it can be painted on at once


def test_looks_come_back_as_they_were() -> None:
    look = Look(low=-160, high=240, lut="hot", blend=Blend.CURTAIN, outlined=True, threshold=0.5)
    state = LookState.model_validate_json(LookState.of(look).model_dump_json())
    assert state.look() == look
    assert state.model_copy(update={"blend": "later"}).look().blend is Blend.OVER


def test_a_session_keeps_its_old_file_when_it_cannot_be_written(saved: Path) -> None:
    before = saved.read_bytes()
    bad = load_session(saved)
    wrong = bad.masks[0].model_copy(update={"labels": np.zeros((2, 2, 2), np.uint8)})
    with pytest.raises(ValueError, match="labels uint8"):
        save_session(saved, bad.model_copy(update={"masks": (wrong,)}))
    assert saved.read_bytes() == before
    with pytest.raises(DiskError):
        save_session(saved / "nowhere.reverie", bad)


def test_images_are_found_where_they_were_or_beside_the_session(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "images").mkdir(parents=True)
    image = home / "images" / "brain.nii"
    image.write_bytes(b"brain" * 1000)
    session = home / "work.reverie"
    ref = file_ref(image, session)
    assert ref.relative == "images/brain.nii"
    found = locate(ref, session)
    assert (found.status, found.moved, found.told()) == ("same", False, "")
    moved = tmp_path / "elsewhere"
    shutil.move(home, moved)
    found = locate(ref, moved / "work.reverie")
    assert found.path == moved / "images" / "brain.nii"
    assert (found.status, found.moved) == ("same", True)
    (moved / "images" / "brain.nii").rename(moved / "brain.nii")
    found = locate(ref, moved / "work.reverie")
    assert found.path == moved / "brain.nii"
    (moved / "brain.nii").write_bytes(b"other" * 1000)
    found = locate(ref, moved / "work.reverie")
    assert found.status == "changed"
    assert "has changed" in found.told()
    (moved / "brain.nii").unlink()
    found = locate(ref, moved / "work.reverie")
    assert (found.path, found.status) == (None, "missing")
    assert str(image) in found.told()


def test_the_same_content_goes_before_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    image = tmp_path / "a" / "brain.nii"
    image.write_bytes(b"brain")
    ref = file_ref(image, tmp_path / "work.reverie")
    image.write_bytes(b"other content")
    (tmp_path / "brain.nii").write_bytes(b"brain")
    assert locate(ref, tmp_path / "work.reverie").path == tmp_path / "brain.nii"


def test_a_folder_of_slices_can_be_meant(tmp_path: Path) -> None:
    series = tmp_path / "series"
    series.mkdir()
    (series / "1.dcm").write_bytes(b"12345")
    ref = file_ref(series, tmp_path / "work.reverie", part="1.2.3")
    assert locate(ref, tmp_path / "work.reverie").status == "same"
    (series / "2.dcm").write_bytes(b"12345")
    assert locate(ref, tmp_path / "work.reverie").status == "changed"


def rewritten(path: Path, member: str, content: bytes) -> None:
    """Put another content in one member."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[member] = content
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def facts(path: Path) -> dict[str, object]:
    with zipfile.ZipFile(path) as archive:
        found: dict[str, object] = json.loads(archive.read("session.json"))
    return found


def test_a_newer_session_says_so(saved: Path) -> None:
    newer = {**facts(saved), "version": VERSION + 1, "masks": "another form"}
    rewritten(saved, "session.json", json.dumps(newer).encode())
    with pytest.raises(InputError, match="newer version") as caught:
        load_session(saved)
    assert "Update" in caught.value.hint


def test_what_a_later_program_added_is_passed_over(saved: Path) -> None:
    rewritten(saved, "session.json", json.dumps({**facts(saved), "novelty": 1}).encode())
    assert load_session(saved).layout == "1+3"


def npy_of(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        npy_of(np.zeros((2, 2, 2), np.uint8)),
        npy_of(np.zeros(SHAPE, np.float32)),
        npy_of(np.full(SHAPE, None, object)),
        npy_of(np.zeros(SHAPE, np.uint16))[:-3],
        npy_of(np.zeros(SHAPE, np.uint16)) + b"more",
        b"",
        b"nothing of the kind",
    ],
)
def test_a_mask_that_is_not_what_was_described_is_refused(saved: Path, content: bytes) -> None:
    rewritten(saved, "masks/0.npy", content)
    with pytest.raises(InputError, match="Tail"):
        load_session(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"layers": [{"kind": "mask", "place": 9}]},
        {"images": [{"name": "x"}]},
        {"crosshair": "here"},
        {"time": -1},
        {"masks": [{"name": "x", "shape": [1, 2, 3], "affine": [[1, 0, 0, 0]]}]},
    ],
)
def test_descriptions_without_sense_are_refused(saved: Path, change: dict[str, object]) -> None:
    rewritten(saved, "session.json", json.dumps({**facts(saved), **change}).encode())
    with pytest.raises(InputError, match=r"work\.reverie"):
        load_session(saved)


def test_a_bomb_is_refused_before_it_goes_off(saved: Path) -> None:
    with zipfile.ZipFile(saved, "a", zipfile.ZIP_DEFLATED) as archive:
        for place in range(300):
            archive.writestr(f"masks/more-{place}.npy", b"")
    with pytest.raises(InputError, match="claims"):
        load_session(saved)
    rewritten(saved, "session.json", b" " * (17 * 2**20))
    with pytest.raises(InputError):
        load_session(saved)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no zip at all" * 100, b"[" * 100])
def test_other_files_are_no_sessions(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.reverie"
    path.write_bytes(content)
    with pytest.raises(InputError, match="no session"):
        load_session(path)
    with pytest.raises(InputError, match="cannot be read"):
        load_session(tmp_path / "missing.reverie")
    rewritten_zip = tmp_path / "y.reverie"
    with zipfile.ZipFile(rewritten_zip, "w") as archive:
        archive.writestr("other.txt", content)
    with pytest.raises(InputError, match="no session"):
        load_session(rewritten_zip)


def test_no_mutation_does_worse_than_an_error(saved: Path) -> None:
    content = saved.read_bytes()
    draw = random.Random(5)
    refused = 0
    for _ in range(400):
        mutated = bytearray(content)
        for _ in range(draw.randint(1, 6)):
            mutated[draw.randrange(len(mutated))] = draw.randrange(256)
        if draw.random() < 0.2:
            del mutated[draw.randrange(len(mutated)) :]
        saved.write_bytes(mutated)
        try:
            load_session(saved)
        except InputError:
            refused += 1
    assert refused > 200


def test_the_last_session_has_a_place_of_its_own() -> None:
    assert last_session_path().suffix == ".reverie"


def test_sessions_of_earlier_exits_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "last.reverie"
    assert keep_earlier(path) == []
    for number in range(EARLIER + 3):
        kept = keep_earlier(path)
        path.write_text(str(number))
    assert [place.read_text() for place in kept] == [
        str(number) for number in range(EARLIER + 1, 1, -1)
    ]
    assert kept[0].name == "last-1.reverie"
    assert len(list(tmp_path.iterdir())) == EARLIER + 1
