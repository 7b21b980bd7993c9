"""Evaluating in the window: the form, a run, the tables, the case, and evaluations of before."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import send2trash
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.controllers.evaluate.kinds import evaluations_folder
from app.controllers.evaluate.shown import ONE_PATIENT, TOO_FEW, UNSURE, shown
from app.window import MainWindow
from app.workspaces.evaluate.space import EvaluateSpace
from engine.data.volumes.read import read_volume
from engine.events import JobFailed
from engine.metrics.image_table import ImageRow, ImageTable
from engine.metrics.images import ImageScore
from engine.metrics.overlap import ClassScore
from engine.metrics.table import Row, ScoreTable
from engine.results import FileResult
from engine.scoring.image_scores import ImageScores
from engine.scoring.keeping import Keeper
from engine.scoring.params import ImageScoreParams, ScoreParams
from engine.scoring.reading import read_case
from engine.scoring.scoring import Scores
from tests.app.window.driving import fake, settle
from tests.engine.scoring.maps import folders, save, scored, truth, without

LEFT = Qt.MouseButton.LeftButton
WAIT_MS = 20_000
MISSED = "patient2_a", 2


@pytest.fixture
def space(window: MainWindow) -> EvaluateSpace:
    QTest.mouseClick(window.rail.button("evaluate"), LEFT)
    return window.spaces.evaluate()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Predictions, references, images, and others without label 2."""
    root = tmp_path_factory.mktemp("evaluate")
    _, references = folders(root)
    for place in references.iterdir():
        save(root / "others" / place.name, without(truth(), 2))
        save(root / "images" / place.name, truth())
    return root


def drop(space: EvaluateSpace, *paths: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    none = Qt.KeyboardModifier.NoModifier
    action = Qt.DropAction.CopyAction
    space.view.start.dropEvent(QDropEvent(QPointF(9, 9), action, mime, LEFT, none))


def finish(space: EvaluateSpace, window: MainWindow, data: Path, qtbot: QtBot) -> None:
    """Drop everything, run, and let the engine tell what it found."""
    drop(space, *(data / n for n in ("others", "references", "images")))
    space.view.setup.setInput("predictions", data / "predictions")
    space.view.setup.setInput("against", data / "others")
    QTest.mouseClick(space.view.setup.run, LEFT)
    settle(window, qtbot)
    job_id = fake(window).current
    assert job_id is not None
    job = fake(window).jobs[job_id]
    scores, _ = scored(
        job.path("predictions"), job.path("references"), job.path("against"), job.path("images")
    )
    scores.write(job.path("output"))
    fake(window).finish(job_id, scores)
    qtbot.waitUntil(lambda: space.current() is not None, timeout=WAIT_MS)


def test_what_is_dropped_goes_where_its_name_says(space: EvaluateSpace, data: Path) -> None:
    drop(space, data / "references", data / "predictions", data / "others")
    given = space.view.setup.inputs()
    assert given["references"] == data / "references"
    assert given["predictions"] == data / "predictions"
    assert given["images"] == data / "others"


def test_missing_inputs_are_told_at_their_field(space: EvaluateSpace, window: MainWindow) -> None:
    setup = space.view.setup
    QTest.mouseClick(setup.run, LEFT)
    assert "Choose a file or a folder" in setup.form.errors()["input.predictions"]
    setup.setInput("predictions", Path("/nowhere/at/all"))
    setup.setInput("references", Path("/nowhere/else"))
    QTest.mouseClick(setup.run, LEFT)
    assert setup.form.errors()["input.predictions"] == "/nowhere/at/all is not there."
    assert fake(window).current is None


def test_every_kind_has_a_form(space: EvaluateSpace) -> None:
    setup = space.view.setup
    keys = [kind.key for kind in setup.kinds()]
    assert keys[:3] == ["scoring/score", "scoring/score-images", "scoring/memorised"]
    assert len([key for key in keys if key.endswith("/evaluate")]) == 5
    for place in range(len(keys)):
        setup.showKind(place)
        assert setup.current().key == keys[place]
        assert "output" not in setup.inputs()


def test_a_run_can_be_cancelled_and_may_fail(
    space: EvaluateSpace, window: MainWindow, data: Path, qtbot: QtBot
) -> None:
    setup = space.view.setup
    drop(space, data / "references", data / "predictions")
    QTest.mouseClick(setup.run, LEFT)
    settle(window, qtbot)
    assert not setup.run.isEnabled()
    QTest.mouseClick(setup.cancel, LEFT)
    settle(window, qtbot)
    assert setup.status() == "Cancelled"
    QTest.mouseClick(setup.run, LEFT)
    settle(window, qtbot)
    job_id = fake(window).current
    assert job_id is not None
    fake(window).emit(JobFailed(job_id, "No file fits.", "Rename them.", "", True))
    settle(window, qtbot)
    assert setup.status() == "No file fits."
    assert window.message.isVisible()
    assert setup.run.isEnabled()


def test_an_evaluation_in_full(
    space: EvaluateSpace, window: MainWindow, data: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    finish(space, window, data, qtbot)
    view, shown = space.view.result(), space.current()
    assert shown is not None
    # 3 cases, 3 labels, 2 models; the rule is in sight.
    assert len(view.table.shown()) == 18
    assert "diagonal" in view.rule()
    view.table.faults.click()
    states = {shown.cases.lines[place].cells[3] for place in view.table.shown()}
    assert states == {"missed", "spurious"}
    assert [view.tabs.isTabVisible(i) for i in range(4)] == [True] * 4

    place = next(i for i, key in enumerate(shown.keys)
                 if (key.case, key.label, key.other) == ("patient2_a", 2, False))  # fmt: skip
    view.table.choose(place)
    wanted = "patient2_a: label 2 (predictions)"
    qtbot.waitUntil(lambda: view.case.title() == wanted, timeout=WAIT_MS)
    assert "there, not found (false negative): 8" in view.case.legend()
    layers = list(view.case.stack)
    assert [layer.name for layer in layers] == ["patient2_a.nii.gz", "Errors"]
    # All labels of the same case.
    view.case.label.setCurrentIndex(0)
    view.case.label.activated.emit(0)
    qtbot.waitUntil(lambda: view.case.title().startswith("patient2_a: all labels"), timeout=WAIT_MS)

    view.tabs.setCurrentIndex(2)
    assert len(view.boxes.groups()) == 6
    view.boxes.pointChosen.emit(place)
    assert view.tabs.currentIndex() == 0

    report = tmp_path / "r.html"
    with qtbot.waitSignal(space.exporting.told, timeout=WAIT_MS):
        space.exporting.write(shown, report)
    assert report.read_text().count("data:image/png") == 3
    with qtbot.waitSignal(space.exporting.told, timeout=WAIT_MS):
        space.exporting.write(shown, tmp_path / "r.pdf")
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF-")

    QTest.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert space.view.isStart()
    qtbot.waitUntil(lambda: len(space.view.start.cards()) == 1, timeout=WAIT_MS)
    QTest.mouseClick(space.view.start.cards()[0], LEFT)
    qtbot.waitUntil(lambda: space.current() is not None, timeout=WAIT_MS)
    again = space.current()
    assert again is not None
    assert [line.cells[:3] for line in again.cases.lines] == [
        line.cells[:3] for line in shown.cases.lines
    ]
    assert evaluations_folder() in [*Path(space.view.start.cards()[0].item.key).parents]


def test_only_what_was_missed_or_is_spurious_takes_a_column(data: Path) -> None:
    # The images are the same maps as the references.
    for predictions, told in (("images", False), ("others", True)):
        scores, _ = scored(data / predictions, data / "references")
        made = shown(scores)
        assert ("State" in [column.title for column in made.cases.columns]) is told
        assert {len(line.cells) for line in made.cases.lines} == {len(made.cases.columns)}


def test_nobody_is_better_by_one_patient(data: Path) -> None:
    scores, _ = scored(
        data / "predictions", data / "references", data / "others", patient_pattern="(patient)"
    )
    pairs = shown(scores).pairs
    assert pairs is not None
    assert {line.cells[2] for line in pairs.lines} == {"one patient"}
    assert {line.cells[-1] for line in pairs.lines} == {ONE_PATIENT}


@pytest.mark.parametrize(("patients", "told"), [(4, TOO_FEW), (8, "ours is better")])
def test_few_patients_prove_nothing(patients: int, told: str) -> None:
    table = ImageTable({"ours": "", "theirs": ""})
    for place in range(patients):
        scores = {
            way: ImageScore(ssim, 20.0, 0.1, 1.0)
            for way, ssim in (("ours", 0.8 + place / 100), ("theirs", 0.5))
        }
        table.add(ImageRow(f"case{place}", f"patient{place}", scores, 1))
    pairs = shown(ImageScores(ImageScoreParams(), (), table, {}, ())).pairs
    assert pairs is not None
    says = {str(line.cells[0]): line.cells[-1] for line in pairs.lines}
    assert says["SSIM"] == told
    assert says["PSNR, dB"] == "no difference shown"


def test_an_interval_without_its_test_is_unsure() -> None:
    # Four patients gain much, three lose a little: the mean is sure, the ranks are not.
    ours, theirs = ScoreTable({1: "disc"}), ScoreTable({1: "disc"})
    for place, gain in enumerate((0.3, 0.31, 0.32, 0.33, -0.001, -0.002, -0.003)):
        for table, dice in ((ours, 0.5 + gain), (theirs, 0.5)):
            score = ClassScore(dice, dice, dice, dice, 1.0, 1.0, 1.0, dice, 9, 9)
            table.add(Row(f"case{place}", f"patient{place}", {1: score}, "px"))
    pairs = shown(Scores(ScoreParams(), (), ours, theirs, {}, ())).pairs
    assert pairs is not None
    says = {str(line.cells[0]): line.cells[-1] for line in pairs.lines}
    assert says["Dice"] == UNSURE
    assert "no difference shown" in says.values()


def test_what_a_method_measured_has_no_files(
    space: EvaluateSpace, window: MainWindow, data: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    drop(space, data / "references", data / "predictions")
    QTest.mouseClick(space.view.setup.run, LEFT)
    settle(window, qtbot)
    job_id = fake(window).current
    assert job_id is not None
    scores, _ = scored(data / "predictions", data / "references")
    file = scores.table.write(tmp_path / "m.json")
    fake(window).finish(job_id, FileResult(file, "done"))
    qtbot.waitUntil(lambda: space.current() is not None, timeout=WAIT_MS)
    view = space.view.result()
    assert view.table.current() == 0
    assert view.case.isEmpty()
    assert not view.tabs.isTabVisible(3)
    # A tab that was hidden comes back with its width.
    shown = space.current()
    assert shown is not None
    view.setShown(replace(shown, means=None))
    view.setShown(shown)
    bar = view.tabs.tabBar()
    assert bar is not None, "tabs have one"
    assert [bar.tabRect(place).width() > 0 for place in range(4)] == [True, True, True, False]


def test_errors_of_a_checkpoint_are_shown_on_what_it_was_given(
    space: EvaluateSpace, data: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    scores, _ = scored(data / "predictions", data / "references")
    file = tmp_path / "m.json"
    with Keeper(file, wanted=True) as keeper:
        for case in scores.cases:
            read = read_case(case)
            image = read_volume(data / "images" / case.reference.name, kind="image")
            keeper.add(case.name, case.patient, image, read.truth, [read.found])
        scores.table.write(file, keeper.settle())
    drop(space, file)
    qtbot.waitUntil(lambda: space.current() is not None, timeout=WAIT_MS)
    view, shown = space.view.result(), space.current()
    assert shown is not None
    place = next(i for i, key in enumerate(shown.keys) if (key.case, key.label) == MISSED)
    view.table.choose(place)
    qtbot.waitUntil(lambda: "label 2" in view.case.title(), timeout=WAIT_MS)
    assert "there, not found (false negative): 8" in view.case.legend()
    assert [layer.name for layer in view.case.stack] == ["patient2_a.nii.gz", "Errors"]


def test_what_is_taken_off_the_list_goes_to_the_trash_with_its_labels(
    space: EvaluateSpace, data: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[Path] = []

    def take(path: Path) -> None:
        gone.append(path)
        shutil.move(path, data / "trash")

    (data / "trash").mkdir()
    monkeypatch.setattr(send2trash, "send2trash", take)
    evaluations_folder().mkdir(parents=True)
    file = evaluations_folder() / "m.json"
    scores, _ = scored(data / "predictions", data / "references")
    image = read_volume(scores.cases[0].reference, kind="image")
    with Keeper(file, wanted=True) as keeper:
        keeper.add("a", "a", image, image.array[0], [image.array[0]])
        scores.table.write(file, keeper.settle())
    space.leave()
    qtbot.waitUntil(lambda: len(space.view.start.cards()) == 1, timeout=WAIT_MS)
    QTest.keyClick(space.view.start.cards()[0], Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not space.view.start.cards(), timeout=WAIT_MS)
    assert gone == [file, file.with_name("m-labels")]


def test_other_files_are_refused_in_words(
    space: EvaluateSpace, window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "x.json").write_text("{}")
    drop(space, tmp_path / "x.json")
    qtbot.waitUntil(lambda: window.message.isVisible(), timeout=WAIT_MS)
    assert space.view.isStart()


def test_both_themes_and_small_windows_can_be_painted(
    space: EvaluateSpace, window: MainWindow, data: Path, qtbot: QtBot
) -> None:
    finish(space, window, data, qtbot)
    window.resize(1100, 720)
    for _ in range(2):
        for tab in range(4):
            space.view.result().tabs.setCurrentIndex(tab)
            assert not window.grab().isNull()
        window.toggleTheme()
