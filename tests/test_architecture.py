"""The contracts of pyproject.toml hold, each would notice its breach, and torch stays out."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "engine", "widgets")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]
LINT = "import sys; from importlinter.cli import lint_imports_command as run; run(sys.argv[1:])"

BREACHES = [
    ("sides", "widgets/planted.py", "import engine.jobs"),
    ("sides", "engine/planted.py", "from widgets import theme"),
    ("sides", "widgets/planted.py", "from app.bridge import Bridge"),
    ("sides", "engine/planted.py", "def late():\n    import app.bridge"),
    ("engine-without-qt", "engine/data/planted.py", "from PyQt6.QtGui import QImage"),
    ("engine-without-qt", "engine/planted.py", "import pyqtgraph as pg"),
    ("widgets-without-torch", "widgets/planted.py", "from torch import Tensor"),
    ("app-without-torch", "app/planted.py", "def late():\n    import torch"),
    ("methods", "engine/methods/planted.py", "from engine.methods import adaptdiff"),
    ("methods", "engine/methods/planted/deep.py", "from engine.methods.adaptdiff import params"),
    ("engine-layers", "engine/diffusion/planted.py", "import engine.worker"),
    ("engine-layers", "engine/networks/planted.py", "from engine.method import Task"),
    ("engine-layers", "engine/data/planted.py", "from engine.diffusion import noise"),
    ("engine-layers", "engine/training/planted.py", "import engine.methods"),
    ("engine-layers", "engine/methods/planted.py", "from engine.worker import Engine"),
    ("engine-layers", "engine/planted.py", "x_t = 0  # a module without a place"),
]


def check(folder: Path) -> set[str]:
    """The ids of the contracts that the packages in a folder break."""
    command = [sys.executable, "-c", LINT, "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    broken = {c["id"] for c in CONTRACTS if f"{c['name']} BROKEN" in done.stdout}
    assert bool(broken) == (done.returncode != 0), done.stdout
    return broken


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages, without a breach, to plant some in."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(ROOT / "pyproject.toml", folder)
    for package in PACKAGES:
        skip = shutil.ignore_patterns("__pycache__", "*.safetensors")
        shutil.copytree(ROOT / package, folder / package, ignore=skip)
    assert not check(folder)
    return folder


def test_the_contracts_hold() -> None:
    command = [sys.executable, "-c", LINT, "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Contracts: {len(CONTRACTS)} kept" in done.stdout


def test_every_contract_has_a_breach_that_shows_it_works() -> None:
    assert {c["id"] for c in CONTRACTS} == {contract for contract, _, _ in BREACHES}


@pytest.mark.parametrize(("contract", "path", "code"), BREACHES)
def test_a_planted_breach_is_caught(copy: Path, contract: str, path: str, code: str) -> None:
    planted = copy / path
    made_folder = not planted.parent.exists()
    planted.parent.mkdir(exist_ok=True)
    if made_folder:
        (planted.parent / "__init__.py").touch()
    planted.write_text(code + "\n", "utf-8")
    try:
        assert contract in check(copy)
    finally:
        planted.unlink()
        if made_folder:
            shutil.rmtree(planted.parent)


@pytest.mark.parametrize(
    "modules",
    [
        "engine, engine.jobs, engine.events, engine.worker, engine.methods",
        "widgets, widgets.theme, widgets.forms, widgets.paint, widgets.viewer, widgets.timeline",
        "app.bridge, app.window",
    ],
)
def test_torch_is_not_loaded_by(modules: str) -> None:
    code = f"import sys, {modules}; print('torch' in sys.modules, 'PyQt6' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    torch_loaded, qt_loaded = done.stdout.split()
    assert torch_loaded == "False"
    assert qt_loaded == str(not modules.startswith("engine"))
