"""Local mutual information: the compiled loop against torch's sums, and those against the text."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.diffusion import local_information_plain as plain
from engine.diffusion.local_information import (
    InformationSettings,
    SourceImage,
    local_information,
)
from engine.diffusion.local_information_plain import Windows
from engine.errors import InputError
from tests.helpers.torch_rules import one_thread

__all__ = ["one_thread"]

SETTINGS = (
    InformationSettings(),
    InformationSettings(sigma=2.5, normalized=True),
    InformationSettings(bins=16, sigma=3.0),
)


def pictures(*shape: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """A smooth source with a flat corner, and a target that leaves [0, 1] on both sides."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(shape[0], 1, 4, 4, generator=rng)
    source = torch.nn.functional.interpolate(coarse, shape[2:], mode="bicubic").clamp(0, 1)
    source[..., : shape[2] // 2, : shape[3] // 2] = 0.25
    target = 0.6 * source + 0.5 * torch.randn(shape, generator=rng)
    target[..., -2:, -2:] = 40.0  # further off than any kernel reaches
    return source, target


def exactly(source: Tensor, target: Tensor, settings: InformationSettings) -> plain.Best:
    windows = Windows(settings.bins, settings.sigma, settings.normalized)
    return plain.best(windows, source, target)


@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("size", [(3, 3), (3, 8), (17, 5), (24, 31)])
def test_the_compiled_loop_gives_what_torch_gives(
    size: tuple[int, int], settings: InformationSettings
) -> None:
    source, target = pictures(2, 1, *size)
    wanted = exactly(source, target, settings)
    found = SourceImage(source, settings).aligned(target)
    assert torch.allclose(found.similarity, wanted.similarity, atol=3e-5)
    assert torch.equal(found.centre, wanted.centre)
    alone = SourceImage(source, settings).similarity(target)
    assert torch.allclose(alone, wanted.similarity, atol=3e-5)


def window_pairs(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """LMI (H, W) of images (H, W), as the text of the module has it, one window at a time."""
    bins = np.linspace(0, 255, 27)
    height, width = source.shape

    def at(image: np.ndarray, y: int, x: int) -> float:
        return float(image[y, x]) if 0 <= y < height and 0 <= x < width else 0.0

    def kernel(value: float) -> np.ndarray:
        return np.exp(-0.5 * ((int(value * 255) - bins) / 8.0) ** 2)

    def entropy(density: np.ndarray) -> float:
        density = density / (density.sum() + 1e-10)
        return -float((density * np.log2(density + 1e-10)).sum())

    def offset(displacement: int, step: int, centre: int, length: int) -> int:
        """Of a window's pixel, counted from p, along one axis; mirrored where it is too far."""
        far = displacement + step
        if abs(far) <= 1:
            return far
        return 0 if 0 <= centre + displacement < length else far

    steps = (-1, 0, 1)
    found = np.zeros(source.shape)
    for y in range(height):
        for x in range(width):
            ours = [kernel(at(source, y + i, x + j)) for i in steps for j in steps]
            scores = []
            for dy in steps:
                for dx in steps:
                    theirs = [
                        kernel(
                            at(target, y + offset(dy, i, y, height), x + offset(dx, j, x, width))
                        )
                        for i in steps
                        for j in steps
                    ]
                    joint = sum(np.outer(s, t) for s, t in zip(ours, theirs, strict=True))
                    assert isinstance(joint, np.ndarray)
                    scores.append(
                        entropy(np.mean(ours, axis=0)) + entropy(np.mean(theirs, axis=0))
                        - entropy(joint)
                    )  # fmt: skip
            found[y, x] = max(scores)
    return found


def test_it_is_what_the_text_says() -> None:
    source, target = pictures(1, 1, 7, 6, seed=3)
    wanted = window_pairs(source[0, 0].numpy(), target[0, 0].numpy())
    assert np.allclose(local_information(source, target)[0, 0].numpy(), wanted, atol=5e-5)


def test_shared_structure_scores_whatever_its_brightness() -> None:
    noise = torch.rand(1, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    stripes = (torch.arange(16) % 2).float().expand(1, 1, 16, 16).contiguous()
    source = SourceImage(stripes)
    inner = (..., slice(2, 14), slice(2, 14))
    assert torch.allclose(
        source.similarity(1 - stripes)[inner], source.similarity(stripes)[inner], atol=0.02
    )
    assert source.similarity(stripes)[inner].mean() > source.similarity(noise)[inner].mean()


def test_where_nothing_changes_nothing_is_told() -> None:
    flat = torch.full((1, 1, 8, 8), 0.5)
    _, target = pictures(1, 1, 8, 8)
    found = local_information(flat, target.clamp(0, 1))
    assert found[..., 1:-1, 1:-1].abs().max() < 1e-5


def test_flipped_images_have_the_flipped_map() -> None:
    source, target = pictures(1, 1, 12, 9)
    found = local_information(source, target)
    for axes in ([2], [3], [2, 3]):
        flipped = local_information(source.flip(axes), target.flip(axes))
        assert torch.allclose(flipped, found.flip(axes), atol=1e-5)


def test_threads_change_nothing() -> None:
    source, target = pictures(3, 1, 11, 10)
    alone = SourceImage(source).similarity(target)
    torch.set_num_threads(3)
    assert torch.equal(SourceImage(source).similarity(target), alone)


def test_a_batch_is_its_images() -> None:
    source, target = pictures(3, 1, 9, 9)
    together = local_information(source, target)
    for i in range(3):
        part = slice(i, i + 1)
        assert torch.equal(local_information(source[part], target[part]), together[part])


def test_the_gradient_is_the_slope_without_truncation() -> None:
    source, _ = pictures(1, 1, 5, 5)
    levels = torch.randint(20, 230, (1, 1, 5, 5), generator=torch.Generator().manual_seed(1))
    target = (levels.double() / 255).requires_grad_()
    weights = torch.linspace(0.5, 1.5, 25).reshape(1, 1, 5, 5)

    class Smooth(Windows):
        def kernels(self, window: Tensor) -> Tensor:
            bins = torch.linspace(0.0, 255.0, self.bins, dtype=torch.float64)
            width = 2 * self.sigma**2
            return torch.exp(-0.5 * ((window.double() * 255 - bins[:, None].T) / width) ** 2)

    exact = (levels.float() + 0.01).div(255).requires_grad_()
    (SourceImage(source).similarity(exact) * weights).sum().backward()
    assert exact.grad is not None

    def smooth(image: Tensor) -> float:
        # In float64 throughout, or the differences would drown in rounding.
        around = plain.neighbours(image)
        own = plain.neighbours(source.double())
        windows, total = Smooth(27, 2.0, False), 0.0
        for y in range(5):
            for x in range(5):
                seen = plain.seen_from(-1 if y == 0 else int(y == 4), -1 if x == 0 else int(x == 4))
                pixels = around[0, :, y, x][torch.tensor(seen)]
                ours = windows.kernels(
                    (own[0, :, y, x] * 255 + 1e-3).trunc().div(255)[:, None]
                ).expand(9, 9, 27)
                score = windows.information(ours, windows.kernels(pixels[..., None]))
                total += float(score.max() * weights[0, 0, y, x])
        return total

    step = 1e-5
    for y, x in ((0, 0), (2, 2), (4, 1)):
        up, down = target.detach().clone(), target.detach().clone()
        up[0, 0, y, x] += step
        down[0, 0, y, x] -= step
        slope = (smooth(up) - smooth(down)) / (2 * step)
        assert math.isclose(float(exact.grad[0, 0, y, x]), slope, rel_tol=2e-2, abs_tol=2e-3)


def test_without_a_gradient_none_is_kept() -> None:
    source, target = pictures(1, 1, 6, 6)
    target.requires_grad_()
    with torch.no_grad():
        assert not SourceImage(source).similarity(target).requires_grad
    assert SourceImage(source).similarity(target).requires_grad


@pytest.mark.parametrize("shape", [(1, 2, 8, 8), (1, 1, 2, 8), (1, 1, 8, 1)])
def test_what_has_no_windows_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="image of"):
        SourceImage(torch.zeros(shape))


@pytest.mark.parametrize("values", [{"bins": 1}, {"bins": 1000}, {"sigma": 0.0}])
def test_settings_out_of_range_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"(?i)mutual information"):
        InformationSettings(**values)


def test_another_shape_is_a_fault() -> None:
    source, target = pictures(1, 1, 8, 8)
    with pytest.raises(ValueError, match="a target"):
        SourceImage(source).similarity(target[..., :4])
