from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from engine.errors import CheckpointError
from engine.training.ema import EMA


def network(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Linear(4, 2))


def change(model: nn.Module, step: int) -> None:
    """Move every weight, and batch norm's statistics with a forward pass."""
    g = torch.Generator().manual_seed(step)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(torch.randn(p.shape, generator=g).to(p.dtype))
    conv, norm, _ = model
    norm(conv(torch.randn(2, 1, 8, 8, generator=g).to(next(model.parameters()).dtype)))


@pytest.mark.parametrize("warmup", [False, True])
def test_weights_follow_the_recursion(warmup: bool) -> None:
    model = network()
    ema = EMA(model, 0.9, warmup=warmup)
    expected = {k: v.clone().double() for k, v in model.state_dict().items()}
    for n in range(100):
        change(model, n)
        ema.update()
        d = min(0.9, (1 + n) / (10 + n)) if warmup else 0.9
        for name, value in model.state_dict().items():
            expected[name] = d * expected[name] + (1 - d) * value.double()
    for name, value in ema.weights.items():
        if name.endswith("num_batches_tracked"):
            assert int(value) == 100
        else:
            assert_close(value.double(), expected[name], atol=1e-5, rtol=1e-5)
    assert not torch.equal(ema.weights["1.running_mean"], torch.zeros(3))


def test_applied_swaps_in_and_back_even_after_an_error() -> None:
    model = network()
    ema = EMA(model, 0.5, warmup=False)
    change(model, 1)
    ema.update()
    change(model, 2)
    own = {k: v.clone() for k, v in model.state_dict().items()}
    parameters = [id(p) for p in model.parameters()]

    def preview() -> None:
        with ema.applied():
            for name, value in model.state_dict().items():
                assert torch.equal(value, ema.weights[name])
                assert name.endswith("num_batches_tracked") or not torch.equal(value, own[name])
            raise RuntimeError("preview failed")

    with pytest.raises(RuntimeError, match="preview failed"):
        preview()
    for name, value in model.state_dict().items():
        assert torch.equal(value, own[name])
    assert [id(p) for p in model.parameters()] == parameters


def test_the_average_of_half_precision_weights_is_single_precision() -> None:
    model = network().to(torch.bfloat16)
    ema = EMA(model, 0.999, warmup=False)
    before = ema.weights["0.weight"].clone()
    with torch.no_grad():
        model[0].weight.add_(0.01)
    ema.update()
    assert ema.weights["0.weight"].dtype == torch.float32
    moved = ema.weights["0.weight"] - before
    assert_close(moved, 0.001 * (model[0].weight.float() - before), atol=1e-8, rtol=0.02)
    assert bool((moved > 0).any())
    with ema.applied():
        assert model[0].weight.dtype == torch.bfloat16


def test_going_on_from_a_saved_state_equals_never_stopping(tmp_path: object) -> None:
    whole, first, second = network(), network(), network()
    straight, before = EMA(whole, 0.9), EMA(first, 0.9)
    for n in range(6):
        change(whole, n)
        straight.update()
    for n in range(3):
        change(first, n)
        before.update()
    torch.save(before.state_dict(), f"{tmp_path}/ema.pt")

    second.load_state_dict(first.state_dict())
    after = EMA(second, 0.9)
    after.load_state_dict(torch.load(f"{tmp_path}/ema.pt", weights_only=True))
    for n in range(3, 6):
        change(second, n)
        after.update()
    assert after.updates == straight.updates == 6
    for name, value in straight.weights.items():
        assert torch.equal(after.weights[name], value)


def test_the_averages_load_into_a_network() -> None:
    model = network()
    ema = EMA(model, 0.9)
    change(model, 0)
    ema.update()
    fresh = network(seed=5)
    fresh.load_state_dict(dict(ema.weights))
    assert torch.equal(fresh[0].weight, ema.weights["0.weight"])


def test_a_state_of_another_network_is_refused_and_changes_nothing() -> None:
    ema = EMA(network(), 0.9)
    kept = {k: v.clone() for k, v in ema.weights.items()}
    missing = EMA(nn.Sequential(nn.Conv2d(1, 3, 3)), 0.9).state_dict()
    with pytest.raises(CheckpointError, match="running_mean"):
        ema.load_state_dict(missing)
    wider = EMA(nn.Sequential(nn.Conv2d(1, 3, 5), nn.BatchNorm2d(3), nn.Linear(4, 2)), 0.9)
    with pytest.raises(CheckpointError, match=r"0\.weight"):
        ema.load_state_dict(wider.state_dict())
    for name, value in ema.weights.items():
        assert torch.equal(value, kept[name])


@pytest.mark.parametrize("decay", [-0.1, 1.0])
def test_a_decay_out_of_range_is_refused(decay: float) -> None:
    with pytest.raises(ValueError, match="decay"):
        EMA(network(), decay)
