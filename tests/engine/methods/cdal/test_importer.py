from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.errors import CheckpointError
from engine.jobs import Job
from engine.methods.cdal.importer import convert, import_weights
from engine.methods.cdal.names import ATTENTION, IMAGE, PYRAMID, RESIDUAL, places
from engine.methods.cdal.networks import load_generator
from engine.methods.cdal.params import ImportParams
from engine.networks.ncsnpp import GeneratorConfig, NCSNpp
from engine.training.checkpoint import load_checkpoint
from tests.golden.case import GoldenCase
from tests.golden.weights import weights_of
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdal_models import TINY, save_generator
from tests.helpers.torch_rules import cpu_context

GOLDEN = Path(__file__).parents[3] / "golden"


def published(name: str) -> dict[str, Tensor]:
    return weights_of(GoldenCase.read(GOLDEN / f"{name}.json").info["state_dict"], "test")


def imported(folder: Path, content: Any, **params: Any) -> Path:
    weights, output = folder / "lung_1.pth", folder / "out.safetensors"
    torch.save(content, weights)
    job = Job("cdal", "import", ImportParams.parse(params), {"weights": weights, "output": output})
    result, _ = run(import_weights(job, cpu_context()))
    assert result.path == output
    return output


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_generator(tmp_path: Path, prefix: str) -> None:
    weights = {prefix + k: v for k, v in published("cdal_generator").items()}
    path = imported(tmp_path, weights, image_size=32, timesteps=4)
    card = load_checkpoint(path).expect("cdal", "generator").card
    assert card.title == "lung_1"
    assert card.process["timesteps"] == 4
    assert card.preprocessing["kind"] == "cxr"
    assert card.preprocessing["window"] == 32
    assert card.labels["1"]["name"] == "lung"
    loaded = load_generator(str(path), cpu_context())
    assert loaded.schedule.num_timesteps == 4
    assert loaded.classes == 2
    key = weights[f"{prefix}all_modules.10.NIN_1.W"]
    assert torch.equal(loaded.model.state_dict()["down.1.attention.0.key.weight"], key.t())


@pytest.mark.parametrize("size", ["large", "small"])
def test_a_discriminator(tmp_path: Path, size: str) -> None:
    path = imported(tmp_path, published(f"cdal_discriminator_{size}"), title="D")
    card = load_checkpoint(path).expect("cdal", "discriminator").card
    assert card.config == {"size": size, "labels": 1, "width": 8, "time": 32}
    assert card.title == "D"


@pytest.mark.parametrize(
    "config",
    [
        GeneratorConfig(labels=3, image_size=32, multipliers=(1, 2, 2, 2), blocks=2, latent=50),
        replace(TINY, image_channels=3, attention=(16, 8)),
        replace(TINY, image_channels=3, attention=(), encoder_layers=2, encoder_blocks=3),
        replace(TINY, multipliers=(1, 2, 3), attention=(4,), blocks=2, mapping_layers=0),
        replace(TINY, multipliers=(2, 1, 1), attention=(16, 8, 4), blocks=3, encoder_layers=1),
    ],
)
def test_the_configuration_is_read_off_the_names(config: GeneratorConfig) -> None:
    weights = _published_names(NCSNpp(config))
    tensors, card = convert(weights, "x.pth", image_size=config.image_size)
    ours = NCSNpp(config).state_dict()
    assert tensors.keys() == ours.keys()
    assert {k: tuple(v) if isinstance(v, list) else v for k, v in card.config.items()} == vars(
        config
    )


def _published_names(model: NCSNpp) -> dict[str, Tensor]:
    """The way back: our parameters under the published names."""
    named = {}
    state = model.state_dict()
    for number, (prefix, rules) in enumerate(places(model)):
        for name, value in state.items():
            if not name.startswith(f"{prefix}."):
                continue
            rest = name.removeprefix(f"{prefix}.")
            if rules in (RESIDUAL, ATTENTION, PYRAMID):
                head, _, tail = rest.partition(".")
                head = {new: old for old, new in rules}[head]
                if head.startswith("NIN"):
                    value, tail = (value.t(), "W") if tail == "weight" else (value, "b")
                rest = f"{head}.{tail}"
            elif rules == IMAGE:
                block, _, index, tail = rest.split(".")
                side, place = ("in", int(index)) if int(index) < 3 else ("out", int(index) - 3)
                place = 3 if side == "out" and place == 2 else place
                rest = f"{block}.{side}_layers.{place}.{tail}"
            named[f"all_modules.{number}.{rest}"] = value
    for name, value in state.items():
        if name.startswith("mapping."):
            named["z_transform." + name.removeprefix("mapping.")] = value
    return named


def test_missing_parameters_are_listed(tmp_path: Path) -> None:
    weights = published("cdal_generator")
    del weights["all_modules.20.bias"]
    weights["surplus"] = torch.zeros(1)
    with pytest.raises(CheckpointError) as caught:
        imported(tmp_path, weights)
    for part in ("lung_1.pth", "missing (head_norm.bias", "unexpected (surplus"):
        assert part in caught.value.message
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(
    "weights",
    [
        {"encoder.weight": torch.zeros(2)},
        {"all_modules.0.weight": torch.zeros(4, 1)},
        {"all_modules.0.weight": torch.zeros(4, 1), "all_modules.3.weight": torch.tensor(0.0)},
        {"start_conv.weight": torch.zeros(4, 2, 1, 1)},
        {"start_conv.weight": torch.tensor(0.0), "conv1.conv1.0.weight": torch.tensor(0.0)},
    ],
)
def test_other_files_are_refused(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError, match=r"lung_1\.pth") as caught:
        imported(tmp_path, weights)
    assert caught.value.hint


def test_what_needs_no_import_is_told_so(tmp_path: Path) -> None:
    own = save_generator(tmp_path / "mine.safetensors")
    job = Job(
        "cdal", "import", ImportParams(), {"weights": own, "output": tmp_path / "o.safetensors"}
    )
    with pytest.raises(
        CheckpointError, match="needs no import: it is a generator of cdal"
    ) as caught:
        run(import_weights(job, cpu_context()))
    assert "as the checkpoint" in caught.value.hint
