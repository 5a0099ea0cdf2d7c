"""Settings from the environment: small, typed, loud. `NAME_FILE` names a file that holds the value."""

from __future__ import annotations

import os
import secrets
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from consent import private_files

CHECKOUT = Path(__file__).resolve().parent.parent
_PACKED = Path(__file__).resolve().parent / "files"
INSTALLED = _PACKED.is_dir()  # from a wheel, which has templates and static files inside its package
FILES = _PACKED if INSTALLED else CHECKOUT  # the folder of `templates`, `static` and `deploy`


def version() -> str:
    """Fairgate's version: an installed wheel's own, in a checkout the newest one of CHANGELOG.md."""
    if INSTALLED:
        return metadata.version("fairgate")
    lines = (CHECKOUT / "CHANGELOG.md").read_text().splitlines()
    return next((line.split()[1] for line in lines if line.startswith("## ")), "0")


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


def host_names(name: str, default: str) -> list[str]:
    """Names as a Host header says them, without a port; `.example.com` with its subdomains, `*` any."""
    found = words(name, default)
    for word in found:
        inside = word[1:-1] if word[:1] == "[" and word[-1:] == "]" else word.removeprefix(".")
        if word != "*" and (not inside or set("*/@[]") & set(inside) or (":" in inside and inside == word)):
            raise ImproperlyConfigured(
                f"{name} must be host names such as consent.example.com, or .example.com with its subdomains, without "
                f"https:// and port, not {word!r}"
            )
    return found


def base_url(name: str) -> str:
    """`https://consent.example.com`, perhaps with a port, without a slash at the end; "" when it is not set."""
    value = text(name).strip().rstrip("/")
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        right = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:
        right = False
    plain = value.isprintable() and not set(" @") & set(value)
    if not right or value != f"{parts.scheme}://{parts.netloc}" or not plain:
        raise ImproperlyConfigured(f"{name} must look like https://consent.example.com, not {value!r}")
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
