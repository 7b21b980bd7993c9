"""Networks of checkpoints, opened once and kept between jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from engine import library
from engine.errors import CheckpointError
from engine.training.checkpoint import Checkpoint, load_checkpoint

if TYPE_CHECKING:
    from engine.device import Context

Opened = TypeVar("Opened")


def open_once(
    name: str,
    context: Context,
    make: Callable[[Checkpoint, Context], Opened],
    *,
    bundled: str,
    training: str,
) -> Opened:
    """What `make` opens of a checkpoint given by name or path, as long as its file stays as it is.

    Args:
        make: Checks method and role, and puts the network on the device; a function of a module.
        bundled: A checkpoint that comes with the program.
        training: Options of `reverie train` that make another one, `--method` first.

    Raises:
        CheckpointError: not chosen, missing, damaged, or what `make` raises.
    """
    if not name:
        method = " ".join(training.split()[:2])
        raise CheckpointError(
            "No checkpoint was chosen.",
            f"Choose {bundled}, which comes with the program, or train one (reverie train "
            f"{training}), or import published weights (reverie import {method}).",
        )
    path = library.find(name)
    key = make.__module__, make.__qualname__, str(path), path.stat().st_mtime_ns, context.dtype
    return context.keep(key, lambda: make(load_checkpoint(path), context))
