"""Checkpoints for other programs: files that answer as the checkpoint does, or no files.

What is written is run on random inputs beside the network that it was made from, before it takes
its place. Only files of our own making are opened here.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from engine.data.atomic import atomic_path, check_writable
from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.results import FileResult
from engine.steps import NoteStep, ProgressStep, Step
from engine.training.checkpoint import (
    Card,
    Checkpoint,
    load_checkpoint,
    load_tensors,
    save_checkpoint,
    sha256_of,
)
from engine.training.export_params import FORMATS, NETWORKS, ExportParams
from engine.wording import counted

BATCH = 2
"""Of the example: 1 would be taken for the only one there is."""
OUTPUT = "output"
CARD_FILE = "reverie.json"
ONNX_NEEDS = ("onnx", "onnxscript", "onnxruntime")
Answers = Callable[[Sequence[Tensor]], Tensor]
"""From inputs to what a network makes of them."""


@dataclass(frozen=True, eq=False)
class Plain:
    """A network as other programs get it: float32, in its plain form, without tricks for a CPU.

    Attributes:
        model: Takes its inputs by position; ready for inference.
        names: Of the inputs.
        draw: (batch, side, generator) -> random inputs that it could be given.
        side: Of the images it was trained on, in pixels.
        step: Sides are multiples of it; 0 where only `side` will do.
    """

    model: nn.Module
    names: tuple[str, ...]
    draw: Callable[[int, int, torch.Generator], tuple[Tensor, ...]]
    side: int
    step: int = 0


MakePlain = Callable[[Checkpoint], Plain]
"""From a checkpoint to its network; a `CheckpointError` where its role has none to give away."""


def export(job: Job, checkpoint: Path, plain_of: MakePlain) -> Generator[Step, None, FileResult]:
    """Inputs: output (.safetensors, .onnx or .pt2). The result's figures have the largest
    difference to the checkpoint's own weights, or to its answers where the network is written.

    Args:
        checkpoint: The file.
        plain_of: See `MakePlain`; not asked where only weights are written.

    Raises:
        InputError: another ending, or a file that answers differently; it is not kept.
        CheckpointError: a checkpoint that cannot be read, or whose network cannot be exported.
        DiskError: the file cannot be written.
    """
    params, output = job.params, job.path("output")
    assert isinstance(params, ExportParams)
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
            answers = _written(kind, beside, loaded, plain, params)
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


def _written(
    kind: str, path: Path, loaded: Checkpoint, plain: Plain, params: ExportParams
) -> Answers:
    """Write a network and read it back; returns what it answers."""
    with _quiet():
        program = _program(plain, loaded, any_size=params.any_size)
        if kind == ".onnx":
            return _onnx(program, path, plain, loaded.card)
        extra: dict[str, Any] = {CARD_FILE: loaded.card.model_dump_json()}
        torch.export.save(program, path, extra_files=extra)
        module = torch.export.load(path).module()
    return lambda inputs: module(*inputs)


def _program(plain: Plain, loaded: Checkpoint, *, any_size: bool) -> torch.export.ExportedProgram:
    inputs = plain.draw(BATCH if any_size else 1, plain.side, _generator(0))
    shapes = tuple(_axes(value, plain.step) for value in inputs) if any_size else None
    try:
        return torch.export.export(plain.model, inputs, dynamic_shapes=shapes)
    except (RuntimeError, ValueError, TypeError, AssertionError) as error:
        raise CheckpointError(
            f"The network of {loaded.path.name} cannot be followed through: {_first(error)}.",
            "Export .safetensors, or without --any-size.",
        ) from error


def _axes(value: Tensor, step: int) -> dict[int, Any]:
    """Which axes of an input may have any length: the batch, and the sides of images."""
    sides = (2, 3) if step and value.dim() == 4 else ()
    return dict.fromkeys((0, *sides), torch.export.Dim.AUTO)


def _onnx(program: torch.export.ExportedProgram, path: Path, plain: Plain, card: Card) -> Answers:
    missing = [name for name in ONNX_NEEDS if find_spec(name) is None]
    if missing:
        raise InputError(
            f"ONNX needs {', '.join(missing)}, which is not installed.",
            f"pip install {' '.join(missing)}, or export .pt2.",
        )
    import onnxruntime

    made = torch.onnx.export(
        program, (), input_names=list(plain.names), output_names=[OUTPUT], dynamo=True,
        verbose=False,
    )  # fmt: skip
    assert made is not None, "only the older exporter returns nothing"
    made.model.metadata_props["reverie"] = card.model_dump_json()
    made.save(path, external_data=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def answers(inputs: Sequence[Tensor]) -> Tensor:
        named = {n: value.numpy() for n, value in zip(plain.names, inputs, strict=True)}
        return torch.from_numpy(session.run([OUTPUT], named)[0])

    return answers


def _sizes(plain: Plain, *, any_size: bool) -> tuple[tuple[int, int], ...]:
    """(batch, side) that are compared."""
    if not any_size:
        return ((1, plain.side),)
    larger = plain.side + plain.step
    return (BATCH, plain.side), (1, plain.side), *(((1, larger),) if plain.step else ())


def _answers_apart(plain: Plain, answers: Answers, params: ExportParams) -> _Apart:
    generator = _generator(params.seed)
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


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _first(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")


@contextmanager
def _quiet() -> Iterator[None]:
    """torch's exporters talk to their own developers."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
