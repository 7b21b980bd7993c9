"""Outputs of every method made again: bit-equal, or told why not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import methods
from engine.data.png import write_png
from engine.data.synthetic import save_image, save_set, steps_metadata
from engine.data.volumes.read import read_volume
from engine.errors import CheckpointError, DiskError, InputError
from engine.jobs import InputValue, Job
from engine.reproducing import METHOD
from engine.reproducing.params import ReproduceParams
from engine.reproducing.report import Outcome, Reproduction
from engine.results import SynthesisResult
from engine.steps import ProgressStep
from engine.training.cards import rewrite_card
from engine.training.checkpoint import load_checkpoint, read_card, save_checkpoint
from tests.helpers import cdm_models
from tests.helpers.adaptdiff_models import run, save_diffusion
from tests.helpers.cdal_models import disc, save_generator
from tests.helpers.diffrect_models import save_segmenter
from tests.helpers.midiffusion_models import QUICK, head, save_translator, save_volume
from tests.helpers.torch_rules import cpu_context

MASK = np.zeros((24, 40), np.uint8)
MASK[8:14] = 1


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """A tiny checkpoint of each method."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "adaptdiff": save_diffusion(folder / "vessels.safetensors"),
        "cdal": save_generator(folder / "discs.safetensors"),
        "cdm": cdm_models.save_diffusion(folder / "spots.safetensors"),
        "classifier": cdm_models.save_classifier(folder / "classes.safetensors"),
        "diffrect": save_segmenter(folder / "hearts.safetensors"),
        "midiffusion": save_translator(folder / "heads.safetensors"),
    }


def done(method: str, task: str, inputs: Mapping[str, InputValue], **params: Any) -> Any:
    parsed = methods.method(method).task(task).params.parse(params)
    return run(methods.run(Job(method, task, parsed, inputs), cpu_context()))[0]


def again(result: Path, params: ReproduceParams | None = None, **inputs: Path) -> Reproduction:
    job = Job(METHOD, METHOD, params or ReproduceParams(), {"result": result, **inputs})
    made = run(methods.run(job, cpu_context()))[0]
    assert isinstance(made, Reproduction)
    return made


def only(found: Reproduction) -> Outcome:
    (outcome,) = found.outcomes
    return outcome


def picture(folder: Path, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "case.png"
    write_png(path, disc(np.random.default_rng(seed), (24, 24))[0], {})
    return path


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory, models: Mapping[str, Path]) -> Path:
    """A folder with labels that cDAL found in a picture, the picture and the weights."""
    folder = tmp_path_factory.mktemp("segmented")
    (folder / "out").mkdir()
    inputs = {"input": picture(folder / "in"), "output": folder / "out" / "found.png"}
    weights = shutil.copy(models["cdal"], folder / "discs.safetensors")
    values = {"votes": 2, "seed": 3, "threshold": 0.03}  # about half of it
    done("cdal", "segment", inputs, checkpoint=str(weights), **values)
    return folder


@pytest.fixture
def segmented(tmp_path: Path, once: Path) -> Path:
    """The labels of a copy of `once`, whose record tells of the copy."""
    shutil.copytree(once, tmp_path, dirs_exist_ok=True)
    output = tmp_path / "out" / "found.png"
    record = output.with_name("found.png.json")
    record.write_text(record.read_text().replace(str(once), str(tmp_path)))
    return output


def synthesized(model: Path, **params: Any) -> SynthesisResult:
    values = {"checkpoint": str(model), "steps": 2, "seed": 7, **params}
    result = done("adaptdiff", "synthesize", {"mask": MASK}, **values)
    assert isinstance(result, SynthesisResult)
    return result


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
    for name, told in (
        ("strip.png", "how an image came about"), ("plain.png", "where it comes from"),
        ("alone.nii.gz.json", "beside no file"), ("run", "no folder of outputs"),
        ("broken.png", "damaged"), ("missing.png", "missing.png"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=told):
            again(tmp_path / name)
    with pytest.raises(InputError, match="trained again"):
        again(models["cdal"])


def test_it_says_how_far_it_is(segmented: Path) -> None:
    job = Job(METHOD, METHOD, ReproduceParams(), {"result": segmented})
    found, steps = run(methods.run(job, cpu_context()))
    told = [step for step in steps if isinstance(step, ProgressStep)]
    assert told[-1].done == told[-1].total > 0
    plain = json.dumps([outcome.to_json() for outcome in found.outcomes])
    assert json.loads(plain)[0]["verdict"] == "equal"
