"""What a drag from a file manager brings."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtGui import QDropEvent


def dropped_paths(event: QDropEvent | None) -> list[Path]:
    """Files and folders of this machine; of anything else none."""
    data = None if event is None else event.mimeData()
    urls = [] if data is None else data.urls()
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
