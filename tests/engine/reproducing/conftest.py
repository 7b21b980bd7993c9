"""A tiny checkpoint of each method, and something made with one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.engine.reproducing.making import done, picture
from tests.helpers import cdm_models
from tests.helpers.adaptdiff_models import save_diffusion
from tests.helpers.cdal_models import save_generator
from tests.helpers.diffrect_models import save_segmenter
from tests.helpers.midiffusion_models import save_translator
from tests.helpers.torch_rules import one_thread

__all__ = ["one_thread"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A tiny checkpoint of each method."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "adaptdiff": save_diffusion(folder / "vessels.safetensors"),
        "cdal": save_generator(folder / "discs.safetensors"),
        "cdm": cdm_models.save_diffusion(folder / "spots.safetensors"),
        "classifier": cdm_models.save_classifier(folder / "classes.safetensors"),
        "diffrect": save_segmenter(folder / "hearts.safetensors"),
        "midiffusion": save_translator(folder / "heads.safetensors"),
    }


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, models: Mapping[str, Path]) -> Path:
    """A folder with labels that cDAL found in a picture, the picture and the weights."""
    folder = tmp_path_factory.mktemp("segmented")
    (folder / "out").mkdir()
    inputs = {"input": picture(folder / "in"), "output": folder / "out" / "found.png"}
    weights = shutil.copy(models["cdal"], folder / "discs.safetensors")
    values = {"votes": 2, "seed": 3, "threshold": 0.03}  # about half of it
    done("cdal", "segment", inputs, checkpoint=str(weights), **values)
    return folder


@pytest.fixture
def segmented(tmp_path: Path, once: Path) -> Path:
    """The labels of a copy of `once`, whose record tells of the copy."""
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    output = tmp_path / "out" / "found.png"
    record = output.with_name("found.png.json")
    record.write_text(record.read_text().replace(str(once), str(tmp_path)))
    return output
