"""Pictures of the pages that scans looked at: files in the data folder, each named by its SHA-256."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from consent import private_files


def folder() -> Path:
    """Where they lie."""
    return Path(settings.FAIRGATE_DATA) / "scans"


def path(sha256: str) -> Path:
    """The file of a picture. Raises ValueError for what is no SHA-256."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"{sha256!r} is no SHA-256.")
    return folder() / f"{sha256}.jpg"


def keep(image: bytes, sha256: str) -> str:
    """Keeps a picture under its hash, which it returns."""
    private_files.folder(folder())
    new = path(sha256).with_suffix(".new")
    with private_files.open_file(new, "wb") as file:
        file.write(image)
    new.replace(path(sha256))
    return sha256


def older_than(age: timedelta) -> set[str]:
    """The pictures that were kept last so long ago."""
    before = time.time() - age.total_seconds()
    return {path.stem for path in folder().glob("*.jpg") if path.stat().st_mtime < before}


def delete(digests: Iterable[str]) -> None:
    """Takes pictures away that no report names any more."""
    for sha256 in digests:
        path(sha256).unlink(missing_ok=True)
