"""The checkpoints there are: bundled with the program, and the user's own. Loads no torch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path

from engine.errors import CheckpointError
from engine.training.checkpoint import Card, read_card
from engine.training.header import unreadable

Origin = Literal["bundled", "trained", "imported"]
PICTURE = ".png"
RUN_FILE, PREVIEWS = "run.toml", "previews"


@dataclass(frozen=True, eq=False)
class Entry:
    """A checkpoint that can be chosen by name.

    Attributes:
        name: As jobs take it.
        path: Its file.
        card: What it says about itself.
        bundled: Whether it came with the program, which leaves it as it is.
        bytes: Of the file.
        written: When it was last written, in seconds since 1970.
        picture: A picture that lies beside it, see `picture_of`.
    """

    name: str
    path: Path
    card: Card
    bundled: bool
    bytes: int = 0
    written: float = 0.0
    picture: Path | None = None

    @property
    def origin(self) -> Origin:
        """Where it comes from; trained is what says how it was trained."""
        if self.bundled:
            return "bundled"
        return "trained" if self.card.training else "imported"


def bundled_folder() -> Path:
    """Where the checkpoints lie that ship with the program."""
    return Path(str(resources.files("resources") / "checkpoints"))


def user_folder() -> Path:
    """Where imported and trained checkpoints are looked for; made on first use."""
    return user_data_path("reverie") / "checkpoints"


def entries(method: str | None = None, role: str | None = None) -> tuple[Entry, ...]:
    """All readable checkpoints, the bundled first, filtered by method and role.

    Reads no more of a file than its header, and that only once.
    """
    found = []
    for folder, bundled in ((bundled_folder(), True), (user_folder(), False)):
        for path in sorted(folder.glob("*.safetensors")):
            try:
                entry = entry_of(path, bundled=bundled)
            except CheckpointError:
                continue  # foreign files in the folder are told when they are asked for
            if method in (None, entry.card.method) and role in (None, entry.card.role):
                found.append(entry)
    return tuple(found)


def entry_of(path: Path, *, bundled: bool = False) -> Entry:
    """A checkpoint's file as an entry.

    Raises:
        CheckpointError: it cannot be read, or has no card.
    """
    try:
        stat = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    card = _card(path, (stat.st_ino, stat.st_mtime_ns, stat.st_size))
    picture = picture_of(path)
    return Entry(path.stem, path, card, bundled, stat.st_size, stat.st_mtime, picture)


@lru_cache(maxsize=1024)
def _card(path: Path, state: tuple[int, int, int]) -> Card:
    """The card of a file, read once for as long as the file stays as it is.

    Args:
        state: What is another one with other content.
    """
    del state
    return read_card(path)


def is_bundled(path: Path) -> bool:
    """Whether a file is one of those that ship with the program."""
    return path.resolve().parent == bundled_folder().resolve()


def is_shelved(path: Path) -> bool:
    """Whether a file lies where checkpoints are listed from."""
    folders = (bundled_folder().resolve(), user_folder().resolve())
    return path.resolve().parent in folders


def name_of(path: Path) -> str:
    """How a checkpoint is called so that `find` finds it: by its name alone where that leads to it,
    else by its path."""
    try:
        known = find(path.stem)
    except CheckpointError:
        return str(path)
    return path.stem if known.resolve() == path.resolve() else str(path)


def picture_of(path: Path) -> Path | None:
    """What there is to see of a checkpoint: NAME.png beside it, or of one that still lies in its
    run the newest preview; None where nobody has kept any."""
    beside = path.with_suffix(PICTURE)
    if beside.is_file():
        return beside
    run = path.parent.parent
    if not (run / RUN_FILE).is_file():
        return None
    previews = sorted((run / PREVIEWS).glob(f"*{PICTURE}"))
    return previews[-1] if previews else None


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
