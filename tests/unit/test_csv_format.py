"""Reading and writing CSV: what spreadsheets and people make of it."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbxbridge.errors import Invalid
from pbxbridge.services.transfer import csv_format
from pbxbridge.services.transfer.csv_format import guarded, read_table, written

# What a cell may hold: no control characters but those that a quoted cell may have.
CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20)
HOSTILE = st.sampled_from(["=1+1", "+49 30", "-1-1", "@SUM(A1)", "'=x", "''-x", "+4930", "-5", "'"])


def why(data: bytes) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        read_table(data)
    return refused.value.fields


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_either_mark_delimiter_and_line_end_is_read(
    mark: bytes, delimiter: str, line_end: str
) -> None:
    rows = (["number", "Caller_ID_Name "], ["0100", '"Zoë"'], ["0101", "Bob"])
    text = line_end.join(delimiter.join(row) for row in rows)
    table = read_table(mark + text.encode())
    assert table.columns == ("number", "caller_id_name")
    assert [(row.row, dict(row.cells)) for row in table.rows] == [
        (2, {"number": "0100", "caller_id_name": "Zoë"}),
        (3, {"number": "0101", "caller_id_name": "Bob"}),
    ]


def test_lists_with_semicolons_do_not_mislead_about_the_delimiter() -> None:
    table = read_table(b"number,dids\n1,1;2;3;4\n2,5;6;7;8\n")
    assert [row.cells["dids"] for row in table.rows] == ["1;2;3;4", "5;6;7;8"]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    table = read_table(b'number,x\n1,"two\nlines"\n\n,\n2,b\n')
    assert [(row.row, row.cells["x"]) for row in table.rows] == [(2, "two\nlines"), (5, "b")]


def test_a_row_that_does_not_fit_the_header_is_told_apart() -> None:
    table = read_table(b"number,x\n1\n2,b,c\n3,c,,\n")
    assert table.ragged == {
        2: "This row has 1 cells, the header has 2.",
        3: "This row has 3 cells, the header has 2.",
    }
    assert [row.row for row in table.rows] == [4]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty"),
        (b"\n1,2", "The file is empty"),
        (b"number,x\n1,\xff\xfe", "Line 2 is not UTF-8"),
        ("number".encode("utf-16"), "not UTF-8"),
        (b"number\n\0", "not a text file"),
        (b'number,x\n1,"never closed\n2,b\n', "cannot be read as CSV"),
        (b"number\n" + b"1" * 200_000, "cannot be read as CSV"),
        (b"x" * (csv_format.LARGEST_FILE + 1), "larger than 20 MB"),
        (b"x," * 1_000_000 + b"x\n", "more than 1000 columns"),
    ],
)
def test_what_is_no_csv_file_is_refused_with_the_reason(data: bytes, sentence: str) -> None:
    assert sentence in why(data)[""]


def test_more_rows_than_can_be_worked_on_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_format, "MOST_ROWS", 2)
    assert "more than 2 rows" in why(b"number\n1\n2\n3\n")[""]


def test_a_column_that_is_there_twice_is_refused_by_its_name() -> None:
    assert why(b"number,x,Number,x\n") == {
        "number": "This column is there more than once.",
        "x": "This column is there more than once.",
    }


@given(st.lists(st.tuples(CELLS | HOSTILE, CELLS | HOSTILE), max_size=5))
def test_what_was_written_is_read_back(rows: list[tuple[str, str]]) -> None:
    # A cell that is empty in every column makes a blank row, which is none.
    named = [(f"row {number}", *row) for number, row in enumerate(rows)]
    table = read_table(written([("a", "b", "c"), *named], mark=True))
    assert [tuple(row.cells.values()) for row in table.rows] == named


@given(CELLS | HOSTILE)
def test_no_cell_is_a_formula_to_a_spreadsheet(cell: str) -> None:
    [[seen]] = csv.reader(io.StringIO(written([[cell or "x"]]).decode(), newline=""))
    assert seen[:1] not in {"=", "@", "\t", "\r"}
    if seen[:1] in {"+", "-"}:
        assert seen[1:].isdecimal()


def test_a_number_with_a_plus_is_left_as_other_programs_expect_it() -> None:
    assert guarded("+4930123") == "+4930123"
    assert guarded("+4930 +4931") == "'+4930 +4931"
