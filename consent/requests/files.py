"""Which files a request may have: a few kinds that nothing executes, known by their first bytes, and not too large.

`settings.FAIRGATE_FILE_SCANNER` names a command that reads a file from its standard input and ends with 0 when it is
clean (`clamdscan --no-summary -`); without it files are only handed out as downloads.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import PurePath

from django.conf import settings
from django.utils.translation import gettext

from consent.common import InvalidChange
from consent.requests.models import LARGEST_FILE

# Ending → (media type, first bytes). Text has no first bytes: it must be UTF-8 without control characters.
KINDS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "zip": ("application/zip", (b"PK\x03\x04", b"PK\x05\x06")),
    "txt": ("text/plain", ()),
    "csv": ("text/csv", ()),
    "json": ("application/json", ()),
}
ALLOWED = ", ".join(sorted(KINDS))
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
SCAN_SECONDS = 60


def checked(name: str, content: bytes) -> tuple[str, str]:
    """Its name as it is kept, and its media type. Raises InvalidChange for what a request may not have."""
    name = re.sub(r"[^\w.\- ]", "_", PurePath(name.replace("\\", "/")).name).strip(". ")[-120:] or "file"
    ending = name.rpartition(".")[2].lower()
    if ending not in KINDS:
        raise InvalidChange(
            gettext("%(name)s can't be taken. These kinds of files can: %(allowed)s.")
            % {"name": name, "allowed": ALLOWED}
        )
    if not content:
        raise InvalidChange(gettext("%(name)s is empty.") % {"name": name})
    if len(content) > LARGEST_FILE:
        raise InvalidChange(
            gettext("%(name)s is larger than %(most)s MB.") % {"name": name, "most": LARGEST_FILE // 1024 // 1024}
        )
    media_type, starts = KINDS[ending]
    if starts and not content.startswith(starts):
        raise InvalidChange(
            gettext("%(name)s is no %(kind)s file, whatever its name says.") % {"name": name, "kind": ending.upper()}
        )
    if not starts:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise InvalidChange(gettext("%(name)s is no text in UTF-8.") % {"name": name}) from None
        if CONTROL.search(text):
            raise InvalidChange(gettext("%(name)s is no text.") % {"name": name})
    _scan(name, content)
    return name, media_type


def _scan(name: str, content: bytes) -> None:
    command = settings.FAIRGATE_FILE_SCANNER
    if not command:
        return
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SCAN_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        raise InvalidChange(
            gettext("Files can't be looked at right now. Try again later, or leave the file out.")
        ) from None
    if done.returncode:
        raise InvalidChange(gettext("%(name)s was refused by the virus scanner.") % {"name": name})
