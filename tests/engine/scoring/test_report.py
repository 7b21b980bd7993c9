"""The report of scores: complete in one file, escaped, with the errors of the worst cases."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import InputError
from engine.scoring.boxes import box_plot
from engine.scoring.document import Box, Plot
from engine.scoring.errors import CONFUSED, KINDS, MISSED, RIGHT, SPURIOUS
from engine.scoring.pairing import ScoredCase
from engine.scoring.pictures import OPACITY, errors_png
from engine.scoring.report import write_report
from tests.engine.scoring.maps import folders, save, scored, truth


def test_a_page_with_everything_in_it(tmp_path: Path) -> None:
    scores, _ = scored(*folders(tmp_path))

    list(write_report(tmp_path / "r.html", scores, "<b>Model</b>"))
    text = (tmp_path / "r.html").read_text()

    assert "<h1>&lt;b&gt;Model&lt;/b&gt;</h1>" in text
    assert "http" not in text
    assert "<script" not in text
    pictures = re.findall(r"src='data:image/png;base64,([^']+)'", text)
    assert len(pictures) == 3
    for picture in pictures:
        Image.open(io.BytesIO(base64.b64decode(picture))).verify()
    # Cases with the lowest Dice come first.
    shown = re.findall(r"<b>(patient\d_a)</b>: Dice ([\d.]+)", text)
    assert [case for case, _ in shown][2] == "patient1_a"
    assert shown[2][1] == "1.000"
    assert all(kind.name in text for kind in KINDS.values())
    assert text.count("<svg") == 3
    assert "missed" in text
    assert "spurious" in text


def test_both_models_are_in_it(tmp_path: Path) -> None:
    predictions, references = folders(tmp_path)
    for file in references.iterdir():
        save(tmp_path / "other" / file.name, truth())
    scores, _ = scored(predictions, references, tmp_path / "other")

    list(write_report(tmp_path / "r.html", scores, "two"))

    text = (tmp_path / "r.html").read_text()
    assert "The other model" in text
    assert "too few differ" in text
    assert "(other)" in text


def test_every_kind_of_error_has_its_colour(tmp_path: Path) -> None:
    found = truth()
    found[2:6, 2:6, 3] = 2  # another label on a slice
    found[3, 3, 3] = 0
    found[0, 0, 3] = 1
    found[2, 2, 3] = 1
    reference = save(tmp_path / "t.nii.gz", truth())
    case = ScoredCase("t", "t", reference, save(tmp_path / "f.nii.gz", found))

    png, told = errors_png(case)
    picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))

    # Slice 4 from the feet; its rows go to the back, its columns to the left, 1.5 and 1 mm apart.
    assert told == "axial slice 4 of 8, 16 wrong"
    assert picture.shape == (288, round(288 * 12 / 15), 3)
    height, width = picture.shape[0] / 10, picture.shape[1] / 12

    def colour(i: int, j: int) -> tuple[int, ...]:
        row, column = (9 - j + 0.5) * height, (11 - i + 0.5) * width
        return tuple(int(v) for v in picture[int(row), int(column)])

    for place, kind in (
        ((2, 2), RIGHT), ((0, 0), SPURIOUS), ((3, 3), MISSED), ((4, 4), CONFUSED),
    ):  # fmt: skip
        assert colour(*place) == tuple(int(OPACITY * c) for c in KINDS[kind].colour)
    assert colour(11, 9) == (0, 0, 0)


def test_errors_lie_on_the_image(tmp_path: Path) -> None:
    reference = save(tmp_path / "t.nii.gz", truth())
    values = np.arange(truth().size, dtype=np.int16).reshape(truth().shape)
    image = save(tmp_path / "i.nii.gz", values)
    case = ScoredCase("t", "t", reference, reference, image=image)

    picture = np.asarray(Image.open(io.BytesIO(errors_png(case)[0])).convert("RGB"))
    assert 60 < picture.mean() < 200
    other = save(tmp_path / "o.nii.gz", values[:5])
    with pytest.raises(InputError, match="the images that the references were drawn on"):
        errors_png(ScoredCase("t", "t", reference, reference, image=other))


def test_a_pdf_has_all_pages(tmp_path: Path) -> None:
    predictions, references = folders(tmp_path)
    for number in range(40):
        save(references / f"more{number:02}_a.nii.gz", truth())
        save(predictions / f"more{number:02}_a.nii.gz", truth())
    scores, _ = scored(predictions, references)

    list(write_report(tmp_path / "r.pdf", scores, "<b>Model</b> & Söhne"))
    content = (tmp_path / "r.pdf").read_bytes()

    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    # 12 pictures in rows of 4 and 129 lines of a table, on pages of their own.
    assert len(re.findall(rb"/Type /Page\b", content)) >= 5
    assert content.count(b"/Subtype /Image") == 3, "pictures that are the same are there once"
    assert b"/FontFile2" in content, "letters are in it, not left to the reader"


def test_axes_end_at_round_numbers() -> None:
    box = (Box("a", [0.0], ["x"]),)
    assert Plot("", box, 0.0, 1.0).ticks == (0, 0.2, 0.4, 0.6, 0.8, 1)
    assert Plot("", box, 0.0, 1.41).ticks == (0, 0.5, 1, 1.5)
    assert Plot("", box, -0.3, 42.0).ticks == (-10, 0, 10, 20, 30, 40, 50)
    for low, high in ((0.0, 0.0), (3.2, 3.2), (0.0, 1e-7), (-2.0, 9e5)):
        ticks = Plot("", box, low, high).ticks
        assert ticks[0] <= low <= high <= ticks[-1]
        assert 2 <= len(ticks) <= 7


def test_endings(tmp_path: Path) -> None:
    scores, _ = scored(*folders(tmp_path))
    with pytest.raises(InputError, match="no ending for a report"):
        list(write_report(tmp_path / "r.doc", scores, "x"))


def test_boxes_reach_as_far_as_their_values() -> None:
    values = [0.1, 0.5, 0.5, 0.6, 0.7]
    svg = box_plot(Plot("Dice", (Box("a & b", values, list("vwxyz")),), 0, 1))
    assert svg.count("<circle") == 5
    assert "a &amp; b" in svg
    assert "<title>v: 0.1</title>" in svg
    # 0.1 lies more than 1.5 interquartile ranges away: the whisker ends before it.
    whisker = re.search(r"<line x1='([\d.]+)' x2='([\d.]+)' y1='[\d.]+' y2='[\d.]+' class='w'", svg)
    assert whisker is not None
    assert float(whisker[1]) == pytest.approx(190 + 420 * 0.5)
    assert float(whisker[2]) == pytest.approx(190 + 420 * 0.7)
