from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from engine.errors import CheckpointError
from engine.training.foreign import read_foreign_weights

WEIGHTS = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.ones(2)}


class Trap:
    """Runs a command when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.marker),)


def saved(path: Path, content: Any, **options: Any) -> Path:
    torch.save(content, path, **options)
    return path


def same(found: dict[str, torch.Tensor]) -> bool:
    return found.keys() == WEIGHTS.keys() and all(torch.equal(found[k], WEIGHTS[k]) for k in found)


@pytest.mark.parametrize("wrapper", ["state_dict", "model_state_dict", "model", "net", "ema"])
def test_plain_and_wrapped(tmp_path: Path, wrapper: str) -> None:
    assert same(read_foreign_weights(saved(tmp_path / "plain.pt", WEIGHTS)))
    wrapped = {"epoch": 3, "optimizer": {"lr": 0.1}, wrapper: WEIGHTS}
    assert same(read_foreign_weights(saved(tmp_path / "wrapped.pth", wrapped)))
    twice = {"model": {"state_dict": WEIGHTS}}
    assert same(read_foreign_weights(saved(tmp_path / "twice.pth", twice)))


def test_weights_beside_a_loose_tensor(tmp_path: Path) -> None:
    """Files of training runs keep their losses as tensors beside the weights."""
    content = {"loss": torch.tensor(0.5), "state_dict": WEIGHTS}
    assert same(read_foreign_weights(saved(tmp_path / "run.pt", content)))


def test_of_a_list_of_states_the_average_is_taken(tmp_path: Path) -> None:
    """As DDIM's training code writes them: weights, optimizer, epoch, step, average."""
    own = {f"module.{name}": value + 1 for name, value in WEIGHTS.items()}
    adam = torch.optim.Adam([nn.Parameter(torch.ones(2))])
    states = [own, adam.state_dict(), 3, 100]
    assert same(read_foreign_weights(saved(tmp_path / "ckpt.pth", [*states, WEIGHTS])))
    alone = read_foreign_weights(saved(tmp_path / "no_average.pth", states))
    assert alone.keys() == own.keys()
    assert torch.equal(alone["module.a.bias"], own["module.a.bias"])
    with pytest.raises(CheckpointError, match="not named parameters"):
        read_foreign_weights(saved(tmp_path / "numbers.pth", [3, 100]))


def test_parameters_and_the_legacy_format(tmp_path: Path) -> None:
    module = nn.Linear(3, 2)
    content = {k: nn.Parameter(v) for k, v in module.state_dict().items()}
    path = saved(tmp_path / "old.pt", content, _use_new_zipfile_serialization=False)
    assert torch.equal(read_foreign_weights(path)["weight"], module.weight)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_is_refused_and_not_run(tmp_path: Path, zipped: bool) -> None:
    marker = tmp_path / "marker"
    path = saved(
        tmp_path / "trap.pt", {**WEIGHTS, "x": Trap(marker)}, _use_new_zipfile_serialization=zipped
    )
    with pytest.raises(CheckpointError, match=r"trap\.pt") as caught:
        read_foreign_weights(path)
    assert "state_dict" in caught.value.hint
    assert not marker.exists()


def test_bare_pickle_with_code_is_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    (tmp_path / "trap.pth").write_bytes(pickle.dumps(Trap(marker), protocol=2))
    with pytest.raises(CheckpointError, match=r"trap\.pth"):
        read_foreign_weights(tmp_path / "trap.pth")
    assert not marker.exists()


def test_a_whole_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="more than weights"):
        read_foreign_weights(saved(tmp_path / "module.pt", nn.Linear(2, 2)))


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.7, 0.95])
def test_truncated(tmp_path: Path, share: float, zipped: bool) -> None:
    path = saved(tmp_path / "cut.pt", WEIGHTS, _use_new_zipfile_serialization=zipped)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match=r"cut\.pt"):
        read_foreign_weights(path)


@pytest.mark.parametrize("content", [[1, 2], 3.0, torch.zeros(3), {}, {"epoch": 3}, "text"])
def test_something_else(tmp_path: Path, content: Any) -> None:
    with pytest.raises(CheckpointError, match=r"else\.pt holds"):
        read_foreign_weights(saved(tmp_path / "else.pt", content))


@pytest.mark.parametrize("content", [b"text, no weights", b"\x89PNG\r\n" + bytes(99), b"\x80"])
def test_no_torch_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "odd.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"odd\.pt"):
        read_foreign_weights(tmp_path / "odd.pt")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("zipped", [True, False])
def test_flipped_bytes_end_in_an_error_or_in_tensors(tmp_path: Path, zipped: bool) -> None:
    path = saved(tmp_path / "fuzzed.pt", WEIGHTS, _use_new_zipfile_serialization=zipped)
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(200):
        damaged = bytearray(content)
        for at in rng.integers(0, len(content), 3):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            read_foreign_weights(path)
        except CheckpointError:
            refused += 1
    assert refused > 50


def test_missing_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.pt", tmp_path):
        with pytest.raises(CheckpointError, match="There is no file"):
            read_foreign_weights(path)


def test_the_refusal_names_what_would_be_called_and_nothing_of_torch(tmp_path: Path) -> None:
    path = saved(tmp_path / "trap.pt", {"a": Trap(tmp_path / "marker")})
    with pytest.raises(CheckpointError, match=r"and asks for posix\.mkdir|nt\.mkdir") as caught:
        read_foreign_weights(path)
    assert "weights_only" not in str(caught.value)
    module = saved(tmp_path / "module.pth", nn.Linear(2, 2))
    with pytest.raises(CheckpointError, match=r"asks for torch\.nn\.modules\.linear\.Linear"):
        read_foreign_weights(module)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(50), b"hello", b""])
def test_files_of_another_kind_are_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"odd\.pth (is no \.pt|cannot be read)") as caught:
        read_foreign_weights(path)
    assert "weights_only" not in str(caught.value)
