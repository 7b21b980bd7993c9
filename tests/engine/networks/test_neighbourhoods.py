from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from engine.networks import neighbourhoods
from engine.networks.neighbourhoods import Windows, decode_windows, window_codes
from engine.networks.spade_unet import SpadeUNet

WIDTHS = (8, 8, 16)


def network() -> SpadeUNet:
    torch.manual_seed(0)
    return SpadeUNet(WIDTHS)


def vessel(height: int, width: int, batch: int = 1) -> Tensor:
    """Bands of different slopes, one an image."""
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    masks = [((rows - (0.3 + 0.3 * i) * columns).abs() < 3).float() for i in range(batch)]
    return torch.stack(masks)[:, None]


def corners(height: int, width: int) -> Tensor:
    """Painted at the corners: what lies outside must not be taken for background."""
    mask = torch.zeros(1, 1, height, width)
    mask[..., :2, :2] = mask[..., -1:, -3:] = mask[..., 0, -1] = 1
    return mask


MASKS = {
    "vessel": vessel(48, 48),
    "two in a batch": vessel(40, 40, 2),
    "not square": vessel(32, 56),
    "corners": corners(32, 32),
    "empty": torch.zeros(1, 1, 32, 32),
    "all ones": torch.ones(1, 1, 32, 32),
    "three greys": vessel(32, 32) * 0.5 + corners(32, 32) * 0.25,
    "narrow": vessel(4, 64),
    "smaller than a window": torch.ones(1, 1, 4, 4),
}


def seen_windows(monkeypatch: pytest.MonkeyPatch) -> list[Windows | None]:
    """What the choice between the two ways came to, level by level."""
    chosen: list[Windows | None] = []
    choose = Windows.of

    def record(mask: Tensor) -> Windows | None:
        chosen.append(choose(mask))
        return chosen[-1]

    monkeypatch.setattr(Windows, "of", record)
    return chosen


@pytest.mark.parametrize("name", MASKS)
def test_lookup_gives_the_numbers_and_gradients_of_the_convolution(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbourhoods, "MAX_DISTINCT", 1.0)
    chosen = seen_windows(monkeypatch)
    mask, model = MASKS[name], network()
    results = []
    for plain in (True, False):
        model.zero_grad()
        modulation = model.modulation(mask, plain=plain)
        parts = [p for level in modulation for a in level for p in (a.scale, a.shift)]
        sum((p * torch.linspace(-1, 1, p.numel()).view_as(p)).mean() for p in parts).backward()
        grads = [p.grad.clone() for p in model.decoder.parameters() if p.grad is not None]
        results.append((parts, grads))
    assert chosen
    assert all(w is not None for w in chosen)
    (plain_parts, plain_grads), (parts, grads) = results
    assert len(grads) == len(plain_grads) == 2 * 3 * 6
    assert_close(parts, plain_parts, atol=1e-5, rtol=1e-5)
    assert_close(grads, plain_grads, atol=1e-5, rtol=1e-4)


def test_a_drawn_mask_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = seen_windows(monkeypatch)
    network().modulation(vessel(96, 96))
    assert chosen[-1] is not None
    assert len(chosen[-1].values) < 0.1 * 96 * 96


@pytest.mark.parametrize("kind", ["grey", "noise"])
def test_a_mask_without_repetition_is_convolved(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = seen_windows(monkeypatch)
    mask = torch.rand(1, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    if kind == "noise":
        mask = mask.round()
    model = network()
    with torch.no_grad():
        ours, plain = model.modulation(mask), model.modulation(mask, plain=True)
    assert chosen[-1] is None
    for level, plain_level in zip(ours, plain, strict=True):
        for a, b in zip(level, plain_level, strict=True):
            assert_close(a.scale, b.scale, atol=1e-5, rtol=1e-5)
            assert_close(a.shift, b.shift, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("base", [2, 3, neighbourhoods.MAX_LEVELS + 1])
def test_window_codes_are_distinct_and_can_be_decoded(base: int) -> None:
    g = torch.Generator().manual_seed(base)
    levels = torch.randint(0, base - 1, (2, 12, 9), generator=g) if base > 2 else None
    if levels is None:
        levels = torch.zeros(2, 12, 9, dtype=torch.int64)
    decoded = decode_windows(window_codes(levels, base).flatten(), base)
    padded = torch.nn.functional.pad(levels, (2, 2, 2, 2), value=base - 1)
    expected = padded.unfold(1, 5, 1).unfold(2, 5, 1).reshape(-1, 5, 5)
    assert torch.equal(decoded, expected)
