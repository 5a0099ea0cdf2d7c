"""CSV of any program: delimiters, encodings, lines."""

import pytest

from consent import csv_text


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("a,b\n1,2\n", [(1, ["a", "b"]), (2, ["1", "2"])]),
        ("\ufeffa;b;c,d\n1;2", [(1, ["a", "b", "c,d"]), (2, ["1", "2"])]),
        ('"a,a,a";b\n1;2', [(1, ["a,a,a", "b"]), (2, ["1", "2"])]),
        ('"a\n,,,";b\n1;2', [(2, ["a\n,,,", "b"]), (3, ["1", "2"])]),
        ("sep=|\na|b\n", [(2, ["a", "b"])]),
        ("name\nx;y\n", [(1, ["name"]), (2, ["x;y"])]),
        ("", []),
    ],
)
def test_the_delimiter_is_the_one_of_the_first_row(text, rows):
    assert list(csv_text.rows(text)) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_bytes_are_read_as_they_were_meant(encoding):
    assert csv_text.decode("name,größe\nå,é\n".encode(encoding)).lstrip("\ufeff") == "name,größe\nå,é\n"


def test_what_is_no_table_says_so():
    with pytest.raises(csv_text.NoTable, match="it is no CSV: field larger"):
        list(csv_text.rows("a,b\n" + "x" * 200_000))
