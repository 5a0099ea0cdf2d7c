"""Rows of a CSV file or of the first sheet of an XLSX workbook that somebody hands over. Pure; nothing is evaluated.

What a file may cost is bounded before it is read: bytes (packed and unpacked), rows, columns, characters of a cell.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from datetime import datetime, timedelta
from itertools import islice
from xml.parsers import expat

from consent import csv_text

LARGEST = 20_000_000  # bytes of an unpacked part
PARTS = 500  # of a workbook
ROWS, COLUMNS, CELL = 20_000, 60, 4_000
SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
OLD_EXCEL = b"\xd0\xcf\x11\xe0"
DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}  # number formats that every workbook has
FIRST_DAY = datetime(1899, 12, 30)  # of a workbook's numbers; of those that are dates


def rows(body: bytes) -> list[list[str]]:
    """The cells of a table as text, row by row. Raises ValueError, with a sentence, for what is none or is too much."""
    if body.startswith(OLD_EXCEL):
        raise ValueError("it is a file of an old Excel; save it as XLSX or CSV")
    found = _workbook(body) if body.startswith(b"PK") else _csv(body)
    if len(found) > ROWS:
        raise ValueError(f"it has more than {ROWS} rows")
    return [[cell.strip()[:CELL] for cell in row[:COLUMNS]] for row in found]


def _csv(body: bytes) -> list[list[str]]:
    return [cells for _, cells in islice(csv_text.rows(csv_text.decode(body)), ROWS + 1)]


def _workbook(body: bytes) -> list[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            if len(packed.infolist()) > PARTS:
                raise ValueError(f"it has more than {PARTS} parts")
            names = set(packed.namelist())
            if SHEET not in names:
                raise ValueError("it is no workbook: it has no first sheet")
            strings = _Strings.read(_part(packed, STRINGS)) if STRINGS in names else []
            dates = _Styles.read(_part(packed, STYLES)) if STYLES in names else set()
            return _Sheet.read(_part(packed, SHEET), strings, dates)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise ValueError(f"it is no workbook: {error}") from None
    except expat.ExpatError as error:
        raise ValueError(f"it is no workbook: {expat.errors.messages[error.code]}") from None


def _part(packed: zipfile.ZipFile, name: str) -> bytes:
    # What the archive says of its sizes is its author's word.
    with packed.open(name) as part:
        body = part.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise ValueError(f"unpacked it is larger than {LARGEST // 1_000_000} MB")
    return body


class _Reader:
    """Reads XML without a document type: entities could make a small file a large one."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = lambda name, given: self.start(name.rpartition(" ")[2], given)
        self.parser.EndElementHandler = lambda name: self.end(name.rpartition(" ")[2])
        self.parser.CharacterDataHandler = self.text.append
        self.parser.StartDoctypeDeclHandler = self._refuse

    @staticmethod
    def _refuse(*_given: object) -> None:
        raise ValueError("it has a document type, which no workbook has")

    def start(self, tag: str, given: dict[str, str]) -> None: ...

    def end(self, tag: str) -> None: ...


class _Strings(_Reader):
    """The texts that cells name by number; of a formatted one all pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.pieces: list[str] = []

    @classmethod
    def read(cls, body: bytes) -> list[str]:
        reader = cls()
        reader.parser.Parse(body, True)
        return reader.found

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "si":
            self.pieces.clear()
        self.text.clear()

    def end(self, tag: str) -> None:
        if tag == "t":
            self.pieces.append("".join(self.text))
        elif tag == "si":
            self.found.append("".join(self.pieces)[:CELL])
        self.text.clear()


class _Styles(_Reader):
    """Which styles of cells show a number as a date: their places in the list."""

    def __init__(self) -> None:
        super().__init__()
        self.own: set[int] = set()  # formats of the workbook's own that are dates
        self.found: set[int] = set()
        self.inside = False
        self.count = 0

    @classmethod
    def read(cls, body: bytes) -> set[int]:
        reader = cls()
        reader.parser.Parse(body, True)
        return reader.found

    def start(self, tag: str, given: dict[str, str]) -> None:
        number = int(given["numFmtId"]) if given.get("numFmtId", "").isdecimal() and len(given["numFmtId"]) < 6 else 0
        # Letters in quotes, behind a backslash and in brackets are no part of a date.
        letters = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", given.get("formatCode", "")[:200])
        if tag == "numFmt" and re.search("[ymdhs]", letters, re.IGNORECASE):
            self.own.add(number)
        elif tag == "cellXfs":
            self.inside = True
        elif tag == "xf" and self.inside:
            if number in DATES or number in self.own:
                self.found.add(self.count)
            self.count += 1

    def end(self, tag: str) -> None:
        if tag == "cellXfs":
            self.inside = False


class _Sheet(_Reader):
    """Cells by their place; of a formula what it came to when the file was saved; of a date its day."""

    def __init__(self, strings: list[str], dates: set[int]) -> None:
        super().__init__()
        self.strings, self.dates = strings, dates
        self.is_date = False
        self.found: list[list[str]] = []
        self.row: list[str] = []
        self.kind, self.column, self.value = "", 0, ""

    @classmethod
    def read(cls, body: bytes, strings: list[str], dates: set[int]) -> list[list[str]]:
        reader = cls(strings, dates)
        reader.parser.Parse(body, True)
        return reader.found

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "row":
            self.row = []
        elif tag == "c":
            self.kind, self.value = given.get("t", ""), ""
            style = given.get("s", "0")
            self.is_date = style.isdecimal() and len(style) < 6 and int(style) in self.dates
            letters = given.get("r", "").rstrip("0123456789")
            self.column = _number(letters) if letters else len(self.row)
        self.text.clear()

    def end(self, tag: str) -> None:
        if tag in ("v", "t"):
            self.value += "".join(self.text)
        elif tag == "c" and self.column < COLUMNS:
            self.row += [""] * (self.column - len(self.row))
            self.row[self.column :] = [self._cell()]
        elif tag == "row" and len(self.found) <= ROWS:
            self.found.append(self.row)
        self.text.clear()

    def _cell(self) -> str:
        if self.kind in ("", "n"):
            return _written(self.value, self.is_date)
        if self.kind != "s":
            return self.value[:10] if self.kind == "d" else self.value
        number = int(self.value) if self.value.isascii() and self.value.isdigit() and len(self.value) < 10 else -1
        return self.strings[number] if 0 <= number < len(self.strings) else ""


def _number(letters: str) -> int:
    """`A` → 0, `AA` → 26; what is no column is past all."""
    number = 0
    for letter in letters[:4]:
        if not "A" <= letter <= "Z":
            return COLUMNS
        number = number * 26 + ord(letter) - 64
    return number - 1


def _written(number: str, is_date: bool) -> str:
    """A number as people write it: whole ones without a point, dates as days."""
    if not re.fullmatch(r"-?\d{1,15}(\.\d{1,20})?([Ee][+-]?\d{1,2})?", number):
        return number
    value = float(number)
    if is_date and 1 <= value < 2_958_466:
        return f"{FIRST_DAY + timedelta(days=value):%Y-%m-%d}"
    return f"{value:.0f}" if value == int(value) and abs(value) < 10**15 else number
