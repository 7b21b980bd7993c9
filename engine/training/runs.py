"""A training run is a folder: what was asked, what was measured, what to continue from.

run.toml                          the request; `reverie train RUN.toml` repeats it
metrics.csv                       one row an iteration
events.out.tfevents.*             the same for TensorBoard
checkpoints/best, final           averaged weights with their cards, to use
checkpoints/latest                such weights as of when somebody asked to save
checkpoints/latest.state          all that resuming needs, without pickles
previews/000100_name.png          what it could do by then
status.json                       who trains here, and how it ended
commands/                         what that process is asked to do
rates.json                        learning rates that were changed on the way
run.log                           what a process of its own has to say
run.lock                          held by the process that trains here
"""

from __future__ import annotations

import csv
import io
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import tomli_w
from filelock import FileLock, Timeout

from engine.data.atomic import atomic_path, disk_error, partials
from engine.errors import CheckpointError, DiskError, InputError
from engine.training.checkpoint import Card, load_tensors, read_card, save_checkpoint
from engine.training.previews import Pictures, prune_previews, write_previews

if TYPE_CHECKING:
    from torch import Tensor
    from torch.utils.tensorboard import SummaryWriter

FLUSH_EVERY = 50
FLUSH_S = 1.0
"""Rows, or seconds, after which metrics reach the disk: who looks on wants to see slow runs too."""
PARTIAL_S = 600.0
"""So old, what somebody had begun to write is nobody's any more."""
KEPT_ALONE = ("checkpoints", "previews")
COLUMNS = ("iteration", "name", "value")
METRICS, LOCK = "metrics.csv", "run.lock"


class RunFolder:
    """The files of one run. Opening an existing folder continues it.

    Args:
        path: Made if it is missing.
        card: What the weights of this run will say about themselves.

    Attributes:
        saved: Iterations done in the state that resuming starts from; 0 without any.
        best: Iterations done when the best weights were kept; 0 without any.
    """

    def __init__(self, path: Path, card: Card) -> None:
        self.path = path
        self.card = card
        self.saved = self.best = 0
        self._rows: list[tuple[int, str, float]] = []
        self._flushed_at = time.monotonic()
        self._board: SummaryWriter | None = None
        self._lock: FileLock | None = None
        try:
            (path / "checkpoints").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DiskError(
                f"The run folder {path} cannot be made: {error.strerror}.",
                "Choose a folder that you may write to.",
            ) from error

    @property
    def final(self) -> Path:
        """The finished weights."""
        return self._weights_file("final")

    @property
    def _state_file(self) -> Path:
        return self.path / "checkpoints" / "latest.state"

    @property
    def _metrics_file(self) -> Path:
        return self.path / METRICS

    def write_request(self, request: Mapping[str, Any]) -> None:
        """Keep what was asked for as run.toml.

        Raises:
            InputError: the folder holds a run of another task.
        """
        file = self.path / "run.toml"
        found = read_request(file) if file.exists() else request
        if any(found.get(key) != request.get(key) for key in ("method", "task")):
            raise InputError(
                f"{self.path} holds a run of {found.get('method')} {found.get('task')}.",
                "Choose another folder for this one.",
            )
        with atomic_path(file) as partial:
            partial.write_text(tomli_w.dumps(_without_none(request)), encoding="utf-8")

    def hold(self) -> None:
        """Keep other processes from training here until `close`.

        Raises:
            InputError: another process does.
        """
        lock = FileLock(self.path / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise InputError(
                f"Another process trains in {self.path}.", "Wait for it, or stop it first."
            ) from error
        except NotImplementedError:
            return  # a file system without locks
        except OSError as error:
            raise disk_error(self.path / LOCK, error) from error
        self._lock = lock
        self._sweep()

    def load_state(self) -> dict[str, Tensor] | None:
        """What `save_state` kept, or None in a new run. Forgets what was told after it."""
        tensors = load_tensors(self._state_file) if self._state_file.exists() else None
        # Without a state, all of an attempt that came to nothing.
        iteration = self.saved = int(tensors["counters.iteration"]) if tensors else 0
        self.best = min(iteration, self._iteration_of("best"))
        self._truncate_metrics(iteration)
        prune_previews(self.path, iteration)
        return tensors

    def save_state(self, tensors: Mapping[str, Tensor], iteration: int) -> None:
        """Replace what resuming starts from; metrics up to it are on disk before it."""
        self._flush()
        self.card.training["iterations_done"] = iteration
        save_checkpoint(self._state_file, tensors, self.card)
        self.saved = iteration

    def save_weights(
        self,
        name: Literal["best", "final", "latest"],
        tensors: Mapping[str, Tensor],
        iteration: int,
        figures: Mapping[str, float],
    ) -> None:
        """Weights to use, in half precision, with what was measured of them."""
        card = self.card.model_copy(deep=True)
        card.training["iterations_done"] = iteration
        card.figures |= dict(figures)
        save_checkpoint(self._weights_file(name), tensors, card, precision="float16")
        if name == "best":
            self.best = iteration

    def save_previews(self, iteration: int, pictures: Pictures) -> None:
        """Keep pictures of how far the run is."""
        write_previews(self.path, iteration, pictures)

    def log(self, iteration: int, values: Mapping[str, float]) -> None:
        """Record values; they reach the disk in batches and at every `save_state`."""
        self._rows.extend((iteration, name, value) for name, value in values.items())
        with self._disk_errors():
            board = self._open_board(iteration)
            for name, value in values.items():
                board.add_scalar(name, value, iteration)
        waited = time.monotonic() - self._flushed_at >= FLUSH_S
        if waited or len(self._rows) >= FLUSH_EVERY:
            self._flush()

    def close(self) -> None:
        """Write what waits, end TensorBoard's writer thread, let other processes in."""
        try:
            self._flush()
        finally:
            try:
                if self._board is not None:
                    board, self._board = self._board, None
                    with self._disk_errors():
                        board.close()
            finally:
                if self._lock is not None:
                    self._lock.release()

    def _sweep(self) -> None:
        """Remove what a process that was killed had begun to write. Only who holds the lock writes
        checkpoints and previews; others write into the folder itself."""
        for folder, age in ((self.path, PARTIAL_S), *((self.path / n, 0.0) for n in KEPT_ALONE)):
            for file in partials(folder, age):
                with self._disk_errors():
                    file.unlink(missing_ok=True)

    def _weights_file(self, name: str) -> Path:
        return self.path / "checkpoints" / f"{name}.safetensors"

    def _iteration_of(self, name: str) -> int:
        try:
            done = read_card(self._weights_file(name)).training.get("iterations_done")
        except CheckpointError:
            return 0  # it is told by whoever uses the file
        return done if isinstance(done, int) else 0

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise disk_error(self.path, error) from error

    def _open_board(self, iteration: int) -> SummaryWriter:
        from torch.utils.tensorboard import SummaryWriter

        if self._board is None:
            self._board = SummaryWriter(str(self.path), purge_step=iteration)
        return self._board

    def _flush(self) -> None:
        if not self._rows:
            return
        rows, self._rows = self._rows, []
        self._flushed_at = time.monotonic()
        new = not self._metrics_file.exists()
        with (
            self._disk_errors(),
            self._metrics_file.open("a", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file)
            if new:
                writer.writerow(COLUMNS)
            writer.writerows(rows)

    def _truncate_metrics(self, iteration: int) -> None:
        if not self._metrics_file.exists():
            return
        rows = [row for row in read_metrics(self.path) if row[0] <= iteration]
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
        with atomic_path(self._metrics_file) as partial:
            partial.write_text(text.getvalue(), encoding="utf-8", newline="")


def read_metrics(path: Path) -> list[tuple[int, str, float]]:
    """All complete rows (iteration, name, value) of a run; one cut off by a crash is left out."""
    file = path / METRICS
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    # Half a number reads as a number: only the line's end tells that it is whole.
    return list(split_rows(line for line in lines if line.endswith("\n")))


def split_rows(lines: Iterable[str]) -> Iterator[tuple[int, str, float]]:
    """The rows of such lines; the heading and what is no row are passed over.

    Each line by itself: a damaged one takes no other with it, as an open quote would.
    """
    for line in lines:
        iteration, _, rest = line.partition(",")
        name, _, value = rest.rpartition(",")
        if name.startswith('"'):
            name = name[1:-1].replace('""', '"')
        try:
            yield int(iteration), name, float(value)
        except ValueError:
            continue


def read_request(path: Path) -> dict[str, Any]:
    """A run file, or the run.toml of a folder.

    Raises:
        InputError: missing, or not TOML.
    """
    file = path / "run.toml" if path.is_dir() else path
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"The run file {file} cannot be read: {error.strerror}.", "Check the path."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"The run file {file} is not valid TOML: {error}.", "Correct the named line."
        ) from error


def _without_none(value: Any) -> Any:
    """TOML has no null; an absent key means the default."""
    if isinstance(value, Mapping):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_without_none(v) for v in value]
    return value
