"""A release → the files a browser loads. Pure: the same snapshot (with its numbering, and the bytes of its logo and
font), number and hash always give the same bytes.

`gate.<variant>.js` is config plus the built gate plus the vendor adapters its services need; `first.<language>.js` is
what the first layer says in one language, and is sent behind a gate, as its last part (visitors/delivery.py);
`ui.<language>.js` is all texts, services and look of one language plus the built preferences; `late.js` is what can
wait (answers, counts, reports); `choices.js` is what pages load whose visitor the site has signed in.
The built code comes from `static/banner/` (`npm run build`). `config.json` says what stands where in the packed lists,
and what terms are called in a gate; banner/src/core/vector.js reads them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from consent.banners import arms, packing, screen
from consent.jurisdictions import table
from consent.publishing import slots, tags
from cookiebanner import env
from cookiebanner.releases import look
from fairgate_enforce import patterns, signals
from fairgate_enforce.defaults import before_answer

BUILT = env.FILES / "static" / "banner"
SCRIPT = "text/javascript; charset=utf-8"
# Chromium then compiles the whole file while it comes, beside the page, and not each function anew when it is called.
EAGER = "//# allFunctionsCalledOnLoad\n"
SEAM = "\n;"  # between the two halves of a gate; the first has no line of its own end in it
LATE = "late.js"
CHOICES = "choices.js"  # only pages whose visitor is signed in load it
GOOGLE = "google"
ADAPTERS = (GOOGLE, "uet", "clarity", "meta")

FORMAT = packing.load(Path(__file__).parent / "config.json")
ADS: int = FORMAT["signals"]["gpc"]  # what a child-directed site holds: what is sold, as the signal GPC does,
CHILD: int = FORMAT["signals"]["child"]  # or everything optional

# Google Consent Mode v2 (developers.google.com/tag-platform/security/guides/consent); security_storage is granted.
SIGNALS = (
    "ad_storage",
    "ad_user_data",
    "ad_personalization",
    "analytics_storage",
    "functionality_storage",
    "personalization_storage",
)
DEFAULT_SIGNALS = {
    "C0002": ("analytics_storage",),
    "C0003": ("functionality_storage", "personalization_storage"),
    "C0004": ("ad_storage", "ad_user_data", "ad_personalization"),
}
# What the gate and the banner read of a variant's terms, and what a gate calls it; the rest is for people. Of what
# protects minors each part is a term.
TERMS: dict[str, str] = FORMAT["terms"]
MINORS: dict[str, str] = FORMAT["terms_of_minors"]
ABSENT: dict[str, Any] = FORMAT["absent_terms"]  # what a term means that is left out, each by its own name
KINDS = {"cookie": "", "local": "l=", "session": "s=", "indexeddb": "i="}  # before a name; a cookie's holds no "="
ELSEWHERE = re.compile(r" \([\w.-]+\)$")  # "IDE (doubleclick.net)": a cookie that no script of the site can write

Snapshot = Mapping[str, Any]
File = tuple[str, str, bytes]


def compile(snapshot: Snapshot, number: int, sha256: str) -> list[File]:  # noqa: A001
    """Every file of a release as (name, content type, bytes). Raises ValueError for an unreadable block rule."""
    choices = built("choices")
    late = f'{EAGER}fairgate._.choicesFile="{digest(choices)}";'.encode() + built("late")
    screens = {language: ui(snapshot, language) for language in snapshot["languages"]}
    # A file says at its end that it is this one and ran to there; the gate believes nothing else ("loaded" least).
    made = hashlib.sha256(late + b"".join(screens.values())).hexdigest()[:8]
    late = marked("late", late, made)
    screens = {language: marked(f"ui.{language}", body, made) for language, body in screens.items()}
    hashes = {language: digest(body) for language, body in screens.items()}
    files = [(f"ui.{language}.js", SCRIPT, body) for language, body in screens.items()]
    for language in snapshot["languages"]:
        for where, given in screen.first(snapshot, language).items():
            files.append((first_name(language, where), SCRIPT, first(given)))
    files.append((LATE, SCRIPT, late))
    files.append((CHOICES, SCRIPT, choices))
    for sha256, file in snapshot["banner"].get("files", {}).items():
        files.append((look.file_name(sha256, file), file["content_type"], snapshot["bodies"][sha256]))
    files.append(
        (
            "enforce.json",
            "application/json",
            json.dumps(enforced(snapshot, number, sha256), separators=(",", ":")).encode(),
        )
    )
    shared = {**common(snapshot, number, sha256), "langs": hashes, "late": digest(late), "made": made}
    adapters = used_adapters(snapshot)
    parts = [f"adapter.{name}" for name in adapters]
    if snapshot["site"]["level"] == "strict":
        parts.append("level.strict")
    if arms.tested(snapshot):
        parts.append("arms")
    if snapshot.get("asked_again"):
        parts.append("why")  # behind arms, whose screen it goes on with
    # Behind the gate, which it asks what stands stored.
    behind = [f"moved.{snapshot['site']['moved_from']['manager']}"] if snapshot["site"].get("moved_from") else []
    code = "".join(built(part).decode() for part in [*parts, "gate", *behind])
    engine = built("engine").decode()
    law = built("law").decode()  # read when a banner is built, which is later
    firsts = screen.first_of_variants(snapshot)
    for variant, terms in snapshot["variants"].items():
        config = {**shared, **for_variant(snapshot, variant, terms, adapters), "first": firsts[variant]}
        rest = f"(function(__fg){{{code}{law if says_more(terms) else ''}}})({safe_json(config)})"
        gate = f"{EAGER}{engine}{SEAM}{rest}"
        files.append((f"gate.{variant}.js", SCRIPT, gate.encode()))
    return files


def halves(gate: bytes) -> tuple[bytes, bytes] | None:
    """A gate as two scripts, for pages that carry it themselves; None for one of before there were two.

    The first does nothing alone. Between the two a browser may do other things, none of which is the page's.
    """
    first, seam, second = gate.partition(SEAM.encode())
    return (first, EAGER.encode() + second) if seam else None


def says_more(terms: Mapping[str, Any]) -> bool:
    """Does this variant's banner say more than the question (banner/src/law.js)?"""
    return terms["model"] != "opt_in" or any(terms[name] for name in ("links", "notices", "gpc_status", "close_x"))


def ui(snapshot: Snapshot, language: str) -> bytes:
    """`ui.<language>.js`."""
    texts = safe_json(screen.data(snapshot, language), ascii=False)
    return f"{EAGER}fairgate._.texts={texts};".encode() + built("ui")


def first_name(language: str, where: str = "") -> str:
    """The artifact with what the first layer says in a language; `where` is a regime or variant with its own words."""
    return f"first.{language}@{where}.js" if where else f"first.{language}.js"


def first(given: Mapping[str, Any]) -> bytes:
    """A `first.<language>.js`. Behind a gate of ours it finds the gate's inside; alone it does nothing."""
    return b";window.fairgate&&(fairgate._.first=" + safe_json(given, ascii=False).encode() + b");"


def marked(name: str, body: bytes, made: str) -> bytes:
    """The file with its last line, which core/index.js looks for."""
    return body + f";fairgate._.made[{json.dumps(name)}]={json.dumps(made)}".encode()


def enforced(snapshot: Snapshot, number: int, sha256: str) -> dict[str, Any]:
    """`enforce.json`: what packages/enforce needs of a release. No names of people, no reasons."""
    given = slots.of(snapshot)
    facts = ("key", "category", "container", "sells_or_shares", "targeted_ads", "sensitive", "exempt_in")
    return {
        "release": number,
        "content": tags.content_tag(sha256),
        "cookie": tags.cookie_name(snapshot["site"]["uuid"]),
        "site": {name: snapshot["site"][name] for name in ("uuid", "hosts", "unknown", "child_directed")},
        "categories": [
            {"key": c["key"], "necessary": c["necessary"], "slots": own}
            for c, own in zip(snapshot["categories"], given.categories, strict=True)
        ],
        "services": [
            {name: service[name] for name in (*facts, "exemption_confirmed", "inline", "rules")}
            | {"overrides": {regime: {"state": o["state"]} for regime, o in service["overrides"].items()}, "slots": own}
            for service, own in zip(snapshot["services"], given.services, strict=True)
        ],
        "steps": {str(count): tag for count, tag in given.steps.items()},
        "variants": snapshot["variants"],
    }


def common(snapshot: Snapshot, number: int, sha256: str) -> dict[str, Any]:
    """What every variant's gate carries."""
    site = snapshot["site"]
    config = {"site": site["uuid"], "release": number, "hosts": site["hosts"]}
    config |= {"cookie": tags.cookie_name(site["uuid"]), "content": tags.content_tag(sha256)}
    if site.get("preview"):  # what it keeps is no answer, and never read as one
        config |= {"preview": 1, "cookie": tags.PREVIEW}
    if site["level"] != "snippet":
        config["level"] = site["level"]
    if regexes := patterns.compile([service["rules"] for service in snapshot["services"]]).get(patterns.REGEX):
        config["re"] = regexes
    if moved := site.get("moved_from"):
        config["moved"] = {name: value for name, value in moved.items() if name != "manager"}
    css, css_of_b = (look.css(arms.arm(snapshot, name)["banner"]) for name in arms.ARMS)
    if css != css_of_b:
        config["styles"] = [css, css_of_b]
    elif css:
        config["css"] = css
    offered = [*snapshot["categories"], *snapshot["purposes"], *snapshot["services"]]
    if since := [place for place, one in enumerate(offered) if one.get("added_since")]:
        config["since"] = since
    if again := [place for place, one in enumerate(offered) if one.get("asked_again")]:
        config["again"] = again
    given = slots.of(snapshot)
    config["steps"] = given.steps
    if not given.in_order:
        every = (*given.categories, *given.purposes, *given.services)
        config["slots"] = [own if len(own) > 1 else own[0] for own in every]
    if last := arms.last_day(snapshot):
        config["ends"] = (last - date(1970, 1, 1)).days + 1
    switches = {
        "hold": site["unknown"] == "hold",
        "reload": site["reload"],
        "path": site["record_path"],
        "home": site["first_party_endpoint"],
        "button": snapshot["banner"]["floating_button"],
    }
    return config | {name: 1 for name, on in switches.items() if on}


def for_variant(snapshot: Snapshot, variant: str, terms: Mapping[str, Any], adapters: list[str]) -> dict[str, Any]:
    """What differs by regime: terms, and the state of each category and service before an answer."""
    place = places(snapshot)
    site_child = int(snapshot["site"]["child_directed"])
    categories, services = snapshot["categories"], snapshot["services"]
    necessary = [c["necessary"] for c in categories]
    states = [before_answer(s, necessary[place[s["category"]]], terms) == "granted" for s in services]
    rules = rules_of(pruned(patterns.compile([s["rules"] for s in services])))
    denied = {service["category"] for service, granted in zip(services, states, strict=True) if not granted}
    default = terms["before"]["default"] == "granted"
    before = [c["necessary"] or (default and c["key"] not in denied) for c in categories]
    config: dict[str, Any] = {
        "terms": pack(terms),
        "categories": [
            _row({"key": c["key"], "flags": flags(necessary=c["necessary"], before=b)})
            for c, b in zip(categories, before, strict=True)
        ],
        "purposes": [_purpose(p, place, necessary, before) for p in snapshot["purposes"]],
        "services": [
            _service(s, place[s["category"]], necessary[place[s["category"]]], granted, " ".join(rules.get(i, ())))
            for i, (s, granted) in enumerate(zip(services, states, strict=True))
        ],
    }
    keys = [category["key"] for category in categories]
    config["signals"] = [row for signal in signals.in_force() for row in _signal(signal, keys, terms)]
    if not config["purposes"]:
        del config["purposes"]
    if site_child:
        config["child"] = CHILD if terms["minors"].get("hold") == "all" else ADS
    if snapshot["site"].get("membership"):
        config["member"] = CHILD  # what waits for a subscriber: everything optional
    if variant != terms["regime"]:
        config["variant"] = variant
    if adapters:
        config["adapters"] = {}
    if GOOGLE in adapters:
        config["google"] = {"signals": google_signals(snapshot), "regions": " ".join(regions(snapshot, variant))}
        if terms["regime"] in snapshot["site"]["advanced"]:
            config["advanced"] = 1
    return config


def pack(terms: Mapping[str, Any]) -> dict[str, Any]:
    """A variant's terms as a gate carries them: every value as it is, under its short name; what `ABSENT` says, and
    what the terms do not have, is left out."""
    minors = terms.get("minors", {})
    said = {**terms, **{name: minors[part] for name, part in MINORS.items() if part in minors}}
    return {
        short: said[name]
        for name, short in TERMS.items()
        if name in said
        and not (name in ABSENT and type(said[name]) is type(ABSENT[name]) and said[name] == ABSENT[name])
    }


def unpack(packed: Mapping[str, Any]) -> dict[str, Any]:
    """The terms that `pack` was given, as far as browsers read them."""
    terms = {**ABSENT, **{name: packed[short] for name, short in TERMS.items() if short in packed}}
    minors = {part: terms.pop(name) for name, part in MINORS.items() if name in terms}
    return {**terms, "minors": minors}


def _signal(signal: signals.Signal, categories: list[str], terms: Mapping[str, Any]) -> Iterator[list[Any]]:
    """The rows of a browser's signal, one a value, where this regime honours it."""
    if not signal.is_honoured(terms["regime"]):
        return
    for meaning in signal.values:
        denies = meaning.denies(categories)
        alone = denies if signal.alone_is_a_no(terms) else ""
        values = {"key": signal.key, "property": signal.property, "value": meaning.property, "denies": denies}
        yield packing.row(FORMAT["signal"], {**values, "alone": alone}, empty=("",))


def flags(**true: Any) -> int:
    """What is true of an item, as one number."""
    return sum(bit for name, bit in FORMAT["flags"].items() if true.get(name))


def _row(values: Mapping[str, Any]) -> list[Any]:
    """A category, purpose or service as a gate carries it; empty ends are cut off."""
    return packing.row(FORMAT["item"], values, empty=("",))


def _purpose(
    purpose: Mapping[str, Any], place: Mapping[str, int], necessary: list[bool], before: list[bool]
) -> list[Any]:
    """One that stands alone has no flags: it was not offered yet."""
    if not purpose["category"]:
        return _row({"key": purpose["key"]})
    category = place[purpose["category"]]
    bits = flags(necessary=necessary[category], before=before[category])
    return _row({"key": purpose["key"], "flags": bits, "category": category})


def _service(service: Mapping[str, Any], category: int, necessary: bool, granted: bool, rules: str) -> list[Any]:
    """What never waits has no more than its rules."""
    bits = flags(
        container=service["container"],
        sold=service["sells_or_shares"] or service["targeted_ads"],
        necessary=necessary,
        before=granted,
    )
    values = {"key": service["key"], "flags": bits, "category": category, "rules": rules}
    if not necessary:
        values["cookies"] = " ".join(names(service["cookies"]))
        values["adapter"] = service["adapter"] if service["adapter"] in ADAPTERS else ""
        values["inline"] = [part for part in service["inline"] if part]
    return _row(values)


def names(cookies: Iterable[Mapping[str, str]]) -> list[str]:
    """Patterns of what a service may store here, without blanks and with one `*` at most; rather too wide."""
    return [
        KINDS[cookie["kind"]] + re.sub(r"[\s*](.*[\s*])?", "*", cookie["name"].strip())
        for cookie in cookies
        if cookie["kind"] != "cookie" or not ELSEWHERE.search(cookie["name"])
    ]


def rules_of(rules: patterns.Table) -> dict[int, list[str]]:
    """Service → its patterns as they are written; the browser's table is made of them again (vector.js)."""
    written: dict[int, list[str]] = {}
    for host, entries in rules.items():
        for path, query, index in entries if host != patterns.REGEX else ():
            pattern = f"{host.rstrip('/')}{path}" + (f"?{query}" if query else "")
            written.setdefault(int(index), []).append(pattern)
    return written


def pruned(rules: patterns.Table) -> patterns.Table:
    """The table without what its parent says, too: `hs.test/js` beside `hs.test`, `js.hs.test` beside `hs.test`."""
    rules = {
        host: entries[-1:] if entries[-1][:2] == ["", ""] and len({entry[-1] for entry in entries}) == 1 else entries
        for host, entries in rules.items()
    }

    def said_by_parent(host: str, entries: list[patterns.Entry]) -> bool:
        labels = host.split(".")
        parents = (".".join(labels[n:]) for n in range(1, len(labels)))
        parent = next((rules[name] for name in parents if name in rules), None)
        return len(entries) == 1 and entries[0][:2] == ["", ""] and entries == parent

    return {host: entries for host, entries in rules.items() if not said_by_parent(host, entries)}


def places(snapshot: Snapshot) -> dict[str, int]:
    """Category key → its place in the release."""
    return {category["key"]: number for number, category in enumerate(snapshot["categories"])}


def used_adapters(snapshot: Snapshot) -> list[str]:
    """The vendor interfaces that a site's services speak, in the order they are told."""
    used = {service["adapter"] for service in snapshot["services"]}
    return [name for name in ADAPTERS if name in used]


def google_signals(snapshot: Snapshot) -> list[list[str]]:
    """[signals, *the categories that govern them]: the site's own mapping, else ours; no category = always denied."""
    governing: dict[str, list[str]] = {name: [] for name in SIGNALS}
    for category in snapshot["categories"]:
        for signal in category["consent_mode"] or DEFAULT_SIGNALS.get(category["key"], ()):
            if signal in governing:
                governing[signal].append(category["key"])
    groups = sorted({tuple(keys) for keys in governing.values()})
    return [
        packing.row(
            FORMAT["google_signals"],
            {"names": " ".join(name for name in SIGNALS if governing[name] == [*keys]), "categories": keys},
        )
        for keys in groups
    ]


def regions(snapshot: Snapshot, variant: str) -> list[str]:
    """ISO 3166 codes of the places whose visitors get this variant, for `region` of Google's defaults."""
    overrides = snapshot["jurisdictions"]["overrides"]
    return [row for row in table.ROWS if row not in ("*", table.EU) and table.variant_for(row, overrides) == variant]


def safe_json(value: Any, ascii: bool = True) -> str:  # noqa: A002
    """Compact JSON that may stand in a script, inline too: no `<`, no line separator. Not `ascii`: in our own file."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=ascii)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def digest(body: bytes) -> str:
    """The artifact's immutable address: 16 digits of its SHA-256. All 64 would cost a gate 30 bytes a file."""
    return hashlib.sha256(body).hexdigest()[:16]


@cache
def built(name: str) -> bytes:
    """A file of `static/banner/`, as committed."""
    return (BUILT / f"{name}.js").read_bytes().rstrip(b"\n")
