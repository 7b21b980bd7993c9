"""The command line: results, exit codes, JSON lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cli import main
from engine.data.images import read_image, read_mask
from engine.data.pairset import read_pair_set
from engine.data.png import read_png_metadata, write_png
from tests.helpers.cdal_models import save_generator

Synthesize = Callable[..., int]


@pytest.fixture
def synthesize(tiny_checkpoint: Path, mask_file: Path) -> Synthesize:
    def run(output: Path, *more: str) -> int:
        return main(
            ["synthesize", "--mask", str(mask_file), "--checkpoint", str(tiny_checkpoint),
             "--steps", "3", "--threads", "1", "--output", str(output), *more]
        )  # fmt: skip

    return run


def _json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_an_image_of_the_mask_carries_its_provenance(
    synthesize: Synthesize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "image.png"
    assert synthesize(target, "--seed", "5") == 0
    assert read_image(target).array.shape == (48, 64)
    text = read_png_metadata(target)
    record = json.loads(text["reverie"])
    assert record["parameters"]["seed"] == record["seed"] == 5
    assert record["parameters"]["steps"] == 3
    assert "trainedAlgorithmicMedia" in text["DigitalSourceType"]
    assert str(target) in capsys.readouterr().out


def test_the_same_seed_gives_the_same_image_and_another_one_another(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for path, seed in zip(paths, ("1", "1", "2"), strict=True):
        assert synthesize(path, "--seed", seed) == 0
    first, again, other = (read_image(path).array for path in paths)
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 10


def test_json_lines_tell_the_run_and_nothing_else(
    synthesize: Synthesize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "image.png"
    assert synthesize(target, "--json") == 0
    lines = _json_lines(capsys.readouterr().out)
    assert lines[0]["event"] == "started"
    assert lines[0]["parameters"]["steps"] == 3
    progress = [line for line in lines if line["event"] == "progress"]
    assert (progress[-1]["done"], progress[-1]["total"]) == (3, 3)
    assert lines[-1]["event"] == "finished"
    assert lines[-1]["files"] == [str(target)]


def test_variants_get_their_seed_in_the_name_and_the_mask_lies_beside(
    synthesize: Synthesize, tmp_path: Path, mask_file: Path
) -> None:
    assert synthesize(tmp_path / "v.png", "--variants", "2", "--seed", "8", "--with-mask") == 0
    names = {path.name for path in tmp_path.iterdir()} - {mask_file.name}
    assert names == {"v_seed8.png", "v_seed9.png", "v_mask.png"}
    np.testing.assert_array_equal(
        read_mask(tmp_path / "v_mask.png").mask, read_mask(mask_file).mask
    )


@pytest.mark.parametrize("name", ["pairs", "pairs.npz", "pairs.h5"])
def test_a_set_holds_image_and_mask(synthesize: Synthesize, tmp_path: Path, name: str) -> None:
    assert synthesize(tmp_path / name, "--variants", "2") == 0
    found = read_pair_set(tmp_path / name)
    assert len(found.names) == 2
    assert found.masks[0].shape == (48, 64)


def test_a_tiff_has_its_provenance_beside_it(synthesize: Synthesize, tmp_path: Path) -> None:
    assert synthesize(tmp_path / "image.tif") == 0
    record = json.loads((tmp_path / "image.tif.json").read_text())
    assert record["task"] == "synthesize"


def test_the_timeline_holds_strip_animation_and_frames(
    synthesize: Synthesize, tmp_path: Path
) -> None:
    folder = tmp_path / "steps"
    assert synthesize(tmp_path / "image.png", "--timeline", str(folder)) == 0
    names = {path.name for path in folder.iterdir()}
    frames = {f"step{i:04d}_{kind}.png" for i in (1, 2, 3) for kind in ("x_t", "x0_hat")}
    assert names == frames | {"strip.png", "timeline.gif"}
    last = read_image(folder / "step0003_x_t.png").array
    np.testing.assert_allclose(last, read_image(tmp_path / "image.png").array, atol=1)


def test_a_template_gives_its_grey_values(synthesize: Synthesize, tmp_path: Path) -> None:
    template, target = tmp_path / "template.png", tmp_path / "image.png"
    greys = np.linspace(0, 1, 48 * 64).reshape(48, 64) ** 3
    write_png(template, greys)
    assert synthesize(target, "--match-histogram", "--template", str(template)) == 0
    shares = np.linspace(0.1, 0.9, 9)  # the image's own black and white are ties
    made = np.quantile(read_image(target).unit(), shares)
    np.testing.assert_allclose(made, np.quantile(greys, shares), atol=0.02)


def test_a_run_file_says_what_options_would(
    tiny_checkpoint: Path, mask_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run.toml"
    run.write_text(
        'method = "adaptdiff"\ntask = "synthesize"\noutput = "image.png"\n'
        f'[parameters]\ncheckpoint = "{tiny_checkpoint}"\nsteps = 2\nseed = 3\n'
        '[inputs]\nmask = "mask.png"\n'
    )
    assert main(["synthesize", str(run), "--steps", "4", "--threads", "1", "--json"]) == 0
    assert (tmp_path / "image.png").exists()
    started = _json_lines(capsys.readouterr().out)[0]
    assert (started["parameters"]["steps"], started["parameters"]["seed"]) == (4, 3)


def test_a_preset_gives_way_to_an_option(
    synthesize: Synthesize, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert synthesize(tmp_path / "a.png", "--preset", "paper", "--json") == 0
    parameters = _json_lines(capsys.readouterr().out)[0]["parameters"]
    assert (parameters["sampler"], parameters["steps"]) == ("ddpm", 3)


def test_a_tree_grows_from_nothing(tmp_path: Path) -> None:
    target = tmp_path / "tree.png"
    assert main(["grow", "--output", str(target), "--size", "96", "--threads", "1"]) == 0
    share = read_mask(target).mask.mean()
    assert 0.01 < share < 0.4
    assert read_png_metadata(target)["Phantom"] == "true"


def test_demo_leaves_what_it_says_and_can_be_repeated(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        code = main(
            ["demo", "--output", str(tmp_path / "out"), "--checkpoint", str(tiny_checkpoint),
             "--size", "64", "--steps", "3", "--threads", "1"]
        )  # fmt: skip
        assert code == 0
        told = capsys.readouterr().out
    for name in ("mask.png", "image.png", "timeline.png", "timeline.gif", "pair.npz"):
        assert (tmp_path / "out" / name).exists()
        assert name in told
    assert len(read_pair_set(tmp_path / "out" / "pair.npz").names) == 1


def test_info_lists_the_users_checkpoints_with_their_hash(
    tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import hashlib

    from engine.library import user_folder

    user_folder().mkdir(parents=True)
    content = tiny_checkpoint.read_bytes()
    (user_folder() / "mine.safetensors").write_bytes(content)
    assert main(["info", "--json", "--no-devices"]) == 0
    found = json.loads(capsys.readouterr().out)
    (mine,) = (c for c in found["checkpoints"] if c["name"] == "mine")
    assert mine["sha256"] == hashlib.sha256(content).hexdigest()
    assert not mine["bundled"]
    assert found["versions"]["torch"].startswith("2.")
    assert main(["info", "--no-devices"]) == 0
    assert mine["sha256"][:12] in capsys.readouterr().out


def test_info_tells_all_of_one_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"1": {"name": "disc", "color": "#FF0000"}}
    figures = {"held-out Dice": {"mean": 0.8765, "95 % interval": [0.8, 0.9]}}
    data = [{"cases": 12, "name": "Discs", "terms": "free", "fingerprint": "abc"}]
    path = save_generator(
        tmp_path / "tiny.safetensors", labels=names, figures=figures, data=data, summary="Discs."
    )
    assert main(["info", str(path)]) == 0
    told = capsys.readouterr().out
    for part in ("tiny: Tiny", "Discs.", "cdal generator", "1 disc", "window 16", "timesteps 2"):
        assert part in told
    assert "held-out Dice: mean 0.8765, 95 % interval 0.8 to 0.9" in told
    assert "cases: 12; name: Discs; terms: free" in told
    assert "abc" not in told
    assert main(["info", str(path), "--json"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert line["card"]["figures"] == figures
    assert line["bytes"] == path.stat().st_size
    assert main(["info", "no-such-model"]) == 2
    assert "no-such-model" in capsys.readouterr().err


def test_info_tells_devices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--info"]) == 0
    assert "computes in" in capsys.readouterr().out
