"""Ways of translating one case, looked at one after the other in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.window import MainWindow
from engine.jobs import Job
from engine.methods.midiffusion.evaluating import evaluate
from engine.methods.midiffusion.use_params import EvaluateParams
from tests.helpers.adaptdiff_models import run
from tests.helpers.midiffusion_models import QUICK, heads, save_translator
from tests.helpers.torch_rules import cpu_context

WAIT_MS = 20_000


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two ways of two cases."""
    root = tmp_path_factory.mktemp("translations")
    params = EvaluateParams.parse({
        **QUICK, "pattern": "*_t2.nii.gz", "reference_pattern": "*_t1.nii.gz",
        "checkpoint": str(save_translator(root / "t.safetensors")), "baselines": "source",
    })  # fmt: skip
    inputs = {"images": heads(root / "set", 2), "output": root / "report.json"}
    run(evaluate(Job("midiffusion", "evaluate", params, inputs), cpu_context()))
    return root / "report.json"


def test_another_way_of_a_case_is_seen_in_the_same_place(
    window: MainWindow, report: Path, qtbot: QtBot
) -> None:
    window.spaces.show("evaluate")
    space = window.spaces.evaluate()
    space.open([report])
    qtbot.waitUntil(lambda: space.current() is not None, timeout=WAIT_MS)
    view, shown = space.view.result(), space.current()
    assert shown is not None
    places = {(key.case, key.way): place for place, key in enumerate(shown.keys)}

    def choose(case: str, way: str) -> None:
        view.table.choose(places[case, way])
        wanted = f"{case}: reference, {way}, difference, from the left"
        qtbot.waitUntil(lambda: view.case.title() == wanted, timeout=WAIT_MS)

    choose("patient0_t2", "translation")
    views = view.case.views
    x, y, z = views.crosshair()
    moved = x + 3.0, y, z + 3.0
    views.setCrosshair(moved)
    choose("patient0_t2", "source")
    assert views.crosshair() == pytest.approx(moved)
    choose("patient1_t2", "source")
    found = views.crosshair()
    assert found != pytest.approx(moved), "where this one is wrong most"
    space.open([report])
    qtbot.waitUntil(lambda: space.current() is not shown, timeout=WAIT_MS)
    choose("patient1_t2", "source")
    assert views.crosshair() == pytest.approx(found)
    view.case.clear()
    view.table.chosen.emit(0)
    assert view.case.reason() == f"Reading {shown.keys[0].case}…"
    qtbot.waitUntil(lambda: not view.case.isEmpty(), timeout=WAIT_MS)
