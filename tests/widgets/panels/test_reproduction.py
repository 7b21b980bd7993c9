"""The dialog that makes an output again, with real events."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent, QGuiApplication
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QTableWidget
from pytestqt.qtbot import QtBot

from widgets.forms.form import Form
from widgets.forms.spec import FieldSpec
from widgets.panels.job_row import JobRow
from widgets.panels.report_table import ReportRow
from widgets.panels.reproduction import EMPTY, Report, ReproductionDialog

SAME = ReportRow("ok", ("torch", "2.13.0", "2.13.0"))
OTHER = ReportRow("warning", ("Weights", "octa 12ab", "octa 34cd"))
REPORT = Report(
    "danger", "Of 2 outputs: 1 bit-equal, 1 different.", ("Weights are not what was used.",),
    (
        ReportRow("ok", ("a.png", "bit-equal", "", "", "", ""), 0),
        ReportRow("danger", ("b.png", "different", "3 of 9", "", "", "0.91000"), 1),
    ),
    ((SAME,), (OTHER, SAME)), "all of it",
)  # fmt: skip


@pytest.fixture
def dialog(qtbot: QtBot) -> ReproductionDialog:
    made = ReproductionDialog(Form([FieldSpec("result", "Output", "path", path_mode="any")]))
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def texts(table: QTableWidget) -> list[list[str]]:
    shown = [c for c in range(table.columnCount()) if not table.isColumnHidden(c)]
    items = [[table.item(row, c) for c in shown] for row in range(table.rowCount())]
    return [[item.text() for item in row if item is not None] for row in items]


def test_a_dropped_file_is_chosen(dialog: ReproductionDialog, qtbot: QtBot, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "image.png"))])
    button = Qt.MouseButton.LeftButton
    event = QDropEvent(
        QPointF(20, 20), Qt.DropAction.CopyAction, mime, button, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(dialog.edited):
        dialog.dropEvent(event)
    assert dialog.path() == tmp_path / "image.png"


def test_a_report_and_the_conditions_of_what_is_selected(dialog: ReproductionDialog) -> None:
    assert dialog.summary() == EMPTY
    assert not dialog.values.isVisible()
    assert not dialog.copy.isEnabled()
    dialog.showReport(REPORT)
    assert dialog.summary() == f"{REPORT.summary}\n{REPORT.reasons[0]}"
    assert texts(dialog.values)[1] == ["b.png", "different", "3 of 9", "0.91000"]
    assert texts(dialog.conditions) == [list(SAME.cells)]
    viewport, cell = dialog.values.viewport(), dialog.values.item(1, 0)
    assert viewport is not None
    place = dialog.values.visualItemRect(cell).center()
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    assert texts(dialog.conditions) == [list(OTHER.cells), list(SAME.cells)]
    QTest.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == "all of it"
    dialog.showReport(None)
    assert (dialog.summary(), dialog.conditions.isVisible()) == (EMPTY, False)


def test_what_failed_leaves_nothing_of_the_output_before(dialog: ReproductionDialog) -> None:
    dialog.showReport(REPORT)
    assert dialog.conditions.isVisible()
    dialog.showReport(Report("danger", "It has no record.", (), (), (), "It has no record."))
    assert not dialog.values.isVisible()
    assert not dialog.conditions.isVisible()
    assert dialog.summary() == "It has no record."


def test_how_it_goes(dialog: ReproductionDialog) -> None:
    dialog.showJob(JobRow(1, "image.png again", "running", 2, 8))
    assert dialog.cancel.isVisible()
    assert not dialog.run.isEnabled()
    dialog.showJob(JobRow(1, "image.png again", "done", 8, 8))
    assert not dialog.cancel.isVisible()
    assert dialog.run.isEnabled()
