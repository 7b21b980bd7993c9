"""The published parameter names of DiffRect's networks, and ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

Rules = tuple[tuple[str, str], ...]

BLOCK: Rules = (
    # The segmenter's block is one sequence, the rectifier's two with the time between them.
    (r"conv_conv\.0\.", "conv_in."), (r"conv_conv\.1\.", "norm_in."),
    (r"conv_conv\.4\.", "conv_out."), (r"conv_conv\.5\.", "norm_out."),
    (r"conv0\.0\.", "conv_in."), (r"conv0\.1\.", "norm_in."),
    (r"conv1\.1\.", "conv_out."), (r"conv1\.2\.", "norm_out."), (r"temb_proj\.", "time."),
)  # fmt: skip
PLACES: Rules = (
    (r"^(encoder|embedder)\.in_conv\.", r"\1.blocks.0."),
    (r"^(encoder|embedder)\.down(\d+)\.(?:maxpool_conv\.1|conv)\.", r"\1.blocks.\2."),
    (r"^decoder\.out_conv\.", "decoder.head."),
    (r"^temb\.dense\.0\.", "time.first."), (r"^temb\.dense\.1\.", "time.second."),
    (r"^deunet\.model\.temb\.dense\.0\.", "denoiser.time.first."),
    (r"^deunet\.model\.temb\.dense\.1\.", "denoiser.time.second."),
)  # fmt: skip
COUNTED_FROM_ONE: Rules = (
    (r"^decoder\.up(\d+)\.", "decoder.blocks.{}."),
    (r"^deunet\.model\.down(\d+)\.conv\.", "denoiser.down.{}."),
    (r"^deunet\.model\.up(\d+)\.", "denoiser.up.{}."),
)
GROWN: Rules = (
    (r"^((?:decoder\.blocks|denoiser\.up)\.\d+)\.(?:conv1x1|up)\.", r"\1.shrink."),
    (r"^((?:decoder\.blocks|denoiser\.up)\.\d+)\.conv\.", r"\1.block."),
)
"""Of a block that grows: by a 1x1 convolution and interpolation, or by a transposed one."""


def our_names(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published parameters under our names; unknown names stay as they are."""
    return {our_name(name): value for name, value in published.items()}


def our_name(name: str) -> str:
    """Of one parameter."""
    for pattern, replacement in COUNTED_FROM_ONE:
        if match := re.match(pattern, name):
            name = replacement.format(int(match[1]) - 1) + name[match.end() :]
    for pattern, replacement in (*PLACES, *GROWN, *BLOCK):
        name = re.sub(pattern, replacement, name)
    return name
