"""What the program remembers from one start to the next, in the user's configuration folder."""

from __future__ import annotations

import json
import logging
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_config_path

from engine.data.atomic import disk_error, write_atomic

if TYPE_CHECKING:
    from engine.device import DeviceName, Precision

RECENT = 10
# Checked by hand: a library for it takes longer to load than the window to open.
_CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("dark", "light"),
    "device": ("auto", "cpu", "cuda", "mps"),
    "precision": ("auto", "float32", "bfloat16"),
}
_log = logging.getLogger(__name__)


@dataclass
class Settings:
    """Values with their defaults.

    Attributes:
        theme: "dark" or "light".
        recent: Mask files, the newest first.
        geometry: Of the window, as Qt writes it, base64.
        splitters: Name of a splitter -> its sizes in pixels.
        device, precision, threads: As in `engine.device.DeviceSettings`.
        form: Values of the Synthesize form, by parameter.
        keep_seed: Whether the seed stays from one run to the next.
        live: Whether an image follows the drawing.
        outline_opacity: 0 to 1.
        key_preset: Name of the preset that keys come from; see `app.keymap_presets`.
        keys: Preset -> command -> keys that differ from it.
        opened: Recent volumes, masks and sessions, the newest first; see `app.recent`.
        radiological: Whether the patient's right is shown at the left.
        interpolation: Whether images are smooth between voxels.
        autosave_folder: Where journals lie; "" for the user's state folder.
        viewer: What else the volume viewer and its tools remember, by name.
        segment: Method, checkpoint files and forms of the Segment workspace.
        translate: The same of the Translate workspace.
        train: Forms of the Train workspace, and the runs that were open.
    """

    theme: str = "dark"
    recent: list[str] = field(default_factory=list)
    geometry: str = ""
    splitters: dict[str, list[int]] = field(default_factory=dict)
    device: DeviceName = "auto"
    precision: Precision = "auto"
    threads: int = 0
    form: dict[str, Any] = field(default_factory=dict)
    keep_seed: bool = False
    live: bool = True
    outline_opacity: float = 0.0
    key_preset: str = "Reverie"
    keys: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    opened: list[dict[str, Any]] = field(default_factory=list)
    radiological: bool = True
    interpolation: bool = True
    autosave_folder: str = ""
    viewer: dict[str, Any] = field(default_factory=dict)
    segment: dict[str, Any] = field(default_factory=dict)
    translate: dict[str, Any] = field(default_factory=dict)
    train: dict[str, Any] = field(default_factory=dict)

    def remember(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        name = str(path.absolute())
        self.recent = [name, *(p for p in self.recent if p != name)][:RECENT]

    def forget(self, path: Path) -> None:
        """Take a file that is gone off the recent ones."""
        name = str(path.absolute())
        self.recent = [p for p in self.recent if p != name]


def settings_path() -> Path:
    """Where the settings lie."""
    return user_config_path("reverie") / "settings.json"


def load_settings(path: Path) -> tuple[Settings, str]:
    """The settings, and a sentence for the user if not all of the file could be used.

    Values that cannot be used fall back one by one, and names that a newer version may have
    written are passed over. In the first case the old file is kept beside the new one, so that
    nothing set by hand is lost.
    """
    try:
        values = json.loads(path.read_bytes())
    except FileNotFoundError:
        return Settings(), ""
    except OSError as error:
        return Settings(), f"The settings {path} cannot be read: {error.strerror}."
    except (ValueError, RecursionError) as error:
        told = f"The settings could not be used ({error}) and start from their defaults."
        return Settings(), told + _keep(path)
    if not isinstance(values, dict):
        told = "The settings hold no names and values and start from their defaults."
        return Settings(), told + _keep(path)
    settings, bad = _parse(values)
    if not bad:
        return settings, ""
    told = f"Some settings could not be used and start from their defaults: {', '.join(bad)}."
    return settings, told + _keep(path)


def _keep(path: Path) -> str:
    """Copy a file that cannot be used; a sentence that says where to."""
    kept = path.with_suffix(".bad.json")
    try:
        shutil.copyfile(path, kept)
    except OSError as error:
        _log.warning("The old settings could not be kept: %s", error)
        return ""
    return f" The old file is kept as {kept}."


def save_settings(path: Path, settings: Settings) -> None:
    """Write whole or not at all.

    Raises:
        DiskError: the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise disk_error(path, error) from error
    write_atomic(path, json.dumps(asdict(settings), indent=2).encode())


def _parse(values: dict[str, Any]) -> tuple[Settings, list[str]]:
    """The settings, and the names of those whose values were no good."""
    settings, bad = Settings(), []
    known = {f.name for f in fields(Settings)}
    for name, value in values.items():
        if name not in known:
            _log.warning("The settings hold %r, which this version does not know", name)
        elif _usable(name, getattr(settings, name), value):
            setattr(settings, name, value)
        else:
            _log.warning("The setting %s cannot be %r", name, value)
            bad.append(name)
    return settings, bad


def _usable(name: str, default: Any, value: Any) -> bool:
    if name in _CHOICES:
        return value in _CHOICES[name]
    return _fits(default, value) and _CHECKS.get(name, lambda _: True)(value)


def _fits(default: Any, value: Any) -> bool:
    if isinstance(default, float):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and math.isfinite(value)
    return type(value) is type(default)


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int for item in value)


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "recent": _strings,
    "opened": lambda entries: all(isinstance(entry, dict) for entry in entries),
    "splitters": lambda splitters: all(_sizes(sizes) for sizes in splitters.values()),
    "keys": lambda presets: all(
        isinstance(keys, dict) and all(_strings(key) for key in keys.values())
        for keys in presets.values()
    ),
    "threads": lambda number: number >= 0,
    "outline_opacity": lambda share: 0 <= share <= 1,
}
