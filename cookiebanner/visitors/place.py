"""Where a request comes from: the proxy's country headers, else the operator's MaxMind-format file.

A header counts only when the direct peer is a trusted proxy (visitors/proxies.py): its presence proves nothing. The
address is used for the look-up and dropped; it is neither stored nor logged nor kept in a cache. Two header sets that
contradict each other are as good as none, and worse than none: the answer is "unknown", so the strictest regime.
"""

from __future__ import annotations

import base64
import binascii
import json
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import maxminddb
from django.conf import settings

from consent.jurisdictions.locate import UNKNOWN, Decision, Place, country_code, region_code
from consent.jurisdictions.table import EU
from cookiebanner.visitors.proxies import client_address, trusted

# Pairs of country and subdivision headers, in lower case; docs/location.md tells how each product is made to send them.
HEADERS = (
    ("cf-ipcountry", "cf-region-code"),  # Cloudflare (region: managed transform "visitor location headers")
    ("cloudfront-viewer-country", "cloudfront-viewer-country-region"),  # CloudFront origin request policy
    ("x-vercel-ip-country", "x-vercel-ip-country-region"),  # Vercel
    ("fastly-geo-country", "fastly-geo-region"),  # Fastly has no names of its own: set them in VCL
    ("x-geo-country", "x-geo-region"),  # often used in Fastly's examples
    ("x-country", ""),  # Netlify, older
    ("x-client-region", "x-client-region-subdivision"),  # Google load balancer: {client_region}, …_subdivision}
    ("x-appengine-country", "x-appengine-region"),  # App Engine
)
ANONYMOUS = frozenset({"T1", "A1", "A2", "O1"})  # Tor, anonymous proxies, satellites, "other": no place at all

LONGEST_PLACE = 100  # characters of a country and its region; "newfoundland and labrador" is the longest
LONGEST_PACKED = 4096  # characters of a header that holds more than that


class HeaderPlace(NamedTuple):
    """What one header set says; `country` is "" for "hidden on purpose" (the file would only know the exit node)."""

    country: str
    region: str | None


def place_of(headers: Mapping[str, str], peer: str) -> Place:
    """The place of a request. `headers` by lower-case name, `peer` the address of the direct connection ("": a unix
    socket).

    Never raises: what can't be read counts as unknown.
    """
    if trusted(peer):
        places = _places(headers)
        if places:
            return _agreed(places) or UNKNOWN
    path = settings.MMDB
    return country_file.get(path, client_address(headers, peer)) if path else UNKNOWN


def codes(place: Place) -> tuple[str, str]:
    """(country, subdivision) as a page may read them, "" for what is not known; "somewhere in the EU" is no country."""
    if place.country in (None, EU):
        return "", ""
    return place.country or "", place.region or ""


def header(decision: Decision) -> str:
    """The value of `Fairgate-Regime`: `us_ca; jurisdiction=US-CA; by=header`."""
    return f"{decision.regime}; jurisdiction={decision.jurisdiction}; by={decision.by}"


# --- headers --------------------------------------------------------------------------------------------------------
@lru_cache(8)
def _names(own: tuple[str, ...]) -> tuple[tuple[str, str, bool], ...]:
    return (*((*pair, True) for pair in own_pairs(own)), *((*pair, False) for pair in HEADERS))


def own_pairs(names: Sequence[str]) -> list[tuple[str, str]]:
    """[country, region, country, region …] as pairs; a name with "country" in it always begins a new pair."""
    pairs: list[tuple[str, str]] = []
    for name in (name.lower() for name in names):
        if pairs and not pairs[-1][1] and "country" not in name:
            pairs[-1] = (pairs[-1][0], name)
        else:
            pairs.append((name, ""))
    return pairs


def _places(headers: Mapping[str, str]) -> list[HeaderPlace]:
    found = []
    for country_name, region_name, may_hold_both in _names(tuple(settings.FAIRGATE_COUNTRY_HEADERS)):
        text = headers.get(country_name)
        if text:
            place = _bounded_place(text, headers.get(region_name) or "", may_hold_both)
            if place:
                found.append(place)
    for name, unpack in PACKED:
        text = headers.get(name)
        if text and len(text) <= LONGEST_PACKED:
            place = _bounded_place(*unpack(text))
            if place:
                found.append(place)
    return found


def _bounded_place(country: str, region: str = "", may_hold_both: bool = False) -> HeaderPlace | None:
    return _place(country, region, may_hold_both) if len(country) + len(region) <= LONGEST_PLACE else None


@lru_cache(4096)
def _place(country: str, region: str = "", may_hold_both: bool = False) -> HeaderPlace | None:
    """A place, or None when the text names none. With `may_hold_both`, `US-CA` and `US,CA` are understood."""
    if country.strip().upper() in ANONYMOUS:
        return HeaderPlace("", None)
    code = country_code(country)
    if code is None:
        parts = country.replace(",", "-").split("-")
        code = country_code(parts[0]) if may_hold_both and len(parts) == 2 else None
        if code is None:
            return None
        region = region or parts[1]
    return HeaderPlace(code, region_code(code, region) if region else None)


def _agreed(places: list[HeaderPlace]) -> Place | None:
    """One place out of several; None when two contradict each other, or when one says "Tor"."""
    countries = {place.country for place in places}
    regions = {place.region for place in places if place.region}
    if len(countries) > 1 or len(regions) > 1:
        return None
    country = countries.pop()
    return Place(country, regions.pop() if regions else None, "header") if country else None


def _from_netlify(text: str) -> tuple[str, str]:
    """`x-nf-geo`: base64 of {"country": {"code"}, "subdivision": {"code"}}; plain JSON is read too."""
    try:
        data = json.loads(text if text.lstrip().startswith("{") else base64.b64decode(text + "=" * (-len(text) % 4)))
        return _code(data.get("country")), _code(data.get("subdivision"))
    except (AttributeError, binascii.Error, RecursionError, ValueError):
        return "", ""


def _from_akamai(text: str) -> tuple[str, str]:
    """`X-Akamai-Edgescape: georegion=246,country_code=US,region_code=CA,…`"""
    fields = dict(part.strip().partition("=")[::2] for part in text.split(","))
    return fields.get("country_code", ""), fields.get("region_code", "")


def _code(value: Any) -> str:
    """The code out of "US", {"code": "US"} or {"iso_code": "US"}; "" else."""
    if isinstance(value, dict):
        value = value.get("iso_code") or value.get("code")
    return value if isinstance(value, str) else ""


PACKED = (("x-nf-geo", _from_netlify), ("x-akamai-edgescape", _from_akamai))  # country and region in one value


# --- the operator's file --------------------------------------------------------------------------------------------
class CountryFile:
    """A MaxMind-format file, opened again when it changes on disk. A missing or broken one answers nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state: tuple[Any, maxminddb.Reader | None, str] = (None, None, "")

    def problem(self, path: str) -> str:
        """Why the file can't be used; "" when it can (or none is set)."""
        return self._open(path)[2] if path else ""

    def get(self, path: str, address: str) -> Place:
        """The place of an address; unknown when there is no file, no entry, or the file is broken."""
        if not path or not address:
            return UNKNOWN
        reader = self._open(path)[1]
        if reader is None:
            return UNKNOWN
        try:
            return _from_record(reader.get(address))
        except Exception:  # a damaged file fails in many ways, an IPv6 address in an IPv4 file in one
            return UNKNOWN

    def _open(self, path: str) -> tuple[Any, maxminddb.Reader | None, str]:
        try:
            seen = Path(path).stat()
            stamp = (path, seen.st_mtime_ns, seen.st_size, seen.st_ino)
        except OSError as error:
            return (None, None, f"{path}: {error.strerror}")
        if self._state[0] == stamp:
            return self._state
        with self._lock:
            if self._state[0] != stamp:
                self._state = (stamp, *_read(path))
            return self._state


def _read(path: str) -> tuple[maxminddb.Reader | None, str]:
    """A reader of a private copy: a file overwritten in place under a memory map would kill the process."""
    try:
        with tempfile.NamedTemporaryFile(prefix="fairgate-mmdb-") as copy, open(path, "rb") as file:
            shutil.copyfileobj(file, copy)
            copy.flush()
            return maxminddb.open_database(copy.name), ""
    except Exception as error:
        return None, f"{path}: {error}"


def _from_record(record: Any) -> Place:
    """MaxMind and DB-IP (`country.iso_code`, `subdivisions[0].iso_code`), IPinfo and others (`country_code`,
    `region` or `state1` by name)."""
    if not isinstance(record, dict):
        return UNKNOWN
    code = country_code(_code(record.get("country")) or _code(record.get("country_code")))
    if code is None:
        return UNKNOWN
    subdivisions = record.get("subdivisions")
    region = _code(subdivisions[0]) if isinstance(subdivisions, list) and subdivisions else ""
    region = region or _code(record.get("region_code")) or _code(record.get("region")) or _code(record.get("state1"))
    return Place(code, region_code(code, region) if region else None, "mmdb")


country_file = CountryFile()
