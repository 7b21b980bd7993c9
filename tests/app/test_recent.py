"""Recent files: their order, their pictures, and what is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.background import Background
from app.recent import MOST, RecentFiles, age
from app.recent_menu import RecentMenu
from app.recent_pictures import SIDE, Pictures, shades
from app.settings import Settings, load_settings, save_settings


@pytest.fixture
def background(qtbot: QtBot) -> Iterator[Background]:
    made = Background()
    yield made
    made.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(tmp_path / "thumbnails")


@pytest.fixture
def recent(background: Background, pictures: Pictures) -> RecentFiles:
    return RecentFiles(Settings(), background, pictures)


def settle(recent: RecentFiles, qtbot: QtBot) -> None:
    """Until what was asked for before has been done."""
    with qtbot.waitSignal(recent.changed):
        recent.refresh()


def test_the_newest_is_first_once_and_survives_a_restart(
    recent: RecentFiles, background: Background, tmp_path: Path
) -> None:
    settings = Settings()
    recent = RecentFiles(settings, background, Pictures(tmp_path / "thumbnails"))
    for number in range(MOST + 3):
        recent.add(tmp_path / f"{number}.nii", "volume")
    recent.add(tmp_path / "20.nii", "mask", part="label")
    recent.add(tmp_path / "20.nii", "volume")
    save_settings(tmp_path / "settings.json", settings)
    again, told = load_settings(tmp_path / "settings.json")
    assert told == ""
    entries = RecentFiles(again, background).entries()
    assert [(e.path.name, e.part) for e in entries[:2]] == [("20.nii", ""), ("20.nii", "label")]
    assert len(entries) == MOST
    assert len({e.key for e in entries}) == MOST


def test_garbled_entries_are_passed_over(background: Background, tmp_path: Path) -> None:
    good = {"path": "/data/a.nii", "kind": "mask", "part": "", "opened": 5.0}
    settings = Settings(
        opened=[{}, {**good, "kind": "x"}, {**good, "opened": 1e99}, {"path": 3}, good]
    )
    assert [e.path for e in RecentFiles(settings, background).entries()] == [Path("/data/a.nii")]


def test_a_picture_is_made_and_goes_with_its_entry(
    recent: RecentFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "brain.nii"
    path.write_bytes(b"x")
    slice_ = np.tile(np.linspace(-1000, 3000, 300, dtype=np.float32), (100, 1))
    recent.add(path, "volume", picture=slice_, aspect=2.0)
    settle(recent, qtbot)
    (item,) = recent.items()
    assert not item.missing
    assert item.age == "today"
    assert item.thumbnail is not None
    assert (item.thumbnail.width(), item.thumbnail.height()) == (SIDE, round(SIDE * 200 / 300))
    assert item.thumbnail.pixelColor(2, 5).red() < 20
    assert item.thumbnail.pixelColor(SIDE - 3, 5).red() > 235
    assert len(list((tmp_path / "thumbnails").iterdir())) == 1
    recent.remove(item.key)
    settle(recent, qtbot)
    assert recent.items() == []
    assert list((tmp_path / "thumbnails").iterdir()) == []
    assert path.exists()


def test_what_is_gone_is_told(recent: RecentFiles, qtbot: QtBot, tmp_path: Path) -> None:
    recent.add(tmp_path / "gone.nii", "volume")
    recent.add(tmp_path, "volume", part="1.2.3")
    settle(recent, qtbot)
    assert [item.missing for item in recent.items()] == [False, True]
    menu = RecentMenu(recent)
    qtbot.addWidget(menu)
    texts = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert "not found" in texts[1]
    assert not menu.actions()[1].isEnabled()
    with qtbot.waitSignal(menu.chosen) as chosen:
        menu.actions()[0].trigger()
    assert chosen.args == [recent.entries()[0].key]
    menu.actions()[-1].trigger()
    assert [entry.path for entry in recent.entries()] == [tmp_path]


def test_the_menu_says_when_there_is_nothing(recent: RecentFiles, qtbot: QtBot) -> None:
    menu = RecentMenu(recent)
    qtbot.addWidget(menu)
    (only,) = menu.actions()
    assert not only.isEnabled()


def test_no_cache_is_no_obstacle(
    background: Background, qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    recent = RecentFiles(Settings(), background, Pictures(tmp_path / "file"))
    recent.add(tmp_path, "volume", picture=np.eye(4))
    settle(recent, qtbot)
    assert recent.items()[0].thumbnail is None
    assert "No small picture" in caplog.text


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((4, 5)), np.full((4, 5), np.nan), np.array([[np.inf, -np.inf], [1.0, 2.0]]),
        np.arange(20, dtype=">i2").reshape(4, 5), np.eye(3, dtype=bool),
        np.full((2, 2, 3), 7, np.uint8),
    ],
)  # fmt: skip
def test_any_slice_becomes_a_picture(values: np.ndarray, tmp_path: Path) -> None:
    grey = shades(values)
    assert grey.shape == values.shape
    assert grey.dtype == np.uint8
    pictures = Pictures(tmp_path)
    pictures.make("key", values)
    assert isinstance(pictures.load("key"), QImage)


@pytest.mark.parametrize(
    ("opened", "told"),
    [
        ((2026, 3, 10, 9), "today"), ((2026, 3, 9, 23), "yesterday"),
        ((2026, 3, 5, 1), "5 days ago"),
        ((2025, 12, 24, 1), "24 Dec 2025"), ((2026, 3, 11, 1), "today"),
    ],
)  # fmt: skip
def test_ages_are_told_in_days(opened: tuple[int, int, int, int], told: str) -> None:
    now = datetime(2026, 3, 10, 12).timestamp()
    assert age(datetime(*opened).timestamp(), now) == told
