"""The journal of painted labels: killed, torn, full, and shared by windows."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.volume_journal import VolumeJournal
from app.volume_log import Header, read_log
from app.volume_log_file import LogFile
from engine.errors import InputError
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.table import Label, LabelTable
from widgets.viewer.volume.box import Box

SHAPE = (12, 20, 24)
ROWS = tuple(tuple(float(i == j) for j in range(4)) for i in range(4))
HEADER = Header.model_validate(
    {"name": "Hippocampus", "shape": SHAPE, "affine": ROWS, "images": ("/data/brain.nii.gz",)}
)
KILLS = 20
PAINTER = """
import sys
from pathlib import Path
from tests.app.test_volume_journal import HEADER, SHAPE, paint
from app.volume_journal import VolumeJournal
from widgets.paint.labels.model import LabelModel
from widgets.paint.labels.table import LabelTable

journal = VolumeJournal(Path(sys.argv[1]))
model, table = LabelModel(SHAPE), LabelTable()
journal.open(HEADER, model.array).follow(model, table)
for line in sys.stdin:
    paint(model, int(line))
    print(flush=True)
"""


def paint(model: LabelModel, number: int) -> None:
    """Stroke `number` of a series that always comes out the same, with some undos and redos."""
    if number % 7 == 5:
        model.undo()
    elif number % 7 == 6:
        model.redo()
    else:
        draw = np.random.default_rng(number)
        low = draw.integers(0, 10, 3)
        size = draw.integers(1, 9, 3)
        box = Box(tuple(low.tolist()), tuple((low + size).tolist()))
        model.begin(f"Stroke {number}")
        model.paint(box, draw.random(box.shape) < 0.7, int(draw.integers(1, 400)))
        model.commit()


def after(strokes: int) -> np.ndarray:
    model = LabelModel(SHAPE)
    for number in range(strokes):
        paint(model, number)
    return np.array(model.array)


def crashed(folder: Path, strokes: int) -> None:
    """A journal that ends without being closed cleanly."""
    journal = VolumeJournal(folder)
    model = LabelModel(SHAPE)
    journal.open(HEADER, model.array).follow(model, LabelTable())
    for number in range(strokes):
        paint(model, number)
    journal.close(clean=False)


def only_log(folder: Path) -> Path:
    (path,) = folder.glob("volumes-*/volume-*.journal")
    return path


def test_killed_at_any_moment_at_most_the_last_stroke_is_lost(tmp_path: Path) -> None:
    random.seed(3)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    painters = []
    for kill in range(KILLS):
        folder = tmp_path / str(kill)
        painters.append(
            (folder, subprocess.Popen(
                [sys.executable, "-c", PAINTER, str(folder)], text=True, env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
            ))
        )  # fmt: skip
        if len(painters) == 4 or kill == KILLS - 1:
            for place, painter in painters:
                _kill_and_recover(place, painter, random.randrange(3, 40))
            painters.clear()


def _kill_and_recover(folder: Path, painter: subprocess.Popen[str], strokes: int) -> None:
    assert painter.stdin is not None
    assert painter.stdout is not None
    with painter:
        for number in range(strokes):
            painter.stdin.write(f"{number}\n")
            painter.stdin.flush()
            painter.stdout.readline()
            # Nothing is waited for but that the thread gets its turn, at different moments.
            if number == strokes - 2:
                _wait_for(folder, strokes - 1)
        painter.send_signal(signal.SIGKILL)
    journal = VolumeJournal(folder)
    (found,) = journal.recover()
    journal.close()
    whole = [np.array_equal(found.labels, after(n)) for n in (strokes, strokes - 1)]
    assert any(whole), f"neither {strokes} nor {strokes - 1} strokes"


def _wait_for(folder: Path, strokes: int) -> None:
    """Until the log holds what was painted before the last stroke: a person is never faster."""
    wanted = after(strokes)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for path in folder.glob("volumes-1/volume-*.journal"):
            with suppress(InputError):
                if np.array_equal(read_log(path).labels, wanted):
                    return
        time.sleep(0.001)
    pytest.fail("a stroke was not written")


@pytest.mark.parametrize("cut", [1, 7, 30])
def test_a_torn_tail_loses_only_the_last_record(tmp_path: Path, cut: int) -> None:
    crashed(tmp_path, 5)
    path = only_log(tmp_path)
    assert not read_log(path).torn
    os.truncate(path, path.stat().st_size - cut)
    found = read_log(path)
    assert found.torn
    assert found.strokes == 4
    assert np.array_equal(found.labels, after(4))


def test_a_flipped_bit_is_seen(tmp_path: Path) -> None:
    crashed(tmp_path, 5)
    path = only_log(tmp_path)
    content = bytearray(path.read_bytes())
    content[-5] ^= 4
    path.write_bytes(content)
    found = read_log(path)
    assert found.torn
    assert np.array_equal(found.labels, after(4))


def test_no_mutation_of_a_log_does_worse_than_an_error(tmp_path: Path) -> None:
    crashed(tmp_path, 5)
    path = only_log(tmp_path)
    content = path.read_bytes()
    draw = random.Random(1)
    for _ in range(300):
        mutated = bytearray(content)
        for _ in range(draw.randint(1, 4)):
            mutated[draw.randrange(len(mutated))] = draw.randrange(256)
        path.write_bytes(mutated[: draw.randint(1, len(mutated))])
        with suppress(InputError):
            assert read_log(path).labels.shape == SHAPE


def test_header_table_and_labels_of_a_file_come_back(tmp_path: Path) -> None:
    labels = np.zeros(SHAPE, np.uint16)
    labels[3:6] = 700
    journal = VolumeJournal(tmp_path)
    model, table = LabelModel(SHAPE), LabelTable([Label(700, "Tail", (1, 2, 3), locked=True)])
    model.reset(labels)
    log = journal.open(HEADER, model.array, table.labels())
    log.follow(model, table)
    paint(model, 0)
    table.change(700, name="Body")
    wanted = np.array(model.array)
    journal.close(clean=False)
    again = VolumeJournal(tmp_path)
    (found,) = again.recover()
    assert found.header == HEADER
    assert found.table == (Label(700, "Body", (1, 2, 3), locked=True),)
    assert np.array_equal(found.labels, wanted)
    again.discard(found)
    assert again.recover() == []
    again.close()


def test_nothing_is_left_after_a_clean_end_nor_offered_without_a_stroke(tmp_path: Path) -> None:
    journal = VolumeJournal(tmp_path)
    model = LabelModel(SHAPE)
    journal.open(HEADER, np.ones(SHAPE, np.uint8))
    closed = journal.open(HEADER, model.array)
    closed.follow(model, LabelTable())
    paint(model, 0)
    closed.close()
    journal.close(clean=False)
    again = VolumeJournal(tmp_path)
    assert again.recover() == []
    log = again.open(HEADER, model.array)
    log.follow(model, LabelTable())
    paint(model, 1)
    again.close()
    assert list(tmp_path.glob("volumes-*/*")) == []


def test_labels_put_in_place_of_all_count_as_work(tmp_path: Path) -> None:
    journal = VolumeJournal(tmp_path)
    log = journal.open(HEADER, np.zeros(SHAPE, np.uint8))
    log.base(np.full(SHAPE, 9, np.uint8))
    journal.close(clean=False)
    found = read_log(only_log(tmp_path))
    assert (found.strokes, int(found.labels.min())) == (1, 9)


def test_saved_labels_leave_nothing_to_recover_and_their_file_is_known(tmp_path: Path) -> None:
    journal = VolumeJournal(tmp_path / "saved")
    model = LabelModel(SHAPE)
    log = journal.open(HEADER, model.array)
    log.follow(model, LabelTable())
    paint(model, 1)
    log.base(model.array, strokes=0, origin="/data/mask.nii.gz")
    journal.close(clean=False)
    assert read_log(only_log(tmp_path / "saved")).strokes == 0
    again = VolumeJournal(tmp_path / "painted")
    log = again.open(HEADER, model.array)
    log.follow(model, LabelTable())
    log.base(model.array, strokes=0, origin="/data/mask.nii.gz")
    paint(model, 2)
    again.close(clean=False)
    found = read_log(only_log(tmp_path / "painted"))
    assert (found.strokes, found.header.origin) == (1, "/data/mask.nii.gz")
    assert np.array_equal(found.labels, model.array)


def test_labels_that_were_erased_and_saved_stay_erased(tmp_path: Path) -> None:
    journal = VolumeJournal(tmp_path)
    log = journal.open(HEADER, np.full(SHAPE, 9, np.uint8))
    log.base(np.zeros(SHAPE, np.uint8), strokes=0)
    journal.close(clean=False)
    assert not read_log(only_log(tmp_path)).labels.any()


def test_a_closed_log_follows_no_more(tmp_path: Path) -> None:
    journal = VolumeJournal(tmp_path)
    model, table = LabelModel(SHAPE), LabelTable()
    logs = []
    for _ in range(3):
        log = journal.open(HEADER, model.array)
        log.follow(model, table)
        logs.append(log)
        log.close()
    assert model.receivers(model.stepAdded) == 0
    assert table.receivers(table.changed) == 0
    journal.close()


def test_windows_share_no_log_and_the_next_one_finds_both(tmp_path: Path) -> None:
    first, second = VolumeJournal(tmp_path), VolumeJournal(tmp_path)
    for journal in (first, second):
        model = LabelModel(SHAPE)
        journal.open(HEADER, model.array).follow(model, LabelTable())
        paint(model, 0)
    first.close(clean=False)
    third = VolumeJournal(tmp_path)
    assert len(third.recover()) == 1, "the second window still runs"
    second.close(clean=False)
    assert len(third.recover()) == 2
    third.close()


def test_recovered_work_goes_on_in_its_own_log(tmp_path: Path) -> None:
    crashed(tmp_path, 5)
    path = only_log(tmp_path)
    os.truncate(path, path.stat().st_size - 3)
    journal = VolumeJournal(tmp_path)
    (found,) = journal.recover()
    assert found.torn
    model = LabelModel(SHAPE)
    model.reset(found.labels)
    journal.resume(found).follow(model, LabelTable())
    paint(model, 7)
    assert journal.recover() == [], "it is in use"
    journal.close(clean=False)
    again = read_log(path)
    assert (again.torn, again.strokes) == (False, 5)
    assert np.array_equal(again.labels, model.array)


@pytest.mark.parametrize("own", [True, False])
def test_labels_to_begin_from_are_copied_unless_they_stay(tmp_path: Path, own: bool) -> None:
    labels = np.full(SHAPE, 3, np.uint8)
    journal = VolumeJournal(tmp_path)
    journal.open(HEADER, labels, own=own).base(labels, strokes=1, own=own)
    if not own:
        labels[:] = 0
    journal.close(clean=False)
    assert int(read_log(only_log(tmp_path)).labels.min()) == 3


def test_a_long_log_is_made_shorter_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "volume-1.journal"
    crashed(tmp_path / "other", 40)
    content = only_log(tmp_path / "other").read_bytes()
    file = LogFile(path, content, compact_bytes=len(content) // 2)
    assert file.flush() is None
    shorter = path.stat().st_size
    assert shorter < len(content)
    before = read_log(path)
    assert np.array_equal(before.labels, after(40))
    assert before.strokes == read_log(only_log(tmp_path / "other")).strokes
    model = LabelModel(SHAPE)
    model.reset(before.labels)
    journal = VolumeJournal(tmp_path / "third")
    log = journal.open(HEADER, np.zeros(SHAPE, np.uint8))
    log.follow(model, LabelTable())
    paint(model, 41)
    journal.close(clean=False)
    # The last record is the stroke that was just painted.
    file.add(_last_record(only_log(tmp_path / "third").read_bytes()))
    assert file.flush(sync_now=True) is None
    file.close()
    assert path.stat().st_size > shorter
    assert np.array_equal(read_log(path).labels, model.array)


def _last_record(content: bytes) -> bytes:
    from app.volume_log import MAGIC

    at = last = len(MAGIC)
    while at < len(content):
        last, at = at, at + 9 + int.from_bytes(content[at : at + 4], "little")
    return content[last:]


def test_a_place_that_cannot_be_written_is_told_once_and_made_good(
    tmp_path: Path, qtbot: QtBot
) -> None:
    journal = VolumeJournal(tmp_path)
    (tmp_path / "volumes-1").rmdir()
    told: list[tuple[str, str]] = []
    journal.troubled.connect(lambda message, hint: told.append((message, hint)))
    model = LabelModel(SHAPE)
    log = journal.open(HEADER, model.array)
    log.follow(model, LabelTable())
    for number in range(5):
        paint(model, number)
        qtbot.wait(20)
    qtbot.waitUntil(lambda: bool(told))
    assert len(told) == 1
    assert str(log.path()) in told[0][0]
    (tmp_path / "volumes-1").mkdir()
    paint(model, 7)
    journal.close(clean=False)
    assert np.array_equal(read_log(log.path()).labels, model.array)


def test_a_disk_that_fills_up_leaves_the_log_whole(tmp_path: Path) -> None:
    crashed(tmp_path / "full", 9)
    content = only_log(tmp_path / "full").read_bytes()
    last = _last_record(content)
    path = tmp_path / "volume-1.journal"
    file = LogFile(path, content[: -len(last)])
    assert file.flush() is None
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Room for a part of the record only.
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 5, before[1]))
    try:
        file.add(last)
        error = file.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert error is not None
    assert str(path) in error.message
    found = read_log(path)
    assert not found.torn
    assert np.array_equal(found.labels, after(8))
    assert file.flush() is None
    file.close()
    assert np.array_equal(read_log(path).labels, after(9))


def test_without_any_place_painting_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = VolumeJournal(tmp_path / "file")
    assert not journal.canWrite()
    model = LabelModel(SHAPE)
    journal.open(HEADER, model.array).follow(model, LabelTable())
    paint(model, 0)
    assert journal.recover() == []
    journal.close()
