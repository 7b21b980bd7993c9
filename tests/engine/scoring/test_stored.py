"""Evaluations from files: the same as when they were written, and other files refused."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.metrics.image_table import ImageRow, ImageTable
from engine.metrics.images import ImageScore
from engine.metrics.overlap import NEITHER
from engine.metrics.table import Row, ScoreTable
from engine.scoring.image_scores import ImageScores
from engine.scoring.report import write_report
from engine.scoring.scoring import Scores
from engine.scoring.stored import read_scores
from tests.engine.scoring.maps import folders, save, scored, truth, without


def test_label_maps_of_two_models(tmp_path: Path) -> None:
    predictions, references = folders(tmp_path)
    for place in sorted(references.iterdir()):
        save(tmp_path / "others" / place.name, without(truth(), 2))
    scores, _ = scored(predictions, references, against=tmp_path / "others", tolerance=2.0)
    file = scores.write(tmp_path / "t.json")

    again = read_scores(file)

    assert isinstance(again, Scores)
    assert again.params.tolerance == 2
    assert again.report()["files"] == scores.report()["files"]
    assert [row.scores[2].state for row in again.table.rows] == ["", "missed", ""]
    assert [row.scores[3].state for row in again.table.rows] == ["", "", "spurious"]
    told, before = again.report(), scores.report()
    for metric, lead in told["lead over the other"].items():
        assert lead["mean"] == pytest.approx(
            before["lead over the other"][metric]["mean"], abs=1e-5
        )
    assert told["rows"][3]["true_ml"] == pytest.approx(before["rows"][3]["true_ml"])
    assert list(write_report(tmp_path / "r.html", again, "again"))


def test_what_methods_write(tmp_path: Path) -> None:
    """Fewer measures, no files: no pictures, but all else."""
    table = ScoreTable({1: "lesion"})
    table.add(Row("a", "a", {1: NEITHER}, "mm"))
    again = read_scores(table.write(tmp_path / "m.json", {"votes": 3}))
    assert isinstance(again, Scores)
    assert (again.title, again.cases, again.table.metrics) == ("m", (), ("dice", "iou", "hd95"))
    assert math.isnan(again.table.rows[0].scores[1].recall)
    assert list(write_report(tmp_path / "r.html", again, "m")) == []
    assert "<figure" not in (tmp_path / "r.html").read_text()

    images = ImageTable({"translation": "made", "source": "as it is"})
    score = ImageScore(0.5, 20.0, 0.1, 1.0)
    images.add(ImageRow("a", "a", {"translation": score, "source": score}, 4))
    found = read_scores(images.write(tmp_path / "i.json"))
    assert isinstance(found, ImageScores)
    assert found.table.rows == images.rows

    two = {"evidence": {"difference": table.report(), "saliency": table.report()}}
    (tmp_path / "cdm.json").write_text(json.dumps(two))
    both = read_scores(tmp_path / "cdm.json")
    assert isinstance(both, Scores)
    assert both.other is not None
    assert both.notes == ("The evidence is that of difference; the other's, saliency.",)

    (tmp_path / "dice.json").write_text(json.dumps({"cases": {"a": 0.5, "b": 0.7}}))
    alone = read_scores(tmp_path / "dice.json")
    assert isinstance(alone, Scores)
    assert alone.table.overall("dice").mean == pytest.approx(0.6)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"rows": []}', '{"rows": [{"class": 1}]}', '{"cases": {}}', "\x00"]
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    with pytest.raises(InputError, match="is no evaluation"):
        read_scores(tmp_path / "x.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_scores(tmp_path / "nowhere.json")
