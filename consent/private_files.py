"""Files and folders that only the account which runs Fairgate may read: 0600 in 0700, whatever the umask.

Consents, keys and their copies lie in them. SQLite gives its `-wal` and `-shm` files the mode of the database.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

OTHERS = 0o077  # all that group and others may do


def folder(path: str | Path) -> Path:
    """The folder, made (0700, as its parents) when it is not there. Raises OSError."""
    path = Path(path)
    if not path.is_dir():
        if not path.parent.exists():
            folder(path.parent)
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
    return path


def open_file(path: str | Path, mode: str = "w", **more: Any) -> IO[Any]:
    """`open` for a file that is made with mode 0600; one that is there already is made private."""
    file = open(path, mode, opener=_opener, **more)  # noqa: SIM115 - the caller closes it
    with suppress(OSError):  # another account's
        _close(file.fileno())
    return file


def touch(path: str | Path) -> None:
    """An empty file, unless there is one or its folder is missing: its mode is right before anybody writes."""
    path = Path(path)
    if path.parent.is_dir() and not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def mend(root: str | Path, names: Iterable[str]) -> int:
    """Takes from group and others what they may do with a folder and, of all in it, with what begins with one of
    `names`; returns how many it changed. Follows no links, and leaves alone what belongs to another account.
    """
    root = Path(root)
    changed = int(_mend(root))
    with suppress(OSError):
        for child in root.iterdir():
            if child.name.startswith(tuple(names)):
                changed += _mend(child)
                for place, folders, files in os.walk(child):
                    changed += sum(_mend(Path(place, name)) for name in (*folders, *files))
    return changed


def mend_database(path: str | Path) -> int:
    """The same for an SQLite database and the files beside it, whatever folder they are in."""
    return sum(_mend(Path(f"{path}{ending}")) for ending in ("", "-wal", "-shm", "-journal"))


def _mend(path: Path) -> bool:
    with suppress(OSError):
        seen = path.lstat()
        known = stat.S_ISDIR(seen.st_mode) or stat.S_ISREG(seen.st_mode)
        if known and seen.st_uid == os.geteuid() and stat.S_IMODE(seen.st_mode) & OTHERS:
            path.chmod(stat.S_IMODE(seen.st_mode) & ~OTHERS)
            return True
    return False


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _close(handle: int) -> None:
    mode = stat.S_IMODE(os.fstat(handle).st_mode)
    if mode & OTHERS:
        os.fchmod(handle, mode & ~OTHERS)
