"""Baselines one click away: run once, then shown at once, each as a step that can be undone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest

from engine.methods.cdm.cutting import recut
from engine.methods.cdm.use_params import CutParams
from tests.app.segment.driving import go, view_of
from tests.app.segment.methods import Bench
from tests.app.segment.review.made_heat import FIRST, heated, land, show_cdm, squares, write_models
from tests.app.window.driving import settle
from widgets.forms.controls.number import NumberControl
from widgets.panels.volume.heat_panel import HeatPanel

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def checkpoint() -> None:
    write_models()


@pytest.fixture
def panel(bench: Bench) -> HeatPanel:
    show_cdm(bench.panel)
    go(view_of(bench.space), (FIRST, 0, 0))
    bench.space.view.showDock(bench.space.view.dock.heat)
    return bench.space.view.dock.heat


def test_a_baseline_runs_with_one_click_and_both_are_kept(bench: Bench, panel: HeatPanel) -> None:
    bench.panel.setValues({"threshold": 0.9})
    first = land(bench)
    assert [b.text() for b in panel.others.values() if b.isChecked()] == ["CDM"]
    QTest.mouseClick(panel.others["reconstruction"], LEFT)
    settle(bench.window, bench.qtbot)
    job_id = max(bench.engine.jobs)
    before, job = bench.engine.jobs[job_id - 1], bench.engine.jobs[job_id]
    assert job.params == before.params.with_changes(evidence="reconstruction")
    assert np.shares_memory(job.array("input"), before.array("input"))
    assert job.inputs["name"] == "head"
    assert job.title.startswith("Reconstruction: CDM, Lesions: head")
    assert panel.others["cdm"].isChecked(), "until there is something else to show"
    maps = squares()
    other = heated(job, found=replace(maps, maps=maps.maps[:, 2:3, ::-1].copy()))
    bench.engine.finish(job_id, other)
    bench.settle()
    assert not np.array_equal(other.labels, first.labels)
    assert np.array_equal(bench.labels, other.labels)
    assert "Heat map (Reconstruction)" in bench.layers()
    assert "Heat map (CDM)" not in bench.layers()
    assert not panel.steps.isEnabled(), "it has no steps to choose from"
    names = bench.space.study.model.names()
    assert names == ["CDM, Lesions", "CDM, Lesions (Reconstruction)"]
    QTest.mouseClick(panel.others["cdm"], LEFT)
    bench.settle()
    assert np.array_equal(bench.labels, first.labels)
    assert panel.others["cdm"].isChecked()
    QTest.mouseClick(panel.others["reconstruction"], LEFT)
    bench.settle()
    assert np.array_equal(bench.labels, other.labels)
    assert max(bench.engine.jobs) == job_id, "neither was run again"
    bench.space.study.editor.undo()
    assert np.array_equal(bench.labels, first.labels)
    assert bench.space.comparing.kept() == ("cdm", "reconstruction")


def test_those_that_need_a_classifier_wait_for_one(bench: Bench, panel: HeatPanel) -> None:
    bench.panel.setValues({"classifier": ""})
    land(bench)
    for name in ("cg-cdm", "grad-cam"):
        assert not panel.others[name].isEnabled()
        assert "needs a classifier" in panel.others[name].toolTip()
    editor = bench.panel.form.control("classifier").editor()
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_Down)
    assert panel.others["grad-cam"].isEnabled()
    QTest.mouseClick(panel.others["grad-cam"], LEFT)
    settle(bench.window, bench.qtbot)
    values = bench.engine.jobs[max(bench.engine.jobs)].params.model_dump()
    assert (values["evidence"], values["classifier"]) == ("grad-cam", "classifier")


def test_another_seed_is_no_comparison(bench: Bench, panel: HeatPanel) -> None:
    land(bench)
    land(bench)
    assert len(bench.space.comparing.kept()) == 1
    bench.space.study.close()
    bench.settle()
    assert bench.space.comparing.kept() == ()
    assert not any(button.isEnabled() for button in panel.others.values())


def test_a_cut_is_taken_over(bench: Bench, panel: HeatPanel) -> None:
    result = land(bench)
    bench.space.reviewing.heat.cut(CutParams(threshold=0.75, keep="all"))
    bench.settle()
    assert np.array_equal(bench.labels, recut(result, CutParams(threshold=0.75, keep="all")).labels)
    QTest.mouseClick(panel.others["reconstruction"], LEFT)
    settle(bench.window, bench.qtbot)
    assert bench.engine.jobs[max(bench.engine.jobs)].params.model_dump()["threshold"] == 0.75


def test_the_form_offers_what_the_checkpoint_knows(bench: Bench, panel: HeatPanel) -> None:
    form = bench.panel.form
    editor = form.control("label").editor()
    editor.setFocus()
    QTest.keyClick(editor, Qt.Key.Key_End)
    assert form.values()["label"] == 2, "Bleeding, its last finding"
    level = form.control("level")
    assert isinstance(level, NumberControl)
    slider = level.slider()
    assert slider is not None
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert form.values()["level"] == 99, "one less than its noise levels"
