"""Settings from the environment: small, typed, loud. `NAME_FILE` names a file that holds the value."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from consent import private_files


def text(name: str, default: str = "") -> str:
    """The value of NAME, or the content of the file that NAME_FILE names, or `default`."""
    path = os.environ.get(f"{name}_FILE")
    if path:
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which can't be read: {error}") from error
    return os.environ.get(name, default)


def boolean(name: str, default: bool = False) -> bool:
    """1/true/yes/on or 0/false/no/off, in any case; anything else is an error."""
    value = text(name).lower()
    if value in ("", None):
        return default
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off"):
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}")


def integer(name: str, default: int) -> int:
    """A whole number."""
    value = text(name)
    if value == "":
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}") from None


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas or blanks."""
    return text(name, default).replace(",", " ").split()


def base_url(value: str) -> str:
    """FAIRGATE_URL, `https://host[:port][/path]`, without a slash at its end; "" stays. Anything else is an error."""
    value = value.strip().rstrip("/")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None
        wrong = wrong or bool(parts.query or parts.fragment) or not value.isprintable() or " " in value
        parts.port  # noqa: B018 - raises when it is none
    except ValueError:
        wrong = True
    if wrong:
        raise ImproperlyConfigured(f"FAIRGATE_URL must be a URL such as https://consent.example.org, not {value!r}")
    return value


def kept_secret(name: str, path: Path) -> str:
    """The secret NAME, or the one kept in the file `path`, made there (mode 0600) the first time it is needed."""
    value = text(name)
    if value:
        return value
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    private_files.folder(path.parent)
    made = secrets.token_urlsafe(50)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(made)
    return made
