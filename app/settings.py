"""What the program remembers from one start to the next, in the user's configuration folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_config_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.data.atomic import disk_error, write_atomic
from engine.device import DeviceName, Precision

RECENT = 10


class Settings(BaseModel):
    """Values with their defaults; what a file says beyond them is refused.

    Attributes:
        recent: Mask files, the newest first.
        geometry: Of the window, as Qt writes it, base64.
        splitters: Name of a splitter -> its sizes in pixels.
        form: Values of the Synthesize form, by parameter.
        keep_seed: Whether the seed stays from one run to the next.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    theme: Literal["dark", "light"] = "dark"
    recent: list[Path] = Field(default_factory=list)
    geometry: str = ""
    splitters: dict[str, list[int]] = Field(default_factory=dict)
    device: DeviceName = "auto"
    precision: Precision = "auto"
    threads: int = Field(default=0, ge=0, le=1024)
    form: dict[str, Any] = Field(default_factory=dict)
    keep_seed: bool = False
    live: bool = True
    outline_opacity: float = Field(default=0.0, ge=0, le=1)

    def remember(self, path: Path) -> None:
        """Put a file at the head of the recent ones."""
        path = path.absolute()
        self.recent = [path, *(p for p in self.recent if p != path)][:RECENT]

    def forget(self, path: Path) -> None:
        """Take a file that is gone off the recent ones."""
        self.recent = [p for p in self.recent if p != path]


def settings_path() -> Path:
    """Where the settings lie."""
    return user_config_path("reverie") / "settings.json"


def load_settings(path: Path) -> tuple[Settings, str]:
    """The settings, and a sentence for the user if the file could not be used.

    A file that cannot be used is kept beside the new one, so that nothing set by hand is lost.
    """
    try:
        return Settings.model_validate_json(path.read_bytes()), ""
    except FileNotFoundError:
        return Settings(), ""
    except OSError as error:
        return Settings(), f"The settings {path} cannot be read: {error.strerror}."
    except ValidationError as error:
        kept = path.with_suffix(".bad.json")
        reason = error.errors()[0]["msg"]
        told = f"The settings could not be used ({reason}) and start from their defaults."
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
    write_atomic(path, settings.model_dump_json(indent=2).encode())
