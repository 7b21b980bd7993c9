"""The tools above the views, and below them what the tool in hand can be set to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from widgets.elided_label import ElidedLabel
from widgets.paint.flow import FlowRow
from widgets.paint.labels.editor import LabelEditor
from widgets.paint.labels.rule import Over
from widgets.paint.labels.settings import LARGEST, FillBy, Unit
from widgets.paint.labels.toolbar_parts import (
    ValueBox,
    choice,
    muted,
    size_box,
    together,
    tool_button,
)
from widgets.paint.labels.tools import INFO, ToolName
from widgets.paint.tools.base import ToolInfo
from widgets.tips import give_tip

_SIZED = (ToolName.BRUSH, ToolName.ERASER, ToolName.ADAPTIVE, ToolName.LINE, ToolName.VESSEL)
_PAINTING = tuple(name for name in ToolName if name not in (ToolName.NAVIGATE, ToolName.PICKER))


class LabelToolbar(QWidget):
    """Tools, sizes and limits of an editor; wraps into rows where it is narrow.

    What concerns a view (its slice) is only asked for, by signals. It shows what the tool in hand
    can be set to and no more, in a row of its own that is always there: the views below must not
    move when another tool is taken.

    Args:
        others: Tools that are not the editor's, by name. `otherChosen` asks for one of them, and
            `showOther` tells that it is in hand.
    """

    otherChosen = pyqtSignal(str)
    copyRequested = pyqtSignal(int)  # to the slice that many further
    clearRequested = pyqtSignal()
    chosen = pyqtSignal()  # a tool was clicked: the view wants the focus

    def __init__(
        self,
        editor: LabelEditor,
        others: Mapping[str, ToolInfo] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._others = dict(others or {})
        self._other_buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._tools: dict[ToolName, QToolButton] = {}
        self.size_box = size_box("Size of the tool", "Shift+wheel and Alt+move change it, too")
        self.end_box = size_box("Size at a vessel's end")
        self.unit_box = choice("Unit of sizes", {"px": Unit.VOXELS, "mm": Unit.MILLIMETRES})
        self.unit_box.setToolTip("px: voxels; mm: true discs and balls whatever the voxels' shape")
        self.square_button = tool_button(
            "mdi6.square-outline", "Square", hint="Square instead of round", checkable=True
        )
        self.volume_button = tool_button(
            "mdi6.cube-outline", "3D", hint="Ball instead of disc; fills go through slices",
            checkable=True,
        )  # fmt: skip
        self.over_box = QComboBox()
        self.over_box.setAccessibleName("What may be painted over")
        give_tip(
            self.over_box, "What may be painted over",
            "Locked labels never are; lock them in the list of labels",
        )  # fmt: skip
        self.over_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.limit_button = tool_button(
            "mdi6.chart-bell-curve", "Limit",
            hint="Paint only where the image's value is within these limits", checkable=True,
        )  # fmt: skip
        self.low_box = ValueBox("Lowest value that is painted")
        self.high_box = ValueBox("Highest value that is painted")
        self.fill_box = choice(
            "What a fill follows", {"Label": FillBy.LABEL, "Intensity": FillBy.INTENSITY}
        )
        self.tolerance_box = ValueBox(
            "Tolerance of a fill by intensity, in the image's values", 0.0
        )
        self.tolerance_box.setPrefix("± ")
        self.undo_button = tool_button("mdi6.undo", "Undo")
        self.redo_button = tool_button("mdi6.redo", "Redo")
        self.copy_back_button = tool_button(
            "mdi6.arrow-down-bold-box-outline", "Copy labels to the previous slice"
        )
        self.copy_on_button = tool_button(
            "mdi6.arrow-up-bold-box-outline", "Copy labels to the next slice"
        )
        self.clear_button = tool_button("mdi6.layers-remove", "Clear this slice's labels")
        self._build()
        self._connect()
        self._show_tool(editor.tool())
        self._show_settings()
        self._show_labels()
        self._show_history()

    def button(self, tool: ToolName) -> QToolButton:
        """The button of a tool."""
        return self._tools[tool]

    def otherButton(self, key: str) -> QToolButton:
        """The button of a tool that is not the editor's."""
        return self._other_buttons[key]

    def setCorner(self, widget: QWidget) -> None:
        """Put something at the right end of the tools."""
        self._tool_row.add(widget, right=True)

    def setTitle(self, widget: QWidget) -> None:
        """Put something at the right end of the options, as wide as they leave room."""
        self._option_row.addWidget(widget, 1)

    def showOther(self, key: str) -> None:
        """Show that a tool is in hand that is not the editor's."""
        self._other_buttons[key].setChecked(True)
        self._show_options(None)
        self._hint.setText(self._others[key].hint)

    def showTool(self) -> None:
        """Show the editor's tool again, after one of the others."""
        self._show_tool(self._editor.tool())

    def sizeHint(self) -> QSize:
        return QSize(700, self.heightForWidth(700))

    # --- building

    def _build(self) -> None:
        for name, info in INFO.items():
            button = tool_button(info.icon, info.label, info.hint, checkable=True)
            self._group.addButton(button)
            self._tools[name] = button
            button.clicked.connect(partial(self._choose, name))
        for key, info in self._others.items():
            button = tool_button(info.icon, info.label, info.hint, checkable=True)
            self._group.addButton(button)
            self._other_buttons[key] = button
            button.clicked.connect(partial(self.otherChosen.emit, key))
        self._size_row = together(muted("Size"), self.size_box, self.unit_box, self.square_button)
        self._end_row = together(muted("End"), self.end_box)
        self._fill_row = together(muted("Fill by"), self.fill_box, self.tolerance_box)
        self._over_row = together(muted("Over"), self.over_box)
        self._limits = together(self.low_box, muted("to"), self.high_box)
        self._limit_row = together(self.limit_button, self._limits)
        for button, text in ((self.volume_button, "3D"), (self.limit_button, "Limit")):
            button.setText(text)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.over_box.setMaximumWidth(20 * self.fontMetrics().averageCharWidth() + 60)
        slices = (self.copy_back_button, self.copy_on_button, self.clear_button)
        tools = self._tool_row = FlowRow()
        options = FlowRow()
        for buttons in (
            tuple(self._tools.values()), tuple(self._other_buttons.values()),
            (self.undo_button, self.redo_button), slices,
        ):  # fmt: skip
            if buttons:
                tools.add(together(*buttons, gap=1))
        parts = (
            self._size_row, self._end_row, self._fill_row, self.volume_button, self._over_row,
            self._limit_row,
        )  # fmt: skip
        for part in parts:
            options.add(part)
        options.setMinimumHeight(max(part.sizeHint().height() for part in parts))
        self._hint = ElidedLabel()
        self._hint.setProperty("role", "muted")
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._option_row = QHBoxLayout()
        self._option_row.setSpacing(10)
        self._option_row.addWidget(options)
        self._option_row.addWidget(self._hint, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 4, 6, 4)
        column.setSpacing(4)
        column.addWidget(tools)
        column.addLayout(self._option_row)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _connect(self) -> None:
        editor = self._editor
        editor.toolChanged.connect(self._show_tool)
        editor.settingsChanged.connect(self._show_settings)
        editor.table.changed.connect(self._show_labels)
        editor.model.historyChanged.connect(self._show_history)
        self.size_box.valueChanged.connect(editor.setSize)
        self.end_box.valueChanged.connect(lambda size: editor.change(vessel_end=size))
        self.unit_box.activated.connect(lambda _: editor.setUnit(Unit(self.unit_box.currentData())))
        self.square_button.toggled.connect(lambda on: editor.change(square=on))
        self.volume_button.toggled.connect(lambda on: editor.change(volume=on))
        self.over_box.activated.connect(self._choose_over)
        self.limit_button.toggled.connect(lambda on: editor.change(limited=on))
        self.low_box.valueChanged.connect(lambda value: editor.change(low=value))
        self.high_box.valueChanged.connect(lambda value: editor.change(high=value))
        self.fill_box.activated.connect(
            lambda _: editor.change(fill_by=FillBy(self.fill_box.currentData()))
        )
        self.tolerance_box.valueChanged.connect(lambda value: editor.change(tolerance=value))
        self.undo_button.clicked.connect(editor.undo)
        self.redo_button.clicked.connect(editor.redo)
        self.copy_back_button.clicked.connect(lambda: self.copyRequested.emit(-1))
        self.copy_on_button.clicked.connect(lambda: self.copyRequested.emit(1))
        self.clear_button.clicked.connect(self.clearRequested)

    # --- both ways

    def _choose(self, name: ToolName) -> None:
        self._editor.setTool(name)
        self.chosen.emit()

    def _choose_over(self, place: int) -> None:
        over, label = self.over_box.itemData(place)
        self._editor.change(over=Over(over), over_label=label)

    def _show_tool(self, name: ToolName) -> None:
        self._tools[name].setChecked(True)
        self._show_options(name)
        self._hint.setText(INFO[name].hint)

    def _show_options(self, name: ToolName | None) -> None:
        paints = name in _PAINTING
        limited = paints and name is not ToolName.ERASER
        self._size_row.setVisible(name in _SIZED)
        self._end_row.setVisible(name is ToolName.VESSEL)
        self._fill_row.setVisible(name is ToolName.FILL)
        self.volume_button.setVisible(name in (*_SIZED, ToolName.FILL))
        self._over_row.setVisible(limited)
        self._limit_row.setVisible(limited)
        self._hint.setVisible(not paints)
        self.updateGeometry()

    def _show_settings(self) -> None:
        settings, voxels = self._editor.settings, self._editor.settings.unit is Unit.VOXELS
        for box, size in (
            (self.size_box, self._editor.size()),
            (self.end_box, self._editor.vesselEnd()),
        ):
            box.blockSignals(True)
            box.setDecimals(0 if voxels else 1)
            box.setSingleStep(1.0 if voxels else 0.5)
            box.setRange(1.0 if voxels else 0.1, LARGEST)
            box.setValue(size)
            box.blockSignals(False)
        self.unit_box.setCurrentIndex(self.unit_box.findData(settings.unit.value))
        self.fill_box.setCurrentIndex(self.fill_box.findData(settings.fill_by.value))
        self.square_button.setChecked(settings.square)
        self.volume_button.setChecked(settings.volume)
        self.limit_button.setChecked(settings.limited)
        for box, value in (
            (self.low_box, settings.low),
            (self.high_box, settings.high),
            (self.tolerance_box, settings.tolerance),
        ):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        self._limits.setVisible(settings.limited)
        self.tolerance_box.setVisible(settings.fill_by is FillBy.INTENSITY)
        self._show_over()

    def _show_labels(self) -> None:
        self.over_box.clear()
        self.over_box.addItem("Everything", (Over.ALL.value, 0))
        self.over_box.addItem("Background only", (Over.BACKGROUND.value, 0))
        for label in self._editor.table.labels():
            self.over_box.addItem(f"{label.name} only", (Over.LABEL.value, label.value))
        self._show_over()

    def _show_over(self) -> None:
        settings = self._editor.settings
        wanted = (settings.over.value, settings.over_label if settings.over is Over.LABEL else 0)
        places = [n for n in range(self.over_box.count()) if self.over_box.itemData(n) == wanted]
        self.over_box.setCurrentIndex(places[0] if places else -1)

    def _show_history(self) -> None:
        model = self._editor.model
        names, at = model.names(), model.position()
        self.undo_button.setEnabled(model.canUndo())
        self.redo_button.setEnabled(model.canRedo())
        undo, redo = (names[at - 1] if at else ""), (names[at] if at < len(names) else "")
        give_tip(self.undo_button, f"Undo {undo}".rstrip())
        give_tip(self.redo_button, f"Redo {redo}".rstrip())
