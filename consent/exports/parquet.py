"""Parquet, for warehouses: the columns of the CSV with types, compressed, a row group every 20,000 answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from consent.exports import formats
from consent.exports.period import LogRow

GROUP = 20_000


class _Drain:
    """A file that only remembers what was written since it was last emptied."""

    closed = False

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self.pieces.append(piece)
        self.size += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None: ...

    def close(self) -> None: ...

    def take(self) -> bytes:
        taken, self.pieces = b"".join(self.pieces), []
        return taken


def to_parquet(rows: Iterable[LogRow], site_uuid: str) -> Iterator[bytes]:
    """Raises ValueError, with what to do, when pyarrow is not installed."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ValueError("Parquet needs pyarrow, which is optional: pip install pyarrow") from error

    typed = {
        "index": pa.int64(),
        "received_at": pa.timestamp("us", tz="UTC"),
        "release": pa.int32(),
        "erased": pa.bool_(),
    }
    schema = pa.schema([(name, typed.get(name, pa.string())) for name in formats.COLUMNS])
    drain = _Drain()
    writer = pq.ParquetWriter(pa.PythonFile(drain, mode="w"), schema, compression="zstd")
    source = iter(rows)
    while group := list(islice(source, GROUP)):
        columns: list[list[Any]] = [
            list(column) for column in zip(*(_typed(row, site_uuid) for row in group), strict=True)
        ]
        writer.write_table(pa.table(dict(zip(formats.COLUMNS, columns, strict=True)), schema=schema))
        yield drain.take()
    writer.close()
    yield drain.take()


_TYPED = [formats.COLUMNS.index(name) for name in ("index", "received_at", "release", "erased")]


def _typed(row: LogRow, site_uuid: str) -> list[Any]:
    values: list[Any] = [value or None for value in formats.values(row, site_uuid)]
    for place, value in zip(_TYPED, (row.index, row.received_at, row.release, row.erased), strict=True):
        values[place] = value
    return values
