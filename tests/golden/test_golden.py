"""Same weights, same numbers: every golden file of a method that exists.

`pytest tests/golden --golden DIR` takes the files of DIR instead of the copies beside this file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.golden import adaptdiff, cdal, cdm, diffrect, midiffusion
from tests.golden.case import GoldenCase

Check = Callable[[GoldenCase, Path, pytest.MonkeyPatch], None]
CHECKS: dict[str, Check] = {
    "adaptdiff_conditional_unet": adaptdiff.conditional_unet,
    "adaptdiff_segmenter": adaptdiff.segmenter,
    "cdal_generator": cdal.generator,
    "cdal_discriminator": cdal.discriminator,
    cdm.UNET: cdm.unet,
    cdm.CLASSIFIER: cdm.classifier,
    diffrect.SEGMENTER: diffrect.segmenter,
    diffrect.RECTIFIER: diffrect.rectifier,
    diffrect.LOSSES: diffrect.losses,
    "midiffusion_lmi": midiffusion.information,
    "midiffusion_unet": midiffusion.unet,
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "golden_file" not in metafunc.fixturenames:
        return
    config = metafunc.config
    asked = config.getoption("golden")
    folder = config.invocation_params.dir / asked if asked else Path(__file__).parent
    files = sorted(folder.glob("*.json"))
    if not files:
        raise pytest.UsageError(f"--golden: {folder} holds no golden files (NAME.json, NAME.npz)")
    metafunc.parametrize("golden_file", files, ids=[f.stem for f in files])


def _check_for(name: str) -> Check | None:
    """By the longest name that begins the file's, so that copies may have a suffix."""
    prefixes = sorted((p for p in CHECKS if name.startswith(p)), key=len)
    return CHECKS[prefixes[-1]] if prefixes else None


def test_golden(golden_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check = _check_for(golden_file.stem)
    if check is None:
        pytest.skip(f"{golden_file.stem} belongs to no method that exists")
    assert golden_file.with_suffix(".npz").exists(), f"{golden_file.stem}.npz is missing"
    case = GoldenCase.read(golden_file)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # these networks are too small to share out
    try:
        check(case, tmp_path, monkeypatch)
    finally:
        torch.set_num_threads(threads)
    unused = sorted(case.arrays.keys() - case.used)
    assert not unused, f"{case.name}: nothing looks at {', '.join(unused)}"


def test_a_wrong_weight_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = GoldenCase.read(Path(__file__).with_name("adaptdiff_segmenter.json"))
    case.info = {**case.info, "salt": "another"}
    with pytest.raises(AssertionError, match="logits"):
        adaptdiff.segmenter(case, tmp_path, monkeypatch)
