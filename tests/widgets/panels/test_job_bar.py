from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from widgets.panels.job_bar import JobBar
from widgets.panels.job_row import JobRow


@pytest.mark.parametrize(
    ("row", "busy", "largest", "value"),
    [
        (JobRow(1, "t"), True, 1, 0),
        (JobRow(1, "t", "running"), True, 0, 0),  # it swings
        (JobRow(1, "t", "running", 3, 8), True, 8, 3),
        (JobRow(1, "t", "paused", 3, 8), True, 8, 3),
        (JobRow(1, "t", "done", 8, 8), False, 8, 8),
        (JobRow(1, "t", "failed", 2, 8), False, 8, 2),
    ],
)
def test_the_bar_is_there_while_the_job_is(
    qtbot: QtBot, row: JobRow, busy: bool, largest: int, value: int
) -> None:
    bar = JobBar()
    qtbot.addWidget(bar)
    assert bar.showJob(row) is busy
    assert bar.isVisible() is busy
    assert bar.maximum() == largest
    assert largest == 0 or bar.value() == value
    assert not bar.showJob(None)
    assert not bar.isVisible()
