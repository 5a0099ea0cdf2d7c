"""What services, categories and purposes really are: by what they do and say, not by where they are filed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from django.utils.translation import gettext, gettext_noop

from consent.catalogue import known
from consent.catalogue import necessary as reasons
from consent.publishing.lint import durations, words
from consent.publishing.lint.finding import BLOCK, WARN, Finding, Snapshot, necessary, opt_in
from consent.publishing.lint.readings import UNSEEN, readings
from consent.publishing.lint.working import GOOGLE_SIGNALS
from fairgate_enforce import defaults, patterns

Service = Mapping[str, Any]
CONSENT_LAW = "Directive 2002/58/EC art. 5(3); EDPB Cookie Banner Taskforce §26"
ADVERTISING = frozenset({"C0004", "C0005"})  # of the usual categories, those about other people's purposes
OPTIONAL = frozenset({"C0002", "C0003", "C0004", "C0005"})  # no usual category but C0001 is strictly necessary
MANY = 50  # vendors after which a list is no information (EDPB 03/2022: too many options)
# Paths under which vendors' own servers for first-party use hand out what loads the rest.
PROXIED = {"gtag/js": "google-tag", "gtm.js": "google-tag-manager", "gtm/js": "google-tag-manager"}
LEAST = 2  # characters before the star of a cookie's name
TWICE = 2  # lengths of time that differ by more are not the same in other words
ROUNDING = 1  # days: 13 months are 395 or 396
_NAMES = re.compile(r"[A-Za-z_$][\w$]*")
SHARED = frozenset(
    {"google", "window", "Microsoft", "adobe", "amazon", "Accept", "Frames", "Visitor"}
)  # of many libraries
MEASURING = frozenset(
    {"analytics", "replay", "testing", "tags", "advertising", "affiliate", "companies"}
)  # known.KINDS
LONG_NAME = 4  # characters of the last of two names that tell them apart: g/collect
LONG_PATH = 6  # characters of a path that tell a tracker's file apart from any other


def really_necessary(snapshot: Snapshot) -> Iterator[Finding]:
    """What is filed as strictly necessary must be: by its reason, its facts, its name elsewhere, its own words."""
    kept = necessary(snapshot)
    for service in snapshot["services"]:
        if service["category"] not in kept:
            continue
        key = service["key"]
        if not reasons.enough(service.get("necessary_reason", "")):
            yield Finding(
                "F07",
                BLOCK,
                gettext("%(name)s is filed as strictly necessary without a reason.") % {"name": service["name"]},
                CONSENT_LAW,
                gettext("Write down why, or file it under an optional category."),
                subject=key,
                field=f"service {key} necessary_reason",
            )
        if proof := _tracker(service):
            yield Finding(
                "L08",
                BLOCK,
                gettext("%(name)s is filed as strictly necessary but %(proof)s.")
                % {"name": service["name"], "proof": proof},
                CONSENT_LAW,
                gettext("File it under the category that it belongs to."),
                subject=key,
                field=f"service {key} category",
            )
            if snapshot["site"]["child_directed"] and service["targeted_ads"]:
                yield Finding(
                    "L25",
                    BLOCK,
                    gettext("%(name)s would advertise to children.") % {"name": service["name"]},
                    "COPPA; Cal. Civ. Code 1798.120(c)",
                    gettext("File it under an optional category."),
                    subject=key,
                    field=f"service {key} category",
                )
        elif doubt := _doubt(service, [s for s in snapshot["services"] if s["category"] not in kept]):
            yield Finding(
                "L08",
                WARN,
                gettext("%(name)s is filed as strictly necessary; %(doubt)s.")
                % {"name": service["name"], "doubt": doubt},
                CONSENT_LAW,
                gettext("Be sure that the visitor asked for it."),
                subject=key,
                field=f"service {key} category",
            )
        elif strange := _strangers(service, snapshot["site"]["hosts"]):
            yield Finding(
                "L08",
                WARN,
                gettext("%(name)s is filed as strictly necessary and asks %(strange)s, which we don't know.")
                % {"name": service["name"], "strange": strange},
                CONSENT_LAW,
                gettext("Be sure that the visitor asked for it, and of what it does with what it learns."),
                subject=key,
                field=f"service {key} category",
            )


def really_optional(snapshot: Snapshot) -> Iterator[Finding]:
    """A category is not strictly necessary because somebody ticked it."""
    for category in snapshot["categories"]:
        if not category["necessary"]:
            continue
        key = category["key"]
        said = next(
            (
                found
                for own in category["texts"].values()
                for text in own.values()
                if (found := words.claims("tracking", text))
            ),
            "",
        )
        why = (
            gettext("speaks of %(said)r") % {"said": said}
            if said
            else gettext("is one of the usual optional ones")
            if key in OPTIONAL
            else ""
        )
        if why:
            yield Finding(
                "L08",
                BLOCK,
                gettext("The category %(key)s is always active but %(why)s.") % {"key": key, "why": why},
                CONSENT_LAW,
                gettext("Let visitors choose it."),
                subject=key,
                text=said,
                field=f"category {key} necessary",
            )
        if governed := sorted({*category["consent_mode"]} & GOOGLE_SIGNALS):
            yield Finding(
                "L06",
                BLOCK,
                gettext("The category %(key)s is always active and tells Google a yes to %(governed)s.")
                % {"key": key, "governed": ", ".join(governed)},
                "Directive 2002/58/EC art. 5(3); Google Consent Mode v2",
                gettext("Let an optional category govern these signals."),
                subject=key,
                field=f"category {key} consent_mode",
            )


def really_asked(snapshot: Snapshot) -> Iterator[Finding]:
    """Something is optional, and something is filed."""
    if snapshot["services"] and all(category["necessary"] for category in snapshot["categories"]):
        yield Finding(
            "F10",
            WARN,
            gettext("Nothing is optional: visitors are asked nothing, and everything runs."),
            "configuration",
            gettext("Be sure that the site needs no consent at all."),
            field="categories",
        )
    if not snapshot["services"]:
        asked = any(not category["necessary"] for category in snapshot["categories"])
        what = gettext("the banner asks for what pages mark themselves") if asked else gettext("no banner is shown")
        yield Finding(
            "F09",
            WARN,
            gettext("No service is filed: nothing is held, and %(what)s.") % {"what": what},
            "configuration",
            gettext("Add what the site uses from the catalogue; reports of gates name strangers."),
            field="services",
        )


ADVERTISES = {"sells_or_shares": gettext_noop("sells or shares"), "targeted_ads": gettext_noop("targeted ads")}


def well_filed(snapshot: Snapshot) -> Iterator[Finding]:
    """Optional services: a visitor who allows videos must not have allowed advertising."""
    kept = necessary(snapshot)
    for service in snapshot["services"]:
        key, category = service["key"], service["category"]
        if category in kept:
            continue
        if category in OPTIONAL - ADVERTISING:
            same = [f["category"] for how, f in kin(service) if how == "is" or how.startswith("rule ")]
            other = next((known_as for known_as in same if known_as in ADVERTISING), "")
            said = "" if same else words.claims("advertising", _described(service))
            if other or said:
                what = (
                    gettext("we know it as %(other)s") % {"other": other}
                    if other
                    else gettext("its description speaks of %(said)r") % {"said": said}
                )
                yield Finding(
                    "L11",
                    WARN,
                    gettext("%(name)s is filed under %(category)s; %(what)s.")
                    % {"name": service["name"], "category": category, "what": what},
                    "GDPR 5(1)(b); EDPB Guidelines 05/2020 §55",
                    gettext("File it where a visitor would look for it."),
                    subject=key,
                    field=f"service {key} category",
                )
        missing = [
            fact for fact in ADVERTISES if not service[fact] and any(how == "is" and f[fact] for how, f in kin(service))
        ]
        if missing:
            yield Finding(
                "L22",
                WARN,
                gettext(
                    "We know %(name)s as one that %(does)s; filed as it is, it runs on in the face of the "
                    "Global Privacy Control."
                )
                % {
                    "name": service["name"],
                    "does": gettext(" and ").join(gettext(ADVERTISES[fact]) for fact in missing),
                },
                "Cal. Civ. Code 1798.135; 11 CCR 7025",
                gettext("Tick it, unless your contract says otherwise."),
                subject=key,
                field=f"service {key} {missing[0]}",
            )
        elif category == "C0004" and not any(service[f] for f in ("sells_or_shares", "targeted_ads", "container")):
            yield Finding(
                "L22",
                BLOCK,
                gettext(
                    "%(name)s is advertising that neither sells nor targets: it runs on in the face of the "
                    "Global Privacy Control."
                )
                % {"name": service["name"]},
                "Cal. Civ. Code 1798.135; 11 CCR 7025",
                gettext("Say that it sells or targets, or have it signed off that it does neither."),
                subject=key,
                field=f"service {key} targeted_ads",
            )


def legal_bases(snapshot: Snapshot) -> Iterator[Finding]:
    """Advertising and profiles need a yes; a legitimate interest, a contract or a duty is none."""
    if not opt_in(snapshot):
        return
    kept = necessary(snapshot)
    for purpose in snapshot["purposes"]:
        own = [text for texts in purpose["texts"].values() for text in texts.values()]
        said = next((found for text in (purpose["key"].replace("-", " ").replace("_", " "), *own)
                     if (found := words.claims("tracking", text))), "")  # fmt: skip
        if purpose["legal_basis"] == "consent":
            if purpose["category"] in kept and said:
                yield Finding(
                    "L06",
                    BLOCK,
                    gettext(
                        "The purpose %(key)s is about %(said)r and belongs to %(category)s, which is always active: "
                        "nobody is asked."
                    )
                    % {"key": purpose["key"], "said": said, "category": purpose["category"]},
                    CONSENT_LAW,
                    gettext("Put it into an optional category."),
                    subject=purpose["key"],
                    text=said,
                    field=f"purpose {purpose['key']} category",
                )
            continue
        if purpose["category"] in OPTIONAL or said:
            about = (
                gettext("about %(said)r") % {"said": said}
                if said
                else gettext("of %(category)s") % {"category": purpose["category"]}
            )
            yield Finding(
                "L09",
                BLOCK,
                gettext("The purpose %(key)s is %(about)s and rests on %(basis)s.")
                % {"key": purpose["key"], "about": about, "basis": purpose["legal_basis"].replace("_", " ")},
                "Directive 2002/58/EC art. 5(3); EDPB Cookie Banner Taskforce §24; TCF 2.2",
                gettext("Ask for consent."),
                subject=purpose["key"],
                text=said,
                field=f"purpose {purpose['key']} legal_basis",
            )


def before_answer(snapshot: Snapshot) -> Iterator[Finding]:
    kept = necessary(snapshot)
    regimes = {terms["regime"] for terms in snapshot["variants"].values()}
    for service in snapshot["services"]:
        field = f"override {service['key']}"
        for regime in sorted(set(service["overrides"]) - regimes):
            yield Finding(
                "F03",
                WARN,
                gettext("%(name)s has an override for %(regime)s, which no law here uses.")
                % {"name": service["name"], "regime": regime},
                "configuration",
                gettext("Take it away."),
                regime,
                service["key"],
                field=field,
            )
        plain = {**service, "overrides": {}}
        for regime, own in sorted(service["overrides"].items()):
            laxer = [
                terms
                for terms in snapshot["variants"].values()
                if terms["regime"] == regime
                and service["category"] not in kept
                and defaults.before_answer(plain, False, terms) == "denied"
                and defaults.before_answer(service, False, terms) == "granted"
            ]
            if laxer:
                yield Finding(
                    "L06",
                    BLOCK,
                    gettext("%(name)s would run before a yes: %(reason)s")
                    % {"name": service["name"], "reason": own["reason"]},
                    laxer[0]["law"],
                    gettext("Take the override away, or have it signed off."),
                    regime,
                    service["key"],
                    field=field,
                )
            elif regime in regimes:
                yield Finding(
                    "F06",
                    WARN,
                    gettext("%(name)s has an override, %(state)s: %(reason)s")
                    % {"name": service["name"], "state": own["state"], "reason": own["reason"]},
                    "configuration",
                    gettext("Nothing, when it is still meant."),
                    regime,
                    service["key"],
                    field=field,
                )
    for regime in snapshot["site"]["advanced"]:
        yield Finding(
            "L26",
            WARN,
            gettext("Google's tags load before an answer (advanced Consent Mode) and send pings without cookies."),
            "Directive 2002/58/EC art. 5(3); EDPB Guidelines 2/2023",
            gettext("Use basic mode unless your counsel agrees."),
            regime,
        )


def exemptions(snapshot: Snapshot) -> Iterator[Finding]:
    for service in snapshot["services"]:
        field = f"service {service['key']} exemption_confirmed"
        if service["exemption_confirmed"] and any(service[fact] for fact in defaults.FACTS):
            yield Finding(
                "L08",
                WARN,
                gettext("%(name)s advertises, sells or is sensitive: its exemption does not count.")
                % {"name": service["name"]},
                "PECR Sch. A1 par. 5; CNIL 2020-092 §50",
                gettext("Take the confirmation back."),
                subject=service["key"],
                field=field,
            )
        if service["exemption_confirmed"] and (proof := _never_exempt(service)):
            yield Finding(
                "L08",
                BLOCK,
                gettext("%(name)s runs before a yes as exempt but %(proof)s.")
                % {"name": service["name"], "proof": proof},
                "PECR Sch. A1 par. 5; CNIL 2020-092 §50",
                gettext("Take the confirmation back, or have it signed off."),
                subject=service["key"],
                field=field,
            )
        if extra := sorted(set(service["exemption_confirmed"]) - set(service["exempt_in"])):
            yield Finding(
                "L08",
                WARN,
                gettext("%(name)s has no known exemption in %(extra)s.")
                % {"name": service["name"], "extra": ", ".join(extra)},
                "PECR Sch. A1; CNIL 2020-092",
                gettext("Take the confirmation back."),
                subject=service["key"],
                field=field,
            )


def lasting(snapshot: Snapshot) -> Iterator[Finding]:
    """How long cookies live: said for each, and within what each law of the site's visitors says."""
    kept = necessary(snapshot)
    optional = [s for s in snapshot["services"] if s["category"] not in kept]
    limits: dict[int, list[str]] = {}
    for variant, terms in snapshot["variants"].items():
        if days := terms.get("tracker_max_days"):
            limits.setdefault(days, []).append(variant)
    for service in optional:
        field = f"service {service['key']} cookies"
        unknown = [
            c["name"] for c in service["cookies"]
            if c["lifetime_days"] is None and not durations.says_something(c["lifetime"])
        ]  # fmt: skip
        if unknown:
            yield Finding(
                "L18",
                BLOCK,
                gettext("%(name)s has cookies without a lifetime: %(unknown)s.")
                % {"name": service["name"], "unknown": ", ".join(unknown)},
                "CJEU C-673/17 Planet49 §75",
                gettext("Say how long each lives."),
                subject=service["key"],
                field=field,
            )
        if otherwise := [c["name"] for c in service["cookies"] if _says_otherwise(c)]:
            yield Finding(
                "L18",
                BLOCK,
                gettext("%(name)s has cookies that live longer than visitors read: %(otherwise)s.")
                % {"name": service["name"], "otherwise": ", ".join(otherwise)},
                "CJEU C-673/17 Planet49 §75; GDPR 5(1)(a)",
                gettext("Let the words and the number of days say the same."),
                subject=service["key"],
                field=field,
            )
        for days, variants in sorted(limits.items()):
            if long := [c["name"] for c in service["cookies"] if _days(c) > days + ROUNDING]:
                yield Finding(
                    "L18",
                    WARN,
                    gettext("%(name)s has cookies that live longer than %(days)s days: %(long)s.")
                    % {"name": service["name"], "days": days, "long": ", ".join(long)},
                    "CNIL 2020-092 §50",
                    gettext("Shorten them where the service lets you."),
                    variants[0] if len(variants) == 1 else "",
                    service["key"],
                    field=field,
                )
    if len(optional) > MANY:
        yield Finding(
            "L20",
            WARN,
            gettext("%(optional)s optional services are more than a visitor can weigh.") % {"optional": len(optional)},
            "EDPB Guidelines 03/2022, too many options",
            gettext("Remove what you do not use."),
            field="services",
        )


def _days(cookie: Mapping[str, Any]) -> float:
    """How long a cookie lives as far as we know."""
    days = cookie["lifetime_days"]
    return float((durations.days_of(cookie["lifetime"]) or 0) if days is None else days)


def _says_otherwise(cookie: Mapping[str, Any]) -> bool:
    """Whether the words that visitors read are of a much shorter time than the days."""
    days, said = cookie["lifetime_days"], durations.days_of(cookie["lifetime"])
    return days is not None and said is not None and days > max(1, said * TWICE)


def kin(service: Service) -> Iterator[tuple[str, known.Known]]:
    """Known services that this one is or contains, each with how we know: a key of `KINSHIP`, and which."""
    keys = dict.fromkeys([service["key"], *(_slug(read) for read in readings(service["name"]))])
    yield from (("is", known.by_key()[key]) for key in keys if key in known.by_key())
    for pattern in service["rules"]:
        if found := known.of_pattern(pattern):
            yield f"rule {pattern}", found
        elif found := _by_path(pattern):
            yield f"path {pattern}", found
    for mark in service["inline"]:
        for found in _of_mark(mark):
            yield f"code {mark}", found
    for cookie in service["cookies"]:
        for found in known.of_cookie(_bare(cookie["name"])):
            yield f"cookie {cookie['name']}", found


# What `kin` says, in words.
KINSHIP = {
    "is": gettext_noop("is %(name)s"),
    "rule": gettext_noop("its rule %(clue)s is %(name)s's"),
    "path": gettext_noop("the path of its rule %(clue)s is %(name)s's"),
    "code": gettext_noop("its code %(clue)s is %(name)s's"),
    "cookie": gettext_noop("its cookie %(clue)s is %(name)s's"),
}


def _kinship(how: str, found: known.Known) -> str:
    kind, _, clue = how.partition(" ")
    return gettext(KINSHIP[kind]) % {"clue": clue, "name": found["name"]}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")


def _bare(cookie: str) -> str:
    """The name that a browser sees: without what nobody sees, and without the host in brackets."""
    return UNSEEN.sub("", cookie).partition(" (")[0].strip()


@lru_cache(4096)
def _of_mark(mark: str) -> tuple[known.Known, ...]:
    """Whose code a mark is in: as it stands, or by the name that it calls: `fbq('track'` is whose `fbq('init'` is."""
    called = set(_NAMES.findall(mark.removeprefix("after:")))
    by_name = (service for service in known.services() if called & _calls_of()[service["key"]])
    return tuple({service["key"]: service for service in (*known.of_code(mark), *by_name)}.values())


@cache
def _calls_of() -> dict[str, frozenset[str]]:
    """Of each known service, the names that its code calls: the first of each mark."""
    found = {}
    for service in known.services():
        marks = [mark.removeprefix("after:") for mark in (*service["inline"], *service["signs"])]
        first = [_NAMES.search(mark) for mark in marks]
        own = {name.group() for name in first if name} - SHARED
        found[service["key"]] = frozenset({*own, *service["calls"]})
    return found


def _by_path(pattern: str) -> known.Known | None:
    """The tracker whose file has this path on another host: a proxied one."""
    try:
        path = patterns.parse(pattern).path
    except ValueError:
        return None
    *_, folder, tail = ("", "", *(path or "").strip("/").split("/"))
    both = f"{folder}/{tail}"
    for name in (both, tail):
        if name in PROXIED:
            return known.by_key()[PROXIED[name]]
    if folder and (found := next((f for f in known.services() if known.tracks(f) and both in _ends(f)), None)):
        return found
    if len(tail) < LONG_PATH or "." not in tail:
        return None
    return next(
        (
            f
            for f in known.services()
            if known.tracks(f)
            and any(
                rule.partition("/")[2].endswith(tail) and rule.rstrip("/").rpartition("/")[2] == tail
                for rule in f["rules"]
            )
        ),
        None,
    )


def _ends(service: known.Known) -> set[str]:
    """The last two names of each path that it is known by, where there are two."""
    paths = (rule.partition("/")[2].rstrip("/").split("/") for rule in service["rules"])
    return {"/".join(path[-2:]) for path in paths if len(path) > 1 and len(path[-1]) >= LONG_NAME}


def _described(service: Service) -> str:
    return ". ".join((service["name"], service["description"], *(cookie["purpose"] for cookie in service["cookies"])))


def _tracker(service: Service) -> str:
    """What shows that a service measures, advertises, sells or loads others; "" when nothing does."""
    if service["targeted_ads"] or service["sells_or_shares"]:
        return gettext("advertises or sells data")
    if service["statistics"]:
        return gettext("measures visits")
    if service["container"]:
        return gettext("loads others")
    for how, found in kin(service):
        if _measures(found):
            return _kinship(how, found)
    if said := words.claims("tracking", f"{_described(service)}. {service.get('necessary_reason', '')}"):
        return gettext("speaks of %(said)r") % {"said": said}
    for cookie in service["cookies"]:
        for code, text in cookie.get("texts", {}).items():
            if (judge := words.judged(code)) and (said := words.claims("tracking", text, judge)):
                return gettext("speaks of %(said)r") % {"said": said}
    return ""


def _measures(found: known.Known) -> bool:
    return known.tracks(found) or found["kind"] in MEASURING or bool(words.claims("tracking", found["description"]))


def _never_exempt(service: Service) -> str:
    """What shows that a service that is confirmed as exempt is not: no law exempts advertising."""
    for how, found in kin(service):
        if how == "is" or how.startswith("rule "):
            missing = sorted(set(service["exemption_confirmed"]) - set(found["exempt_in"]))
            return (
                gettext("we know %(name)s as not exempt in %(missing)s")
                % {"name": found["name"], "missing": ", ".join(missing)}
                if missing
                else ""
            )
    said = words.claims("advertising", _described(service))
    return gettext("speaks of %(said)r") % {"said": said} if said else ""


def _doubt(service: Service, others: list[Service]) -> str:
    """What makes one ask whether the visitor asked for it; "" when nothing does."""
    if doubt := next((f["category"] for _, f in kin(service) if f["category"] != "C0001"), ""):
        return gettext("we know it as %(doubt)s") % {"doubt": doubt}
    names = [f" {_slug(read)} ".replace("-", " ") for read in readings(service["name"])]
    for found in known.services():
        if _measures(found) and any(f" {_slug(found['name'])} ".replace("-", " ") in name for name in names):
            return gettext("its name is that of %(name)s") % {"name": found["name"]}
    vendor = known.of_url(service["policy_url"]) if service["policy_url"] else None
    if vendor and _measures(vendor):
        return gettext("its policy is that of %(name)s") % {"name": vendor["name"]}
    for cookie in service["cookies"]:
        if any(_covers(cookie["name"], f) for f in known.services() if _measures(f)):
            return gettext("its cookie %(name)s may be a tracker's") % {"name": cookie["name"]}
    if service["key"] in known.by_key():
        return ""
    mine = {_bare(cookie["name"]) for cookie in service["cookies"]}
    for other in others:
        if shared := sorted(mine & {_bare(cookie["name"]) for cookie in other["cookies"]}):
            return gettext("its cookie %(shared)s is %(name)s's, too") % {"shared": shared[0], "name": other["name"]}
    return ""


def _covers(name: str, service: known.Known) -> bool:
    """Whether a name with a star in it stands for a cookie of a service that is told by its name."""
    if "*" not in name or len(name.partition("*")[0]) < LEAST:
        return False
    pattern = re.compile(".*".join(map(re.escape, _bare(name).split("*"))))
    names = [cookie["name"] for cookie in service["cookies"]]
    return any(pattern.fullmatch(one) and service in known.of_cookie(one) for one in names)


def _strangers(service: Service, hosts: list[str]) -> str:
    """Hosts that are neither the site's nor known; "" when there are none."""
    strange = []
    for pattern in service["rules"]:
        try:
            host = patterns.parse(pattern).host
        except ValueError:
            continue
        own = any(patterns.is_under(host, name) for name in hosts) if host else True
        if not own and known.of_pattern(pattern) is None:
            strange.append(host)
    return ", ".join(dict.fromkeys(strange))


RULES = (
    really_necessary, really_optional, really_asked, well_filed, legal_bases, before_answer, exemptions, lasting,
)  # fmt: skip
