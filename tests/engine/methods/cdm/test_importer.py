from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.methods.cdm.importer import import_weights
from engine.methods.cdm.networks import class_names, load_classifier, load_diffusion
from engine.methods.cdm.use_params import ImportParams
from engine.networks.noisy_classifier import ClassifierConfig, make_classifier
from engine.training.checkpoint import load_checkpoint
from tests.golden.case import GoldenCase
from tests.golden.weights import weights_of
from tests.helpers.adaptdiff_models import run
from tests.helpers.cdm_models import TINY_CLASSIFIER, save_classifier, save_diffusion
from tests.helpers.torch_rules import cpu_context

GOLDEN = Path(__file__).parents[3] / "golden"


def published(name: str) -> dict[str, Tensor]:
    return weights_of(GoldenCase.read(GOLDEN / f"{name}.json").info["state_dict"], "test")


def imported(folder: Path, content: Any, **params: Any) -> Path:
    weights, output = folder / "ema_0.9999_1.pt", folder / "out.safetensors"
    torch.save(content, weights)
    job = Job("cdm", "import", ImportParams.parse(params), {"weights": weights, "output": output})
    result, _ = run(import_weights(job, cpu_context()))
    assert result.path == output
    return output


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_unet(tmp_path: Path, prefix: str) -> None:
    weights = {prefix + k: v for k, v in published("cdm_unet").items()}
    path = imported(tmp_path, weights, image_size=32, timesteps=4000, schedule="cosine")
    card = load_checkpoint(path).expect("cdm", "diffusion").card
    assert card.title == "ema_0.9999_1"
    assert card.config["heads"] == 4, "as published; names do not tell"
    loaded = load_diffusion(str(path), cpu_context())
    assert loaded.schedule.num_timesteps == 4000
    assert loaded.framing.size == 32
    assert loaded.framing.range == "bytes"
    assert class_names(card, loaded.classes) == {
        0: "normal", 1: "tumor", 2: "label 2", 3: "label 3",
    }  # fmt: skip


def test_rescaled_timesteps(tmp_path: Path) -> None:
    path = imported(tmp_path, published("cdm_unet"), timesteps=4000, rescaled=True)
    process = load_diffusion(str(path), cpu_context()).process
    assert process.told(torch.tensor([0, 2000])).tolist() == [0, 500]
    path = imported(tmp_path, published("cdm_unet"), timesteps=4000)
    process = load_diffusion(str(path), cpu_context()).process
    assert process.told(torch.tensor([0, 2000])).tolist() == [0, 2000]


def test_an_encoder(tmp_path: Path) -> None:
    path = imported(tmp_path, published("cdm_classifier"), names="healthy, edema")
    loaded = load_classifier(str(path), cpu_context())
    assert (loaded.classes, loaded.framing.size) == (5, 32)
    assert class_names(loaded.card, 2) == {0: "normal", 1: "edema"}


def test_a_resnet(tmp_path: Path) -> None:
    model = make_classifier(ClassifierConfig(kind="resnet50", inputs=1))
    weights = {k.removeprefix("net."): v for k, v in model.state_dict().items()}
    path = imported(tmp_path, weights, image_size=64)
    loaded = load_classifier(str(path), cpu_context())
    x, t = torch.randn(2, 1, 64, 64), torch.tensor([0, 5])
    with torch.no_grad():
        assert torch.allclose(loaded.logits(x, t), model.eval()(x, t), atol=1e-4)


def test_missing_parameters_are_listed(tmp_path: Path) -> None:
    weights = published("cdm_unet")
    del weights["out.2.bias"]
    weights["surplus"] = torch.zeros(1)
    with pytest.raises(CheckpointError) as caught:
        imported(tmp_path, weights)
    for part in ("ema_0.9999_1.pt", "missing (head.bias", "unexpected (surplus"):
        assert part in caught.value.message
    assert not (tmp_path / "out.safetensors").exists()


def test_a_network_without_labels(tmp_path: Path) -> None:
    weights = published("cdm_unet")
    del weights["label_emb.weight"]
    with pytest.raises(CheckpointError, match="class_cond"):
        imported(tmp_path, weights)


@pytest.mark.parametrize(
    "weights",
    [
        {"encoder.weight": torch.zeros(2)},
        {
            "output_blocks.0.0.in_layers.0.weight": torch.zeros(2),
            "label_emb.weight": torch.zeros(2),
        },
        {"out.2.positional_embedding": torch.zeros(4, 5)},
        {"out.2.positional_embedding": torch.tensor(0.0)},
        {"layer4.2.conv3.weight": torch.zeros(1), "fc.weight": torch.zeros(2, 2)},
    ],
)
def test_other_files_are_refused(tmp_path: Path, weights: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError, match=r"ema_0\.9999_1\.pt") as caught:
        imported(tmp_path, weights)
    assert caught.value.hint


# --- checkpoints of our own


def test_checkpoints_of_another_role_or_nothing(tmp_path: Path) -> None:
    diffusion = str(save_diffusion(tmp_path / "d.safetensors"))
    classifier = str(save_classifier(tmp_path / "c.safetensors"))
    with pytest.raises(CheckpointError, match="is a classifier of cdm"):
        load_diffusion(classifier, cpu_context())
    with pytest.raises(CheckpointError, match="is a diffusion of cdm"):
        load_classifier(diffusion, cpu_context())
    with pytest.raises(CheckpointError, match="No checkpoint was chosen") as caught:
        load_diffusion("", cpu_context())
    assert "--stage train-diffusion" in caught.value.hint


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"config": {}}, "inputs: Field required"),
        ({"process": {"timesteps": 1}}, "timesteps"),
        ({"process": {"timesteps": 10, "schedule": "odd"}}, "schedule"),
        ({"preprocessing": {}}, "how slices are cut"),
    ],
)
def test_cards_that_describe_nothing(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    path = save_diffusion(tmp_path / "d.safetensors", **changes)
    with pytest.raises(CheckpointError, match=problem):
        load_diffusion(str(path), cpu_context())


def test_cards_of_networks_that_cannot_be(tmp_path: Path) -> None:
    path = save_diffusion(tmp_path / "d.safetensors")
    good = load_checkpoint(path).card.config
    for changes, problem in (({"outputs": 5}, "neither noise"), ({"heads": 3}, "d.safetensors")):
        odd = save_diffusion(tmp_path / "d.safetensors", config={**good, **changes})
        with pytest.raises(InputError, match=problem):
            load_diffusion(str(odd), cpu_context())
    broken = replace(TINY_CLASSIFIER, classes=3)
    path = save_classifier(tmp_path / "c.safetensors", broken)
    card = load_checkpoint(path).card
    card.config["classes"] = 2
    other = save_classifier(tmp_path / "e.safetensors", broken, config=card.config)
    with pytest.raises(CheckpointError, match="of another shape"):
        load_classifier(str(other), cpu_context())


def test_networks_are_kept_and_take_no_gradients(tmp_path: Path) -> None:
    path = str(save_diffusion(tmp_path / "d.safetensors"))
    context = cpu_context()
    loaded = load_diffusion(path, context)
    assert load_diffusion(path, context) is loaded
    assert not any(p.requires_grad for p in loaded.model.parameters())
