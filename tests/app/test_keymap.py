"""Keys of commands: presets, changes, clashes, files."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.keymap import PLAIN, Command, Keymap, portable
from app.keymap_commands import VIEWER_COMMANDS
from app.keymap_file import export_keys, import_keys
from app.keymap_presets import PRESETS
from engine.errors import InputError

WINDOW = (
    Command("undo", "Undo", "Edit", keys=("Ctrl+Z",)),
    Command("reset_window", "Reset window", "View", keys=("Ctrl+J",)),
)


@pytest.fixture
def keymap(qtbot: QtBot) -> Keymap:
    return Keymap((*VIEWER_COMMANDS, *WINDOW), PRESETS)


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_gives_a_key_to_two_commands(keymap: Keymap, preset: str) -> None:
    keymap.setPreset(preset)
    commands = keymap.commands()
    for first, second in combinations(commands, 2):
        if first.context == second.context:
            shared = set(keymap.keys(first.name)) & set(keymap.keys(second.name))
            assert not shared, f"{first.name} and {second.name}"


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_written_as_qt_writes_them(keymap: Keymap, preset: str) -> None:
    known = {command.name for command in keymap.commands()} | {"redo", "theme", "shortcuts"}
    assert set(PRESETS[preset]) <= known
    keymap.setPreset(preset)
    for command in keymap.commands():
        for key in keymap.keys(command.name):
            assert portable(key) == key


def test_what_the_programs_are_known_for(keymap: Keymap) -> None:
    expected = {
        PLAIN: {"tool.brush": "B", "tool.eraser": "E", "label.swap": "X", "brush.smaller": "["},
        "ITK-SNAP": {"tool.brush": "4", "tool.polygon": "3", "overlays.stronger": "E"},
        "3D Slicer": {"label.previous": "Q", "label.next": "W", "view.reset": "R"},
        "napari": {"label.new": "M", "tool.fill": "4", "brush.protect": "B"},
    }
    for preset, keys in expected.items():
        keymap.setPreset(preset)
        assert {name: keymap.keys(name)[0] for name in keys} == keys


def test_changes_belong_to_their_preset_and_can_be_taken_back(keymap: Keymap, qtbot: QtBot) -> None:
    with qtbot.waitSignal(keymap.changed):
        keymap.setKeys("tool.brush", ["j", "Ctrl+1"])
    assert keymap.keys("tool.brush") == ("J", "Ctrl+1")
    assert keymap.isChanged("tool.brush")
    keymap.setPreset("napari")
    assert keymap.keys("tool.brush") == ("2", "P")
    keymap.setKeys("undo", [])
    assert keymap.keys("undo") == ()
    assert keymap.changes() == {PLAIN: {"tool.brush": ["J", "Ctrl+1"]}, "napari": {"undo": []}}
    keymap.resetAll()
    assert keymap.keys("undo") == ("Ctrl+Z",)
    keymap.setPreset(PLAIN)
    keymap.reset("tool.brush")
    assert keymap.changes() == {}
    keymap.setKeys("tool.brush", ["B"])
    assert not keymap.isChanged("tool.brush"), "the preset's own keys are no change"


def test_clashes_are_within_a_context_and_hiding_is_known(keymap: Keymap) -> None:
    assert [c.name for c in keymap.clashes("tool.brush", "E")] == ["tool.eraser"]
    assert keymap.clashes("tool.eraser", "E") == ()
    assert keymap.clashes("undo", "B") == ()
    assert [c.name for c in keymap.hidden("contrast.auto", "Ctrl+J")] == ["reset_window"]
    assert keymap.hidden("undo", "Ctrl+J") == ()


@pytest.mark.parametrize("key", ["", "Bogus", "Ctrl+", "Ctrl+Nothing"])
def test_what_is_no_key_is_refused(keymap: Keymap, key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        keymap.setKeys("tool.brush", [key])
    with pytest.raises(KeyError):
        keymap.setKeys("nothing", ["B"])


def test_settings_load_what_they_can(keymap: Keymap) -> None:
    changes = {PLAIN: {"tool.brush": ["J"], "undo": ["Bogus"], "later": ["Q"]}, "Later": {}}
    assert keymap.load("Later", changes) == ["undo"]
    assert keymap.preset() == PLAIN
    assert keymap.keys("tool.brush") == ("J",)
    assert keymap.keys("undo") == ("Ctrl+Z",)
    assert keymap.changes()[PLAIN]["later"] == ["Q"], "another version may know it"


def test_a_known_command_keeps_group_and_context(keymap: Keymap) -> None:
    listed = keymap.add(Command("tool.brush", "Paint", "Edit"))
    assert (listed.title, listed.group, listed.context) == ("Paint", "Tools", "viewer")
    assert keymap.keys("tool.brush") == ("B",)


def test_keys_travel_in_a_file(keymap: Keymap, tmp_path: Path) -> None:
    keymap.setPreset("3D Slicer")
    keymap.setKeys("tool.brush", ["J"])
    path = tmp_path / "keys.json"
    export_keys(path, keymap)
    other = Keymap((*VIEWER_COMMANDS, *WINDOW), PRESETS)
    assert import_keys(path, other) == []
    assert other.preset() == "3D Slicer"
    assert other.changes() == keymap.changes()


@pytest.mark.parametrize(
    "content",
    [
        "{", "[]", "{}", '{"reverie_keys": 1, "preset": "Reverie", "keys": {"Reverie": []}}',
        '{"reverie_keys": 99, "preset": "Reverie", "keys": {}}',
        '{"reverie_keys": 1, "preset": "Other", "keys": {}}', json.dumps({"a": "b" * 2**21}),
    ],
)  # fmt: skip
def test_other_files_change_nothing(keymap: Keymap, tmp_path: Path, content: str) -> None:
    keymap.setKeys("tool.brush", ["J"])
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"keys\.json"):
        import_keys(path, keymap)
    with pytest.raises(InputError, match="cannot be read"):
        import_keys(tmp_path / "missing.json", keymap)
    assert keymap.keys("tool.brush") == ("J",)
