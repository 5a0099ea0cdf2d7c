"""The last checkpoint of each site, kept outside the database in FAIRGATE_DATA/checkpoints/<site uuid>.note.

A head that is behind it means that the database was restored from an old dump: records that were acknowledged are
gone, and writing on would fork the log. So writes stop until `manage.py restart_log`.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from consent import private_files

SETTLED = 3.0  # seconds after which a folder's time of change tells each change from the one before
REMEMBERED = 5.0  # seconds; who copies over a note by hand changes no folder

_seen: dict[str, tuple[int, int]] = {}  # path → (mtime in ns, size in the note)


@dataclass(slots=True)
class _Memory:
    """The sizes of notes in a folder that has not changed since."""

    folder: str = ""
    changed: int = 0  # mtime of the folder in ns
    since: float = 0.0  # when that was seen first, monotonic
    until: float = 0.0  # monotonic
    sizes: dict[str, int] = field(default_factory=dict)


_memory = _Memory()


def folder() -> Path:
    return Path(settings.FAIRGATE_DATA) / "checkpoints"


def path(site_uuid: str) -> Path:
    return folder() / f"{site_uuid}.note"


def size(site_uuid: str) -> int:
    """The tree size of the kept checkpoint, 0 without one. Costs one stat; the file is read when it changed."""
    name = f"{settings.FAIRGATE_DATA}/checkpoints/{site_uuid}.note"
    try:
        changed = os.stat(name).st_mtime_ns  # noqa: PTH116 - asked at each batch
    except FileNotFoundError:
        return 0
    seen = _seen.get(name)
    if seen is None or seen[0] != changed:
        seen = _seen[name] = (changed, int(Path(name).read_text().split("\n")[1]))
    return seen[1]


def sizes(site_uuids: Collection[str]) -> dict[str, int]:
    """`size` of several sites. While nothing changes, one stat of the folder, whose time each new note moves."""
    global _memory
    name = f"{settings.FAIRGATE_DATA}/checkpoints"
    try:
        changed = os.stat(name).st_mtime_ns  # noqa: PTH116 - asked at each batch
    except FileNotFoundError:
        return dict.fromkeys(site_uuids, 0)
    now, memory = time.monotonic(), _memory
    if memory.folder != name or memory.changed != changed or now > memory.until:
        since = memory.since if (memory.folder, memory.changed) == (name, changed) else now
        memory = _memory = _Memory(name, changed, since, now + REMEMBERED)
    found = {}
    for uuid in site_uuids:
        known = memory.sizes.get(uuid)
        if known is None:
            known = size(uuid)
            if now - memory.since > SETTLED:
                memory.sizes[uuid] = known
        found[uuid] = known
    return found


def note(site_uuid: str) -> str:
    """The kept note; "" without one."""
    try:
        return path(site_uuid).read_text()
    except FileNotFoundError:
        return ""


def keep(site_uuid: str, text: str) -> None:
    """Replaces the kept note, durably. An older tree never replaces a larger one."""
    private_files.folder(folder())
    with private_files.open_file(folder() / ".lock") as lock:  # two writers: the smaller tree must not come last
        fcntl.flock(lock, fcntl.LOCK_EX)
        _seen.pop(os.fspath(path(site_uuid)), None)
        if size(site_uuid) <= int(text.split("\n")[1]):
            _replace(site_uuid, text)


def _replace(site_uuid: str, text: str) -> None:
    fresh = path(site_uuid).with_suffix(".new")
    with private_files.open_file(fresh) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path(site_uuid))
    directory = os.open(folder(), os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def set_aside(site_uuid: str) -> Path:
    """Moves the note of an abandoned log out of the way; it stays as evidence. Raises FileNotFoundError."""
    old = path(site_uuid)
    target = folder() / f"{site_uuid}.{size(site_uuid)}.abandoned"
    return old.rename(target)
