"""Speaking to runs from the window, and starting some as processes of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from app.workspaces.train.run_header import RunHeader
from app.workspaces.train.space import TrainSpace
from engine.training.commands import FOLDER, waiting
from engine.training.facts import look_at
from engine.training.rates import read_rates
from engine.training.runs import RunFolder
from engine.training.status import Answer, Status, write_status
from tests.app.window.driving import fake
from tests.app.window.training import view_of
from tests.helpers.cdal_models import disc_folders
from tests.helpers.training_runs import go_to, make_run, open_run

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def space(window: MainWindow) -> TrainSpace:
    window.spaces.show("train")
    return window.spaces.train()


@pytest.fixture
def live(space: TrainSpace, tmp_path: Path, qtbot: QtBot) -> RunFolder:
    """A run that says of itself that it trains, in this very process, and is shown."""
    run = open_run(tmp_path / "run")
    run.hold()
    go_to(run, 1, 20)
    write_status(run.path, Status(state="training", detached=True, method="cdal", task="train"))
    show(space, run.path, qtbot)
    header = header_of(space)
    qtbot.waitUntil(lambda: header.controls.save.isVisible(), timeout=10_000)
    return run


def header_of(space: TrainSpace) -> RunHeader:
    return view_of(space).header


def show(space: TrainSpace, folder: Path, qtbot: QtBot) -> None:
    space.openRun(folder)
    qtbot.waitUntil(
        lambda: (run := space.run()) is not None and run.curves.last() == 20, timeout=10_000
    )


def asked(run: Path, qtbot: QtBot) -> tuple[str, str, float | None]:
    """Id, word and rate of the one command that waits."""
    qtbot.waitUntil(lambda: bool(waiting(run)), timeout=10_000)
    heard = waiting(run)
    assert len(heard) == 1
    command = heard[0].command
    assert command is not None
    (run / FOLDER / f"{heard[0].id}.json").unlink()
    return heard[0].id, command.do, command.lr


def test_every_button_is_a_command(live: RunFolder, space: TrainSpace, qtbot: QtBot) -> None:
    header = header_of(space)
    controls = header.controls
    assert header.status().startswith("Training in a process of its own")
    assert not header.go_on.isVisible()
    for button, word in (
        (controls.save, "save"), (controls.sample, "sample"), (header.pause, "pause"),
        (controls.epoch, "stop-after-epoch"), (header.stop, "stop"),
    ):  # fmt: skip
        QTest.mouseClick(button, LEFT)
        assert asked(live.path, qtbot)[1] == word
    live.close()


def test_an_answer_is_told(live: RunFolder, space: TrainSpace, qtbot: QtBot) -> None:
    told: list[str] = []
    space.statusChanged.connect(told.append)
    QTest.mouseClick(header_of(space).controls.save, LEFT)
    sent, _, _ = asked(live.path, qtbot)
    status = look_at(live.path).status
    assert status is not None
    answers = (Answer(id=sent, text="Saved at iteration 20."),)
    write_status(live.path, status.model_copy(update={"answers": answers, "state": "paused"}))
    qtbot.waitUntil(lambda: "Saved at iteration 20." in told, timeout=10_000)
    header = header_of(space)
    qtbot.waitUntil(lambda: header.status().startswith("Paused"), timeout=10_000)
    QTest.mouseClick(header.pause, LEFT)
    assert asked(live.path, qtbot)[1] == "resume"
    live.close()


def set_rate(header: RunHeader, text: str) -> None:
    controls = header.controls
    controls.rate.setFocus()
    controls.rate.selectAll()
    QTest.keyClicks(controls.rate, text)
    QTest.keyClick(controls.rate, Qt.Key.Key_Return)
    assert controls.set_rate.isEnabled()
    QTest.mouseClick(controls.set_rate, LEFT)
    assert not controls.set_rate.isEnabled()


def test_the_learning_rate_of_a_live_run(live: RunFolder, space: TrainSpace, qtbot: QtBot) -> None:
    controls = header_of(space).controls
    assert controls.rate.value() == pytest.approx(1e-4)
    assert not controls.set_rate.isEnabled()
    set_rate(header_of(space), "0.00005")
    assert asked(live.path, qtbot)[1:] == ("rate", 5e-5)
    live.close()


def test_a_run_that_diverged_says_why_and_goes_on_with_another_rate(
    space: TrainSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    run = make_run(tmp_path / "run")
    why = "The loss is no longer a number at iteration 25 (loss)."
    write_status(run, Status(state="diverged", method="cdal", message=why, hint="Lower the rate."))
    show(space, run, qtbot)
    header = header_of(space)
    qtbot.waitUntil(lambda: header.status().startswith("Diverged"), timeout=10_000)
    assert header.status().endswith("saved at 20")
    assert header.error() == f"{why} Lower the rate."
    assert not header.controls.save.isVisible()
    assert header.canGoOn()
    set_rate(header, "0.00001")
    base = look_at(run).parameters["lr_generator"]
    qtbot.waitUntil(lambda: bool(read_rates(run, base).changes), timeout=10_000)
    change = read_rates(run, base).changes[0]
    assert (change.after, change.lr) == (20, 1e-5)


def test_a_long_training_is_a_process_of_its_own(
    space: TrainSpace, window: MainWindow, tmp_path: Path, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    started: list[list[str]] = []

    def start(words: Sequence[str], folder: Path) -> None:
        started.append(list(words))
        make_run(folder)

    monkeypatch.setattr("app.detaching.start_outside", start)
    monkeypatch.setattr("app.detaching.LONG_ITERATIONS", 2000)
    data, setup = disc_folders(tmp_path / "discs"), space.view.setup
    for name in ("images", "masks"):
        setup.setInput(name, data / name)
        setup.edited.emit(f"input.{name}")
    setup.setValues({"iterations": 3000})
    assert setup.where.choice.currentText() == "By its length: a process of its own"
    QTest.mouseClick(setup.start, LEFT)
    qtbot.waitUntil(lambda: space.run() is not None, timeout=10_000)
    assert fake(window).current is None, "no job of the window"
    assert started[0][0] == "train"
    assert started[0][started[0].index("--iterations") + 1] == "3000"
    run = space.run()
    assert run is not None
    assert str(run.folder) == started[0][started[0].index("--output") + 1]
    # What the user chooses is kept, and goes before the length.
    setup.where.setWhere("window")
    setup.where.chosen.emit("window")
    assert window.settings.train["where"] == "window"
    assert not space.apart.takes(3000)
    setup.setValues({"iterations": 10})
    assert setup.where.choice.itemText(0) == "By its length: in this window"
