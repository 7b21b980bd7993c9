"""The window with the real engine: from a click to a translation in a file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.cli import main
from app.window import MainWindow
from app.workspaces.translate.views import (
    BLEND,
    CHECKER,
    CURTAIN,
    MAP,
    MIXED,
    RESULT,
    SOURCE,
    SPOKEN,
    STEPS,
    TIES,
    TOGETHER,
    X0_HAT,
    X_T,
)
from tests.app.segment.driving import choose, file_answer, key, settled
from tests.app.translate.driving import PATIENCE_MS, click, landed, open_scan
from tests.helpers import pointer
from widgets.timeline.strip import Strip

Start = Callable[..., MainWindow]


def test_from_a_preview_to_a_file_and_back(
    start: Start, scan: Path, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = start(real=True)
    space = open_scan(window, qtbot, scan)
    view, panel = space.view, space.view.panel
    views, dock = view.views, view.dock
    assert "16 × 16 px of 1.5 mm" in panel.facts()
    key(views.view(SOURCE), Qt.Key.Key_PageDown)
    index = views.view(SOURCE).index()
    assert index == 1, "the views' own keys scroll"

    # A slice alone: its steps are seen live, and stay.
    click(panel.preview)
    one = landed(window, space, qtbot)
    assert one.provenance["slices"]["translated"] == 1
    frames = dock.timeline.frames()
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert list(frames[-1].pictures()) == ["x_t", "x0_hat", "LMI"]
    assert views.shownViews() == [views.view(name) for name in (SOURCE, X_T, X0_HAT, TIES)]
    assert space.steps.seen() is not None
    assert dock.joint.counts() is not None
    assert not dock.result.save.isEnabled(), "a slice is no result to keep"
    assert "Translate" in dock.result.save.toolTip()
    # All look at one place, and zoom together.
    world = views.view(SOURCE).crosshair()
    pointer.click(views.view(X0_HAT), (5.5, 9.5))
    assert views.view(SOURCE).crosshair() != world
    assert views.view(SOURCE).index() == index
    assert views.view(TIES).crosshair() == pytest.approx(views.view(SOURCE).crosshair())
    views.view(X_T).zoomBy(2.0)
    scales = [views.view(name).mmPerPixel() for name in (SOURCE, X_T, X0_HAT, TIES)]
    assert scales == pytest.approx([scales[0]] * 4)
    # The keys of the timeline go back through the steps, and the views follow.
    key(dock.timeline.findChild(Strip), Qt.Key.Key_Home)
    assert "noise" in views.captions[X_T].title
    key(views.view(SOURCE), ".")
    assert "noise" not in views.captions[X_T].title

    # All slices: the one that was seen before is the same.
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    whole = landed(window, space, qtbot)
    np.testing.assert_allclose(whole.image[index], one.image[index], atol=0.05)
    assert views.mode() == CURTAIN
    now = space.showing.landed()
    assert now is not None
    assert now.file is not None, "kept as it came"
    out, lmi = tmp_path / "cli.nii.gz", tmp_path / "lmi.nii.gz"
    command = ["translate", "--input", str(scan), "--output", str(out), "--checkpoint", "tiny_t1"]
    command += ["--steps", "4", "--seed", "3", "--device", "cpu", "--threads", "1"]
    assert main([*command, "--information", str(lmi)]) == 0
    np.testing.assert_allclose(nibabel.load(out).get_fdata().T, whole.image, atol=0.05)
    text = dock.result.text()
    assert "99.5 of those above" in text
    assert "not for diagnosis" in text
    assert "1 of 5 slices are constant" in text

    # Saved on the source's voxels, marked.
    saved = tmp_path / "saved.nii.gz"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", file_answer(saved))
    view.showDock(dock.result)
    click(dock.result.save)
    settled(window, qtbot)
    np.testing.assert_allclose(nibabel.load(saved).affine, nibabel.load(scan).affine)
    assert "SYNTHETIC" in str(nibabel.load(saved).header["descrip"])
    assert json.loads((tmp_path / "saved.nii.gz.json").read_text())["synthetic"]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", file_answer(tmp_path / "map.nii.gz"))
    choose(window, "File", "Save mutual information")
    settled(window, qtbot)
    np.testing.assert_allclose(
        nibabel.load(tmp_path / "map.nii.gz").get_fdata(), nibabel.load(lmi).get_fdata(), atol=0.05
    )
    choose(window, "File", "Save spread")
    assert "no spread over the samples" in window.message.message()

    # Nothing is lost with the window, even one that dies.
    window.close()
    again = start(real=True)
    space = again.spaces.translate()
    qtbot.waitUntil(lambda: bool(space.view.start.cards()))
    card = space.view.start.cards()[0]
    assert card.item.name == "patient0_t2 as Tiny"
    click(card)
    back = landed(again, space, qtbot)
    np.testing.assert_allclose(back.image, whole.image, atol=1e-3)
    np.testing.assert_allclose(back.information, whole.information, atol=1e-3)
    assert "99.5 of those above" in space.view.dock.result.text()
    assert space.view.dock.result.segment.isEnabled()


def test_handles_are_dragged_and_moved_by_keys(start: Start, scan: Path, qtbot: QtBot) -> None:
    window = start(real=True)
    space = open_scan(window, qtbot, scan)
    views, header = space.view.views, space.view.header
    assert not header.button(CURTAIN).isEnabled(), "there is nothing to compare yet"
    click(space.view.panel.run)
    landed(window, space, qtbot)
    mixed = views.view(MIXED)
    assert mixed.view().fitted, "what a run sees is left behind"
    assert [views.captions[name].mark for name in (MIXED, RESULT, SOURCE)] == [
        "SYNTHETIC", "SYNTHETIC", "",
    ]  # fmt: skip
    edge = QPointF(mixed.curtain() * mixed.width(), mixed.height() / 3)
    pointer.drag(
        mixed, *((p.x(), p.y()) for p in (mixed.viewToImage(edge + QPointF(x, 0)) for x in (0, 90)))
    )
    assert mixed.curtain() == pytest.approx((edge.x() + 90) / mixed.width(), abs=0.01)
    assert header.handle.value() == pytest.approx(1000 * mixed.curtain(), abs=1)
    before = mixed.curtain()
    key(mixed, "A")
    assert mixed.curtain() == pytest.approx(before - 0.05)
    QTest.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.AltModifier)
    assert views.mode() == BLEND
    _, over = views.stacks[MIXED]
    key(mixed, "D", "D")
    assert over.look.opacity == pytest.approx(0.6)
    key(mixed, "W")
    assert not over.look.visible
    key(mixed, "W")
    click(header.button(CHECKER))
    side = mixed.square()
    key(mixed, "D")
    assert mixed.square() > side
    header.handle.setFocus()
    QTest.keyClick(header.handle, Qt.Key.Key_Home)
    assert mixed.square() == 8
    click(header.button(TOGETHER))
    assert [each.accessibleName() for each in views.shown()] == [
        SPOKEN[n] for n in (SOURCE, RESULT, MAP)
    ]
    scales = [views.view(name).mmPerPixel() for name in (SOURCE, RESULT, MAP)]
    assert scales == pytest.approx([scales[0]] * 3, rel=0.02), "a pixel of the tiles is nothing"
    pointer.double_click(views.view(RESULT), (6.0, 6.0))
    assert [each.accessibleName() for each in views.shown()] == [SPOKEN[RESULT]]
    pointer.double_click(views.view(RESULT), (6.0, 6.0))
    assert len(views.shown()) == 3
    # Under the pointer: the values of both.
    pointer.move(views.view(SOURCE), (6.5, 7.5))
    assert space.view.dock.joint.mark() is not None
    click(header.button(STEPS))
    assert views.mode() == STEPS


def test_what_cannot_be_translated_is_told(
    start: Start, scan: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    window = start(real=True)
    space = open_scan(window, qtbot, scan)
    panel, message = space.view.panel, window.message

    def told(text: str) -> None:
        click(panel.run)
        qtbot.waitUntil(lambda: text in message.message(), timeout=PATIENCE_MS)
        settled(window, qtbot)

    panel.setValues({"start": "source", "level": 900})
    told("noise level of 900 was asked of a model with 40")
    assert "Failed" in panel.status()
    panel.setValues({"start": "noise", "level": 0, "slices": "0"})
    told("Slice 0 is constant")
    panel.setValues({"slices": ""})
    array = np.array(nibabel.load(scan).get_fdata())
    array[3, 3, 3] = np.nan
    nibabel.save(nibabel.Nifti1Image(array, nibabel.load(scan).affine), tmp_path / "nan.nii.gz")
    open_scan(window, qtbot, tmp_path / "nan.nii.gz")
    told("values are NaN or infinite")
    assert space.showing.landed() is None
    window.open([Path(__file__).parents[3] / "resources" / "nothing.safetensors"])
    qtbot.waitUntil(lambda: "nothing.safetensors" in message.message())
