"""The Models workspace with real events: search, card, comparison, change, trash, use."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import send2trash
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from engine import library
from engine.data.volumes.volume import Geometry, Source, Volume, plain_affine
from engine.training.checkpoint import Card, read_card, save_checkpoint
from engine.training.header import sha256_of, weights_sha256
from tests.app.window.driving import LEFT

CTRL = Qt.KeyboardModifier.ControlModifier
SCAN = Volume(
    np.zeros((1, 4, 8, 6), np.int16), Geometry((4, 8, 6), plain_affine((1.0, 1.0, 1.0))),
    source=Source(Path("scan.nii.gz")),
)  # fmt: skip


def _save(name: str, **about: object) -> Path:
    import torch

    folder = library.user_folder()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.safetensors"
    values = {"method": "cdal", "role": "generator", "title": name.capitalize(), **about}
    save_checkpoint(path, {"weight": torch.ones(2)}, Card.model_validate(values))
    return path


@pytest.fixture
def weights(model: Path) -> dict[str, Path]:
    lungs = _save(
        "lungs", data=[{"name": "Ward scans", "cases": 7}], figures={"Dice": {"mean": 0.9}},
        labels={"1": {"name": "Lung", "color": "#00FF00"}}, preprocessing={"channels": 3},
    )  # fmt: skip
    mask = QImage(8, 8, QImage.Format.Format_Grayscale8)
    mask.fill(200)
    assert mask.save(str(lungs.with_suffix(".png")))
    return {
        "lungs": lungs,
        "heart": _save("heart", method="diffrect", role="segmenter", training={"seed": 1}),
        "rectifier": _save("rectifier", method="diffrect", role="rectifier"),
    }


@pytest.fixture
def shown(weights: dict[str, Path], window: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window in the Models workspace."""
    window.spaces.models.reload()
    window.rail.button("models").click()
    qtbot.waitUntil(lambda: window.models.list.count() == 4)
    return window


def _titles(window: MainWindow) -> list[str]:
    return [row.title for row in window.models.list.rows()]


def _click(
    window: MainWindow, title: str, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    shelf = window.models.list
    item = shelf.item(_titles(window).index(title))
    port = shelf.viewport()
    assert item is not None
    assert port is not None
    QTest.mouseClick(port, LEFT, keys, shelf.visualItemRect(item).center())


def _press(button: QPushButton) -> None:
    assert button.isEnabled()
    QTest.mouseClick(button, LEFT)


def test_words_and_lists_narrow_it_down(shown: MainWindow, qtbot: QtBot) -> None:
    view = shown.models
    assert _titles(shown) == ["Heart", "Lungs", "Rectifier", "Tiny OCT-A"]
    QTest.keyClick(view.list, Qt.Key.Key_F, CTRL)
    QTest.keyClicks(view.filters.text, "ward")
    assert _titles(shown) == ["Lungs"]
    assert "Ward scans" in view.text()
    QTest.keyClicks(view.filters.text, " zebra")
    assert _titles(shown) == []
    assert "No model fits" in view.text()
    _press(view.clear)
    assert len(_titles(shown)) == 4
    view.filters.method.setFocus()
    QTest.keyClicks(view.filters.method, "DiffRect")
    assert _titles(shown) == ["Heart", "Rectifier"]
    view.filters.origin.setFocus()
    QTest.keyClicks(view.filters.origin, "Trained")
    assert _titles(shown) == ["Heart"]


def test_a_card_tells_all_and_its_hash_comes_later(
    shown: MainWindow, weights: dict[str, Path], qtbot: QtBot
) -> None:
    _click(shown, "Lungs")
    detail = shown.models.detail
    assert "Lung" in detail.text()
    assert "0.9" in detail.text()
    qtbot.waitUntil(lambda: detail.hashes() is not None)
    assert sha256_of(weights["lungs"]) in detail.text()
    detail.copy_hash.trigger()
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == sha256_of(weights["lungs"])
    detail.copy_path.trigger()
    assert clipboard.text() == str(weights["lungs"])
    (row,) = (row for row in shown.models.list.rows() if row.title == "Lungs")
    assert row.picture is not None
    assert row.chips == (("#00ff00", "Lung"),)


def test_several_stand_side_by_side(shown: MainWindow) -> None:
    _click(shown, "Lungs")
    _click(shown, "Heart", CTRL)
    view = shown.models
    assert view.isComparing()
    assert ("Role", "segmenter", "generator") in view.comparison.rows("Differs")
    assert ("Dice", "–", "0.9") in view.comparison.rows("Figures")
    assert not view.comparison.rows("The same") or view.comparison.topLevelItem(2) is not None
    _click(shown, "Heart")
    assert not view.isComparing()
    assert "Heart" in view.text()


def test_title_and_notes_are_changed_and_the_weights_stay(
    shown: MainWindow, weights: dict[str, Path], qtbot: QtBot
) -> None:
    before = weights_sha256(weights["heart"])
    _click(shown, "Heart")
    _press(shown.models.detail.edit)
    dialog = shown.spaces.models.keeping.dialog
    assert dialog is not None
    dialog.title.clear()
    assert not dialog.save.isEnabled()
    QTest.keyClicks(dialog.title, "Left heart")
    QTest.keyClicks(dialog.notes, "For the trial")
    _press(dialog.save)
    qtbot.waitUntil(lambda: "Left heart" in _titles(shown))
    assert "For the trial" in shown.models.text(), "it is still the one that is shown"
    assert read_card(weights["heart"]).notes == "For the trial"
    assert weights_sha256(weights["heart"]) == before


def test_it_goes_to_the_trash_when_the_user_says_so(
    shown: MainWindow, weights: dict[str, Path], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[Path] = []
    monkeypatch.setattr(send2trash, "send2trash", lambda file: gone.append(file) or file.unlink())
    keeping = shown.spaces.models.keeping

    def answer(text: str) -> None:
        shown.models.detail.trash.trigger()
        box = keeping.question
        assert isinstance(box, QMessageBox)
        (button,) = (b for b in box.buttons() if text in b.text())
        QTest.mouseClick(button, LEFT)

    _click(shown, "Lungs")
    answer("Cancel")
    assert weights["lungs"].exists()
    answer("Move")
    qtbot.waitUntil(lambda: "Lungs" not in _titles(shown))
    assert gone == [weights["lungs"], weights["lungs"].with_suffix(".png")]


def test_bundled_ones_stay_as_they_are(
    weights: dict[str, Path], window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = library.user_folder()
    monkeypatch.setattr(library, "bundled_folder", lambda: folder)
    monkeypatch.setattr(library, "user_folder", lambda: Path("/nowhere"))
    window.spaces.models.reload()
    window.spaces.show("models")
    qtbot.waitUntil(lambda: {row.badge for row in window.models.list.rows()} == {"Bundled"})
    _click(window, "Lungs")
    detail = window.models.detail
    assert not detail.edit.isEnabled()
    assert not detail.trash.isEnabled()
    assert not window.actions_["models.trash"].isEnabled()
    assert window.actions_["models.use"].isEnabled()


def test_it_says_beforehand_why_it_does_not_fit_the_open_image(
    shown: MainWindow, weights: dict[str, Path], qtbot: QtBot
) -> None:
    _click(shown, "Lungs")
    detail = shown.models.detail
    assert detail.fit() == ""
    assert "Segment" in detail.use.text()
    shown.spaces.segment().study.open(SCAN)
    shown.spaces.show("models")
    assert "takes colour images; scan is a grey image" in detail.fit()
    _click(shown, "Heart")
    assert "Fits the open image, scan" in detail.fit()
    _click(shown, "Rectifier")
    assert detail.fit() == ""
    assert not detail.use.isVisibleTo(detail)
    _click(shown, "Heart")
    _press(detail.use)
    assert shown.spaces.current() == "segment"
    method = shown.spaces.segment().view.method
    qtbot.waitUntil(lambda: method.current().method.id == "diffrect")
    qtbot.waitUntil(lambda: method.checkpointName() == "heart")
    names = [method.checkpoint.itemData(place) for place in range(method.checkpoint.count())]
    assert names.count("heart") == 1, "the library has it already"
    assert str(weights["heart"]) not in names


def test_what_synthesizes_is_chosen_there(shown: MainWindow) -> None:
    _click(shown, "Tiny OCT-A")
    _press(shown.models.detail.use)
    assert shown.spaces.current() == "synthesize"
    assert shown.view.inspector.form.values()["checkpoint"] == "octa"


def test_files_that_are_no_checkpoints_are_passed_over(
    open_fake: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    folder = library.user_folder()
    folder.mkdir(parents=True)
    (folder / "broken.safetensors").write_bytes(b"no checkpoint")
    window = open_fake()
    window.spaces.show("models")
    assert "No models" in window.models.text()
