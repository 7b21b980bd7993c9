"""Which unlabelled case is watched, and what is to become of its pseudo-label."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, pyqtBoundSignal, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from app.controllers.train.following import Watching
from widgets.elided_label import ElidedLabel
from widgets.icons import icon
from widgets.tips import give_tip

LONGEST = 24


class WatchBar(QWidget):
    """A list of the unlabelled cases; those with a pseudo-label come first.

    `pinned` asks to watch another case, `mended` to open its pseudo-label in the editor, and
    `accepted` to take it as it is for a label.

    Attributes:
        case: The list.
        mend, accept: What can be done with a pseudo-label.
    """

    pinned = pyqtSignal(str)
    mended = pyqtSignal(str)
    accepted = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._watching: Watching | None = None
        self._trains = False
        self._wanted = ""
        self.case = QComboBox(self)
        self.case.setAccessibleName("Case to watch")
        self.case.setToolTip("The unlabelled case whose pseudo-label is shown")
        self.case.setMinimumContentsLength(LONGEST)
        self.case.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.case.setMaxVisibleItems(16)
        self.case.activated.connect(self._chosen)
        self.mend = QPushButton(icon("mdi6.pencil-outline"), "Open in editor…", self)
        give_tip(self.mend, "Look at the pseudo-label on the whole case, mend it, and accept it")
        self.mend.clicked.connect(lambda: self._act(self.mended))
        self.accept = QPushButton(icon("mdi6.check"), "Accept as it is", self)
        give_tip(self.accept, "Make it a labelled case, from the next epoch on")
        self.accept.clicked.connect(lambda: self._act(self.accepted))
        for button in (self.mend, self.accept):
            button.setEnabled(False)
        self._state = ElidedLabel("", self)
        self._state.setProperty("role", "muted")
        em = self.fontMetrics().height()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(em // 2)
        row.addWidget(QLabel("Watched", self))
        row.addWidget(self.case)
        row.addWidget(self.mend)
        row.addWidget(self.accept)
        row.addWidget(self._state, 1)
        self.hide()

    def showWatching(self, watching: Watching | None, *, trains: bool) -> None:
        """Show the cases of a run.

        Args:
            trains: Whether it goes on, so that another case may come to be watched.
        """
        self.setVisible(watching is not None)
        if watching is not None and (watching, trains) != (self._watching, self._trains):
            if self._watching is None:
                self._wanted = ""
            self._watching, self._trains = watching, trains
            self._fill(watching)
        self._watching = watching
        self._show()

    def current(self) -> str:
        """The case that is chosen, "" without any."""
        return str(self.case.currentData() or "")

    def state(self) -> str:
        """What is said of it."""
        return self._state.text()

    def _fill(self, watching: Watching) -> None:
        labelled, proposals = watching.labelled, watching.proposals
        keep = self._wanted if self._wanted in labelled.unlabelled else labelled.watched
        names = sorted(labelled.unlabelled, key=lambda name: name not in proposals)
        with QSignalBlocker(self.case):
            self.case.clear()
            for name in names:
                self.case.addItem(self._icon(name, watching), name, name)
            place = self.case.findData(keep)
            self.case.setCurrentIndex(place if place >= 0 else 0)

    @staticmethod
    def _icon(name: str, watching: Watching) -> QIcon:
        if name in watching.labelled.labelled:
            return icon("mdi6.check-circle-outline", tone="ok")
        if name in watching.proposals:
            return icon("mdi6.shape-outline", tone="accent")
        return icon("mdi6.circle-outline", tone="muted")

    def _act(self, signal: pyqtBoundSignal) -> None:
        # The run goes on to another case, but this one is what somebody looks at.
        self._wanted = self.current()
        signal.emit(self._wanted)

    def _chosen(self) -> None:
        self._wanted = self.current()
        self._show()
        watching = self._watching
        if watching is None or not self._trains:
            return
        if self._wanted not in watching.labelled.labelled:
            self.pinned.emit(self._wanted)

    def _show(self) -> None:
        watching, name = self._watching, self.current()
        if watching is None:
            return
        labelled = name in watching.labelled.labelled
        proposed = name in watching.proposals
        for button in (self.mend, self.accept):
            button.setEnabled(bool(name) and proposed and not labelled)
        if not name:
            text = "Every case has a label by now."
        elif labelled:
            text = "Labelled by now."
        elif proposed:
            text = "" if name == watching.labelled.watched or not self._trains else WAIT
        else:
            text = WAIT if self._trains else "Nothing is proposed for it: the run does not train."
        self._state.setText(text)


WAIT = "Shown with the next pictures."
