"""Settings survive damage, and say so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.settings import RECENT, Settings, load_settings, save_settings
from engine.errors import DiskError


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "settings.json"
    settings = Settings(theme="light", form={"steps": 9, "sampler": "ddim"}, keep_seed=True)
    settings.remember(tmp_path / "a.png")
    save_settings(path, settings)
    again, told = load_settings(path)
    assert again == settings
    assert told == ""


@pytest.mark.parametrize("content", ["{", "\x00\xff", "[]", "[" * 100_000])
def test_a_damaged_file_gives_defaults_and_is_kept(tmp_path: Path, content: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(content, encoding="latin-1")
    settings, told = load_settings(path)
    assert settings == Settings()
    assert "defaults" in told
    assert path.with_suffix(".bad.json").read_text(encoding="latin-1") == content
    save_settings(path, settings)
    assert load_settings(path)[1] == ""


def test_names_of_a_newer_version_reset_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"theme": "light", "novelty": {"a": 1}, "threads": 3}')
    settings, told = load_settings(path)
    assert (settings.theme, settings.threads, told) == ("light", 3, "")
    assert "novelty" in caplog.text
    assert not path.with_suffix(".bad.json").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "pink"), ("threads", -1), ("threads", True), ("outline_opacity", 7),
        ("outline_opacity", float("nan")), ("recent", [1]), ("recent", "a.png"),
        ("splitters", {"rows": [1, "2"]}), ("keys", {"Reverie": {"undo": "Ctrl+Z"}}),
        ("keys", {"Reverie": []}), ("opened", ["a.nii"]), ("radiological", 1), ("viewer", []),
        ("theme", []), ("key_preset", None),
    ],
)  # fmt: skip
def test_a_bad_value_falls_back_alone(tmp_path: Path, name: str, value: object) -> None:
    path = tmp_path / "settings.json"
    kept = "keep_seed"
    path.write_text(json.dumps({name: value, kept: True}))
    content = path.read_bytes()
    settings, told = load_settings(path)
    assert settings == Settings(keep_seed=True)
    assert name in told
    assert path.with_suffix(".bad.json").read_bytes() == content


def test_recent_files_are_ten_without_repetition(tmp_path: Path) -> None:
    settings = Settings()
    for number in [*range(15), 14, 7]:
        settings.remember(tmp_path / f"{number}.png")
    names = [Path(path).name for path in settings.recent]
    assert names[:3] == ["7.png", "14.png", "13.png"]
    assert len(names) == len(set(names)) == RECENT
    settings.forget(tmp_path / "7.png")
    assert names[1:] == [Path(path).name for path in settings.recent]


def test_a_folder_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    settings, told = load_settings(tmp_path / "settings.json")
    assert settings == Settings()
    assert "cannot be read" in told
    with pytest.raises(DiskError):
        save_settings(tmp_path / "settings.json" / "x" / "..", settings)
