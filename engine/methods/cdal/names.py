"""The published parameter names of cDAL's networks, and ours.

The generator's layers are numbered there in the order of its construction; walking our network
in the same order gives each number its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from torch import Tensor

from engine.networks.ncsnpp import DownLevel, NCSNpp, UpLevel

Rules = tuple[tuple[str, str], ...]

RESIDUAL: Rules = (
    ("GroupNorm_0", "norm_in"), ("Conv_0", "conv_in"), ("Dense_0", "time"),
    ("GroupNorm_1", "norm_mid"), ("Conv_1", "conv_mid"), ("Conv_2", "skip"),
)  # fmt: skip
ATTENTION: Rules = (
    ("GroupNorm_0", "norm"), ("NIN_0", "query"), ("NIN_1", "key"), ("NIN_2", "value"),
    ("NIN_3", "project"),
)  # fmt: skip
PYRAMID: Rules = (("Conv2d_0", "conv"),)
IMAGE: Rules = ((r"in_layers\.", "layers."), (r"out_layers\.0\.", "layers.3."),
                (r"out_layers\.3\.", "layers.5."))  # fmt: skip
DISCRIMINATOR: Rules = (
    (r"^t_embed\.main\.0\.", "time.1."), (r"^t_embed\.main\.2\.", "time.3."),
    (r"^start_conv\.", "stem."), (r"^final_conv\.", "last."), (r"^end_linear\.", "head."),
    (r"\.conv1\.0\.", ".conv_in."), (r"\.conv2\.0\.", ".conv_mid."), (r"\.dense_t1\.", ".time."),
    (r"\.skip\.0\.", ".skip."),
)  # fmt: skip


def generator_tensors(published: Mapping[str, Tensor], model: NCSNpp) -> dict[str, Tensor]:
    """Published parameters of a generator under our names; unknown names stay as they are."""
    numbered = dict(enumerate(places(model)))
    renamed = {}
    for name, value in published.items():
        if match := re.fullmatch(r"all_modules\.(\d+)\.(.+)", name):
            prefix, rules = numbered.get(int(match[1]), (f"all_modules.{match[1]}", ()))
            rest = _replace(match[2], rules)
            if re.search(r"NIN_\d\.W$", name):  # those multiply from the right
                value, rest = value.t().contiguous(), rest.removesuffix("W") + "weight"
            elif re.search(r"NIN_\d\.b$", name):
                rest = rest.removesuffix("b") + "bias"
            name = f"{prefix}.{rest}"
        renamed[re.sub(r"^z_transform\.", "mapping.", name)] = value
    return renamed


def discriminator_tensors(published: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published parameters of a discriminator under our names."""

    def block(match: re.Match[str]) -> str:
        return f"blocks.{int(match[1]) - 1}."

    return {
        _replace(re.sub(r"^conv(\d+)\.", block, name), DISCRIMINATOR): value
        for name, value in published.items()
    }


def _replace(name: str, rules: Rules) -> str:
    for pattern, replacement in rules:
        name = re.sub(pattern, replacement, name)
    return name


def places(model: NCSNpp) -> Iterator[tuple[str, Rules]]:
    """Our prefix and the rules within, for each number of `all_modules`."""
    yield "time.1", ()
    yield "time.3", ()
    for i in range(len(model.encoder)):
        yield f"encoder.{i}", IMAGE if i else ()
    yield "stem", ()
    for i, down in enumerate(model.down):
        assert isinstance(down, DownLevel)
        for j in range(len(down.blocks)):
            yield f"down.{i}.blocks.{j}", RESIDUAL
            if down.attention:
                yield f"down.{i}.attention.{j}", ATTENTION
        if down.shrink is not None:
            yield f"down.{i}.shrink", RESIDUAL
            yield f"down.{i}.pyramid", PYRAMID
    yield "middle_in", RESIDUAL
    yield "middle_attention", ATTENTION
    yield "middle_out", RESIDUAL
    for i, up in enumerate(model.up):
        assert isinstance(up, UpLevel)
        for j in range(len(up.blocks)):
            yield f"up.{i}.blocks.{j}", RESIDUAL
        if up.attention is not None:
            yield f"up.{i}.attention", ATTENTION
        if up.grow is not None:
            yield f"up.{i}.grow", RESIDUAL
    yield "head_norm", ()
    yield "head", ()
