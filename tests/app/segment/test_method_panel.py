"""The panel Method: which checkpoints it offers, what it says of them, and what it remembers."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from app.settings import load_settings, settings_path
from app.window import MainWindow
from app.workspaces.segment.method_panel import MethodPanel
from app.workspaces.segment.space import SegmentSpace
from engine import library
from tests.app.segment.driving import LEFT, choose, drop, file_answer, open_image, settled
from tests.app.segment.methods import Bench, write_card
from tests.app.window.driving import fake


@pytest.fixture
def checkpoints() -> tuple[Path, Path]:
    """Two that can be chosen."""
    folder = library.user_folder()
    return (
        write_card(folder / "balls.safetensors"),
        write_card(folder / "rims.safetensors", title="Rims", labels={"1": {"name": "Rim"}}),
    )


@pytest.fixture
def panel(checkpoints: tuple[Path, Path], window: MainWindow, space: SegmentSpace) -> MethodPanel:
    space.view.showPanel(space.view.method)
    return space.view.method


def items(box: QComboBox) -> list[str]:
    return [box.itemText(place) for place in range(box.count())]


def pick(box: QComboBox, text: str) -> None:
    """Choose an item by keys."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(items(box).index(text)):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == text
    box.activated.emit(box.currentIndex())


def test_without_a_checkpoint_it_says_where_one_comes_from(
    window: MainWindow, space: SegmentSpace, qtbot: QtBot, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    view, panel = space.view, space.view.method
    assert view.label_tabs.currentWidget() is view.labels, "who only paints is not asked"
    view.showPanel(panel)
    assert panel.none.isVisible()
    assert "reverie train --method cdal" in panel.none.text()
    assert not panel.run.isEnabled()
    choose(window, "Run", "Segment")
    assert "no checkpoint of cDAL" in window.message.message()
    made = write_card(library.user_folder() / "new.safetensors")
    QTest.mouseClick(panel.none.look_again, LEFT)
    assert not panel.none.isVisible()
    assert panel.run.isEnabled()
    assert panel.values()["checkpoint"] == "new"
    made.unlink()
    window.spaces.show("models")
    window.spaces.show("segment")
    assert panel.none.isVisible(), "it looks again by itself, too"
    elsewhere = write_card(tmp_path / "elsewhere.safetensors", title="Elsewhere")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", file_answer(elsewhere))
    QTest.mouseClick(panel.none.open_file, LEFT)
    settled(window, qtbot)
    assert panel.values()["checkpoint"] == str(elsewhere)


def test_it_says_what_a_checkpoint_finds(panel: MethodPanel) -> None:
    assert items(panel.checkpoint) == ["Balls", "Rims"]
    assert "Ball" in panel.finds()
    assert "#0080ff" in panel.finds()
    assert panel.facts() == (
        "Takes grey volumes turned to LPI; trained on 12 cases; validation Dice 0.877"
    )
    pick(panel.checkpoint, "Rims")
    assert "Rim" in panel.finds()
    assert "#ff0000" in panel.finds(), "a colour for those that name none"
    assert panel.values()["checkpoint"] == "rims"


def test_presets_fill_the_form_and_follow_it(panel: MethodPanel) -> None:
    assert panel.preset.currentText() == "Defaults"
    pick(panel.preset, "Fast")
    assert panel.values()["votes"] == 3
    panel.form.setValues({"votes": 7})
    panel.form.changed.emit("votes")
    assert panel.preset.currentText() == "Custom"
    assert "GPU" in items(panel.preset)
    pick(panel.preset, "Defaults")
    assert panel.values()["votes"] == 0
    assert panel.preset.currentText() == "Defaults"


def test_a_file_of_another_kind_is_refused(
    window: MainWindow, panel: MethodPanel, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    before = panel.values()["checkpoint"]
    other = write_card(tmp_path / "octa.safetensors", method="adaptdiff", role="diffusion")
    space.choosing.open(other)
    settled(window, qtbot)
    assert "is a diffusion of adaptdiff" in window.message.message()
    (tmp_path / "text.safetensors").write_text("no checkpoint")
    space.choosing.open(tmp_path / "text.safetensors")
    settled(window, qtbot)
    assert "text.safetensors" in window.message.message()
    assert panel.values()["checkpoint"] == before


def test_a_checkpoint_may_be_dropped(
    window: MainWindow, panel: MethodPanel, space: SegmentSpace, tmp_path: Path, qtbot: QtBot
) -> None:
    space.view.showPanel(space.view.labels)
    path = write_card(tmp_path / "dropped.safetensors", title="Dropped")
    assert drop(window, [path])
    settled(window, qtbot)
    assert panel.isVisible()
    assert panel.values()["checkpoint"] == str(path)


def test_what_is_chosen_comes_back(
    start: Callable[[], MainWindow], image: Path, qtbot: QtBot, tmp_path: Path,
    checkpoints: tuple[Path, Path],
) -> None:  # fmt: skip
    window = start()
    space = open_image(window, qtbot, image)
    panel = space.view.method
    space.view.showPanel(panel)
    away = write_card(tmp_path / "away.safetensors", title="Away")
    space.choosing.open(away)
    settled(window, qtbot)
    assert items(panel.checkpoint) == ["Balls", "Rims", "Away"]
    pick(panel.checkpoint, "Rims")
    panel.form.setValues({"votes": 9, "thorough": True, "seed": 77})
    panel.setSeedKept(True)
    QTest.mouseClick(panel.where.button("region"), LEFT)
    window.close()
    settings, told = load_settings(settings_path())
    assert told == ""
    assert settings.segment["method"] == "cdal"
    again = start().spaces.segment().view.method
    values = again.values()
    assert (values["checkpoint"], values["votes"], values["thorough"]) == ("rims", 9, True)
    assert (values["seed"], again.isSeedKept()) == (77, True)
    assert again.where.place() == "region"
    assert items(again.checkpoint) == ["Balls", "Rims", "Away"]


def test_a_checkpoint_that_is_gone_gives_way_to_another(
    start: Callable[[], MainWindow], checkpoints: tuple[Path, Path]
) -> None:
    window = start()
    panel = window.spaces.segment().view.method
    pick(panel.checkpoint, "Rims")
    window.close()
    checkpoints[1].unlink()
    again = start().spaces.segment().view.method
    assert again.values()["checkpoint"] == "balls"


@pytest.mark.parametrize(
    "kept",
    [
        {"method": "gone", "forms": [], "files": "x", "place": "moon"},
        {"method": "cdal", "forms": {"cdal": {"votes": "many", "checkpoint": 3}}, "files": [3]},
    ],
)
def test_settings_of_another_version_do_no_harm(
    kept: dict[str, object], start: Callable[[], MainWindow], checkpoints: tuple[Path, Path]
) -> None:
    window = start()
    window.close()
    path = settings_path()
    settings, _ = load_settings(path)
    settings.segment = kept
    from app.settings import save_settings

    save_settings(path, settings)
    panel = start().spaces.segment().view.method
    assert panel.values()["checkpoint"] == "balls"
    assert panel.values()["votes"] == 0


def test_one_that_a_bundled_one_hides_is_offered_by_its_path(
    checkpoints: tuple[Path, Path], start: Callable[[], MainWindow], tmp_path: Path
) -> None:
    bundled = library.bundled_folder()
    bundled.mkdir()
    shutil.copy(checkpoints[1], bundled / "balls.safetensors")
    panel = start().spaces.segment().view.method
    names = [panel.checkpoint.itemData(place) for place in range(panel.checkpoint.count())]
    assert names == ["balls", str(checkpoints[0]), "rims"]


def test_a_method_with_two_checkpoints_gets_a_field_for_the_other(
    panel: MethodPanel, space: SegmentSpace, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    titles = items(panel.method)
    if "CDM" not in titles:
        pytest.skip("no method here takes two")
    pick(panel.method, "CDM")
    assert panel.none.isVisible()
    main = write_card(tmp_path / "d.safetensors", method="cdm", role="diffusion", title="Main")
    side = write_card(tmp_path / "c.safetensors", method="cdm", role="classifier", title="Side")
    for path in (side, main):
        space.choosing.open(path)
        settled(window, qtbot)
    assert not panel.none.isVisible()
    values = panel.values()
    assert (values["checkpoint"], values["classifier"]) == (str(main), str(side))
    pick(panel.method, "cDAL")
    assert panel.values()["checkpoint"] == "balls"
    pick(panel.method, "CDM")
    assert panel.values()["classifier"] == str(side)


def test_a_checkpoint_brings_the_one_that_it_belongs_to(
    panel: MethodPanel, space: SegmentSpace, window: MainWindow, qtbot: QtBot
) -> None:
    shelf, seen = library.user_folder(), {"size": 48}
    main = write_card(shelf / "d.safetensors", method="cdm", role="diffusion", preprocessing=seen)
    for name, slices in (("c", seen), ("e", {"size": 64})):
        write_card(
            shelf / f"{name}.safetensors", method="cdm", role="classifier", preprocessing=slices
        )
    space.choosing.open(main)
    settled(window, qtbot)
    values = panel.values()
    assert (values["checkpoint"], values["classifier"]) == ("d", "c")


def test_a_method_begins_with_all_that_its_first_checkpoint_needs(
    panel: MethodPanel, window: MainWindow, space: SegmentSpace
) -> None:
    shelf, seen, other = library.user_folder(), {"size": 48}, {"size": 64}
    for name, role, slices in (
        ("d1", "diffusion", seen), ("d2", "diffusion", other),
        ("c1", "classifier", seen), ("c2", "classifier", other),
    ):  # fmt: skip
        write_card(
            shelf / f"{name}.safetensors", method="cdm", role=role, title=name,
            preprocessing=slices,
        )  # fmt: skip
    pick(panel.method, "CDM")
    assert (panel.values()["checkpoint"], panel.values()["classifier"]) == ("d1", "c1")
    panel.setValues({"classifier": ""})
    space.choosing.reload()
    assert panel.values()["classifier"] == "", "what the user chose to leave out stays out"
    pick(panel.checkpoint, "d2")
    assert panel.values()["classifier"] == "c2"


def test_a_checkpoint_brings_the_preset_that_it_was_measured_with(
    panel: MethodPanel, window: MainWindow, space: SegmentSpace
) -> None:
    shelf = library.user_folder()
    for name, preset in (("d1", "subtle"), ("d2", ""), ("d3", "fast"), ("d4", "none such")):
        write_card(
            shelf / f"{name}.safetensors", method="cdm", role="diffusion", title=name, preset=preset
        )
    pick(panel.method, "CDM")
    assert (panel.preset.currentText(), panel.values()["level"]) == ("Subtle", 700)
    pick(panel.checkpoint, "d2")
    assert panel.preset.currentText() == "Subtle", "it has no say"
    pick(panel.checkpoint, "d3")
    assert (panel.preset.currentText(), panel.values()["level"]) == ("Fast", 400)
    pick(panel.checkpoint, "d4")
    assert panel.preset.currentText() == "Fast"
    panel.form.setValues({"level": 123})
    panel.form.changed.emit("level")
    pick(panel.checkpoint, "d1")
    assert panel.values()["level"] == 123, "the user's own values stay"


def test_keys_run_and_cancel_from_the_view(
    checkpoints: tuple[Path, Path], window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    bench = Bench(window, space, qtbot)
    view, engine = space.view.volume.currentView(), fake(window)
    view.setFocus()
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    before = len(engine.jobs)
    QTest.keyClick(view, Qt.Key.Key_Return, control)
    QTest.keyClick(view, Qt.Key.Key_Return, control)
    QTest.keyClick(view, Qt.Key.Key_Return, control | shift)
    first, second, third = sorted(engine.jobs)[before:]
    assert engine.current == first
    assert engine.waiting == [third, second]
    assert "(Ctrl+Return)" in bench.panel.run.toolTip()
    for left in (second, first):
        QTest.keyClick(view, Qt.Key.Key_Escape)
        bench.settle()
        assert max(i for i in engine.jobs if engine.states[i] != "cancelled") == left
    QTest.keyClick(view, Qt.Key.Key_Escape)
    bench.settle()
    assert engine.current is None
    assert "Cancelled" in bench.panel.status()


def test_escape_gives_up_the_stroke_first(
    checkpoints: tuple[Path, Path], window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    bench = Bench(window, space, qtbot)
    job = bench.run()
    view = space.view.volume.currentView()
    space.showing.setTool("polygon")
    view.setFocus()
    QTest.mouseClick(view, LEFT, pos=view.rect().center())
    assert space.study.editor.busy()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    bench.settle()
    assert not space.study.editor.busy()
    assert bench.engine.current == job
    QTest.keyClick(view, Qt.Key.Key_Escape)
    bench.settle()
    assert bench.engine.current is None


def test_runs_of_other_workspaces_are_left_alone_by_escape(
    checkpoints: tuple[Path, Path], window: MainWindow, space: SegmentSpace, qtbot: QtBot
) -> None:
    bench = Bench(window, space, qtbot)
    job = bench.run()
    window.spaces.show("synthesize")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    bench.settle()
    assert bench.engine.current == job
