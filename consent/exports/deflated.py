"""A file of a zip that was compressed elsewhere, part by part: only its check sums are made in one place.

With isal (an import that may fail), compressing takes a quarter of zlib's time for the same size. What a zip holds is
the same either way; its compressed bytes are those of whichever library wrote them.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from consent import private_files

PIECE = 1 << 20
END = b"\x03\x00"  # an empty last block: the parts end without one, so that another may follow
library: ModuleType = zlib
LEVEL = 3  # half the time of 6, a tenth more bytes
with suppress(ImportError):  # where there is no wheel
    from isal import isal_zlib

    library, LEVEL = isal_zlib, 2


def compressor() -> Any:
    """Makes raw deflate of what goes through it."""
    return library.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)


class Stream:
    """The parts so far, in a file of raw deflate; `certain` bytes of what an earlier run wrote are gone on with."""

    def __init__(self, path: Path, certain: int = 0) -> None:
        self.path = path
        self.sha256, self.crc, self.size = hashlib.sha256(), 0, 0
        self._file = private_files.open_file(path, "ab")
        self._file.truncate(certain)
        self._file.seek(certain)
        self._inflate()

    def _inflate(self) -> None:
        """Makes the check sums of what is there: a state of SHA-256 can't be stored."""
        inflate = library.decompressobj(-zlib.MAX_WBITS)
        with self.path.open("rb") as source:
            while piece := source.read(PIECE):
                self._count(inflate.decompress(piece))

    def _count(self, data: bytes) -> None:
        self.sha256.update(data)
        self.crc = library.crc32(data, self.crc)
        self.size += len(data)

    def append(self, plain: Path, deflated: Path) -> None:
        """Adds a part, of which there are both forms."""
        with plain.open("rb") as source:
            while piece := source.read(PIECE):
                self._count(piece)
        with deflated.open("rb") as source:
            shutil.copyfileobj(source, self._file, PIECE)
        self._file.flush()

    def tell(self) -> int:
        """How many bytes were written."""
        return self._file.tell()

    def close(self) -> None:
        """Ends writing; `put` may follow."""
        self._file.close()

    def put(self, archive: zipfile.ZipFile, name: str) -> str:
        """Makes this the archive's next file; returns the SHA-256 of what it holds, as hexadecimal digits.

        Python's zipfile compresses by itself or not at all; so the entry is written here, as PKWARE's
        APPNOTE.TXT has it.
        """
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        entry.CRC, entry.file_size = self.crc, self.size
        entry.compress_size = self.path.stat().st_size + len(END)
        file = archive.fp
        if file is None:
            raise ValueError("The archive is closed.")
        file.seek(archive.start_dir)
        entry.header_offset = file.tell()
        file.write(entry.FileHeader(zip64=True))
        with self.path.open("rb") as source:
            shutil.copyfileobj(source, file, PIECE)
        file.write(END)
        archive.start_dir = file.tell()
        archive.filelist.append(entry)
        archive.NameToInfo[name] = entry
        return self.sha256.hexdigest()
