"""Checkpoints for other programs. The networks are tiny, and real."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from torch import Tensor, nn

from engine import methods
from engine.errors import CheckpointError, InputError
from engine.jobs import Job
from engine.library.export_params import ExportParams
from engine.library.exported import Plain
from engine.library.exporting import export
from engine.methods.adaptdiff.exporting import plain_of as adaptdiff_plain
from engine.methods.cdal.exporting import plain_of as cdal_plain
from engine.methods.cdm.exporting import plain_of as cdm_plain
from engine.methods.diffrect.exporting import plain_of as diffrect_plain
from engine.methods.midiffusion.exporting import plain_of as midiffusion_plain
from engine.results import FileResult
from engine.training.checkpoint import load_checkpoint, read_card
from engine.worker import run_inline
from tests.helpers import (
    adaptdiff_models,
    cdal_models,
    cdm_models,
    diffrect_models,
    midiffusion_models,
)

NETWORKS: dict[str, tuple[Callable[[Path], Path], Callable[[Any], Plain]]] = {
    "adaptdiff diffusion": (adaptdiff_models.save_diffusion, adaptdiff_plain),
    "adaptdiff segmenter": (adaptdiff_models.save_segmenter, adaptdiff_plain),
    "cdal generator": (cdal_models.save_generator, cdal_plain),
    "cdm diffusion": (cdm_models.save_diffusion, cdm_plain),
    "cdm classifier": (cdm_models.save_classifier, cdm_plain),
    "diffrect segmenter": (diffrect_models.save_segmenter, diffrect_plain),
    "midiffusion translator": (midiffusion_models.save_translator, midiffusion_plain),
}


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    return adaptdiff_models.save_segmenter(path)


def _export(method: str, weights: Path, output: Path, **values: Any) -> FileResult:
    from engine.device import DeviceSettings, open_context

    params = ExportParams(checkpoint=str(weights), samples=1, **values)
    context = open_context(DeviceSettings("cpu", "float32", 1))
    job = Job(method, "export", params, {"output": output})
    result = run_inline(methods.run, job, context, lambda event: None)
    assert isinstance(result, FileResult)
    return result


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_plain_form(name: str, tmp_path: Path) -> None:
    save, plain_of = NETWORKS[name]
    plain = plain_of(load_checkpoint(save(tmp_path / "tiny.safetensors")))
    generator = torch.Generator().manual_seed(0)
    with torch.inference_mode():
        for batch, side in ((1, plain.side), (2, plain.side + plain.step)):
            inputs = plain.draw(batch, side, generator)
            assert len(inputs) == len(plain.names)
            answer = plain.model(*inputs)
            assert len(answer) == batch
            assert bool(answer.isfinite().all())
            others = [value for value in inputs if value.is_floating_point()]
            changed = [value + 1 if value is others[0] else value for value in inputs]
            assert not answer.allclose(plain.model(*changed)), "it looks at its inputs"


class Pair(nn.Module):
    """Two convolutions and a time: as little as a network can be."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(3)
        self.first, self.last = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(2, 1, 1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        return self.last(self.first(x).relu() * t[:, None, None, None])


def _draw(batch: int, side: int, source: torch.Generator) -> tuple[Tensor, ...]:
    x = torch.randn(batch, 1, side, side, generator=source)
    return x, torch.rand(batch, generator=source)


def _export_pair(weights: Path, output: Path, **values: Any) -> FileResult:
    params = ExportParams(checkpoint=str(weights), samples=2, **values)
    job = Job("test", "export", params, {"output": output})
    plain = Plain(Pair().eval().requires_grad_(False), ("x", "t"), _draw, 8, 2)
    steps = export(job, lambda checkpoint: plain)
    result = None
    while result is None:
        try:
            next(steps)
        except StopIteration as end:
            result = end.value
    assert isinstance(result, FileResult)
    return result


def test_a_network_goes_to_onnx_and_is_compared(segmenter: Path, tmp_path: Path) -> None:
    import onnxruntime

    result = _export_pair(segmenter, tmp_path / "out.onnx")
    assert 0 <= result.figures["share of the largest value"] < 1e-5
    assert result.figures["compared"] == "6 answers to random inputs"
    assert result.figures["sizes"] == ["2 x 8 px", "1 x 8 px", "1 x 10 px"]
    session = onnxruntime.InferenceSession(result.path, providers=["CPUExecutionProvider"])
    meta = session.get_modelmeta().custom_metadata_map
    assert json.loads(meta["reverie"])["title"] == "Tiny segmenter"
    x, t = torch.rand(3, 1, 6, 14), torch.rand(3)
    (answer,) = session.run(None, {"x": x.numpy(), "t": t.numpy()})
    with torch.inference_mode():
        assert torch.from_numpy(answer).allclose(Pair()(x, t), atol=1e-5)
    assert [file.name for file in tmp_path.iterdir()] == ["out.onnx"]


def test_a_network_goes_to_a_program_of_torch(segmenter: Path, tmp_path: Path) -> None:
    result = _export_pair(segmenter, tmp_path / "out.pt2", any_size=False)
    assert result.figures["sizes"] == ["1 x 8 px"]
    assert result.figures["largest difference"] == 0.0
    assert result.summary.endswith("it equals tiny.safetensors.")
    assert [file.name for file in tmp_path.iterdir()] == ["out.pt2"]


def test_weights_go_with_their_card(segmenter: Path, tmp_path: Path) -> None:
    whole = _export("adaptdiff", segmenter, tmp_path / "whole.safetensors")
    assert whole.figures["largest difference"] == 0.0
    assert read_card(whole.path) == read_card(segmenter)
    half = _export("adaptdiff", segmenter, tmp_path / "half.safetensors", half=True)
    assert half.path.stat().st_size < 0.7 * whole.path.stat().st_size
    assert 0 < half.figures["share of the largest value"] < 1e-3
    with safe_open(half.path, "pt") as file:
        assert file.get_tensor("encoder.0.align.weight").dtype == torch.float16


def test_what_differs_too_much_is_not_kept(segmenter: Path, tmp_path: Path) -> None:
    output = tmp_path / "half.safetensors"
    with pytest.raises(InputError, match="It was not kept"):
        _export("adaptdiff", segmenter, output, half=True, tolerance=1e-9)
    assert list(tmp_path.iterdir()) == []
    output.write_bytes(b"what was there before")
    with pytest.raises(InputError, match="It was not kept"):
        _export("adaptdiff", segmenter, output, half=True, tolerance=1e-9)
    assert output.read_bytes() == b"what was there before"


def test_what_cannot_be_exported_is_told(segmenter: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no ending"):
        _export("adaptdiff", segmenter, tmp_path / "out.pth")
    with pytest.raises(InputError, match="is the checkpoint itself"):
        _export("adaptdiff", segmenter, segmenter)
    with pytest.raises(CheckpointError, match="not a generator of cdal"):
        _export("cdal", segmenter, tmp_path / "out.onnx")
    with pytest.raises(CheckpointError, match="no checkpoint"):
        _export("cdal", tmp_path / "absent.safetensors", tmp_path / "out.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("method", "role"), [("cdal", "discriminator"), ("diffrect", "rectifier")])
def test_what_only_teaches_goes_as_weights_alone(
    method: str, role: str, segmenter: Path, tmp_path: Path
) -> None:
    from engine.training.cards import rewrite_card

    weights = tmp_path / "teacher.safetensors"
    weights.write_bytes(segmenter.read_bytes())
    card = read_card(weights).model_copy(update={"method": method, "role": role})
    rewrite_card(weights, card)
    with pytest.raises(CheckpointError, match="on its own it makes nothing"):
        _export(method, weights, tmp_path / "out.onnx")
    assert _export(method, weights, tmp_path / "out.safetensors").path.is_file()
