"""Options are made from the parameters, and the command line starts light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.arguments import WindowRequest, window_request
from app.cli import main, options_of
from app.cli_request import Offer, offers
from engine.methods import METHODS
from engine.parameters import describe

OFFERS = offers(METHODS)
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.command)
def test_every_parameter_and_input_has_an_option(offer: Offer) -> None:
    names = {option.name for option in options_of(offer)}
    for task in offer.tasks:
        assert {info.name for info in describe(task.params)} <= names
        assert set(task.inputs) <= names
    assert "output" in names


def test_every_task_has_a_command() -> None:
    offered = {(m.id, t.name) for offer in OFFERS for m, t in offer.choices}
    assert offered == {(m.id, t.name) for m in METHODS for t in m.tasks}


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.command)
def test_help_names_every_option(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([offer.command, "--help"]) == 0
    told = capsys.readouterr().out
    for task in offer.tasks:
        for info in describe(task.params):
            assert f"--{info.name.replace('_', '-')}" in told


@pytest.mark.parametrize(
    "arguments",
    [["segment", "--method", "cdal", "-h"], ["segment", "--help", "--method=cdal"]],
)
def test_help_on_a_method_leaves_out_what_others_take(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "--votes" in told
    assert "--overwrite" in told, "its folders have options of their own"
    assert "--tau" not in told
    assert "Or: " not in told
    assert "default: hippocampus" in told


def test_help_on_a_stage_and_on_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--method", "cdm", "--stage", "train-classifier", "--help"]) == 0
    assert "--discriminator" not in capsys.readouterr().out
    assert main(["grow", "--method", "cdal", "--help"]) == 0
    assert "--size" in capsys.readouterr().out
    assert main(["segment", "--method", "nothing", "--help"]) == 0
    told = capsys.readouterr().out
    assert "--votes" in told
    assert "--tau" in told


def test_help_tells_default_range_and_choices(capsys: pytest.CaptureFixture[str]) -> None:
    main(["synthesize", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "ddpm|ddim|dpm++" in told
    assert "default: dpm++" in told
    assert "1<=x<=64" in told


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["train", "--help"], ["info", "--no-devices"], ["synthesize", "--steps", "0"]],
    ids=" ".join,
)
def test_torch_stays_away_where_nothing_is_computed(arguments: list[str]) -> None:
    script = (
        "import sys; from main import main\n"
        f"main({arguments!r})\n"
        "assert 'torch' not in sys.modules and 'PyQt6' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "request_"),
    [
        ([], WindowRequest()),
        (["a.png", "b.nii.gz"], WindowRequest((Path("a.png"), Path("b.nii.gz")))),
        (["--reset"], WindowRequest(reset=True)),
        (["--reset", "a.TIF"], WindowRequest((Path("a.TIF"),), reset=True)),
        (["synthesize", "--mask", "a.png"], None),
        (["--headless", "a.png"], None),
        (["--info"], None),
        (["nonsense"], None),
    ],
    ids=str,
)
def test_no_arguments_or_images_open_the_window(
    arguments: list[str], request_: WindowRequest | None
) -> None:
    assert window_request(arguments) == request_


def test_headless_alone_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--headless"]) == 0
    assert "synthesize" in capsys.readouterr().out
