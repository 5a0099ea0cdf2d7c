"""Parquet, for warehouses: the columns of the CSV with types, compressed, a row group every 25,000 answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import IO, Any

from consent.exports import formats
from consent.exports.period import LogRow

GROUP = 25_000


def _arrow() -> Any:
    """Raises ValueError, with what to do, when pyarrow is not installed."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ValueError("Parquet needs pyarrow, which is optional: pip install pyarrow") from error
    return pyarrow


def _schema(arrow: Any) -> Any:
    typed = {
        "index": arrow.int64(), "received_at": arrow.timestamp("us", tz="UTC"), "release": arrow.int32(),
        "erased": arrow.bool_(),
    }  # fmt: skip
    return arrow.schema([(name, typed.get(name, arrow.string())) for name in formats.COLUMNS])


def write_part(rows: Iterable[LogRow], site_uuid: str, file: IO[bytes]) -> None:
    """The rows as tables of GROUP rows in Arrow's own stream format: making them is what takes long."""
    arrow = _arrow()
    schema = _schema(arrow)
    source = iter(rows)
    with arrow.ipc.new_stream(file, schema) as stream:
        while group := list(islice(source, GROUP)):
            stream.write_table(_table(arrow, schema, group, site_uuid))


def writer(file: IO[bytes]) -> Any:
    """What writes a Parquet file, as a context: see `append_part`. Raises ValueError without pyarrow."""
    arrow = _arrow()
    return arrow.parquet.ParquetWriter(file, _schema(arrow), compression="zstd", use_dictionary=list(formats.ALIKE))


def append_part(writer: Any, source: IO[bytes]) -> None:
    """Adds what `write_part` wrote: a row group of each of its tables."""
    arrow = _arrow()
    for batch in arrow.ipc.open_stream(source):
        writer.write_table(arrow.Table.from_batches([batch]))


def _table(arrow: Any, schema: Any, rows: Sequence[LogRow], site_uuid: str) -> Any:
    """The rows by columns. What many of them say alike is told apart once, and then named by its number."""
    single: list[tuple[Any, ...]] = []
    numbers: list[int] = []
    alike: dict[formats.Alike, int] = {}
    for row in rows:
        said, others = formats.told_apart(row)
        single.append(
            (row.index, row.record_id, row.stamp, said.page or None, row.visitor, row.replaces,
             said.client_time or None, formats.leaf_hash(row, site_uuid).hex(), row.erased)
        )  # fmt: skip
        numbers.append(alike.setdefault(others, len(alike)))
    columns = {
        name: arrow.array(values, _read_as(arrow, name, schema)).cast(schema.field(name).type)
        for name, values in zip(SINGLE, zip(*single, strict=True), strict=True)
    }
    places = arrow.array(numbers, arrow.int32())
    for name, values in zip(formats.ALIKE, zip(*map(formats.shown, alike), strict=True), strict=True):
        present = [None if value == "" else value for value in values]
        columns[name] = arrow.array(present, schema.field(name).type).take(places)
    return arrow.table({name: columns[name] for name in formats.COLUMNS}, schema=schema)


def _read_as(arrow: Any, name: str, schema: Any) -> Any:
    """Times come as texts, which Arrow reads faster than Python does."""
    return arrow.string() if name == "received_at" else schema.field(name).type


# The columns that differ in each record, in the order in which `_table` reads them.
SINGLE = ("index", "id", "received_at", "page", "visitor", "replaces", "client_time", "leaf_hash", "erased")
