"""The main window: workspaces, menus, status bar, and what they share."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

from PyQt6.QtCore import QByteArray, QTimer
from PyQt6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QResizeEvent,
)
from PyQt6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMenuBar,
    QStackedWidget,
    QWidget,
)

from app.autosave import Journal, Saved
from app.background import Background
from app.bridge import Bridge
from app.commands import WITH_RESULT, make_actions
from app.controllers.files import FilesController
from app.controllers.grow import SAMPLE_NAME, GrowController
from app.controllers.jobs import JobsController
from app.controllers.synthesize import SynthesizeController
from app.errors import Teller
from app.session import Session
from app.settings import Settings, save_settings
from app.status import StatusBar
from app.workspaces.models import ModelsView
from app.workspaces.synthesize import SynthesizeView
from engine import library
from engine.errors import EngineError
from engine.methods import adaptdiff
from engine.worker import EngineLike
from widgets.grey import grey_image
from widgets.panels.message import MessageBar, MessageKind
from widgets.panels.palette import CommandPalette
from widgets.panels.rail import WORKSPACES, Rail
from widgets.theme import apply_theme

KINDS: dict[str, MessageKind] = {"info": "info", "warning": "warning", "error": "error"}
_log = logging.getLogger(__name__)
SHUTDOWN_S = 20.0
INFO_MS = 12_000


class MainWindow(QMainWindow):
    """Owns the session and the controllers; `close` ends engine, journal and background work.

    Args:
        engine, bridge: The engine and what tells its events here.
        settings, settings_file: What is remembered, and where it is written at the end.
        journal: Keeps the mask against a crash.
        teller: What is to be told to the user.
    """

    def __init__(
        self,
        engine: EngineLike,
        bridge: Bridge,
        settings: Settings,
        settings_file: Path,
        journal: Journal,
        teller: Teller,
    ) -> None:
        super().__init__()
        application = QApplication.instance()
        assert isinstance(application, QApplication), "a window needs an application"
        # Kept alive by the window: PyQt ends an application that nothing refers to.
        self.application = application
        self.engine, self.bridge, self.teller = engine, bridge, teller
        self.settings, self._settings_file = settings, settings_file
        self.journal = journal
        self.session = Session(self)
        self.background = Background(self)
        method = adaptdiff.METHOD
        task = method.task("synthesize")
        self.view = SynthesizeView(method, task)
        self.models = ModelsView()
        self.message = MessageBar(self)
        bridge.setParent(self)
        self.jobs = JobsController(engine, bridge, self.session, self.view.jobs, teller, self)
        self.synthesis = SynthesizeController(
            engine, bridge, self.session, self.view, method, task, self.background, teller, self
        )
        self.grow = GrowController(engine, bridge, self.session, self.view, method, teller, self)
        self.files = FilesController(
            self.session, self.view, self.synthesis.display(), settings, self.background, teller,
            self,
        )  # fmt: skip
        self._current_job = 0
        self._message_clock = QTimer(self)
        self._message_clock.setSingleShot(True)
        self._message_clock.timeout.connect(self.message.dismiss)
        self._build()
        self.palette_ = CommandPalette(self)
        self.actions_ = make_actions(self)
        self.palette_.setActions(list(self.actions_))
        self._connect()
        self.reloadModels()
        self._take_settings()
        self.setAcceptDrops(True)

    def bar(self) -> QMenuBar:
        """The menu bar."""
        bar = self.menuBar()
        assert bar is not None, "a main window makes its menu bar"
        return bar

    # --- building

    def _build(self) -> None:
        self.rail = Rail([item for item in WORKSPACES if item.key in ("synthesize", "models")])
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.models)
        self.rail.currentChanged.connect(self._show_workspace)
        self.center = QWidget(self)
        row = QHBoxLayout(self.center)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addWidget(self.stack, 1)
        self.setCentralWidget(self.center)
        self.status = StatusBar(self.session, self.view, self)
        self.setStatusBar(self.status)

    def _connect(self) -> None:
        view, session = self.view, self.session
        inspector = view.inspector
        self.teller.told.connect(self._tell)
        inspector.run.clicked.connect(lambda: self.synthesis.run())
        inspector.cancel.clicked.connect(lambda: self.synthesis.cancel())
        inspector.live.toggled.connect(self._set_live)
        session.jobChanged.connect(self._job_changed)
        session.resultChanged.connect(self._result_changed)
        session.maskChanged.connect(self._show_title)
        self.synthesis.currentChanged.connect(self._current_changed)
        self.jobs.retried.connect(self.synthesis.adopt)
        self.files.saved.connect(lambda path: self.status.showMessage(f"Saved {path}", 8000))
        self.files.opened.connect(lambda path: self.status.showMessage(f"Opened {path}", 8000))
        view.canvas.maskEdited.connect(self._journal)
        view.canvas.model.historyChanged.connect(self._history_changed)
        view.tools.sizeRequested.connect(view.canvas.resizeMask)

    def _take_settings(self) -> None:
        settings, inspector = self.settings, self.view.inspector
        inspector.setValues(settings.form)
        inspector.form.setSeedKept("seed", settings.keep_seed)
        inspector.live.setChecked(settings.live)
        self.view.header.setOutline(settings.outline_opacity)
        self.view.image.setOutlineOpacity(settings.outline_opacity)
        self.resize(1440, 900)
        self.view.resize(1360, 850)
        self.view.resetLayout()
        if settings.geometry:
            self.restoreGeometry(QByteArray(base64.b64decode(settings.geometry)))
        for name, splitter in self.view.splitters().items():
            sizes = settings.splitters.get(name)
            if sizes is not None and len(sizes) == splitter.count():
                splitter.setSizes(sizes)
        self._show_title()

    # --- starting

    def restore(self, saved: Saved | None) -> None:
        """Put back the mask of the last time, or begin with a sample."""
        if self.view.canvas.model.canUndo() or self.view.canvas.model.isEditing():
            return  # the user was faster
        if saved is None or not saved.mask.any():
            self.grow.grow_sample()
            return
        self.session.set_mask(saved.name or "Drawn mask")
        self.view.canvas.model.reset(saved.mask)
        if not saved.clean:
            self.teller.say(
                "info", "The mask was restored: the program had not been closed.",
                "At most the last stroke is missing.",
            )  # fmt: skip

    def reloadModels(self) -> None:
        """Look again which checkpoints there are."""
        self.session.set_checkpoints(library.entries("adaptdiff", "diffusion"))
        self.view.inspector.setModels(self.session.checkpoints)
        self.models.setEntries(library.entries())
        self.actions_.enable(("run", "run_first", "live"), bool(self.session.checkpoints))
        self._set_live(self.view.inspector.live.isChecked())

    # --- following

    def _tell(self, kind: str, message: str, hint: str, detail: str) -> None:
        self.message.showMessage(KINDS[kind], message, hint, detail)
        self._place_message()
        if kind == "info":
            self._message_clock.start(INFO_MS)
        else:
            self._message_clock.stop()

    def _place_message(self) -> None:
        """Over the lower panels: a message must not move the canvas under a stroke."""
        em = self.fontMetrics().height()
        area = self.stack.geometry().translated(self.center.pos())
        # The buttons that run and cancel stay free.
        room = area.width() - self.view.inspector.width()
        width = min(48 * em, room - em)
        height = self.message.heightForWidth(width)
        left = area.left() + (room - width) // 2
        self.message.setGeometry(left, area.bottom() - height - em // 2, width, height)
        self.message.raise_()

    def _show_workspace(self, key: str) -> None:
        self.stack.setCurrentWidget(self.models if key == "models" else self.view)

    def _set_live(self, live: bool) -> None:
        self.synthesis.setLive(live and bool(self.session.checkpoints))

    def _current_changed(self, job_id: int) -> None:
        self._current_job = job_id
        self.view.inspector.showJob(self.session.jobs.get(job_id))

    def _job_changed(self, job_id: int) -> None:
        if job_id == self._current_job:
            self.view.inspector.showJob(self.session.jobs[job_id])
        busy = len(self.session.busy_jobs())
        self.view.tabs.setTabText(2, f"Jobs ({busy})" if busy else "Jobs")

    def _result_changed(self) -> None:
        self.actions_.enable(WITH_RESULT, self.session.result is not None)

    def _history_changed(self, can_undo: bool, can_redo: bool, undo: str, redo: str) -> None:
        for name, can, what in (("undo", can_undo, undo), ("redo", can_redo, redo)):
            action = self.actions_[name]
            action.setEnabled(can)
            action.setText(f"{name.capitalize()} {what}".rstrip())

    def _journal(self) -> None:
        canvas, session = self.view.canvas, self.session
        if session.mask_name == SAMPLE_NAME and canvas.model.canUndo():
            session.set_mask("Drawn mask")
        self.journal.record(canvas.vesselMask(), session.mask_name)

    def _show_title(self) -> None:
        self.setWindowTitle(f"{self.session.mask_name} — Reverie")

    # --- commands

    def escape(self) -> None:
        """Leave the palette, else cancel the run, else take the message away."""
        if self.palette_.isVisible():
            self.palette_.leave()
        elif not self.synthesis.cancel():
            self.message.dismiss()

    def fitViews(self) -> None:
        self.view.canvas.fit()
        self.view.image.fit()

    def toggleTheme(self) -> None:
        self.settings.theme = "light" if self.settings.theme == "dark" else "dark"
        apply_theme(self.application, self.settings.theme)

    def copyImage(self) -> None:
        """The selected image to the clipboard."""
        result, clipboard = self.session.result, QGuiApplication.clipboard()
        if result is not None and clipboard is not None:
            clipboard.setImage(grey_image(result.images[self.session.selected], 0.0, 1.0))
            self.status.showMessage("Image copied", 4000)

    def fillRecent(self, menu: QMenu) -> None:
        """List the recent masks."""
        menu.clear()
        for path in self.settings.recent:
            action = QAction(str(path), menu)
            action.triggered.connect(lambda _, p=path: self.files.open_mask(p))
            menu.addAction(action)
        if not self.settings.recent:
            none = QAction("No recent masks", menu)
            none.setEnabled(False)
            menu.addAction(none)

    # --- events

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        super().resizeEvent(event)
        self._place_message()

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        mime = None if event is None else event.mimeData()
        if event is not None and mime is not None and any(u.isLocalFile() for u in mime.urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        mime = None if event is None else event.mimeData()
        if event is None or mime is None:
            return
        path = next((u.toLocalFile() for u in mime.urls() if u.isLocalFile()), "")
        if path:
            event.acceptProposedAction()
            self.files.open_mask(Path(path))

    def closeEvent(self, event: QCloseEvent | None) -> None:
        self.synthesis.live.setEnabled(False)
        self.bridge.close()
        self.journal.record(self.view.canvas.vesselMask(), self.session.mask_name, clean=True)
        self.journal.close()
        self.background.close()
        self._save_settings()
        self.engine.shutdown(SHUTDOWN_S)
        super().closeEvent(event)

    def _save_settings(self) -> None:
        inspector, settings = self.view.inspector, self.settings
        settings.form = {n: v for n, v in inspector.form.values().items() if _plain(v)}
        settings.keep_seed = inspector.form.isSeedKept("seed")
        settings.live = inspector.live.isChecked()
        settings.outline_opacity = self.view.image.outlineOpacity()
        settings.geometry = base64.b64encode(bytes(self.saveGeometry().data())).decode()
        settings.splitters = {n: s.sizes() for n, s in self.view.splitters().items()}
        try:
            save_settings(self._settings_file, settings)
        except EngineError as error:
            # The window is closing: there is nobody left to tell but the log.
            _log.warning("%s", error)


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)
