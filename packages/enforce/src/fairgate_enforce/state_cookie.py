"""A visitor's stored answer, read from the Cookie header. Pure.

The state cookie is written by the gate. `v=2` holds a digit for each thing that was offered, by its slot
(consent/publishing/slots.py); `v=1`, from gates before that, names each by its key, and is read for ever. Other
readers: banner/src/core, deploy/edge/rewrite.js; all are held to tests/vectors/answers.json and rewrite.json.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LEGACY_COOKIE = "fairgate"  # the state cookie of every site, before its name said whose it is
HTTP = "_http"  # behind the name of what a page without TLS writes: it neither sees nor replaces a Secure cookie
LONGEST_COOKIE = 4096  # bytes; browsers keep no longer cookie
MOST_COOKIES = 16  # cookies of a name that are read; a browser has one a path and domain

_COMPACT = re.compile(
    r"v=2&id=[\w-]*&u=[\w-]*&t=([0-9a-z]{1,9})&g=[a-z_]*&n=([\w.-]*)&b=([0-9a-q]*)&x=([01])&o=([01])(?:&.*)?", re.ASCII
)
_STEP = re.compile(r"([0-9]+)\.([\w-]+)", re.ASCII)
_GRANT = re.compile(r"[^01349acd]")  # a digit of base 27 that holds a 2 in base 3
_FLAGS = re.compile(r"[\w-]+:[01](\.[\w-]+:[01])*", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
_MARK_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class StateCookie:
    """The visitor's stored choice; `at` in seconds since 1970.

    `objected` to what needs no consent; `unasked`: said yes where nothing had to be asked; `granted`: there is a yes in
    it; `ours`: false when the cookie's name does not say whose it is. `v=2`: `steps` of its numbering, `digits` of its
    slots. `v=1`: choices by key, `content` and number of the release it was given to, `marks` of what that had offered.
    """

    at: float
    objected: bool = False
    unasked: bool = False
    ours: bool = True
    digits: str | None = None
    steps: Sequence[tuple[str, str]] = ()
    categories: Mapping[str, bool] = field(default_factory=dict)
    services: Mapping[str, bool] = field(default_factory=dict)
    purposes: Mapping[str, bool] = field(default_factory=dict)
    release: int = 0
    content: str = ""
    marks: str = ""

    def shared(self, steps: Mapping[str, str]) -> int:
        """How many slots its numbering and this one have in common; 0: it cannot be understood."""
        return max((int(count) for count, tag in self.steps if steps.get(count) == tag), default=0)

    def choice(self, slot: int, shared: int) -> bool | None:
        """What was said of a slot; None when it was not offered."""
        digits = self.digits or ""
        if slot >= shared or slot // 3 >= len(digits):
            return None
        return (None, False, True)[int(digits[slot // 3], 27) // 3 ** (slot % 3) % 3]


def read_state_cookie(cookie_header: str, cookie: str = LEGACY_COOKIE) -> StateCookie | None:
    """The newest answer in a Cookie header; None when there is none or it can't be read (then nothing is granted).

    `cookie`: the name of the site's state cookie. Without one a cookie of before, when each site's was `fairgate`, is
    read; on which domain it stands, and so whose it is, a server is not told: only the gate moves it to its new name.
    """
    values: dict[str, list[str]] = {cookie: [], cookie + HTTP: [], LEGACY_COOKIE: []}
    for pair in cookie_header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name in values and len(values[name]) < MOST_COOKIES:
            values[name].append(value)
    for names in ((cookie, cookie + HTTP), (LEGACY_COOKIE,)):
        answers = [
            read(value, cookie in names) for name in names for value in values[name] if len(value) <= LONGEST_COOKIE
        ]
        if found := [answer for answer in answers if answer]:
            return max(found, key=lambda answer: answer.at)
    return None


def read(value: str, ours: bool = True) -> StateCookie | None:
    """The answer in a state cookie; None when it can't be read."""
    value = value.strip('"')
    if found := _COMPACT.fullmatch(value):
        at, steps, digits, objected, unasked = found.groups()
        if not int(at, 36):
            return None
        return StateCookie(
            float(int(at, 36)), objected == "1", unasked == "1", ours, digits=digits, steps=_STEP.findall(steps)
        )
    return _read_keys(value, ours)


def _read_keys(value: str, ours: bool) -> StateCookie | None:
    """`v=1`."""
    fields = dict(pair.partition("=")[::2] for pair in value.split("&"))
    flags = [fields.get(name, "") for name in "csp"]
    at = fields.get("t", "")
    sound = fields.get("v") == "1" and flags[0] and _NUMBER.fullmatch(at) and int(at)
    if not sound or not all(not text or _FLAGS.fullmatch(text) for text in flags):
        return None
    categories, services, purposes = (
        {part[:-2]: part.endswith(":1") for part in text.split(".") if part} for text in flags
    )
    release = fields.get("r", "")
    return StateCookie(
        float(at),
        fields.get("x") == "1",
        fields.get("o") == "1",
        ours,
        categories=categories,
        services=services,
        purposes=purposes,
        release=int(release) if _NUMBER.fullmatch(release) else 0,
        content=fields.get("h", ""),
        marks=fields.get("m", ""),
    )


def grants(answer: StateCookie, necessary: set[str]) -> bool:
    """Whether it says yes to anything that needs asking."""
    if answer.digits is not None:
        return bool(_GRANT.search(answer.digits))
    given = (answer.categories, answer.services, answer.purposes)
    return any(yes and key not in necessary for choices in given for key, yes in choices.items())


def mark(category: str, service: str) -> str:
    """Three base-36 digits that stand for "this service in this category" in `v=1` (FNV-1a, 32 bits)."""
    number = 2166136261
    for letter in f"{category}services{service}":
        number = ((number ^ ord(letter)) * 16777619) % 2**32
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _MARK_DIGITS[digit] + digits
    return digits[-3:].rjust(3, "0")
