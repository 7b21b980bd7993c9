from __future__ import annotations

from app.label_values import naming_of
from app.segmenters import Structure
from widgets.paint.labels.table import Label, LabelTable, default_colour

RED, BLUE = (255, 0, 0), (0, 0, 255)


def structures(*names: str) -> list[Structure]:
    return [Structure(value, name, BLUE) for value, name in enumerate(names, 1)]


def named(found: dict[str, int] | None = None, **rows: int) -> LabelTable:
    return LabelTable([Label(value, name, RED) for name, value in (found or rows).items()])


def none(_label: int) -> int:
    return 0


def some(_label: int) -> int:
    return 5


def test_a_new_table_takes_names_and_colours() -> None:
    table = LabelTable()
    naming = naming_of(structures("Cup", "Disc"), table, none)
    assert dict(naming.values) == {1: 1, 2: 2}
    assert naming.told == ()
    naming.enter(table)
    assert [(r.value, r.name, r.colour) for r in table.labels()] == [
        (1, "Cup", BLUE), (2, "Disc", BLUE),
    ]  # fmt: skip


def test_rows_that_are_used_or_named_are_not_free() -> None:
    used = naming_of(structures("Cup"), named({"Label 1": 1}), some)
    assert dict(used.values) == {1: 2}
    assert used.told == ("Cup is label 2: 1 is Label 1.",)
    planned = naming_of(structures("Cup"), named({"Tumour": 1}), none)
    assert dict(planned.values) == {1: 2}
    assert planned.told == ("Cup is label 2: 1 is Tumour.",)


def test_labels_that_meet_can_be_told_apart() -> None:
    table = LabelTable([Label(1, "Tumour", BLUE), Label(2, "Oedema", default_colour(3))])
    naming = naming_of(structures("Cup"), table, none)
    (row,) = naming.rows
    assert (row.value, row.colour) == (3, default_colour(4)), "blue and yellow are worn"
    free = naming_of(structures("Cup"), LabelTable([Label(1, "Label 1", BLUE)]), none)
    assert free.rows[0].colour == BLUE, "nobody else wears it"


def test_numbers_of_the_other_classes_are_not_taken_away() -> None:
    naming = naming_of(structures("Cup", "Disc"), named({"Tumour": 1}), none)
    assert dict(naming.values) == {1: 3, 2: 2}


def test_names_are_compared_as_people_read_them() -> None:
    table = named({"left  HIPPOCAMPUS": 7, "Label 1": 1})
    naming = naming_of(structures("Left hippocampus", "label 1"), table, some)
    assert dict(naming.values) == {1: 7, 2: 1}
    naming.enter(table)
    assert [row.name for row in table.labels()] == ["left  HIPPOCAMPUS", "Label 1"]


def test_two_classes_of_one_name_stay_apart() -> None:
    naming = naming_of(structures("Cell", "Cell"), named({"Cell": 4}), some)
    assert dict(naming.values) == {1: 4, 2: 2}


def test_of_two_rows_of_one_name_the_first_is_meant() -> None:
    table = LabelTable([Label(3, "Cell", RED), Label(5, "Cell", RED)])
    assert dict(naming_of(structures("Cell"), table, some).values) == {1: 3}
