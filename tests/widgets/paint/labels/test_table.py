from __future__ import annotations

import pytest

from widgets.paint.labels.table import Label, LabelTable, default_colour


def heard(table: LabelTable) -> list[object]:
    told: list[object] = []
    table.changed.connect(lambda: told.append("changed"))
    table.activeChanged.connect(told.append)
    return told


def test_it_starts_with_one_red_label() -> None:
    table = LabelTable()
    assert table.labels() == (Label(1, "Label 1", (255, 0, 0)),)
    assert table.active() == 1


def test_new_labels_take_the_lowest_free_value_and_their_colour() -> None:
    table = LabelTable()
    told = heard(table)
    table.add()
    table.add("Tumour", value=9)
    third = table.add("Liver", (1, 2, 3))
    assert [label.value for label in table.labels()] == [1, 2, 9, 3]
    assert third == Label(3, "Liver", (1, 2, 3))
    assert table.labels()[1].colour == (0, 255, 0)
    assert told == ["changed"] * 3
    with pytest.raises(ValueError, match="already"):
        table.add(value=9)


def test_colours_stay_apart() -> None:
    colours = [default_colour(value) for value in range(1, 41)]
    assert len(set(colours)) == 40
    assert colours[:2] == [(255, 0, 0), (0, 255, 0)]


def test_the_active_label_moves_through_the_list_and_past_a_removed_one() -> None:
    table = LabelTable([Label(5, "a", (1, 1, 1)), Label(2, "b", (2, 2, 2))])
    told = heard(table)
    table.next()
    table.next()
    table.previous()
    assert told == [2, 5, 2]
    table.remove(2)
    assert table.active() == 5
    table.setActive(0)
    table.next()
    assert table.active() == 5
    with pytest.raises(KeyError):
        table.setActive(2)


def test_changes_are_told_once_and_checked() -> None:
    table = LabelTable()
    told = heard(table)
    table.change(1, name="Liver", locked=True)
    table.change(1, name="Liver")
    assert told == ["changed"]
    assert table.locked() == {1}
    for fields in ({"value": 3}, {"opacity": 2.0}, {"colour": (0, 0, 300)}):
        with pytest.raises(ValueError, match=r"label|opacity|colour"):
            table.change(1, **fields)


def test_moving_and_resetting() -> None:
    table = LabelTable([Label(v, str(v), (v, v, v)) for v in (1, 2, 3)])
    table.move(3, 0)
    assert [label.value for label in table.labels()] == [3, 1, 2]
    table.setActive(2)
    table.reset([Label(2, "x", (0, 0, 0)), Label(7, "y", (0, 0, 0))])
    assert table.active() == 2
    table.reset([Label(7, "y", (0, 0, 0))])
    assert table.active() == 7
    with pytest.raises(ValueError, match="same value"):
        table.reset([Label(7, "y", (0, 0, 0))] * 2)


def test_the_lookup_hides_background_and_hidden_labels() -> None:
    table = LabelTable(
        [Label(1, "a", (9, 8, 7), opacity=0.5), Label(300, "b", (1, 2, 3), visible=False)]
    )
    colours = table.lookup(400)
    assert colours[0].tolist() == [0, 0, 0, 0]
    assert colours[1].tolist() == [9, 8, 7, 128]
    assert colours[300, 3] == 0
    assert colours[2].tolist() == [0, 255, 0, 255]
    assert colours[399].tolist() == [*default_colour(399), 255]
    assert table.name(300) == "b"
    assert table.name(0) == "Background"
    assert table.name(17) == "Label 17"
