"""What the program remembers from one start to the next, in the user's configuration folder."""

from __future__ import annotations

import json
import os
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
    """The settings, and a sentence for the user if the file could not be used.

    A file that cannot be used is kept beside the new one, so that nothing set by hand is lost.
    """
    try:
        return _parse(json.loads(path.read_bytes())), ""
    except FileNotFoundError:
        return Settings(), ""
    except OSError as error:
        return Settings(), f"The settings {path} cannot be read: {error.strerror}."
    except ValueError as error:
        kept = path.with_suffix(".bad.json")
        told = f"The settings could not be used ({error}) and start from their defaults."
        try:
            os.replace(path, kept)
        except OSError:
            return Settings(), told
        return Settings(), f"{told} The old file is kept as {kept}."


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


def _parse(values: Any) -> Settings:
    if not isinstance(values, dict):
        raise ValueError("it holds no names and values")
    defaults = Settings()
    known = {f.name for f in fields(Settings)}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"nothing is called {name!r}")
        if not _fits(getattr(defaults, name), value) or value not in _CHOICES.get(name, (value,)):
            raise ValueError(f"{name} cannot be {value!r}")
    settings = Settings(**values)
    if not all(isinstance(name, str) for name in settings.recent):
        raise ValueError("recent holds something else than names of files")
    for sizes in settings.splitters.values():
        if not isinstance(sizes, list) or not all(isinstance(s, int) for s in sizes):
            raise ValueError("splitters holds something else than sizes")
    if settings.threads < 0 or not 0 <= settings.outline_opacity <= 1:
        raise ValueError("a number is out of its range")
    return settings


def _fits(default: Any, value: Any) -> bool:
    if isinstance(default, float):
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is type(default)
