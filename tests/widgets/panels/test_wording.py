"""Times and rates in words."""

from __future__ import annotations

import pytest

from widgets.panels.wording import duration, file_size, rate


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.2, "1 s"),
        (14, "14 s"),
        (59.5, "1 min 00 s"),
        (125, "2 min 05 s"),
        (3599.9, "1 h 00 min"),
        (4320, "1 h 12 min"),
        (86400 - 1, "1 d 0 h"),
        (100 * 3600, "4 d 4 h"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(250, "250 steps/s"), (12.34, "12.3 steps/s"), (0.25, "4.0 s/step")]
)
def test_rate(value: float, text: str) -> None:
    assert rate(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (4_935_689, "4.9 MB"), (9_960_000, "10 MB"),
        (28_336_168, "28 MB"), (999_600_000, "1.0 GB"), (1_234_000_000, "1.2 GB"),
    ],
)  # fmt: skip
def test_file_size(count: int, text: str) -> None:
    assert file_size(count) == text
