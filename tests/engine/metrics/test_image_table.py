"""Scores of several ways, with intervals and paired differences."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.metrics.image_table import COLUMNS, ImageRow, ImageTable
from engine.metrics.images import ImageScore


def table(count: int = 6) -> ImageTable:
    made = ImageTable({"new": "the new way", "old": "the old way"})
    for i in range(count):
        old = ImageScore(0.7 + 0.01 * i, 20.0 + i, 0.1, 1.0)
        new = ImageScore(old.ssim + 0.1, old.psnr + 2, 0.08, 1.2)
        made.add(ImageRow(f"case {i}", f"patient {i // 2}", {"new": new, "old": old}, 5))
    return made


def test_means_and_paired_gains() -> None:
    report = table().report()
    assert (report["cases"], report["patients"]) == (6, 3)
    ssim = report["ways"]["old"]["ssim"]
    assert ssim["mean"] == pytest.approx(0.725)
    assert ssim["interval"][0] < 0.725 < ssim["interval"][1]
    gain = report["gain of new"]["over old"]["ssim"]
    # Paired: what all cases share does not widen the interval.
    assert gain["mean"] == pytest.approx(0.1)
    assert gain["interval"] == [pytest.approx(0.1), pytest.approx(0.1)]
    assert report["ways"]["new"]["what"] == "the new way"
    assert len(report["rows"]) == 12


def test_files(tmp_path: Path) -> None:
    path = table().write(tmp_path / "t.json", {"more": 1})
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["more"] == 1
    assert read["rows"][0] == {
        "case": "case 0", "patient": "patient 0", "way": "new", "ssim": 0.8, "psnr": 22.0,
        "mae": 0.08, "mi": 1.2, "slices": 5,
    }  # fmt: skip
    with table().write(tmp_path / "t.csv").open(encoding="utf-8") as file:
        lines = list(csv.reader(file))
    assert tuple(lines[0]) == COLUMNS
    assert len(lines) == 13
    with pytest.raises(InputError, match="no ending for a table"):
        table().write(tmp_path / "t.txt")


def test_a_summary_for_people() -> None:
    told = table().summary()
    assert "new: SSIM 0.825" in told
    assert "(n = 6)" in told
