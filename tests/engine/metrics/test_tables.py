"""Intervals, the reliability of an uncertainty, and tables on disk."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.errors import InputError
from engine.metrics.bootstrap import bootstrap_mean
from engine.metrics.overlap import score_classes
from engine.metrics.reliability import Reliability
from engine.metrics.table import Row, ScoreTable


def test_the_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(3)
    hits = 0
    for trial in range(200):
        found = bootstrap_mean(list(rng.normal(0.8, 0.1, 40)), seed=trial)
        hits += found.low <= 0.8 <= found.high
    assert 0.88 <= hits / 200 <= 0.99


def test_slices_of_one_patient_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(0)
    patients = rng.normal(0.8, 0.1, 8)
    values = np.repeat(patients, 10)
    names = [f"p{i // 10}" for i in range(80)]
    alone, grouped = bootstrap_mean(list(values)), bootstrap_mean(list(values), names)
    assert grouped.mean == alone.mean == pytest.approx(patients.mean())
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)
    with pytest.raises(ValueError, match="0 values"):
        bootstrap_mean([])


def test_auroc_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(1)
    uncertainty = rng.integers(0, 8, 400) / 32
    wrong = rng.random(400) < 0.1 + uncertainty
    counts = Reliability(0.25)
    counts.add(uncertainty[:150].reshape(10, 15), wrong[:150].reshape(10, 15))
    counts.add(uncertainty[150:], wrong[150:])
    pairs = np.subtract.outer(uncertainty[wrong], uncertainty[~wrong])
    assert counts.auroc() == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_bins_tell_the_error_rate() -> None:
    uncertainty = np.array([0.0, 0.01, 0.2, 0.25, 0.25])
    wrong = np.array([False, False, True, True, False])
    counts = Reliability(0.25)
    counts.add(uncertainty, wrong)
    first, last = counts.bins(4)[0], counts.bins(4)[-1]
    assert (first.voxels, first.error_rate) == (2, 0.0)
    assert (last.voxels, last.error_rate) == (3, pytest.approx(2 / 3))
    assert last.uncertainty == pytest.approx(0.7 / 3)
    assert len(counts.bins(4)) == 2


def test_without_errors_there_is_no_auroc() -> None:
    counts = Reliability(0.25)
    counts.add(np.zeros(3), np.zeros(3, bool))
    assert counts.auroc() is None
    with pytest.raises(ValueError, match="against"):
        counts.add(np.zeros(3), np.zeros(4, bool))


def table() -> ScoreTable:
    truth = np.zeros((3, 8, 8), np.uint8)
    truth[:, 1:4, 1:4], truth[:, 5:7, 5:7] = 1, 2
    half = truth.copy()
    half[half == 2] = 0
    made = ScoreTable({1: "anterior", 2: "posterior"})
    for case, found in (("a", truth), ("b", half)):
        made.add(Row(case, case, score_classes(found, truth, (1, 2), (1.0, 1.0, 1.0)), "mm"))
    return made


def test_a_missed_class_lowers_the_mean_and_is_named() -> None:
    report = table().report()
    posterior = report["classes"]["2"]
    assert posterior["dice"]["mean"] == 0.5
    assert posterior["missed in"] == ["b"]
    assert posterior["hd95"]["mean"] == pytest.approx(np.sqrt(4 + 49 + 49) / 2)
    assert report["mean of classes"]["dice"]["mean"] == 0.75
    assert "diagonal" in report["rule"]
    assert "posterior: Dice 0.500 (0.000 to 1.000)" in table().summary()


def test_two_models_on_the_same_cases_are_compared_case_by_case() -> None:
    better, worse = table(), table()
    worse.rows[:] = [replace(row, scores=better.rows[1].scores) for row in better.rows]
    found = better.difference(ScoreTable(worse.names, worse.rows[::-1]), "dice")
    assert (found.mean, found.low, found.high) == (0.25, 0.0, 0.5)
    assert better.difference(better, "hd95").mean == 0.0
    with pytest.raises(ValueError, match="other cases"):
        better.difference(ScoreTable(worse.names, worse.rows[:1]), "dice")


def test_tables_on_disk(tmp_path: Path) -> None:
    made = table()
    with made.write(tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["case"], r["name"], float(r["dice"])) for r in rows][-1] == ("b", "posterior", 0.0)
    made.write(tmp_path / "t.json", {"checkpoint": "x"})
    read = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    assert read["checkpoint"] == "x"
    assert len(read["rows"]) == 4
    with pytest.raises(InputError, match="ending"):
        made.write(tmp_path / "t.xls")


def test_a_table_may_tell_of_other_metrics(tmp_path: Path) -> None:
    made = table()
    told = ScoreTable(made.names, made.rows, ("dice", "asd"))
    assert "hd95" not in told.report()["classes"]["1"]
    assert told.report()["classes"]["2"]["asd"]["mean"] == pytest.approx(np.sqrt(102) / 2)
    assert "ASD 0.0 (0.0 to 0.0) mm (n = 2)" in told.summary()
    with told.write(tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file))[4:6] == ["dice", "asd"]
