from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine import library
from engine.errors import CheckpointError
from engine.jobs import Job
from engine.parameters import Parameters
from engine.provenance import array_hash
from engine.training.cards import rewrite_card
from tests.helpers.adaptdiff_models import save_diffusion, save_segmenter


def test_a_job_keeps_what_it_was_asked() -> None:
    mask = np.zeros((4, 4))
    job = Job("m", "t", Parameters(), {"mask": mask, "path": Path("x"), "n": 3})
    mask[:] = 1
    assert not job.array("mask").any()
    with pytest.raises(ValueError, match="read-only"):
        job.array("mask")[0, 0] = 1
    assert job.path("path") == Path("x")
    assert job.title == "m t"
    with pytest.raises(TypeError):
        job.inputs["n"] = 4
    with pytest.raises(AssertionError):
        job.path("mask")
    with pytest.raises(AssertionError):
        job.array("n")


def test_hash_tells_shape_type_and_values_apart() -> None:
    a = np.arange(6, dtype=np.uint8)
    different = [a, a.reshape(2, 3), a.reshape(3, 2), a.astype(np.int8), a + 1]
    assert len({array_hash(v) for v in different}) == 5
    assert array_hash(a.reshape(2, 3).T) == array_hash(np.ascontiguousarray(a.reshape(2, 3).T))


@pytest.fixture
def shelves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Folders of bundled and own checkpoints."""
    bundled, own = tmp_path / "bundled", tmp_path / "own"
    for folder in (bundled, own):
        folder.mkdir()
    monkeypatch.setattr(library, "bundled_folder", lambda: bundled)
    monkeypatch.setattr(library, "user_folder", lambda: own)
    return bundled, own


def test_library_lists_by_method_and_role(shelves: tuple[Path, Path]) -> None:
    bundled, own = shelves
    save_diffusion(bundled / "octa.safetensors")
    save_segmenter(own / "mine.safetensors")
    (own / "damaged.safetensors").write_bytes(b"no checkpoint")
    (own / "notes.txt").touch()
    assert [(e.name, e.bundled) for e in library.entries()] == [("octa", True), ("mine", False)]
    assert [e.name for e in library.entries("adaptdiff", "segmenter")] == ["mine"]
    assert library.entries("cdm") == ()


def test_a_card_is_read_once_and_again_when_its_file_is_another(
    shelves: tuple[Path, Path],
) -> None:
    path = save_segmenter(shelves[1] / "mine.safetensors")
    (first,) = library.entries()
    (second,) = library.entries()
    assert second.card is first.card
    rewrite_card(path, first.card.model_copy(update={"title": "X" * len(first.card.title)}))
    (changed,) = library.entries()
    assert changed.card.title.startswith("XX")


def test_a_file_of_the_library_is_called_by_its_name(
    shelves: tuple[Path, Path], tmp_path: Path
) -> None:
    bundled, own = shelves
    paths = [
        save_segmenter(folder / f"{name}.safetensors")
        for folder, name in ((bundled, "a"), (own, "b"), (own, "a"), (tmp_path, "c"))
    ]
    assert [library.name_of(path) for path in paths] == ["a", "b", str(paths[2]), str(paths[3])]
    assert [library.is_shelved(path) for path in paths] == [True, True, True, False]
    assert all(library.find(library.name_of(path)) == path for path in paths)


def test_library_finds_names_and_files(shelves: tuple[Path, Path]) -> None:
    bundled, own = shelves
    save_diffusion(bundled / "octa.safetensors")
    save_segmenter(own / "octa.safetensors")
    save_segmenter(own / "v1.5.safetensors")
    assert library.find("octa") == bundled / "octa.safetensors"
    assert library.find(str(own / "octa.safetensors")) == own / "octa.safetensors"
    assert library.find("v1.5") == own / "v1.5.safetensors"
    with pytest.raises(CheckpointError, match="no checkpoint named 'absent'") as caught:
        library.find("absent")
    assert "octa" in caught.value.hint
    for name in ("", ".", "..", "folder/absent", "absent.safetensors"):
        with pytest.raises(CheckpointError):
            library.find(name)


def test_a_missing_folder_of_own_checkpoints_is_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "bundled_folder", lambda: tmp_path / "none")
    monkeypatch.setattr(library, "user_folder", lambda: tmp_path / "nor this")
    assert library.entries() == ()


def test_what_describes_jobs_loads_no_torch() -> None:
    modules = "engine.methods, engine.library, engine.jobs, engine.provenance, engine.results"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
