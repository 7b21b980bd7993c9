"""Forms, driven with real keys, clicks and wheel turns."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent, QWheelEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from widgets.forms.controls.number import NumberControl
from widgets.forms.fold import Fold
from widgets.forms.form import Form
from widgets.forms.spec import LARGEST_SEED, FieldSpec

SPECS = (
    FieldSpec("steps", "Steps", "int", 20, 1, 300, 5, unit="steps", help="Denoising steps"),
    FieldSpec("eta", "Eta", "float", 0.0, 0.0, 1.0, 0.1, decimals=2),
    FieldSpec("sampler", "Sampler", "choice", "ddim", choices=(("ddim", "DDIM"), ("ddpm", "DDPM"))),
    FieldSpec("live", "Live", "bool", False),
    FieldSpec("title", "Title", "text", "a"),
    FieldSpec("seed", "Seed", "seed", 7),
    FieldSpec("template", "Template", "path", None),
    FieldSpec("rate", "Rate", "float", 1e-4, 0.0, None, group="Training", advanced=True),
)


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    form = Form(SPECS)
    qtbot.addWidget(form)
    form.show()
    qtbot.waitExposed(form)
    return form


def test_rows_of_a_group_stand_together_under_one_heading(qtbot: QtBot) -> None:
    groups = {"a": "", "b": "Cases", "c": "", "d": "Cases", "e": "Network"}
    form = Form([FieldSpec(name, name, "text", "", group=group) for name, group in groups.items()])
    qtbot.addWidget(form)
    form.show()
    labels = sorted(form.findChildren(QLabel), key=lambda label: label.mapTo(form, QPoint()).y())
    assert [label.text() for label in labels if label.isVisible() and label.height()] == [
        "a", "c", "Cases", "b", "d", "Network", "e",
    ]  # fmt: skip
    assert list(form.values()) == ["a", "c", "b", "d", "e"]


def _retype(form: Form, name: str, text: str) -> QWidget:
    editor = form.control(name).editor()
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClicks(editor, text)
    return editor


def _turn_wheel(widget: QWidget) -> None:
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(widget.mapToGlobal(QPoint(5, 5))),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)


def test_values_start_at_the_defaults(form: Form) -> None:
    assert form.values() == {
        "steps": 20,
        "eta": 0.0,
        "sampler": "ddim",
        "live": False,
        "title": "a",
        "seed": 7,
        "template": None,
        "rate": 1e-4,
    }
    assert form.errors() == {}


def test_typing_changes_the_value_and_names_the_field(form: Form, qtbot: QtBot) -> None:
    with qtbot.waitSignal(form.changed, check_params_cb=lambda name: name == "steps"):
        _retype(form, "steps", "45")
    assert form.values()["steps"] == 45


@pytest.mark.parametrize(
    ("typed", "told"),
    [("999", "From 1 to 300"), ("0", "From 1 to 300"), ("many", "Not a whole number")],
)
def test_a_bad_number_is_told_and_left_as_typed(form: Form, typed: str, told: str) -> None:
    editor = _retype(form, "steps", typed)
    form.control("title").setFocus()
    assert told in form.errors()["steps"]
    assert isinstance(editor, QAbstractSpinBox)
    assert editor.text() == typed
    shown = [label.text() for label in form.findChildren(QLabel) if label.isVisible()]
    assert any(told in text and "stays in use" in text for text in shown)
    _retype(form, "steps", "30")
    assert form.errors() == {}
    assert form.values()["steps"] == 30


def test_arrows_step_and_stop_at_the_limit(form: Form) -> None:
    editor = form.control("steps").editor()
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert form.values()["steps"] == 25
    form.setValues({"steps": 299})
    QTest.keyClick(editor, Qt.Key.Key_Up)
    assert form.values()["steps"] == 300
    assert form.errors() == {}


def test_decimal_steps_leave_no_dust_and_a_comma_is_a_point(form: Form) -> None:
    editor = form.control("eta").editor()
    editor.setFocus()
    for _ in range(3):
        QTest.keyClick(editor, Qt.Key.Key_Up)
    assert form.values()["eta"] == 0.3
    _retype(form, "eta", "0,75")
    assert form.values()["eta"] == 0.75


def test_the_wheel_spares_fields_without_focus(form: Form) -> None:
    form.control("title").setFocus()
    for name in ("steps", "sampler"):
        _turn_wheel(form.control(name).editor())
    assert form.values()["steps"] == 20
    assert form.values()["sampler"] == "ddim"
    form.control("steps").editor().setFocus()
    _turn_wheel(form.control("steps").editor())
    assert form.values()["steps"] == 25


def test_choosing_and_ticking(form: Form, qtbot: QtBot) -> None:
    box = form.control("sampler").editor()
    assert isinstance(box, QComboBox)
    box.setFocus()
    with qtbot.waitSignal(form.changed, check_params_cb=lambda name: name == "sampler"):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert form.values()["sampler"] == "ddpm"
    tick = form.control("live").editor()
    with qtbot.waitSignal(form.changed, check_params_cb=lambda name: name == "live"):
        QTest.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    assert form.values()["live"] is True


def test_setters_are_silent(form: Form, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(form.changed):
        form.setValues({"steps": 50, "sampler": "ddpm", "live": True, "title": "b", "seed": 1})
        form.rollSeeds()
        form.reset()
    assert form.values()["steps"] == 20
    assert form.values()["seed"] == 7


def test_unknown_choice_and_field_are_refused(form: Form) -> None:
    with pytest.raises(ValueError, match="euler"):
        form.setValues({"sampler": "euler"})
    with pytest.raises(KeyError):
        form.setValues({"guidance": 1.0})


def test_choices_can_be_replaced(form: Form) -> None:
    form.setValues({"sampler": "ddpm"})
    form.setChoices("sampler", (("dpm++", "DPM++"), ("ddpm", "DDPM")))
    assert form.values()["sampler"] == "ddpm"
    form.setChoices("sampler", (("dpm++", "DPM++"),))
    assert form.values()["sampler"] == "dpm++"


def test_dice_and_lock(form: Form, qtbot: QtBot) -> None:
    dice, lock = form.control("seed").findChildren(QToolButton)
    with qtbot.waitSignal(form.changed, check_params_cb=lambda name: name == "seed"):
        QTest.mouseClick(dice, Qt.MouseButton.LeftButton)
    first = form.values()["seed"]
    assert 0 <= first <= LARGEST_SEED
    drawn = form.rollSeeds()["seed"]
    assert form.values()["seed"] == drawn != first
    QTest.mouseClick(lock, Qt.MouseButton.LeftButton)
    assert form.isSeedKept("seed")
    assert form.rollSeeds() == {}
    assert form.values()["seed"] == drawn


def test_a_typed_seed_is_kept_and_may_be_large(form: Form) -> None:
    _retype(form, "seed", "4294967295")
    assert form.values()["seed"] == 4294967295
    assert form.isSeedKept("seed")


def test_outer_error_opens_the_fold_and_goes_with_the_next_change(form: Form) -> None:
    fold = form.findChild(Fold)
    assert fold is not None
    assert not form.control("rate").isVisible()
    form.setError("rate", "The loss was not finite")
    assert fold.isOpen()
    assert form.errors() == {"rate": "The loss was not finite"}
    _retype(form, "rate", "1e-5")
    assert form.errors() == {}
    assert form.values()["rate"] == 1e-5


def test_fold_opens_with_a_click(form: Form) -> None:
    fold = form.findChild(Fold)
    assert fold is not None
    QTest.mouseClick(fold.findChildren(QToolButton)[0], Qt.MouseButton.LeftButton)
    assert form.control("rate").isVisible()


def test_a_hidden_field_hides_its_message_too(form: Form) -> None:
    form.setError("eta", "No")
    form.setFieldVisible("eta", False)
    assert not any(
        label.isVisible() and label.text() == "No" for label in form.findChildren(QLabel)
    )


def test_a_file_can_be_dropped_on_a_path(form: Form, tmp_path: Path, qtbot: QtBot) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "mask.png"))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with qtbot.waitSignal(form.changed, check_params_cb=lambda name: name == "template"):
        form.control("template").dropEvent(event)
    assert form.values()["template"] == tmp_path / "mask.png"


def test_specs_can_be_replaced(form: Form) -> None:
    form.setSpecs((FieldSpec("classes", "Classes", "int", 2, 2, 9),))
    assert form.values() == {"classes": 2}


def test_bad_specs_are_refused() -> None:
    with pytest.raises(ValueError, match="not among the choices"):
        FieldSpec("sampler", "Sampler", "choice", "x", choices=(("y", "Y"),))
    with pytest.raises(ValueError, match="empty"):
        FieldSpec("steps", "Steps", "int", 5, 9, 1)
    with pytest.raises(ValueError, match="out of range"):
        FieldSpec("steps", "Steps", "int", 500, 1, 300)


@pytest.fixture
def sliding(qtbot: QtBot) -> Form:
    made = Form((
        FieldSpec("level", "Level", "int", 40, 1, 4000, slider=(1, 99)),
        FieldSpec("tau", "Tau", "float", 0.5, 0.0, 0.999, 0.01, slider=(0, 0.99)),
        FieldSpec("plain", "Plain", "int", 1),
    ))  # fmt: skip
    qtbot.addWidget(made)
    made.resize(400, 200)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_a_slider_and_its_box_show_one_number(sliding: Form, qtbot: QtBot) -> None:
    level, tau = (sliding.control(name) for name in ("level", "tau"))
    assert isinstance(level, NumberControl)
    assert isinstance(tau, NumberControl)
    slider, fine = level.slider(), tau.slider()
    assert slider is not None
    assert fine is not None
    assert (slider.value(), fine.value()) == (39, 50)
    with qtbot.waitSignal(sliding.changed) as told:
        QTest.keyClick(slider, Qt.Key.Key_Right)
    assert told.args == ["level"]
    assert sliding.values()["level"] == 41
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert sliding.values()["level"] == 99
    _retype(sliding, "level", "700")
    assert sliding.values()["level"] == 700
    assert slider.value() == slider.maximum(), "beyond it, a number is typed"
    for _ in range(3):
        QTest.keyClick(fine, Qt.Key.Key_Left)
    assert sliding.values()["tau"] == 0.47
    sliding.setValues({"level": 11})
    assert slider.value() == 10


def test_a_slider_follows_other_ends_and_leaves_the_wheel(sliding: Form) -> None:
    level = sliding.control("level")
    assert isinstance(level, NumberControl)
    slider = level.slider()
    assert slider is not None
    sliding.setSlider("level", 1, 20)
    assert sliding.values()["level"] == 40, "the number stays"
    assert slider.value() == slider.maximum() == 19
    QTest.keyClick(slider, Qt.Key.Key_Home)
    assert sliding.values()["level"] == 1
    level.editor().setFocus()
    _turn_wheel(slider)
    assert sliding.values()["level"] == 1
    for name in ("plain", "nothing"):
        with pytest.raises((TypeError, KeyError)):
            sliding.setSlider(name, 0, 1)
