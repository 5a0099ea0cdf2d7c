"""How scripts are sent: compression, ETag, caching, which gate a visitor gets, and its first layer in which language.

Framework-free and shared by the Django views, the drop-in's paths and the lane: what goes in is a method and headers
with lower-case names, what comes out is a `RawResponse`.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from consent.banners import languages
from consent.jurisdictions import table
from consent.jurisdictions.locate import Decision, decide, fixed
from cookiebanner.visitors.place import codes, header, place_of
from cookiebanner.visitors.published import Entry, File, JoinedFile, Sendable, TooManyMisses, published

STRICTEST = "eu_opt_in"
SCRIPT = "text/javascript; charset=utf-8"
# A gate that was chosen for one visitor's place must never be kept for another's: CDNs ignore most of Vary.
PRIVATE = ("private, no-cache", True)
NO_STORE = ("no-store", True)
# Immutable while fresh, and fresh so briefly that a publish or the kill switch arrives within a minute.
SHORT_LIVED = ("public, max-age=30, immutable", False)
IMMUTABLE = ("public, max-age=31536000, immutable", False)
HOURLY = ("public, max-age=3600", False)
LONGEST_ACCEPT = 256  # characters
LONGEST_ID = 80  # characters of a site's id in an address
LANGUAGE = re.compile(r"[A-Za-z0-9_-]{2,35}")
LANGUAGE_IN_QUERY = re.compile(rf"(?:^|&)l=({LANGUAGE.pattern})(?:&|$)")
MOST_LANGUAGES = 4  # of an Accept-Language header that are looked at
BY_ENCODING, BY_LANGUAGE = "Accept-Encoding", "Accept-Encoding, Accept-Language"

Cache = tuple[str, bool]
Headers = list[tuple[bytes, bytes]]


class RawResponse(NamedTuple):
    """An HTTP response: status, headers (lower-case names) and body, as ASGI wants them."""

    status: int
    headers: Headers
    body: bytes


class _Responses(NamedTuple):
    etag: str
    full: RawResponse
    head: RawResponse
    unchanged: RawResponse


def negotiate(accept: str) -> str:
    """The best of br, gzip and identity for an Accept-Encoding header (RFC 9110 §12.5.3); identity when it is absurdly
    long."""
    return _negotiate(accept) if len(accept) <= LONGEST_ACCEPT else "identity"


@lru_cache(maxsize=1024)
def _negotiate(accept: str) -> str:
    weights: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, _, parameter = part.strip().partition(";")
        quality = parameter.strip().partition("=")
        try:
            weights[name.strip()] = float(quality[2]) if quality[0].strip() == "q" else 1.0
        except ValueError:
            weights[name.strip()] = 0.0
    other = weights.get("*", 0.0)
    best, most = "identity", weights.get("identity", 0.0)
    for name in ("gzip", "br"):
        weight = weights.get(name, other)
        if weight > 0 and weight >= most:
            best, most = name, weight
    return best


def wishes(headers: dict[str, str], query: str) -> tuple[str, ...]:
    """The languages that a request for a gate asks for, the dearest first: `l` of its query, else Accept-Language."""
    asked = LANGUAGE_IN_QUERY.search(query)
    if asked:
        return (_tag(asked[1]),)
    accept = headers.get("accept-language", "")
    return _accepted(accept) if len(accept) <= LONGEST_ACCEPT else ()


@lru_cache(maxsize=1024)
def _accepted(accept: str) -> tuple[str, ...]:
    weighted = []
    for part in accept.split(","):
        name, _, parameter = part.strip().partition(";")
        quality = parameter.strip().partition("=")
        try:
            weight = float(quality[2]) if quality[0].strip() == "q" else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0 and LANGUAGE.fullmatch(name):
            weighted.append((-weight, _tag(name)))
    return tuple(dict.fromkeys(name for _, name in sorted(weighted, key=lambda pair: pair[0])))[:MOST_LANGUAGES]


def _tag(code: str) -> str:
    return code.replace("_", "-").lower()


def first_language(offered: Sequence[str], wanted: Iterable[str]) -> str:
    """The language of the first layer: the nearest to the dearest wish, else the site's first; "" for none.

    Which one the page speaks is decided in the page (banner/src/core/origin.js), which shows no other.
    """
    codes = tuple(offered)
    for wish in wanted:
        if found := languages.nearest(codes, wish):
            return found
    return next(iter(offered), "")


def first_part(names: Container[str], gate_name: str, language: str) -> str:
    """Which of a release's artifacts a gate's first layer in a language is; "" where there is none."""
    variant = gate_name.removeprefix("gate.").removesuffix(".js")
    parts = (f"first.{language}{where}.js" for where in (f"@{variant}", f"@{table.regime_of(variant)}", ""))
    return next((name for name in parts if name in names), "")


def with_first(entry: Entry, gate_name: str, language: str, memory_only: bool = False) -> JoinedFile | None:
    """A gate of the latest release with its first layer in a language. None where the release has no such parts; raises
    NotInMemory."""
    part = first_part(entry.names, gate_name, language)
    return published.joined(entry, gate_name, part, language, memory_only) if part else None


def _make(file: Sendable, encoding: str, cache: Cache, regime: str, vary: str, place: str = "") -> _Responses:
    body = getattr(file, encoding)
    if not body:
        encoding, body = "identity", file.identity
    etag = f'"{file.sha256[:32]}"' if encoding == "identity" else f'"{file.sha256[:32]}-{encoding}"'
    control, private = cache
    common = {"cache-control": control, "etag": etag, "vary": vary}
    if private:
        common["cdn-cache-control"] = "no-store"
    if regime:
        common["fairgate-regime"] = regime
    if place:
        # A page can read this of a script (Server Timing, W3C), and no other header.
        common["server-timing"] = f'place;desc="{place}"'
    common |= {
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "ETag, Fairgate-Regime",
        "cross-origin-resource-policy": "cross-origin",
        "timing-allow-origin": "*",
        "x-content-type-options": "nosniff",
    }
    if isinstance(file, JoinedFile):
        common["content-language"] = file.language
    content = {"content-type": file.content_type, "content-length": str(len(body))}
    if encoding != "identity":
        content["content-encoding"] = encoding
    short = [(name.encode(), value.encode("latin-1")) for name, value in common.items()]
    long = [(name.encode(), value.encode("latin-1")) for name, value in (content | common).items()]
    return _Responses(etag, RawResponse(200, long, body), RawResponse(200, long, b""), RawResponse(304, short, b""))


def send(
    file: Sendable, method: str, headers: dict[str, str], cache: Cache, regime: str = "", vary: str = BY_ENCODING,
    place: str = "",
) -> RawResponse:  # fmt: skip
    """The file as this client wants it: 200 or 304, compressed or not, with or without its body.

    `regime` is told in Fairgate-Regime, `place` (`US-CA`, `DE`) to the page itself.
    """
    key = (negotiate(headers.get("accept-encoding", "")), cache, regime, vary, place)
    ready = file.ready.get(key)
    if ready is None:
        if len(file.ready) > 5000:  # places and encodings are few; only an attack makes more
            file.ready.clear()
        ready = file.ready[key] = _make(file, *key)
    seen = headers.get("if-none-match")
    if seen and (seen == ready.etag or _matches(seen, ready.etag)):
        return ready.unchanged
    return ready.head if method == "HEAD" else ready.full


def _matches(header: str, etag: str) -> bool:
    """Weak comparison (RFC 9110 §13.1.2), over a list."""
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return etag in tags or tags == ["*"]


def empty_script(method: str, headers: dict[str, str], why: str) -> RawResponse:
    """An empty, harmless script that no cache keeps. `why` is for people who look at the headers."""
    sent = _make(File("0" * 64, SCRIPT, b"", b"", b""), "identity", PRIVATE, "", BY_ENCODING).full
    kept = [pair for pair in sent.headers if pair[0] != b"etag"]
    return RawResponse(200, [*kept, (b"fairgate-status", why.encode())], b"")


def site_id(text: str) -> tuple[UUID | None, bool]:
    """`<uuid>` or `<uuid>-test` → (uuid, is it the testing script?); (None, …) when it is no uuid."""
    return _site_id(text) if len(text) <= LONGEST_ID else (None, False)


@lru_cache(maxsize=2048)
def _site_id(text: str) -> tuple[UUID | None, bool]:
    bare = text.lower().removesuffix("-test")
    try:
        return UUID(bare), bare != text.lower()
    except ValueError:
        return None, False


def entry_of(site: str, memory_only: bool = False) -> tuple[Entry | None, bool]:
    """The site of an id in an address, and whether it is that of the testing script. Raises NotInMemory.

    A site is unknown, too, while so many unknown ones are asked for that it can't be looked up.
    """
    uuid, testing = site_id(site)
    try:
        return published.site(uuid, memory_only) if uuid else None, testing
    except TooManyMisses:
        return None, testing


def decision(entry: Entry, headers: dict[str, str], peer: str) -> tuple[Decision, str]:
    """The regime of this request on this site, remembered per place until midnight UTC, and the place itself (`US-CA`,
    `DE`; "" when it is not known)."""
    place = place_of(headers, peer)
    today = datetime.now(UTC).date()
    if entry.day != today:
        entry.decisions, entry.day = {}, today
    key = (place.country, place.region, place.by)
    found = entry.decisions.get(key)
    if found is None:
        if len(entry.decisions) > 5000:
            entry.decisions.clear()
        found = entry.decisions[key] = (decide(place, today, entry.overrides), "-".join(filter(None, codes(place))))
    return found


def _gate_name(entry: Entry, *wanted: str) -> str:
    """The first of the wanted variants that the release has, else the strictest."""
    for variant in (*wanted, STRICTEST):
        if f"gate.{variant}.js" in entry.names:
            return f"gate.{variant}.js"
    return ""


def gate(
    site: str, method: str, headers: dict[str, str], peer: str, variant: str = "", number: int = 0,
    memory_only: bool = False, query: str | None = "",
) -> RawResponse:  # fmt: skip
    """The gate of a site: of a named variant, else of the visitor's place; of one release, else of the latest.

    Behind the latest release's stands its first layer, unless `query` is None, in a language of `wishes`; what is
    public must not depend on headers. Unknown, unpublished and killed sites get `empty_script`. Raises NotInMemory if
    `memory_only`.
    """
    entry, testing = entry_of(site, memory_only)
    if entry is None:
        return empty_script(method, headers, "unknown site")
    if entry.killed:
        return empty_script(method, headers, "switched off")
    if number and number != entry.number:
        return _older(entry, number, variant, method, headers, memory_only)
    place = ""
    if variant:
        name = _gate_name(entry, variant)
        exact = name == f"gate.{variant}.js"
        regime_header = header(fixed(variant if exact else STRICTEST, entry.overrides))
        cache = (IMMUTABLE if number else SHORT_LIVED) if exact else PRIVATE
    else:
        found, place = decision(entry, headers, peer)
        name = _gate_name(entry, found.variant, found.regime)
        regime_header, cache = header(found), PRIVATE
    file = published.file(entry, name, memory_only=memory_only) if name else None
    if file is None:
        return empty_script(method, headers, "not published")
    cache = NO_STORE if testing else cache
    if query is None or number:
        return send(file, method, headers, cache, regime_header, place=place)
    private = cache[1]
    language = first_language(entry.languages, wishes(headers if private else {}, query))
    joined = with_first(entry, name, language, memory_only)
    by_language = joined and private and len(entry.languages) > 1 and not LANGUAGE_IN_QUERY.search(query)
    vary = BY_LANGUAGE if by_language else BY_ENCODING
    return send(joined or file, method, headers, cache, regime_header, vary, place)


def rules(site: str, method: str, headers: dict[str, str], memory_only: bool = False) -> RawResponse:
    """enforce.json of the latest release; `{"off": true}` for a site that is unknown, unpublished or switched off, so
    that nothing is parked that no gate would release."""
    entry, _testing = entry_of(site, memory_only)
    file = published.file(entry, "enforce.json", memory_only=memory_only) if entry and not entry.killed else None
    if file is None:
        body = b'{"off": true}'
        file = File("0" * 64, "application/json", body, b"", b"")
    return send(file, method, headers, NO_STORE)


def _older(
    entry: Entry, number: int, variant: str, method: str, headers: dict[str, str], memory_only: bool
) -> RawResponse:
    name = f"gate.{variant}.js"
    try:
        file = published.older_file(entry, number, name, memory_only)
    except TooManyMisses:
        file = None
    if file is None:
        return empty_script(method, headers, "no such release")
    return send(file, method, headers, IMMUTABLE, header(fixed(variant)))


def not_found() -> RawResponse:
    """For a hashed URL that no release has: nothing may keep this answer."""
    headers = {
        "content-type": "text/plain; charset=utf-8",
        "content-length": "10",
        "cache-control": "no-store",
        "access-control-allow-origin": "*",
        "x-content-type-options": "nosniff",
    }
    return RawResponse(404, [(name.encode(), value.encode()) for name, value in headers.items()], b"Not found\n")
