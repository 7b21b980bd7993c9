"""The parameter names of improved and guided diffusion's published networks, and ours.

Their blocks are numbered in the order of construction; walking our network in the same order gives
each number its place.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from engine.networks.guided_unet import GuidedEncoder, GuidedUNet, Level

Rules = tuple[tuple[str, str], ...]

RESIDUAL: Rules = (
    ("in_layers.0", "norm_in"), ("in_layers.2", "conv_in"), ("emb_layers.1", "embed"),
    ("out_layers.0", "norm_mid"), ("out_layers.3", "conv_mid"), ("skip_connection", "skip"),
)  # fmt: skip
ATTENTION: Rules = (("norm", "norm"), ("qkv", "qkv"), ("proj_out", "project"))
SHRINK: Rules = (("op", "conv"),)
GROW: Rules = (("conv", "conv"),)
WHOLE: Rules = (("", ""),)
POOL: Rules = (
    ("positional_embedding", "positions"), ("qkv_proj", "qkv"), ("c_proj", "project"),
)  # fmt: skip
LINEAR = re.compile(r"\.(qkv|project)\.weight$")
"""Stored as convolutions of length 1, (outputs, inputs, 1)."""


def unet_tensors(published: Mapping[str, Tensor], model: GuidedUNet) -> dict[str, Tensor]:
    """Published parameters of a U-Net under our names; unknown names stay as they are."""
    places = [*_encoder(model), *_way_up(model), ("out.0", "head_norm", WHOLE)]
    places += [("out.2", "head", WHOLE), ("label_emb", "label", WHOLE)]
    return _renamed(published, places)


def classifier_tensors(
    published: Mapping[str, Tensor], encoder: GuidedEncoder
) -> dict[str, Tensor]:
    """Published parameters of an encoder with attention pooling under our names."""
    places = [(old, f"encoder.{new}", rules) for old, new, rules in _encoder(encoder)]
    return _renamed(published, [*places, ("out.0", "norm", WHOLE), ("out.2", "pool", POOL)])


@dataclass(frozen=True)
class Read:
    """What names and shapes tell of an encoder.

    Attributes:
        inputs, width, multipliers, blocks, attention, scale_shift, block_resampling: See
            `GuidedConfig`.
    """

    inputs: int
    width: int
    multipliers: tuple[int, ...]
    blocks: int
    attention: tuple[int, ...]
    scale_shift: bool
    block_resampling: bool


def read_encoder(published: Mapping[str, Tensor], levels: int = 0) -> Read:
    """The configuration of the way down.

    Args:
        levels: How many resolutions there are, where that is known; names leave it open where
            residual blocks resample.

    Raises:
        LookupError, ValueError: names or shapes are those of something else.
    """
    width, inputs = published["input_blocks.0.0.weight"].shape[:2]
    entries = _entries(published)
    for count in _possible_levels(entries):
        if levels in (0, count):
            break
    else:
        raise ValueError(f"{len(entries)} blocks are no {levels or 'whole'} levels")
    blocks = (len(entries) + 1) // count - 1
    firsts = entries[:: blocks + 1]
    residual = published["input_blocks.1.0.emb_layers.1.weight"].shape[0]
    return Read(
        inputs, width, tuple(entry.outputs // width for entry in firsts), blocks,
        tuple(2**level for level, entry in enumerate(firsts) if entry.attends),
        residual == 2 * entries[0].outputs,
        any(entry.kind == "residual" for entry in entries[blocks :: blocks + 1]),
    )  # fmt: skip


@dataclass(frozen=True)
class _Entry:
    """One of the numbered blocks: a residual one, or a convolution that shrinks."""

    kind: Literal["residual", "shrink"]
    inputs: int
    outputs: int
    attends: bool


def _entries(published: Mapping[str, Tensor]) -> list[_Entry]:
    """All after the stem."""
    found = []
    for number in itertools.count(1):
        prefix = f"input_blocks.{number}"
        if (plain := published.get(f"{prefix}.0.op.weight")) is not None:
            found.append(_Entry("shrink", plain.shape[1], plain.shape[0], False))
        elif (conv := published.get(f"{prefix}.0.in_layers.2.weight")) is not None:
            attends = f"{prefix}.1.qkv.weight" in published
            found.append(_Entry("residual", conv.shape[1], conv.shape[0], attends))
        else:
            return found
    raise AssertionError("counting never ends")


def _possible_levels(entries: Sequence[_Entry]) -> Iterator[int]:
    """Into how many equal levels, each but the last with one block that shrinks, they fit."""
    for count in range(len(entries) + 1, 0, -1):
        size, rest = divmod(len(entries) + 1, count)
        if rest or size < 2:
            continue
        levels = [entries[i * size : (i + 1) * size] for i in range(count)]
        if all(_is_level(level, i == count - 1) for i, level in enumerate(levels)):
            yield count


def _is_level(entries: Sequence[_Entry], last: bool) -> bool:
    blocks, shrink = (entries, None) if last else (entries[:-1], entries[-1])
    first = blocks[0]
    same = all(
        e.kind == "residual" and (e.outputs, e.attends) == (first.outputs, first.attends)
        for e in blocks
    ) and all(e.inputs == first.outputs for e in blocks[1:])
    if shrink is None:
        return same
    return same and not shrink.attends and shrink.inputs == shrink.outputs == first.outputs


def _renamed(
    published: Mapping[str, Tensor], places: Sequence[tuple[str, str, Rules]]
) -> dict[str, Tensor]:
    table: dict[str, str] = {}
    for old, new, rules in places:
        for theirs, ours in rules:
            table[f"{old}.{theirs}".rstrip(".")] = f"{new}.{ours}".rstrip(".")
    renamed = {}
    for name, value in published.items():
        stem, _, kind = name.rpartition(".")
        ours = table.get(name) or (f"{table[stem]}.{kind}" if stem in table else name)
        if LINEAR.search(ours) and value.dim() == 3:
            value = value.squeeze(2)
        renamed[ours] = value
    return renamed


def _encoder(model: GuidedEncoder) -> Iterator[tuple[str, str, Rules]]:
    """Published place, our place and the rules within, from the time to the middle."""
    yield "time_embed.0", "time.1", WHOLE
    yield "time_embed.2", "time.3", WHOLE
    yield "input_blocks.0.0", "stem", WHOLE
    number = 1
    for i, level in enumerate(model.down):
        assert isinstance(level, Level)
        for j in range(len(level.blocks)):
            yield f"input_blocks.{number}.0", f"down.{i}.blocks.{j}", RESIDUAL
            if level.attention:
                yield f"input_blocks.{number}.1", f"down.{i}.attention.{j}", ATTENTION
            number += 1
        if level.resample is not None:
            rules = RESIDUAL if model.config.block_resampling else SHRINK
            yield f"input_blocks.{number}.0", f"down.{i}.resample", rules
            number += 1
    yield "middle_block.0", "middle_in", RESIDUAL
    yield "middle_block.1", "middle_attention", ATTENTION
    yield "middle_block.2", "middle_out", RESIDUAL


def _way_up(model: GuidedUNet) -> Iterator[tuple[str, str, Rules]]:
    number = 0
    for i, level in enumerate(model.up):
        assert isinstance(level, Level)
        for j in range(len(level.blocks)):
            yield f"output_blocks.{number}.0", f"up.{i}.blocks.{j}", RESIDUAL
            if level.attention:
                yield f"output_blocks.{number}.1", f"up.{i}.attention.{j}", ATTENTION
            if level.resample is not None and j == len(level.blocks) - 1:
                rules = RESIDUAL if model.config.block_resampling else GROW
                place = 2 if level.attention else 1
                yield f"output_blocks.{number}.{place}", f"up.{i}.resample", rules
            number += 1
