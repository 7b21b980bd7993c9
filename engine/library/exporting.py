"""Checkpoints for other programs: files that answer as the checkpoint does, or no files.

What is written is run on random inputs beside the network that it was made from, before it takes
its place. Only files of our own making are opened here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from engine import library
from engine.data.atomic import atomic_path, check_writable
from engine.errors import InputError
from engine.jobs import Job
from engine.library.export_params import FORMATS, NETWORKS, ExportParams
from engine.library.exported import BATCH, Answers, Plain, write_network
from engine.results import FileResult
from engine.steps import NoteStep, ProgressStep, Step
from engine.training.checkpoint import Checkpoint, load_checkpoint, load_tensors, save_checkpoint
from engine.training.header import sha256_of
from engine.wording import counted

MakePlain = Callable[[Checkpoint], Plain]
"""From a checkpoint to its network; a `CheckpointError` where its role has none to give away."""


def export(job: Job, plain_of: MakePlain) -> Generator[Step, None, FileResult]:
    """Inputs: output (.safetensors, .onnx or .pt2). The result's figures have the largest
    difference to the checkpoint's own weights, or to its answers where the network is written.

    Args:
        plain_of: Of the method; not asked where only weights are written.

    Raises:
        InputError: another ending, or a file that answers differently; it is not kept.
        CheckpointError: a checkpoint that cannot be read, or whose network cannot be exported.
        DiskError: the file cannot be written.
    """
    params, output = job.params, job.path("output")
    assert isinstance(params, ExportParams)
    checkpoint = library.find(params.checkpoint)
    kind = output.suffix.lower()
    if kind not in FORMATS:
        raise InputError(
            f"{output.name} has no ending that checkpoints are exported to.",
            f"End it in {', '.join(FORMATS)}.",
        )
    check_writable(output)
    if output.resolve() == checkpoint.resolve():
        raise InputError(f"{output} is the checkpoint itself.", "Choose another name.")
    yield ProgressStep(0, 4, "Reading")
    loaded = load_checkpoint(checkpoint)
    plain = plain_of(loaded) if kind in NETWORKS else None
    yield ProgressStep(1, 4, "Writing")
    if plain is not None:
        yield NoteStep("Following the network through; this can take minutes.")
    with atomic_path(output) as beside:
        if plain is None:
            save_checkpoint(
                beside, loaded.tensors, loaded.card, "float16" if params.half else "float32"
            )
            found = _weights_apart(loaded, load_tensors(beside))
        else:
            answers = write_network(beside, plain, loaded, any_size=params.any_size)
            yield ProgressStep(2, 4, "Comparing")
            found = _answers_apart(plain, answers, params)
        if found.share > params.tolerance:
            raise InputError(
                f"{output.name} differs from {checkpoint.name} by {found.share:.2g} of the largest "
                f"value, where {params.tolerance:.2g} is allowed. It was not kept.",
                "Export in another format, or allow a larger tolerance.",
            )
        yield ProgressStep(3, 4, "Keeping")
    yield ProgressStep(4, 4)
    figures: dict[str, Any] = {
        "largest difference": found.apart, "share of the largest value": found.share,
        "allowed share": params.tolerance, "compared": found.compared,
        "bytes": output.stat().st_size, "sha256": sha256_of(output),
    }  # fmt: skip
    if plain is not None:
        figures |= {"inputs": list(plain.names), "sizes": list(found.sizes)}
    told = (
        f"it differs from {checkpoint.name} by {found.apart:.2g} at most, {found.share:.2g} of the "
        "largest value" if found.apart else f"it equals {checkpoint.name}"
    )  # fmt: skip
    summary = f"{output.name} is written; in {found.compared} {told}."
    return FileResult(output, summary, figures)


@dataclass(frozen=True)
class _Apart:
    """How far a file is from its checkpoint.

    Attributes:
        apart: Largest difference; inf where shapes differ or something is no number.
        share: The same as a share of the checkpoint's largest value, of each tensor by itself.
        compared: What, and how much of it.
        sizes: Of random inputs, for people.
    """

    apart: float
    share: float
    compared: str
    sizes: tuple[str, ...] = ()


def _weights_apart(loaded: Checkpoint, written: Mapping[str, Tensor]) -> _Apart:
    count = counted(len(loaded.tensors), "tensor")
    if set(written) != set(loaded.tensors):
        return _Apart(math.inf, math.inf, count)
    found = [(_furthest(own, written[n]), _largest(own)) for n, own in loaded.tensors.items()]
    apart = max((far for far, _ in found), default=0.0)
    return _Apart(apart, max((_share(*pair) for pair in found), default=0.0), count)


def _share(apart: float, largest: float) -> float:
    if apart == 0.0:
        return 0.0
    return apart / largest if largest > 0.0 else math.inf


def _largest(value: Tensor) -> float:
    return float(value.abs().max()) if value.numel() else 0.0


def _furthest(own: Tensor, other: Tensor) -> float:
    """Largest difference of two tensors."""
    if own.shape != other.shape:
        return math.inf
    if not own.numel():
        return 0.0
    return float((own.double() - other.double()).abs().nan_to_num(nan=math.inf).max())


def _sizes(plain: Plain, *, any_size: bool) -> tuple[tuple[int, int], ...]:
    """(batch, side) that are compared."""
    if not any_size:
        return ((1, plain.side),)
    larger = plain.side + plain.step
    return (BATCH, plain.side), (1, plain.side), *(((1, larger),) if plain.step else ())


def _answers_apart(plain: Plain, answers: Answers, params: ExportParams) -> _Apart:
    generator = torch.Generator().manual_seed(params.seed)
    sizes = _sizes(plain, any_size=params.any_size)
    apart = largest = 0.0
    with torch.inference_mode():
        for batch, side in sizes:
            for _ in range(params.samples):
                inputs = plain.draw(batch, side, generator)
                own = plain.model(*inputs)
                apart = max(apart, _furthest(own, answers(inputs)))
                largest = max(largest, _largest(own))
    told = tuple(f"{batch} x {side} px" for batch, side in sizes)
    count = counted(params.samples * len(sizes), "answer")
    return _Apart(apart, _share(apart, largest), f"{count} to random inputs", told)
