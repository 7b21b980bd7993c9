"""Published weights by name, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.methods.midiffusion.importer import import_weights
from engine.methods.midiffusion.networks import load_translator
from engine.methods.midiffusion.use_params import ImportParams
from engine.training.checkpoint import load_checkpoint, load_tensors
from tests.golden.case import GoldenCase
from tests.golden.weights import weights_of
from tests.helpers.adaptdiff_models import run
from tests.helpers.torch_rules import cpu_context

GOLDEN = Path(__file__).parents[3] / "golden"


def published(salt: str = "test", name: str = "midiffusion_unet") -> dict[str, Tensor]:
    return weights_of(GoldenCase.read(GOLDEN / f"{name}.json").info["state_dict"], salt)


def imported(folder: Path, content: Any, **params: Any) -> Path:
    weights, output = folder / "ckpt.pth", folder / "out.safetensors"
    torch.save(content, weights)
    made = ImportParams.parse({"image_size": 32, **params})
    job = Job("midiffusion", "import", made, {"weights": weights, "output": output})
    result, _ = run(import_weights(job, cpu_context()))
    assert result.path == output
    return output


@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_unet(tmp_path: Path, prefix: str) -> None:
    weights = {prefix + k: v for k, v in published().items()}
    path = imported(tmp_path, weights, sigma=2.5, title="T1, published")
    card = load_checkpoint(path).expect("midiffusion", "translator").card
    assert card.title == "T1, published"
    assert card.config["inputs"] == 3
    loaded = load_translator(str(path), cpu_context())
    assert loaded.guided
    assert not loaded.does_without
    assert loaded.process.sigma == 2.5
    assert loaded.schedule.num_timesteps == 1000
    assert (loaded.framing.size, loaded.framing.plane) == (32, "stored")


def test_a_list_of_states_gives_the_average(tmp_path: Path) -> None:
    """[network, optimizer, epoch, step, average], as the release saves them."""
    last, average = published("last"), published("average")
    optimizer = {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 3e-4}]}
    path = imported(tmp_path, [last, optimizer, 7, 1000, average])
    tensors = load_tensors(path)
    (tmp_path / "plain").mkdir()
    wanted = load_tensors(imported(tmp_path / "plain", average))
    assert all(torch.equal(tensors[name], value) for name, value in wanted.items())


def test_a_place_in_a_patient(tmp_path: Path) -> None:
    loaded = load_translator(str(imported(tmp_path, published(), pixel_mm=1.8)), cpu_context())
    assert (loaded.framing.pixel_mm, loaded.framing.plane) == (1.8, "axial")


def test_missing_parameters_are_listed(tmp_path: Path) -> None:
    weights = published()
    del weights["out.2.bias"]
    weights["surplus"] = torch.zeros(1)
    with pytest.raises(CheckpointError) as caught:
        imported(tmp_path, weights)
    for part in ("ckpt.pth", "missing (head.bias", "unexpected (surplus"):
        assert part in caught.value.message
    assert not (tmp_path / "out.safetensors").exists()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"encoder.weight": torch.zeros(2)}, "no MIDiffusion network"),
        ({"output_blocks.0.0.in_layers.0.weight": torch.zeros(2)}, "size of its network"),
        ([1, 2], "not named parameters"),
        ({}, "holds no parameters"),
    ],
)
def test_other_files(tmp_path: Path, content: Any, problem: str) -> None:
    with pytest.raises(CheckpointError, match=problem) as caught:
        imported(tmp_path, content)
    assert caught.value.hint


def test_a_network_of_another_method(tmp_path: Path) -> None:
    """Two answers for a learned variance, labels: guided diffusion, but not this."""
    with pytest.raises(CheckpointError):
        imported(tmp_path, published(name="cdm_unet"))
    assert not (tmp_path / "out.safetensors").exists()


def test_a_file_that_could_run_code(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="more than weights"):
        imported(tmp_path, {"weights": Path("x")})


def test_no_file(tmp_path: Path) -> None:
    inputs = {"weights": tmp_path / "none.pth", "output": tmp_path / "o.safetensors"}
    with pytest.raises(InputError, match="no file"):
        run(import_weights(Job("midiffusion", "import", ImportParams(), inputs), cpu_context()))
