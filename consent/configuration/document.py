"""What a configuration file says. One definition: files are read by it, written by it, and editors get its JSON Schema.

A section that is not there is not touched. What a section names is described whole: a field that is not there has its
usual value.
"""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from consent.common import InvalidChange

Level = Literal["drop_in", "snippet", "strict", "server"]
ByLanguage = dict[str, "Words"]


class Part(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Of a document. A field that is not known is a mistake."""


class Words(Part):
    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET


class MovedFrom(Part):
    """The consent manager whose stored answers are taken over."""

    manager: str = ""
    names: list[tuple[str, str]] = []
    key: str = ""
    days: int | None = None


class Settings(Part):
    name: str
    languages: list[str]
    level: Level = "snippet"
    unknown_third_parties: Literal["allow", "hold"] = "allow"
    reload_after_accept: bool = False
    record_path: bool = False
    child_directed: bool = False
    ads_advanced_consent_mode: list[str] = []
    tiles: Literal["off", "token", "public"] = "token"
    controller: str = ""
    controller_contact: str = ""
    policy_url: str = ""
    imprint_url: str = ""
    webhook_url: str = ""
    first_party_endpoint: bool = False
    moved_from: MovedFrom = msgspec.field(default_factory=MovedFrom)
    publish_needs_approval: bool = False
    group: str = ""
    membership: bool = False


class Category(Part):
    position: int = 0
    necessary: bool = False
    texts: ByLanguage = {}
    consent_mode: list[str] = []
    used_by_page: bool = False


class Purpose(Part):
    category: str | None = None
    legal_basis: str = "consent"
    texts: ByLanguage = {}


class Cookie(Part):
    name: str
    kind: Literal["cookie", "local", "session", "indexeddb"] = "cookie"
    lifetime: str = ""
    lifetime_days: int | None = None
    purpose: str = ""
    texts: dict[str, str] = {}


class Override(Part):
    state: Literal["hold", "allow"]
    reason: str


class Service(Part):
    name: str
    category: str
    patterns: list[str] = []
    cookies: list[Cookie] = []
    overrides: dict[str, Override] = {}
    company: str = ""
    policy_url: str = ""
    description: str = ""
    necessary_reason: str = ""
    container: bool = False
    sells_or_shares: bool = False
    targeted_ads: bool = False
    sensitive: bool = False
    statistics: bool = False
    exempt_in: list[str] = []
    exemption_confirmed: list[str] = []
    inline: list[str] = []
    adapter: str = ""
    earlier_category: str = ""


class Theme(Part):
    accent: str = ""
    button: str = ""
    background: str = ""
    text: str = ""
    border: str = ""
    link: str = ""
    focus: str = ""
    dark_accent: str = ""
    dark_button: str = ""
    dark_background: str = ""
    dark_text: str = ""
    dark_border: str = ""
    dark_link: str = ""
    dark_focus: str = ""
    radius: int | None = None
    button_radius: int | None = None
    logo_height: int | None = None
    scheme: str = ""
    density: str = ""
    font: str = ""
    order: str = ""
    style: str = ""
    buttons: str = ""
    backdrop: str = ""
    logo: str = ""
    font_file: str = ""


class Banner(Part):
    """`files`: what the banner shows of what was uploaded, {name: base64}; its theme names them by their SHA-256."""

    layout: Literal["card", "bar", "center"] = "card"
    position: str = "bottom-left"
    theme: Theme = msgspec.field(default_factory=Theme)
    floating_button: bool = True
    css: str = ""
    files: dict[str, str] = {}


class Correction(Part):
    """Of one row of the table of laws."""

    columns: dict[str, str]
    reason: str


class Document(Part, rename={"format_": "format"}):
    """A site."""

    format_: Literal["fairgate-site/1"]
    site: UUID | UnsetType = UNSET
    hosts: list[str] | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    categories: dict[str, Category] | UnsetType = UNSET
    purposes: dict[str, Purpose] | UnsetType = UNSET
    services: dict[str, Service] | UnsetType = UNSET
    banner: Banner | UnsetType = UNSET
    texts: dict[str, dict[str, str]] | UnsetType = UNSET
    jurisdictions: dict[str, Correction] | UnsetType = UNSET


def checked(value: Any) -> Document:
    """The document of plain values. Raises InvalidChange that says where it is wrong."""
    try:
        found = msgspec.convert(value, Document)
    except msgspec.ValidationError as error:
        raise InvalidChange(str(error)) from None
    if found.hosts is not UNSET:
        found.hosts = sorted(found.hosts)
    for service in found.services.values() if found.services is not UNSET else ():
        service.patterns = sorted(service.patterns)
        service.cookies = sorted(service.cookies, key=lambda one: (one.kind, one.name))
    return found


def plain(part: Any) -> Any:
    """Plain values, usual ones left out; in the order of the definition."""
    if isinstance(part, msgspec.Struct):
        return {
            field.encode_name: plain(value)
            for field in msgspec.structs.fields(part)
            if (value := getattr(part, field.name)) is not UNSET and value != _usual(field)
        }
    if isinstance(part, dict):
        return {key: plain(value) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [plain(value) for value in part]
    return str(part) if isinstance(part, UUID) else part


def _usual(field: Any) -> Any:
    """What a field is when it is not there."""
    return field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()


def schema() -> dict[str, Any]:
    """JSON Schema of the file, for editors."""
    [root], parts = msgspec.json.schema_components([Document], ref_template="#/$defs/{name}")
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A site of Fairgate"}
    made: dict[str, Any] = {**about, **root, "$defs": dict(sorted(parts.items()))}
    return made
