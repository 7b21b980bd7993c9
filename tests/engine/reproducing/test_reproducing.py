"""Outputs of every method made again: bit-equal, or told why not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from engine import methods
from engine.data.png import write_png
from engine.data.synthetic import save_image, save_set
from engine.data.volumes.read import read_volume
from engine.errors import CheckpointError, DiskError, InputError
from engine.jobs import Job
from engine.reproducing import METHOD
from engine.reproducing.params import ReproduceParams
from engine.steps import ProgressStep
from engine.training.cards import rewrite_card
from engine.training.checkpoint import load_checkpoint, read_card, save_checkpoint
from tests.engine.reproducing.making import MASK, again, done, only, picture, synthesized
from tests.helpers import cdm_models
from tests.helpers.adaptdiff_models import run
from tests.helpers.midiffusion_models import QUICK, head, save_volume
from tests.helpers.torch_rules import cpu_context


@pytest.mark.parametrize("ending", [".png", ".tif", ".npy"])
def test_an_image_holds_its_mask(tmp_path: Path, models: Mapping[str, Path], ending: str) -> None:
    result = synthesized(models["adaptdiff"], variants=2)
    path = save_image(tmp_path / f"image{ending}", result, 1)
    found = only(again(path))
    assert found.verdict == "equal", found.lines()
    assert [c.what for c in found.conditions][:2] == ["Mask", "Weights"]
    assert all(c.same for c in found.conditions)


def test_a_set_and_a_pair_of_it(tmp_path: Path, models: Mapping[str, Path]) -> None:
    save_set(tmp_path / "set", synthesized(models["adaptdiff"], variants=2))
    for path in (tmp_path / "set", tmp_path / "set" / "images" / "seed_0000000007.png"):
        found = only(again(path))
        assert (found.verdict, len(found.comparisons)) == ("equal", 2)


def test_a_set_of_crops(tmp_path: Path, models: Mapping[str, Path]) -> None:
    folder = tmp_path / "masks"
    folder.mkdir()
    write_png(folder / "a.png", np.tile(MASK, (4, 2)) > 0, {})
    inputs = {"masks": folder, "output": tmp_path / "set.npz"}
    values = {"checkpoint": str(models["adaptdiff"]), "steps": 2, "count": 2, "crop": 64}
    done("adaptdiff", "synthesize-set", inputs, **values)
    assert only(again(tmp_path / "set.npz", input=folder)).verdict == "equal"
    write_png(folder / "b.png", MASK > 0, {})
    found = only(again(tmp_path / "set.npz", input=folder))
    assert found.reasons[0].startswith("Masks are not what was used")


def test_labels_and_maps_of_a_picture(tmp_path: Path, models: Mapping[str, Path]) -> None:
    maps = {name: tmp_path / f"{name}.tif" for name in ("probability", "uncertainty", "entropy")}
    inputs = {"input": picture(tmp_path / "in"), "output": tmp_path / "found.nii.gz", **maps}
    done("cdal", "segment", inputs, checkpoint=str(models["cdal"]), votes=3)
    for path in (tmp_path / "found.nii.gz", tmp_path / "found.nii.gz.json", *maps.values()):
        assert only(again(path)).verdict == "equal", path


def test_a_map_of_one_of_several_classes(tmp_path: Path, models: Mapping[str, Path]) -> None:
    inputs = {
        "input": picture(tmp_path / "in"), "output": tmp_path / "found.png",
        "probability": tmp_path / "chance.tif",
    }  # fmt: skip
    done("diffrect", "segment", inputs, checkpoint=str(models["diffrect"]))
    kept = tmp_path / "kept_2.tif"
    found = only(again(tmp_path / "chance_2.tif", keep=kept))
    assert (found.verdict, found.kept) == ("equal", kept)
    assert np.array_equal(read_volume(kept).array, read_volume(tmp_path / "chance_2.tif").array)
    assert only(again(tmp_path / "found.png")).verdict == "equal"


def test_heat_with_a_second_network(tmp_path: Path, models: Mapping[str, Path]) -> None:
    image = tmp_path / "slice.png"
    array = cdm_models.slice_of(np.random.default_rng(0), (20, 24), spot=True)[0]
    write_png(image, (array / array.max() * 255).astype(np.uint8), {})
    inputs = {"input": image, "output": tmp_path / "spot.png", "heat": tmp_path / "heat.tif"}
    networks = {"checkpoint": str(models["cdm"]), "classifier": str(models["classifier"])}
    done("cdm", "segment", inputs, level=20, rounds=3, denoise_steps=4, label=1, **networks)
    for name in ("spot.png", "heat.tif"):
        found = only(again(tmp_path / name))
        assert found.verdict == "equal", found.lines()
        assert [c.what for c in found.conditions][:3] == ["Input", "Weights", "Classifier"]


def test_a_translation_and_those_of_a_folder(tmp_path: Path, models: Mapping[str, Path]) -> None:
    (tmp_path / "in").mkdir()
    for i in range(2):
        save_volume(
            tmp_path / "in" / f"p{i}.nii.gz", head(np.random.default_rng(i), (3, 14, 12))[0]
        )
    values = {"checkpoint": str(models["midiffusion"]), **QUICK}
    inputs = {"input": tmp_path / "in" / "p0.nii.gz", "output": tmp_path / "t1.nii.gz"}
    spread = {"spread": tmp_path / "spread.nii.gz"}
    done("midiffusion", "translate", {**inputs, **spread}, **values, samples=2)
    assert only(again(tmp_path / "t1.nii.gz")).verdict == "equal"
    assert only(again(tmp_path / "spread.nii.gz")).verdict == "equal"
    folder = {"input": tmp_path / "in", "output": tmp_path / "all"}
    done("midiffusion", "translate-set", folder, **values)
    (tmp_path / "in" / "p1.nii.gz").unlink()
    found = again(tmp_path / "all", keep=tmp_path / "kept")
    assert [o.verdict for o in found.outcomes] == ["equal", "different"]
    assert "not there any more" in found.outcomes[1].problem
    assert "1 cannot be made again (p1.nii.gz)" in found.summary
    assert [p.name for p in (tmp_path / "kept").glob("*.gz")] == ["p0.nii.gz"]


def test_a_folder_of_labels(tmp_path: Path, models: Mapping[str, Path]) -> None:
    picture(tmp_path / "in")
    inputs = {"input": tmp_path / "in", "output": tmp_path / "out"}
    done("cdal", "segment-folder", inputs, checkpoint=str(models["cdal"]), votes=2)
    assert only(again(tmp_path / "out")).verdict == "equal"
    assert only(again(tmp_path / "out" / "summary.csv.json")).verdict == "equal"


def test_of_an_image_in_memory_the_file_is_found(
    tmp_path: Path, models: Mapping[str, Path]
) -> None:
    """As the window gives it, which has read the file already."""
    path = picture(tmp_path / "in")
    volume = read_volume(path)
    parse = methods.method("cdal").task("segment").params.parse
    params = parse({"checkpoint": str(models["cdal"]), "votes": 2})
    region = np.array([[0, 4, 4], [1, 20, 20]])
    inputs = {"input": volume.array, "output": tmp_path / "found.png", "region": region}
    job = Job("cdal", "segment", params, inputs, files={"input": path})
    run(methods.run(job, cpu_context()))
    found = only(again(tmp_path / "found.png"))
    assert found.verdict == "equal", found.lines()
    assert found.conditions[0].same


def test_tampered_weights_are_named(tmp_path: Path, segmented: Path) -> None:
    weights = tmp_path / "discs.safetensors"
    checkpoint = load_checkpoint(weights)
    tensors = {name: value + 0.3 * value.abs() for name, value in checkpoint.tensors.items()}
    save_checkpoint(weights, tensors, checkpoint.card)
    found = only(again(segmented))
    assert found.verdict == "different"
    assert found.reasons[0].startswith("Weights are not what was used: discs ")
    assert "Dice" in found.summary
    weights.unlink()
    with pytest.raises(CheckpointError, match="no checkpoint with the hash of discs"):
        again(segmented)


def test_weights_under_another_title_are_the_same(tmp_path: Path, segmented: Path) -> None:
    weights = tmp_path / "discs.safetensors"
    card, before = read_card(weights), weights.read_bytes()
    rewrite_card(weights, card.model_copy(update={"title": "Found discs", "notes": "Good ones"}))
    found = only(again(segmented))
    assert found.verdict == "equal"
    assert all(condition.same for condition in found.conditions)
    # The same weights that are shown other slices are another model.
    seen = {**card.preprocessing, "votes": 3}
    rewrite_card(weights, card.model_copy(update={"preprocessing": seen}))
    assert [c.what for c in only(again(segmented)).conditions if not c.same] == ["Weights"]
    # Records that were written before models had a hash know the file alone.
    beside = Path(f"{segmented}.json")
    record = json.loads(beside.read_text(encoding="utf-8"))
    del record["checkpoint"]["model_sha256"]
    beside.write_text(json.dumps(record), encoding="utf-8")
    assert only(again(segmented)).conditions[1].same is False
    weights.write_bytes(before)
    assert only(again(segmented)).conditions[1].same


def test_weights_are_found_by_their_hash(
    tmp_path: Path, segmented: Path, models: Mapping[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "discs.safetensors").unlink()
    given = ReproduceParams(checkpoint=str(models["cdal"]))
    assert only(again(segmented, given)).verdict == "equal"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    mine = tmp_path / "reverie" / "checkpoints"
    mine.mkdir(parents=True)
    shutil.copy(models["diffrect"], mine / "discs.safetensors")
    shutil.copy(models["cdal"], mine / "renamed.safetensors")
    found = only(again(segmented))
    assert found.verdict == "equal"
    assert found.conditions[1].now.startswith("renamed ")


def test_a_changed_image_is_named_and_a_moved_one_is_found(tmp_path: Path, segmented: Path) -> None:
    image = tmp_path / "in" / "case.png"
    moved = image.rename(segmented.with_name("case.png"))
    assert only(again(segmented)).verdict == "equal"
    picture(tmp_path / "in", seed=4)
    assert only(again(segmented)).verdict == "equal", "the one beside it has the hash"
    moved.unlink()
    found = only(again(segmented))
    assert found.verdict == "different"
    assert found.reasons[0].startswith("Input is not what was used: case.png ")
    image.unlink()
    with pytest.raises(InputError, match=r"case\.png that found\.png was made of is not there"):
        again(segmented)


def test_another_version_is_named_only_where_values_differ(segmented: Path) -> None:
    record = json.loads((text := segmented.with_name("found.png.json")).read_text())
    record["versions"]["torch"] = "1.0"
    del record["machine"]
    text.write_text(json.dumps(record))
    found = only(again(segmented))
    assert (found.verdict, found.reasons) == ("equal", ())
    rows = {c.what: (c.recorded, c.same) for c in found.conditions}
    assert (rows["torch"], rows["System"]) == (("1.0", False), ("", None))
    record["parameters"]["seed"] = 99
    del record["content"]
    text.write_text(json.dumps(record))
    found = only(again(segmented, ReproduceParams(epsilon=0, dice=1)))
    assert (found.verdict, found.reasons[0][:26]) == ("different", "torch is another: 1.0 then")


def test_what_was_changed_by_hand_is_told_apart(segmented: Path) -> None:
    labels = read_volume(segmented).array[0, 0].copy()
    labels[:2] = 1
    write_png(segmented, labels, {})
    found = only(again(segmented))
    assert (found.verdict, bool(found.edited)) == ("equal", True)
    assert "was changed after it was written" in found.summary
    assert "values differ" in "\n".join(found.lines())


def test_within_epsilon(tmp_path: Path, models: Mapping[str, Path]) -> None:
    path = save_image(tmp_path / "image.npy", synthesized(models["adaptdiff"]))
    record = json.loads((text := path.with_name("image.npy.json")).read_text())
    del record["content"]
    text.write_text(json.dumps(record))
    values = np.load(path)
    values[3, 5] += 0.001
    np.save(path, values)
    found = only(again(path))
    assert found.verdict == "close"
    assert found.comparisons[0].largest == pytest.approx(0.001, rel=1e-3)
    assert found.comparisons[0].changed == 1
    assert only(again(path, ReproduceParams(epsilon=0))).verdict == "different"


def test_it_computes_as_was_recorded(segmented: Path) -> None:
    record = json.loads((text := segmented.with_name("found.png.json")).read_text())
    record["dtype"], record["device"] = "bfloat16", "cuda"
    text.write_text(json.dumps(record))
    rows = {c.what: (c.recorded, c.now) for c in only(again(segmented)).conditions}
    assert rows["Precision"] == ("bfloat16", "bfloat16")
    assert rows["Device"][0] == "cuda"
    found = only(again(segmented, ReproduceParams(precision="float32", device="cpu")))
    assert {c.what: c.now for c in found.conditions}["Precision"] == "float32"


def test_nothing_is_overwritten(tmp_path: Path, segmented: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    again(segmented)
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(InputError, match="is there already"):
        again(segmented, keep=segmented)
    with pytest.raises(InputError, match="its ending is another"):
        again(segmented, keep=tmp_path / "kept.nii.gz")
    with pytest.raises(DiskError):
        again(segmented, keep=tmp_path / "nowhere" / "kept.png")


def test_it_says_how_far_it_is(segmented: Path) -> None:
    job = Job(METHOD, METHOD, ReproduceParams(), {"result": segmented})
    found, steps = run(methods.run(job, cpu_context()))
    told = [step for step in steps if isinstance(step, ProgressStep)]
    assert told[-1].done == told[-1].total > 0
    plain = json.dumps([outcome.to_json() for outcome in found.outcomes])
    assert json.loads(plain)[0]["verdict"] == "equal"
