"""Checkpoints: one .safetensors file whose metadata says all that is needed to use it.

Nothing in such a file can carry code. Weights may lie in half precision; they are read as
float32.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.data.atomic import check_writable, write_atomic
from engine.errors import CheckpointError, InputError
from engine.training.header import METADATA, read_header, sha256_of, weights_sha256

if TYPE_CHECKING:
    import torch

CARD_VERSION = 1
CARD_KEY = "reverie"
ANSWERING = frozenset({"method", "role", "config", "process", "preprocessing"})
"""The parts of a card that answers follow from; the others are for people."""


class Card(BaseModel):
    """What a checkpoint says about itself.

    Attributes:
        method, role: Which network of which method ("adaptdiff", "diffusion").
        config: Keyword arguments of the network.
        process: Of a diffusion model: schedule, timesteps, range of the data, its mean and sd.
        preprocessing: From an image on disk to the network's input.
        labels: Class index -> name and colour.
        preset: Of the task that uses it: what its figures were measured with; "" for none.
        training: Preset, parameters, seed, iterations.
        data: What it was trained on, with terms.
        figures: What was measured, in words and numbers.
        notes: What the user has written of it.
    """

    model_config = ConfigDict(extra="forbid")

    version: int = CARD_VERSION
    method: str
    role: str
    title: str
    summary: str = ""
    config: dict[str, Any] = Field(default_factory=dict)
    process: dict[str, Any] = Field(default_factory=dict)
    preprocessing: dict[str, Any] = Field(default_factory=dict)
    labels: dict[str, dict[str, str]] = Field(default_factory=dict)
    preset: str = ""
    training: dict[str, Any] = Field(default_factory=dict)
    data: list[dict[str, Any]] = Field(default_factory=list)
    figures: dict[str, Any] = Field(default_factory=dict)
    licence: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    notes: str = ""


@dataclass(frozen=True)
class Identity:
    """Which checkpoint it is, for records of what was made with it.

    Attributes:
        name: Of its file, without ending.
        sha256: Of the file.
        model_sha256: Of what its answers follow from, see `model_sha256`.
    """

    name: str = ""
    sha256: str = ""
    model_sha256: str = ""

    def told(self) -> dict[str, str]:
        """As it stands in records."""
        return asdict(self)


UNSAVED = Identity()
"""Of weights in training, which lie in no file."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights as read: float32 tensors on the CPU, the card, the file and its identity."""

    tensors: Mapping[str, torch.Tensor]
    card: Card
    path: Path
    identity: Identity

    def expect(self, method: str, role: str) -> Checkpoint:
        """Itself, if it is of that method and role.

        Raises:
            CheckpointError: it is something else; says what.
        """
        if (self.card.method, self.card.role) != (method, role):
            raise CheckpointError(
                f"{self.path.name} is a {self.card.role} of {self.card.method}, "
                f"not a {role} of {method}.",
                f"Choose a {method} {role} checkpoint.",
            )
        return self


def save_checkpoint(
    path: Path,
    tensors: Mapping[str, torch.Tensor],
    card: Card,
    precision: Literal["float32", "float16"] = "float32",
) -> None:
    """Write beside, then rename.

    Raises:
        DiskError: the folder cannot be written or is full; the old file is untouched.
    """
    import torch
    from safetensors.torch import save

    dtype = getattr(torch, precision)
    plain = {
        name: value.detach().to("cpu", dtype if value.is_floating_point() else None).contiguous()
        for name, value in tensors.items()
    }
    # Not its save_file, which makes private files and reports a full disk as a damaged one.
    write_atomic(path, save(plain, metadata={CARD_KEY: card.model_dump_json()}))


def check_checkpoint_path(path: Path) -> None:
    """Finds out before the work whether a checkpoint could be written.

    Raises:
        InputError: Another ending than .safetensors, by which checkpoints are found.
        DiskError: Its folder is not there, or may not be written to.
    """
    if path.suffix != ".safetensors":
        raise InputError(f"{path} has no ending for a checkpoint.", "End it in .safetensors.")
    check_writable(path)


def read_card(path: Path) -> Card:
    """The card alone; reads the header, loads no torch.

    Raises:
        CheckpointError: not a checkpoint of this program, or damaged.
    """
    metadata = read_header(path).get(METADATA)
    text = metadata.get(CARD_KEY) if isinstance(metadata, dict) else None
    if not isinstance(text, str):
        raise CheckpointError(
            f"{path.name} holds weights, but no Reverie card.",
            "Import it first: reverie import --method METHOD --weights FILE --output OUT.",
        )
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        raise CheckpointError(
            f"The card of {path.name} cannot be read: {error.error_count()} fields do not fit.",
            "It may come from a newer version of Reverie; update, or import the weights again.",
        ) from error


def load_checkpoint(path: Path) -> Checkpoint:
    """Read card and weights.

    Raises:
        CheckpointError: missing, truncated, foreign, or with a card that does not fit.
    """
    card = read_card(path)
    identity = Identity(path.stem, sha256_of(path), _model_sha256(path, card))
    return Checkpoint(load_tensors(path), card, path, identity)


def model_sha256(path: Path) -> str:
    """Hex digest of a checkpoint's weights and of those parts of its card that answers follow
    from. It stays when title, notes or figures are changed, unlike that of the file.

    Raises:
        CheckpointError: not a checkpoint of this program, or damaged.
    """
    return _model_sha256(path, read_card(path))


def _model_sha256(path: Path, card: Card) -> str:
    told = card.model_dump(include=set(ANSWERING))
    text = json.dumps([weights_sha256(path), told], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def load_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The weights of any .safetensors file, floating-point ones as float32."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path.name} cannot be read: {error}.", "Copy or download the file again."
        ) from error
    return {n: v.float() if v.is_floating_point() else v for n, v in tensors.items()}


def load_into(module: torch.nn.Module, tensors: Mapping[str, torch.Tensor], name: str) -> None:
    """Load weights strictly.

    Raises:
        CheckpointError: lists the missing, unexpected and misshapen parameters, or names one
            that is no number.
    """
    own = module.state_dict()
    missing = [k for k in own if k not in tensors and not k.endswith("num_batches_tracked")]
    unexpected = [k for k in tensors if k not in own]
    shapes = [k for k in own if k in tensors and own[k].shape != tensors[k].shape]
    if missing or unexpected or shapes:
        parts = [
            f"{len(keys)} {what} ({', '.join(keys[:3])}{', ...' if len(keys) > 3 else ''})"
            for what, keys in (
                ("missing", missing), ("unexpected", unexpected), ("of another shape", shapes),
            )
            if keys
        ]  # fmt: skip
        raise CheckpointError(
            f"{name} does not fit the network: parameters {'; '.join(parts)}.",
            "Check that the file belongs to this method and configuration.",
            _mismatch(own, tensors, missing, unexpected, shapes),
        )
    broken = [k for k in own if k in tensors and not bool(tensors[k].isfinite().all())]
    if broken:
        raise CheckpointError(
            f"{name} holds weights that are no numbers, such as {broken[0]}.",
            "The training has failed; take an earlier checkpoint, or copy the file again.",
        )
    module.load_state_dict(dict(tensors), strict=False)


def _mismatch(
    own: Mapping[str, torch.Tensor], tensors: Mapping[str, torch.Tensor],
    missing: Sequence[str], unexpected: Sequence[str], shapes: Sequence[str],
) -> str:  # fmt: skip
    """Every name that did not match, and how many did."""
    matched = sum(name in own for name in tensors) - len(shapes)
    lines = [f"{matched} of the network's {len(own)} parameters matched."]
    lines += [f"missing: {name} {tuple(own[name].shape)}" for name in missing]
    lines += [f"unexpected: {name} {tuple(tensors[name].shape)}" for name in unexpected]
    lines += [
        f"of another shape: {name} is {tuple(tensors[name].shape)}, the network has "
        f"{tuple(own[name].shape)}"
        for name in shapes
    ]
    return "\n".join(lines)
