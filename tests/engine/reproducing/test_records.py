"""Records and files that are no outputs, or not as they were written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.data.png import write_png
from engine.data.synthetic import save_image, steps_metadata
from engine.errors import InputError
from tests.engine.reproducing.making import MASK, again, only, synthesized


def changed(record: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *above, last = path.split(".")
    part = record
    for name in above:
        part = part[name]
    part[last] = value
    return record


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("schema", "reverie-provenance/9", "of the form 'reverie-provenance/9'"),
        ("method", "eval", "does not make again"),
        ("task", "train", "does not make again"),
        ("checkpoint.sha256", "../../etc", "checkpoint.sha256"),
        ("parameters.surprise", 1, "does not know: surprise"),
        ("parameters.votes", -3, "votes"),
        ("holds", "../output", "holds"),
        ("holds", "spread", "does not make"),
        ("threads", 10**9, "threads"),
        ("inputs", {}, "does not say which image"),
    ],
)
def test_a_record_is_believed_nothing(segmented: Path, path: str, value: Any, told: str) -> None:
    text = segmented.with_name("found.png.json")
    text.write_text(json.dumps(changed(json.loads(text.read_text()), path, value)))
    with pytest.raises(InputError, match=told):
        again(segmented)


def test_a_packed_mask_is_no_bomb(tmp_path: Path, models: Mapping[str, Path]) -> None:
    path = save_image(tmp_path / "image.tif", synthesized(models["adaptdiff"]))
    text = path.with_name("image.tif.json")
    for value in ("AAAA", "no base64!", ""):
        record = changed(json.loads(text.read_text()), "inputs.mask.packed", value)
        text.write_text(json.dumps(record))
        with pytest.raises(InputError, match=r"mask"):
            again(path)
    write_png(path.with_name("image_mask.png"), MASK > 0, {})
    assert only(again(path)).verdict == "equal", "the mask that is saved beside an image"


def test_what_is_no_output(tmp_path: Path, models: Mapping[str, Path]) -> None:
    result = synthesized(models["adaptdiff"])
    write_png(tmp_path / "strip.png", MASK, steps_metadata(result, 0))
    write_png(tmp_path / "plain.png", MASK, {})
    (tmp_path / "alone.nii.gz.json").write_text("{}")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.toml").write_text("")
    (tmp_path / "broken.png").write_bytes((tmp_path / "plain.png").read_bytes())
    (tmp_path / "broken.png.json").write_text("[" * 100_000)
    (tmp_path / "head.png").write_bytes((tmp_path / "plain.png").read_bytes())
    (tmp_path / "head.png.json").write_text('{"phantom": "head", "seed": 0}')
    for name, told in (
        ("head.png", "no record of a run"),
        ("strip.png", "how an image came about"), ("plain.png", "where it comes from"),
        ("alone.nii.gz.json", "beside no file"), ("run", "no folder of outputs"),
        ("broken.png", "damaged"), ("missing.png", "missing.png"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=told):
            again(tmp_path / name)
    with pytest.raises(InputError, match="trained again"):
        again(models["cdal"])
