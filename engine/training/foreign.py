"""Weights that other programs wrote: read as tensors, never run."""

from __future__ import annotations

import pickle
import re
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.errors import CheckpointError
from engine.training.checkpoint import load_tensors

WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "ema")
"""Keys under which published files keep the parameters.

Files of DDIM's training code and its heirs (github.com/ermongroup/ddim) hold a list instead: the
parameters, the optimizer's state, two counters, and, where one was kept, the weights' average.
"""

DAMAGE = (
    RuntimeError, EOFError, OSError, zipfile.BadZipFile, struct.error,
    ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError,
)  # fmt: skip
"""What torch raises, depending on where in a file the damage is."""

_ASKED = re.compile(r"GLOBAL ([\w.]+)")
"""What a file wants to be called, in torch's words."""


def read_foreign_weights(path: Path) -> dict[str, Tensor]:
    """Parameter name -> tensor of a .pt, .pth or .safetensors file, on the CPU.

    Raises:
        CheckpointError: missing, damaged, holding code or something other than tensors.
    """
    if not path.is_file():
        raise CheckpointError(f"There is no file {path}.", "Check the path.")
    if path.suffix == ".safetensors":
        return load_tensors(path)
    try:
        loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        asked = _ASKED.search(str(error))
        if asked is None:
            raise CheckpointError(
                f"{path.name} is no .pt or .pth file of weights, or is damaged.",
                "Choose the published file; download or copy it again if it is this one.",
            ) from error
        raise CheckpointError(
            f"{path.name} was not opened: it holds more than weights, and asks for {asked[1]}.",
            "Such a file could run code. Save its state_dict() with torch.save and import that.",
        ) from error
    except DAMAGE as error:
        raise CheckpointError(
            f"{path.name} cannot be read: {_first_line(error)}.",
            "It may be truncated; download or copy it again.",
        ) from error
    return _parameters(loaded, path.name)


def _parameters(loaded: Any, name: str) -> dict[str, Tensor]:
    if isinstance(loaded, list):
        states = [part for part in loaded if _is_state(part)]
        # The average comes last, and is what results are made with.
        loaded = states[-1] if states else loaded
    while isinstance(loaded, Mapping):
        # Before any tensors on this level: a training run may keep its losses beside the weights.
        inner = [loaded[key] for key in WRAPPERS if isinstance(loaded.get(key), Mapping)]
        if not inner:
            break
        loaded = inner[0]
    if not isinstance(loaded, Mapping):
        raise CheckpointError(
            f"{name} holds a {type(loaded).__name__}, not named parameters.",
            "Save the network's state_dict() and import that.",
        )
    tensors = {str(k): v for k, v in loaded.items() if isinstance(v, Tensor)}
    if not tensors:
        raise CheckpointError(f"{name} holds no parameters.", "Choose another file.")
    return tensors


def _is_state(part: Any) -> bool:
    """Whether it is names with tensors, and nothing else."""
    if not isinstance(part, Mapping) or not part:
        return False
    return all(isinstance(k, str) and isinstance(v, Tensor) for k, v in part.items())


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
