"""Rules for the tests of the widgets."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every window makes the offscreen platform say this; it tells nothing about the widget."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("plugin does not support propagateSizeHints"))
