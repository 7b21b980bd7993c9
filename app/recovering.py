"""Offering work that a crash left: once the newest, the others at the next start."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PyQt6.QtWidgets import QMessageBox, QWidget

from app.volume_log import Recovered


def offer_lost(
    window: QWidget,
    found: Sequence[Recovered],
    restore: Callable[[Recovered], object],
    discard: Callable[[Recovered], object],
) -> None:
    """Ask what becomes of unsaved labels, the oldest first in `found`; nothing without any."""
    if not found:
        return
    newest, *others = reversed(found)
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle("Unsaved labels")
    strokes = f"{newest.strokes} step{'s' if newest.strokes != 1 else ''}"
    box.setText(f"The program ended with unsaved labels on {newest.header.name} ({strokes}).")
    torn = " The last step was cut off." if newest.torn else ""
    more = f" {len(others)} older ones are kept and offered next time." if others else ""
    box.setInformativeText(f"Do you want them back?{torn}{more}")
    wanted = box.addButton("Restore", QMessageBox.ButtonRole.AcceptRole)
    box.addButton("Later", QMessageBox.ButtonRole.RejectRole)
    unwanted = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(wanted)

    def answered(button: object) -> None:
        if button is wanted:
            restore(newest)
        elif button is unwanted:
            discard(newest)

    box.buttonClicked.connect(answered)
    box.finished.connect(box.deleteLater)
    box.open()
