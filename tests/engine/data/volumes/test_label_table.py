"""Label description files: what is written is read, and odd lines are told by their number."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.data.volumes.label_table import (
    LabelEntry,
    format_label_table,
    label_presets,
    parse_label_table,
    read_label_table,
    write_label_table,
)
from engine.errors import DiskError, InputError

# As ITK-SNAP writes it.
SNAP = """\
################################################
# ITK-SnAP Label Description File
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255    0    0        1  1  1    "Label 1"
    2     0  255    0      0.5  0  1    "Left ""inner"" part"

\t 70\t1 2  3 .25   1 0 "Ünïcode 海馬"
"""


def test_itksnap_file_with_odd_spacing(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(SNAP, "utf-8")
    entries = read_label_table(tmp_path / "a.txt")
    assert [e.value for e in entries] == [0, 1, 2, 70]
    assert entries[1] == LabelEntry(1, "Label 1", (255, 0, 0))
    assert entries[2] == LabelEntry(2, 'Left ""inner"" part', (0, 255, 0), 0.5, False, True)
    assert entries[3] == LabelEntry(70, "Ünïcode 海馬", (1, 2, 3), 0.25, True, False)


def test_windows_line_ends_mark_and_old_code_page(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes('\ufeff1 2 3 4 1 1 1 "A"\r\n2 2 3 4 1 1 1 "B"\r\n'.encode())
    assert [e.name for e in read_label_table(tmp_path / "a.txt")] == ["A", "B"]
    (tmp_path / "b.txt").write_bytes('1 2 3 4 1 1 1 "Gehör"\n'.encode("latin-1"))
    assert read_label_table(tmp_path / "b.txt")[0].name == "Gehör"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("1 2 3 4 1 1", "is no label"),
        ('1 2 3 4 1 1 1 "open', "is no label"),
        ('1 256 3 4 1 1 1 "A"', "red is 256"),
        ('1 2 3 4 1.5 1 1 "A"', "alpha is 1.5"),
        ('-1 2 3 4 1 1 1 "A"', "value is -1"),
        ('1.5 2 3 4 1 1 1 "A"', "value is 1.5"),
        ('x 2 3 4 1 1 1 "A"', "value is x"),
        ('nan 2 3 4 1 1 1 "A"', "value is nan"),
        ('inf 2 3 4 1 1 1 "A"', "value is inf"),
        ('7 2 3 4 1 1 1 "A"', "7 is there twice"),
    ],
)
def test_bad_lines_are_told_with_their_number(line: str, told: str) -> None:
    with pytest.raises(InputError, match=told) as caught:
        parse_label_table(f'# head\n7 0 0 0 1 1 1 "first"\n{line}\n', "table.txt")
    assert "table.txt, line 3" in caught.value.message
    assert caught.value.hint


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("# nothing\n")
    (tmp_path / "binary.txt").write_bytes(bytes(1000))
    for name, told in [("none.txt", "no labels"), ("binary.txt", "not a label"), ("x", "exist")]:
        with pytest.raises(InputError, match=told):
            read_label_table(tmp_path / name)
    with pytest.raises(InputError, match="cannot be read"):
        read_label_table(tmp_path)
    with pytest.raises(DiskError):
        write_label_table(tmp_path / "no" / "a.txt", [LabelEntry(1, "A")])


entries_of = st.lists(
    st.builds(
        LabelEntry,
        value=st.integers(0, 2**32 - 1),
        name=st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters='"')),
        colour=st.tuples(*[st.integers(0, 255)] * 3),
        opacity=st.integers(0, 100).map(lambda n: n / 100),
        visible=st.booleans(),
        mesh=st.booleans(),
    ),
    min_size=1,
    unique_by=lambda e: e.value,
)


@settings(max_examples=50)
@given(entries_of)
def test_written_tables_read_back(entries: list[LabelEntry]) -> None:
    found = parse_label_table(format_label_table(entries), "table")
    assert [e for e in found if e.value] == [e for e in entries if e.value]
    assert any(e.value == 0 for e in found)


@settings(max_examples=50)
@given(st.text())
def test_any_text_is_read_or_told(text: str) -> None:
    with suppress(InputError):
        assert parse_label_table(text, "table")


def test_names_cannot_break_the_file(tmp_path: Path) -> None:
    write_label_table(tmp_path / "a.txt", [LabelEntry(1, 'a "b"\nc'), LabelEntry(2, "next")])
    assert [e.name for e in read_label_table(tmp_path / "a.txt")][1:] == ["a 'b' c", "next"]


def test_presets_are_there_and_sound() -> None:
    presets = {preset.key: preset for preset in label_presets()}
    heart = {e.value: e.name for e in presets["heart"].entries}
    assert heart == {0: "Background", 1: "Right ventricle", 2: "Myocardium", 3: "Left ventricle"}
    assert {"hippocampus", "brain-tumour", "vessels"} <= set(presets)
    for preset in presets.values():
        shown = [e for e in preset.entries if e.value]
        assert preset.title
        assert shown
        assert len({e.colour for e in shown}) == len(shown)
