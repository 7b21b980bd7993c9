"""Local mutual information, MIDiffusion's network and a step of it against the published ones."""

from __future__ import annotations

from pathlib import Path
from types import EllipsisType

import pytest
import torch
from torch import Tensor

from engine.diffusion import local_information_plain as plain
from engine.diffusion.local_information import InformationSettings, SourceImage
from engine.diffusion.noise import FixedNoise
from engine.diffusion.samplers import ancestral
from engine.methods.midiffusion.importer import convert
from engine.methods.midiffusion.networks import LoadedTranslator, open_translator
from engine.methods.midiffusion.use_params import ImportParams
from engine.training.checkpoint import load_checkpoint, save_checkpoint
from tests.golden.case import GoldenCase
from tests.helpers.torch_rules import cpu_context

ROUNDING = 1e-6
"""Bits of float32's sums."""
MOST_TIES = 0.01
"""Share of the pixels where another of those that are tied may be taken."""
Place = tuple[EllipsisType, slice, slice]


def information(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Similarity and aligned centre: compiled of all pixels, in torch of parts with each edge."""
    config = case.config
    assert config["patch_size"] == 3, "windows are 3 x 3"
    settings = InformationSettings(
        config["num_bins"], config["sigma_argument"], config["normalize"]
    )
    image = case.tensor("source")
    source = SourceImage(image, settings)
    for prefix, target in (("", case.tensor("target")), ("self_", image)):
        found = source.aligned(target)
        case.compare(f"{prefix}similarity", found.similarity, "compiled")
        aligned = case.tensor(f"{prefix}aligned")
        centre = but_for_ties(found.centre, aligned, image, target, settings)
        case.compare(f"{prefix}aligned", centre, "compiled")
        case.compare(f"{prefix}similarity", source.similarity(target), "compiled alone")
        for seen, inside, place in parts(*image.shape[2:]):
            # With a gradient it is torch's sums that answer.
            asked = target[seen].clone().requires_grad_()
            exact = SourceImage(image[seen], settings).aligned(asked)
            case.compare(f"{prefix}similarity", exact.similarity[inside], "in torch", place)
            whole = aligned.clone()
            whole[place] = exact.centre[inside].detach()
            centre = but_for_ties(whole, aligned, image, target, settings)
            case.compare(f"{prefix}aligned", centre[place], "in torch", place)


def but_for_ties(
    ours: Tensor, golden: Tensor, source: Tensor, target: Tensor, settings: InformationSettings
) -> Tensor:
    """Ours (1, 1, H, W), but the golden pixel where the displacements of both tell as much as any.

    Several often do, for their windows hold the same pairs of pixels. Which of them is the largest
    in float32 is up to the order in which a processor adds.
    """
    _, _, row, column = torch.nonzero(ours != golden, as_tuple=True)
    assert len(row) < MOST_TIES * ours.numel()
    if not len(row):
        return ours
    windows = plain.Windows(settings.bins, settings.sigma, settings.normalized)
    around = plain.neighbours(target)[0][:, row, column].T
    own = windows.kernels(plain.neighbours(source)[0][:, row, column].T).double()
    height, width = source.shape[2:]
    seen = torch.tensor(
        [
            plain.seen_from(_edge(y, height), _edge(x, width))
            for y, x in zip(row.tolist(), column.tolist(), strict=True)
        ]
    )
    told = torch.stack(
        [
            windows.information(own, windows.kernels(around.gather(1, seen[:, d])).double())
            for d in range(9)
        ],
        dim=1,
    )
    tied = told >= told.amax(dim=1, keepdim=True) - ROUNDING
    mine, theirs = (image[0, 0, row, column][:, None] for image in (ours, golden))
    both = (tied & (around == mine)).any(dim=1) & (tied & (around == theirs)).any(dim=1)
    found = ours.clone()
    found[0, 0, row[both], column[both]] = theirs[both, 0]
    return found


def _edge(place: int, length: int) -> int:
    return -1 if place == 0 else 1 if place == length - 1 else 0


def parts(height: int, width: int) -> list[tuple[Place, Place, Place]]:
    """Two opposite corners of an image and its middle, a quarter of each side.

    Returns:
        What is seen of an image (B, 1, H, W); the pixels of that with all that their windows look
        at, one pixel further than they lie; and these pixels in the image.
    """
    along, across = (
        [_part(first, length // 4, length) for first in (0, 3 * length // 8, 3 * length // 4)]
        for length in (height, width)
    )
    return [
        ((..., a, d), (..., b, e), (..., c, f))
        for (a, b, c), (d, e, f) in zip(along, across, strict=True)
    ]


def _part(first: int, size: int, length: int) -> tuple[slice, slice, slice]:
    last = first + size
    low, high = first + (first > 0), last - (last < length)
    return slice(first, last), slice(low - first, high - first), slice(low, high)


@torch.no_grad()
def unet(case: GoldenCase, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The noise, and one ancestral step with the large variance."""
    loaded = imported(case, folder)
    x, maps = case.tensor("x"), case.tensor("cond")
    case.compare("eps", loaded.predict(x, case.tensor("t"), maps))
    t = int(case.tensor("step_t"))

    def predict(x_t: Tensor, at: Tensor) -> Tensor:
        return loaded.predict(x_t, at, maps)

    noise = FixedNoise([case.tensor("step_noise")])
    (step,) = ancestral(
        predict, loaded.schedule, x, noise, timesteps=[t], final_t=t - 1, variance="fixed_large"
    )
    case.compare("step_sample", step.x_t)


def imported(case: GoldenCase, folder: Path) -> LoadedTranslator:
    """Through the importer and a checkpoint, as users bring it."""
    config = case.config
    params = ImportParams(
        image_size=config["image_size"], timesteps=case.info["diffusion"]["steps"],
        heads=config["num_heads"],
    )  # fmt: skip
    tensors, card = convert(case.published_weights(folder), case.name, params)
    published = {
        "inputs": config["in_channels"], "outputs": config["out_channels"],
        "width": config["model_channels"], "multipliers": config["channel_mult"],
        "blocks": config["num_res_blocks"], "attention": config["attention_downsample"],
        "heads": config["num_heads"], "scale_shift": config["use_scale_shift_norm"],
    }  # fmt: skip
    assert {k: card.config[k] for k in published} == published, "misread from the names"
    save_checkpoint(folder / "unet.safetensors", tensors, card)
    return open_translator(load_checkpoint(folder / "unet.safetensors"), cpu_context())
