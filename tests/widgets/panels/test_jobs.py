"""The jobs panel with real clicks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from widgets.panels.job_row import JobRow
from widgets.panels.jobs import JobsPanel


@pytest.fixture
def panel(qtbot: QtBot) -> JobsPanel:
    panel = JobsPanel()
    qtbot.addWidget(panel)
    panel.resize(360, 500)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def _button(panel: JobsPanel, job_id: int, name: str) -> QAbstractButton:
    found = [
        b
        for b in panel.view(job_id).findChildren(QAbstractButton)
        if name in (b.toolTip(), b.text())
    ]
    return found[0]


def _click(button: QAbstractButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def _texts(panel: JobsPanel) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]


def _ids(panel: JobsPanel) -> list[int]:
    return [row.id for row in panel.rows()]


def test_empty_panel_says_so(panel: JobsPanel) -> None:
    assert any("No jobs yet" in text for text in _texts(panel))
    panel.upsert(JobRow(1, "One"))
    assert not any("No jobs yet" in text for text in _texts(panel))
    panel.remove(1)
    panel.remove(1)
    assert any("No jobs yet" in text for text in _texts(panel))


def test_running_stands_over_waiting_over_finished(panel: JobsPanel) -> None:
    panel.upsert(JobRow(1, "Over", "done"))
    panel.upsert(JobRow(2, "Waits"))
    panel.upsert(JobRow(3, "Waits too"))
    panel.upsert(JobRow(4, "Runs", "running"))
    assert _ids(panel) == [4, 2, 3, 1]
    panel.upsert(JobRow(4, "Runs", "failed"))
    panel.upsert(JobRow(2, "Waits", "running"))
    assert _ids(panel) == [2, 3, 4, 1]


def test_progress_tells_rate_and_remaining_time(panel: JobsPanel) -> None:
    panel.upsert(JobRow(1, "One", "running", 120, 300, 12.34, 14.2))
    assert "Running  ·  120 of 300  ·  12.3 steps/s  ·  15 s left" in _texts(panel)
    panel.upsert(JobRow(1, "One", "done", 300, 300, 12.34, 0))
    assert "Done  ·  300 of 300" in _texts(panel)


@pytest.mark.parametrize("state", ["queued", "running", "paused"])
def test_cancel(panel: JobsPanel, qtbot: QtBot, state: str) -> None:
    panel.upsert(replace(JobRow(7, "One"), state=state))
    with qtbot.waitSignal(panel.cancelRequested, check_params_cb=lambda i: i == 7):
        _click(_button(panel, 7, "Cancel"))
    assert not _button(panel, 7, "Retry").isVisible()


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_retry(panel: JobsPanel, qtbot: QtBot, state: str) -> None:
    panel.upsert(replace(JobRow(7, "One"), state=state))
    with qtbot.waitSignal(panel.retryRequested, check_params_cb=lambda i: i == 7):
        _click(_button(panel, 7, "Retry"))
    assert not _button(panel, 7, "Cancel").isVisible()


@pytest.mark.parametrize(
    ("job", "name", "index"),
    [(3, "Run first", 0), (3, "Move up", 1), (2, "Move down", 2), (2, "Move up", 0)],
)
def test_moving_asks_for_a_place_in_the_queue(
    panel: JobsPanel, qtbot: QtBot, job: int, name: str, index: int
) -> None:
    panel.upsert(JobRow(9, "Runs", "running"))
    for job_id in (1, 2, 3):
        panel.upsert(JobRow(job_id, str(job_id)))
    with qtbot.waitSignal(panel.moveRequested, check_params_cb=lambda i, n: (i, n) == (job, index)):
        _click(_button(panel, job, name))
    assert _ids(panel) == [9, 1, 2, 3], "only the owner of the queue moves jobs"


def test_queue_order_and_its_ends(panel: JobsPanel) -> None:
    for job_id in (1, 2, 3):
        panel.upsert(JobRow(job_id, str(job_id)))
    panel.setQueueOrder([3, 99, 1])
    assert _ids(panel) == [3, 1, 2]
    assert not _button(panel, 3, "Move up").isEnabled()
    assert not _button(panel, 3, "Run first").isEnabled()
    assert not _button(panel, 2, "Move down").isEnabled()
    assert _button(panel, 1, "Move up").isEnabled()


def test_failure_shows_reason_and_hint_and_copies_details(panel: JobsPanel) -> None:
    panel.upsert(
        JobRow(
            5, "Synthesize", "failed", 3, 20,
            message="The mask is empty", hint="Draw a vessel", detail="Traceback: line 1",
        )
    )  # fmt: skip
    assert {"The mask is empty", "Draw a vessel"} <= set(_texts(panel))
    _click(_button(panel, 5, "Copy details"))
    clipboard = QApplication.clipboard()
    assert clipboard is not None
    for part in ("Synthesize", "The mask is empty", "Draw a vessel", "Traceback: line 1"):
        assert part in clipboard.text()
    panel.upsert(JobRow(5, "Synthesize", "queued"))
    assert "The mask is empty" not in _texts(panel)
    assert not _button(panel, 5, "Copy details").isVisible()


def test_double_click_asks_for_details(panel: JobsPanel, qtbot: QtBot) -> None:
    panel.upsert(JobRow(5, "Synthesize", "failed"))
    with qtbot.waitSignal(panel.detailsRequested, check_params_cb=lambda i: i == 5):
        QTest.mouseDClick(panel.view(5), Qt.MouseButton.LeftButton)


def test_pausing_the_queue(panel: JobsPanel, qtbot: QtBot) -> None:
    button = next(b for b in panel.findChildren(QAbstractButton) if b.text() == "Pause queue")
    with qtbot.waitSignal(panel.pauseToggled, check_params_cb=lambda on: on is True):
        _click(button)
    assert button.text() == "Resume queue"
    with qtbot.assertNotEmitted(panel.pauseToggled):
        panel.setPaused(False)
    assert button.text() == "Pause queue"


def test_clear_finished_leaves_the_others(panel: JobsPanel) -> None:
    for job_id, state in enumerate(("done", "failed", "cancelled", "running", "queued")):
        panel.upsert(replace(JobRow(job_id, state), state=state))
    button = next(
        b for b in panel.findChildren(QAbstractButton) if b.toolTip() == "Clear finished jobs"
    )
    _click(button)
    assert _ids(panel) == [3, 4]
    assert not button.isEnabled()
