"""The checkpoints there are: bundled with the program, and the user's own. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from platformdirs import user_data_path

from engine.errors import CheckpointError
from engine.training.checkpoint import Card, read_card


@dataclass(frozen=True, eq=False)
class Entry:
    """A checkpoint that can be chosen by name."""

    name: str
    path: Path
    card: Card
    bundled: bool


def bundled_folder() -> Path:
    """Where the checkpoints lie that ship with the program."""
    return Path(str(resources.files("resources") / "checkpoints"))


def user_folder() -> Path:
    """Where imported and trained checkpoints are looked for; made on first use."""
    return user_data_path("reverie") / "checkpoints"


def entries(method: str | None = None, role: str | None = None) -> tuple[Entry, ...]:
    """All readable checkpoints, the bundled first, filtered by method and role."""
    found = []
    for folder, bundled in ((bundled_folder(), True), (user_folder(), False)):
        for path in sorted(folder.glob("*.safetensors")):
            try:
                card = read_card(path)
            except CheckpointError:
                continue  # foreign files in the folder are told when they are asked for
            if method in (None, card.method) and role in (None, card.role):
                found.append(Entry(path.stem, path, card, bundled))
    return tuple(found)


def find(name: str) -> Path:
    """The file of a checkpoint given by name or path.

    Raises:
        CheckpointError: there is none; lists those there are.
    """
    path = Path(name).expanduser()
    if name and path.name == name:
        # Bundled names are the program's own and stay what they are.
        for folder in (bundled_folder(), user_folder()):
            candidate = folder / f"{name}.safetensors"
            if candidate.is_file():
                return candidate
    if path.is_file():
        return path
    if path.is_dir():
        raise CheckpointError(
            f"{path} is a folder, not a checkpoint.",
            "Of a run give its checkpoints/best.safetensors or checkpoints/final.safetensors.",
        )
    if path.suffix == ".safetensors" or len(path.parts) > 1:
        raise CheckpointError(f"There is no checkpoint file {path}.", "Check the path.")
    names = ", ".join(e.name for e in entries()) or "none"
    raise CheckpointError(
        f"There is no checkpoint named {name!r}.", f"Those there are: {names}; or give a file."
    )
