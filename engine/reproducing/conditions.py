"""What an output's values follow from besides its parameters: as recorded, and as it is now."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.device import choose_device, choose_dtype
from engine.errors import InputError
from engine.provenance import machine, versions
from engine.reproducing.finding import Found
from engine.reproducing.params import RECORDED, ReproduceParams
from engine.reproducing.record import Record
from engine.reproducing.report import Condition

if TYPE_CHECKING:
    import torch

    from engine.device import Context

SHORT = 12
UNKNOWN = (
    "Nothing that is recorded differs: the computation itself is not the same every time, or the "
    "file was changed."
)
NAMES = {"reverie": "Reverie", "python": "Python"}


@contextmanager
def as_recorded(
    context: Context, record: Record, params: ReproduceParams
) -> Generator[Context, None, None]:
    """The context that an output was made in, as far as this machine has it and the parameters
    ask for it; torch's threads are given back at the end.

    Raises:
        InputError: A device was asked for that this machine does not have.
    """
    import torch

    before = torch.get_num_threads()
    device = _device(context, record, params)
    wanted = record.dtype if params.precision == RECORDED else params.precision
    dtype = context.dtype
    for name in ("auto", "float32", "bfloat16"):
        if name == wanted:
            dtype = choose_dtype(device, name)
    threads = params.threads or record.threads or context.threads
    # More threads than cores would only wait for each other.
    threads = min(threads, max(os.cpu_count() or 1, context.threads))
    torch.set_num_threads(threads)
    try:
        yield replace(context, device=device, dtype=dtype, threads=threads)
    finally:
        torch.set_num_threads(before)


def _device(context: Context, record: Record, params: ReproduceParams) -> torch.device:
    if params.device == "auto":
        return context.device
    wanted = record.device if params.device == RECORDED else params.device
    if wanted == context.device.type:
        return context.device
    for name in ("cpu", "cuda", "mps"):
        if name == wanted:
            try:
                return choose_device(name)
            except InputError:
                if params.device != RECORDED:
                    raise
    return context.device


def conditions_of(record: Record, context: Context, found: Sequence[Found]) -> list[Condition]:
    """All that is known, inputs and weights first.

    Args:
        context: In which it was made again.
        found: Inputs and weights that were used.
    """
    rows = [_of_found(each) for each in found]
    now = versions()
    rows += [
        _row(NAMES.get(name, name), record.versions.get(name, ""), value)
        for name, value in now.items()
    ]
    rows += [
        _row("Device", record.device, context.device.type),
        _row("Precision", record.dtype, context.precision),
        _row("Threads", str(record.threads or ""), str(context.threads)),
    ]
    here = machine()
    rows += [
        _row(name.capitalize(), record.machine.get(name, ""), value) for name, value in here.items()
    ]
    return rows


def _of_found(found: Found) -> Condition:
    told = found.told
    name = told.name or told.file or told.path.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    now = name if found.path is None else found.path.name.removesuffix(".safetensors")
    recorded, here = f"{name} {told.digest[:SHORT]}", f"{now} {found.digest[:SHORT]}"
    return Condition(found.what, recorded.strip(), here.strip(), found.same)


def _row(what: str, recorded: str, now: str) -> Condition:
    return Condition(what, recorded, now, recorded == now if recorded else None)


def reasons_of(conditions: Sequence[Condition], *, changed: bool) -> list[str]:
    """Why values differ, sentences.

    Args:
        changed: Whether the file is not as it was written.
    """
    told = ["The file was changed after it was written."] if changed else []
    told += [_reason(row) for row in conditions if row.same is False]
    return told or [UNKNOWN]


def _reason(row: Condition) -> str:
    if row.what in ("Input", "Mask", "Masks", "Template", "Weights", "Classifier"):
        verb = "are" if row.what in ("Weights", "Masks") else "is"
        return f"{row.what} {verb} not what was used: {row.recorded} then, {row.now} now."
    return f"{row.what} is another: {row.recorded} then, {row.now} now."
