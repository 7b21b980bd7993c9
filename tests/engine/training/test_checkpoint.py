from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from engine.errors import CheckpointError, DiskError, InputError
from engine.training.checkpoint import (
    CARD_KEY,
    Card,
    check_checkpoint_path,
    load_checkpoint,
    load_into,
    load_tensors,
    model_sha256,
    read_card,
    save_checkpoint,
)

CARD = Card(
    method="adaptdiff", role="diffusion", title="Été", config={"widths": [8, 16]},
    process={"timesteps": 300}, figures={"Dice": 0.5},
)  # fmt: skip


def tensors() -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(0)
    return {
        "a.weight": torch.randn(3, 4, generator=g),
        "transposed": torch.randn(3, 4, generator=g).T,
        "counter": torch.tensor(7),
    }


def raw(path: Path, header: bytes, body: bytes = b"", length: int | None = None) -> Path:
    size = len(header) if length is None else length
    path.write_bytes(size.to_bytes(8, "little") + header + body)
    return path


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"title": "Second", "notes": "Mine", "figures": {"Dice": 0.9}, "licence": "CC"}, True),
        ({"preprocessing": {"size": 64}}, False),
        ({"process": {"timesteps": 4}}, False),
        ({"config": {"width": 8}}, False),
        ({"role": "s"}, False),
    ],
)
def test_a_model_is_what_its_answers_follow_from(
    tmp_path: Path, change: dict[str, Any], same: bool
) -> None:
    files = [tmp_path / name for name in ("a.safetensors", "b.safetensors", "c.safetensors")]
    for file, card in zip(files, (CARD, CARD.model_copy(update=change), CARD), strict=True):
        save_checkpoint(file, tensors(), card)
    save_checkpoint(files[2], {**tensors(), "counter": torch.tensor(8)}, CARD)
    own, changed, other = map(model_sha256, files)
    assert (own == changed) is same
    assert own != other


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, tensors(), CARD)
    loaded = load_checkpoint(path)
    assert loaded.card == CARD == read_card(path)
    assert len(loaded.identity.sha256) == 64
    assert loaded.tensors.keys() == tensors().keys()
    for name, value in tensors().items():
        assert torch.equal(loaded.tensors[name], value), name
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


def test_half_precision_halves_the_file_and_reads_as_float32(tmp_path: Path) -> None:
    big = {"w": torch.randn(100, 100), "n": torch.tensor(3)}
    save_checkpoint(tmp_path / "full.safetensors", big, CARD)
    save_checkpoint(tmp_path / "half.safetensors", big, CARD, precision="float16")
    full, half = ((tmp_path / f"{n}.safetensors").stat().st_size for n in ("full", "half"))
    assert half < 0.6 * full
    loaded = load_tensors(tmp_path / "half.safetensors")
    assert loaded["w"].dtype is torch.float32
    assert torch.equal(loaded["w"], big["w"].half().float())
    assert loaded["n"].dtype is torch.int64


@pytest.mark.parametrize("kept", [0, 4, 8, 40, 0.5, 0.99])
def test_truncated(tmp_path: Path, kept: float) -> None:
    path = tmp_path / "cut.safetensors"
    save_checkpoint(path, tensors(), CARD)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(CheckpointError, match=r"cut\.safetensors") as caught:
        load_checkpoint(path)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("header", "length"),
    [
        (b"{}", 10**15),
        (b"not json", None),
        (b"\xff\xfe\xfa", None),
        (b"[1, 2]", None),
        (b"3", None),
        (b'{"__metadata__": 3}', None),
        (b'{"__metadata__": null}', None),
        (b'{"__metadata__": {"reverie": 3}}', None),
        (b'{"__metadata__": {"reverie": "[]"}}', None),
        (b'{"__metadata__": {"reverie": "{\\"version\\": 9, \\"new\\": 1}"}}', None),
        (b"[" * 200_000, None),
    ],
)
def test_hand_made_headers(tmp_path: Path, header: bytes, length: int | None) -> None:
    path = raw(tmp_path / "made.safetensors", header, length=length)
    with pytest.raises(CheckpointError, match=r"made\.safetensors"):
        load_checkpoint(path)


def test_tensors_that_lie_outside_the_file(tmp_path: Path) -> None:
    header: dict[str, Any] = {
        "__metadata__": {CARD_KEY: CARD.model_dump_json()},
        "w": {"dtype": "F32", "shape": [1000], "data_offsets": [0, 4000]},
    }
    path = raw(tmp_path / "short.safetensors", json.dumps(header).encode(), b"\0" * 16)
    assert read_card(path) == CARD
    with pytest.raises(CheckpointError, match=r"short\.safetensors"):
        load_checkpoint(path)


def test_weights_without_a_card_are_sent_to_import(tmp_path: Path) -> None:
    save_file({"w": torch.zeros(2)}, tmp_path / "bare.safetensors")
    with pytest.raises(CheckpointError, match="no Reverie card") as caught:
        read_card(tmp_path / "bare.safetensors")
    assert "import" in caught.value.hint


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        read_card(tmp_path / "absent.safetensors")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_card(tmp_path)


def test_another_method_is_named(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_checkpoint(path, tensors(), CARD.model_copy(update={"method": "cdm", "role": "unet"}))
    with pytest.raises(CheckpointError, match="is a unet of cdm, not a diffusion of adaptdiff"):
        load_checkpoint(path).expect("adaptdiff", "diffusion")


def test_what_does_not_fit_a_network_is_listed() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    fitting = dict(nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).state_dict())
    del fitting["1.num_batches_tracked"]  # published files of old torch versions have none
    load_into(model, fitting, "good.pt")
    assert torch.equal(model[0].weight, fitting["0.weight"])
    before = model[0].weight.clone()
    wrong = {**fitting, "extra": torch.zeros(1), "0.bias": torch.zeros(9)}
    wrong["0.weight"] = wrong["0.weight"] + 1
    del wrong["1.weight"]
    with pytest.raises(CheckpointError) as caught:
        load_into(model, wrong, "bad.pt")
    assert "missing: 1.weight" in caught.value.report
    assert "unexpected: extra" in caught.value.report
    for part in ("bad.pt", "1 missing (1.weight)", "1 unexpected (extra)", "another shape (0.bias"):
        assert part in caught.value.message
    assert torch.equal(model[0].weight, before)


def test_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, tensors(), CARD)
    old = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskError, match="disk is full") as caught:
        save_checkpoint(path, {"w": torch.zeros(50)}, CARD)
    assert str(path) in caught.value.message
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_disk_that_fills_while_the_tensors_are_written(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    save_checkpoint(path, tensors(), CARD)
    old = path.read_bytes()
    with files_limited_to(10_000), pytest.raises(DiskError, match=r"a\.safetensors"):
        save_checkpoint(path, {"w": torch.zeros(100_000)}, CARD)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]


@contextmanager
def files_limited_to(size: int) -> Iterator[None]:
    """Writing past `size` bytes fails for real, in the middle, as on a full disk."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_others_may_read_a_checkpoint_as_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    save_checkpoint(tmp_path / "a.safetensors", tensors(), CARD)
    assert (tmp_path / "a.safetensors").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match="the folder does not exist"):
        save_checkpoint(tmp_path / "no" / "a.safetensors", tensors(), CARD)


def test_weights_that_are_no_numbers_are_refused() -> None:
    model = nn.Linear(2, 1)
    broken = {"weight": torch.tensor([[1.0, float("nan")]]), "bias": torch.zeros(1)}
    with pytest.raises(CheckpointError, match=r"bad\.pt holds weights that are no numbers.*weight"):
        load_into(model, broken, "bad.pt")
    assert bool(model.weight.isfinite().all())


def test_where_a_checkpoint_can_go(tmp_path: Path) -> None:
    check_checkpoint_path(tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match=r"a\.pt has no ending"):
        check_checkpoint_path(tmp_path / "a.pt")
    with pytest.raises(DiskError, match="does not exist"):
        check_checkpoint_path(tmp_path / "none" / "a.safetensors")
