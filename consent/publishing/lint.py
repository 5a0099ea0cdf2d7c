"""May this be published? The rules that a snapshot alone can decide. Pure.

Rule ids L01 to L32 follow the regulators' catalogues (EDPB Cookie Banner Taskforce 2023, CNIL 2020-092, 11 CCR 7004 …);
F ids are not law but configurations that break the site. Rules that need a rendered page are checked in the browser.
A blocking L rule can be signed off by name, which is a ledger entry; an F rule cannot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from consent.banners import texts, theme
from consent.catalogue import known
from consent.catalogue import necessary as reasons
from consent.jurisdictions import table
from consent.sites.hosts import site_host
from fairgate_enforce import defaults, patterns

Snapshot = Mapping[str, Any]
BLOCK, WARN = "block", "warn"
MANY = 50  # vendors after which a list is no information (EDPB 03/2022: too many options)
MINIMUM_CONTRAST = 4.5  # WCAG 2.2, 1.4.3
GOOGLE_SIGNALS = frozenset({"ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint: which rule, what is wrong, whose law says so, what to do; `regime` "" = in all of them."""

    rule: str
    severity: str
    message: str
    law: str
    fix: str
    regime: str = ""
    subject: str = ""
    signed_by: str = ""

    @property
    def blocks(self) -> bool:
        """Whether this stops a publish."""
        return self.severity == BLOCK

    def __str__(self) -> str:
        where = f" [{self.regime}]" if self.regime else ""
        signed = f" Signed off by {self.signed_by}." if self.signed_by else ""
        return f"{self.rule}{where} {self.message} ({self.law}) {self.fix}{signed}"


def can_waive(rule: str) -> bool:
    """Whether a named person may sign the rule off."""
    return bool(re.fullmatch(r"L\d\d", rule))


def check(snapshot: Snapshot) -> list[Finding]:
    """Every finding, blocking ones first. What was signed off is a warning that names who signed."""
    found = [_signed(finding, snapshot["waivers"]) for rule in RULES for finding in rule(snapshot)]
    return sorted(found, key=lambda f: (f.severity, f.rule, f.regime, f.subject))


def _signed(finding: Finding, waivers: list[Mapping[str, str]]) -> Finding:
    if finding.blocks and can_waive(finding.rule):
        for waiver in waivers:
            if waiver["rule"] == finding.rule and waiver["regime"] in ("", finding.regime):
                return replace(finding, severity=WARN, signed_by=waiver["signed_by"])
    return finding


def _asks(terms: Mapping[str, Any]) -> bool:
    return bool(terms["model"] == "opt_in" or terms["banner"] == "choice")


def _necessary(snapshot: Snapshot) -> set[str]:
    return {category["key"] for category in snapshot["categories"] if category["necessary"]}


# --- What visitors are asked ----------------------------------------------------------------------------------------


def refusing(snapshot: Snapshot) -> Iterator[Finding]:
    for variant, terms in snapshot["variants"].items():
        if _asks(terms) and "accept" in terms["buttons"] and "reject" not in terms["buttons"]:
            yield Finding(
                "L01", BLOCK, "The first layer offers to accept but not to refuse.",
                "GDPR 7(3); EDPB Cookie Banner Taskforce §8", "Add the reject button.", variant,
            )  # fmt: skip


def labels(snapshot: Snapshot) -> Iterator[Finding]:
    law = "EDPB Cookie Banner Taskforce §14; 11 CCR 7004"
    seen = set()
    for where, language, own in _worded(snapshot):
        for button in ("accept", "reject", "manage"):
            label = own.get(button, "")
            if (language, button, label) in seen:
                continue
            seen.add((language, button, label))
            allowed = texts.label_allowed(language, button, label)
            if allowed is False:
                yield Finding(
                    "L13", WARN if button == "manage" else BLOCK, f"The {button} button in {where} says {label!r}.",
                    law,
                    f"Say what the button does, such as {texts.labels()[texts.nearest(language)][button][0]!r}.",
                    subject=where,
                )  # fmt: skip
            elif allowed is None and button != "manage":
                yield Finding(
                    "L13", WARN, f"We cannot judge the {button} button in {where}: {label!r}.", law,
                    "Have a speaker of the language check that it says plainly what it does.", subject=where,
                )  # fmt: skip
        if own.get("accept", "").casefold() == own.get("reject", "").casefold():
            yield Finding(
                "L13", BLOCK, f"Accept and reject read the same in {where}.", law, "Tell them apart.", subject=where
            )


_PRESSURE = re.compile(
    r"\b(i hate|i don.?t care|miss(ing)? out|no,? thanks,? i|best experience|better experience|newsletter|discount|"
    r"voucher|gutschein|rabatt|newsletters|beste erlebnis|meilleure exp.rience|mejor experiencia)\b|🍪|😢",
    re.IGNORECASE,
)


def pressure(snapshot: Snapshot) -> Iterator[Finding]:
    for where, _, own in _worded(snapshot):
        for key in ("title", "body", "accept", "reject", "manage", "pc_body"):
            if found := _PRESSURE.search(own.get(key, "")):
                yield Finding(
                    "L14", WARN, f"The text {key!r} in {where} presses: {found.group()!r}.",
                    "EDPB Guidelines 03/2022, stirring", "Say what happens, without praise, reward or reproach.",
                    subject=f"{where} {key}",
                )  # fmt: skip


def translated(snapshot: Snapshot) -> Iterator[Finding]:
    law = "EDPB Guidelines 03/2022, language discontinuity"
    if not snapshot["languages"]:
        yield Finding("L15", BLOCK, "The site has no language.", law, "Choose at least one.")
    english = texts.resolve(texts.FALLBACK)
    for language in snapshot["languages"]:
        own = snapshot["banner"]["texts"].get(language, {})
        missing = [key for key in texts.missing(language) if own.get(key) in (None, "", english[key])]
        if missing:
            some = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            yield Finding(
                "L15", BLOCK, f"{len(missing)} texts are not translated into {language}: {some}", law,
                "Translate them, or take the language away.", subject=language,
            )  # fmt: skip
        for category in snapshot["categories"]:
            if category["texts"].get(language, {}).get("name", category["key"]) == category["key"]:
                yield Finding(
                    "L15", WARN, f"The category {category['key']} has no name in {language}.", law,
                    "Name and describe it in words a visitor knows.", subject=f"{category['key']} {language}",
                )  # fmt: skip


def informed(snapshot: Snapshot) -> Iterator[Finding]:
    site = snapshot["site"]
    if not site["controller"]:
        yield Finding(
            "L11", WARN, f"Nobody is named as responsible; the banner says {site['name']!r}.",
            "GDPR 13(1)(a); EDPB Guidelines 05/2020 §64", "Name the controller in the site's settings.",
        )  # fmt: skip
    if not site["policy_url"]:
        yield Finding(
            "L11", WARN, "The banner links to no privacy policy.", "GDPR 13; EDPB Guidelines 05/2020",
            "Give the policy's address in the site's settings.",
        )  # fmt: skip
    for where, _, own in _worded(snapshot):
        if "{purposes}" not in own.get("body", ""):
            yield Finding(
                "L11", WARN, f"The banner's text in {where} may not name the purposes.", "EDPB Guidelines 05/2020 §64",
                "Put {purposes} into the text; the names of the categories take its place.", subject=where,
            )  # fmt: skip
    if not site["imprint_url"]:
        for variant, terms in snapshot["variants"].items():
            if terms.get("imprint"):
                yield Finding(
                    "L21", WARN, "The banner links to no imprint.", terms["law"] + "; DDG s. 5",
                    "Give the imprint's address in the site's settings.", variant,
                )  # fmt: skip
    if not snapshot["banner"]["floating_button"]:
        yield Finding(
            "L10", WARN, "Nothing of ours lets a visitor change the answer.",
            "GDPR 7(3); EDPB Cookie Banner Taskforce §32",
            "Keep a link with the class optanon-show-settings on every page, or switch the floating button on.",
        )  # fmt: skip


def readable(snapshot: Snapshot) -> Iterator[Finding]:
    for name, palette in zip(("light", "dark"), theme.palettes(snapshot["banner"]["theme"]), strict=True):
        for one, other, what in (("fg", "bg", "text"), ("mut", "bg", "small text"), ("on", "ac", "buttons")):
            ratio = theme.contrast(palette[one], palette[other])
            if ratio < MINIMUM_CONTRAST:
                yield Finding(
                    "L04", BLOCK, f"The {what} of the {name} colours has a contrast of {ratio:.1f}:1.",
                    "WCAG 2.2, 1.4.3; EDPB Cookie Banner Taskforce §17", "Choose colours of at least 4.5:1.",
                    subject=f"{name} {what}",
                )  # fmt: skip


def statutory(snapshot: Snapshot) -> Iterator[Finding]:
    for variant, terms in snapshot["variants"].items():
        for key in (*terms["links"], *terms.get("notices", ())):
            for language in snapshot["languages"]:
                if snapshot["banner"]["texts"].get(language, {}).get(key) != texts.LOCKED.get(key):
                    yield Finding(
                        "L23", BLOCK, f"The statutory text {key} is not word for word.", "11 CCR 7013 to 7015",
                        "Take the change back.", variant, f"{key} {language}",
                    )  # fmt: skip


def _worded(snapshot: Snapshot) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """(place, language, texts) per language, and per language and regime where the regime has words of its own."""
    banner = snapshot["banner"]
    for language in snapshot["languages"]:
        own = banner["texts"].get(language, {})
        yield language, language, own
        for where, special in banner["regime_texts"].items():
            if where.partition("@")[0] == language:
                yield where, language, {**own, **special}


# --- What runs before an answer -------------------------------------------------------------------------------------


def before_answer(snapshot: Snapshot) -> Iterator[Finding]:
    necessary = _necessary(snapshot)
    regimes = {terms["regime"] for terms in snapshot["variants"].values()}
    for service in snapshot["services"]:
        for regime in sorted(set(service["overrides"]) - regimes):
            yield Finding(
                "F03", WARN, f"{service['name']} has an override for {regime}, which no law here uses.",
                "configuration", "Take it away.", regime, service["key"],
            )  # fmt: skip
        plain = {**service, "overrides": {}}
        for regime, own in sorted(service["overrides"].items()):
            laxer = [
                terms
                for terms in snapshot["variants"].values()
                if terms["regime"] == regime
                and service["category"] not in necessary
                and defaults.before_answer(plain, False, terms) == "denied"
                and defaults.before_answer(service, False, terms) == "granted"
            ]
            if laxer:
                yield Finding(
                    "L06", BLOCK, f"{service['name']} would run before a yes: {own['reason']}", laxer[0]["law"],
                    "Take the override away, or have it signed off.", regime, service["key"],
                )  # fmt: skip
            elif regime in regimes:
                yield Finding(
                    "F06", WARN, f"{service['name']} has an override, {own['state']}: {own['reason']}", "configuration",
                    "Nothing, when it is still meant.", regime, service["key"],
                )  # fmt: skip
    for regime in snapshot["site"]["advanced"]:
        yield Finding(
            "L26", WARN, "Google's tags load before an answer (advanced Consent Mode) and send pings without cookies.",
            "Directive 2002/58/EC art. 5(3); EDPB Guidelines 2/2023", "Use basic mode unless your counsel agrees.",
            regime,
        )  # fmt: skip


def exemptions(snapshot: Snapshot) -> Iterator[Finding]:
    for service in snapshot["services"]:
        if service["exemption_confirmed"] and any(service[fact] for fact in defaults.FACTS):
            yield Finding(
                "L08", WARN, f"{service['name']} advertises, sells or is sensitive: its exemption does not count.",
                "PECR Sch. A1 par. 5; CNIL 2020-092 §50", "Take the confirmation back.", subject=service["key"],
            )  # fmt: skip
        if extra := sorted(set(service["exemption_confirmed"]) - set(service["exempt_in"])):
            yield Finding(
                "L08", WARN, f"{service['name']} has no known exemption in {', '.join(extra)}.",
                "PECR Sch. A1; CNIL 2020-092", "Take the confirmation back.", subject=service["key"],
            )  # fmt: skip


def really_necessary(snapshot: Snapshot) -> Iterator[Finding]:
    law = "Directive 2002/58/EC art. 5(3); EDPB Cookie Banner Taskforce §26"
    necessary = _necessary(snapshot)
    for service in snapshot["services"]:
        if service["category"] not in necessary:
            continue
        if not reasons.enough(service.get("necessary_reason", "")):
            yield Finding(
                "F07", BLOCK, f"{service['name']} is filed as strictly necessary without a reason.", law,
                "Write down why, or file it under an optional category.", subject=service["key"],
            )  # fmt: skip
        if proof := _tracker(service):
            yield Finding(
                "L08", BLOCK, f"{service['name']} is filed as strictly necessary but {proof}.", law,
                "File it under the category that it belongs to.", subject=service["key"],
            )  # fmt: skip
            if snapshot["site"]["child_directed"] and service["targeted_ads"]:
                yield Finding(
                    "L25", BLOCK, f"{service['name']} would advertise to children.",
                    "COPPA; Cal. Civ. Code 1798.120(c)",
                    "File it under an optional category.", subject=service["key"],
                )  # fmt: skip
        elif doubt := _other_category(service):
            yield Finding(
                "L08", WARN, f"{service['name']} is filed as strictly necessary; we know it as {doubt}.", law,
                "Be sure that the visitor asked for it.", subject=service["key"],
            )  # fmt: skip


def _kin(service: Mapping[str, Any]) -> Iterator[tuple[str, known.Known]]:
    """Known services that this one is or contains, each with how we know."""
    if found := known.by_key().get(service["key"]):
        yield "is", found
    for pattern in service["rules"]:
        if found := known.of_pattern(pattern):
            yield f"its rule {pattern} is", found
    for cookie in service["cookies"]:
        for found in known.of_cookie(cookie["name"]):
            yield f"its cookie {cookie['name']} is", found


def _tracker(service: Mapping[str, Any]) -> str:
    if service["targeted_ads"] or service["sells_or_shares"]:
        return "advertises or sells data"
    if service["statistics"]:
        return "measures visits"
    return next((f"{how} {found['name']}'s" if "its" in how else f"is {found['name']}"
                 for how, found in _kin(service) if known.tracks(found)), "")  # fmt: skip


def _other_category(service: Mapping[str, Any]) -> str:
    return next((f["category"] for _, f in _kin(service) if f["category"] != "C0001"), "")


# --- Against the table of law ---------------------------------------------------------------------------------------

_MODELS = ("notice", "opt_out", "opt_in")


def weakened(snapshot: Snapshot) -> Iterator[Finding]:
    """Corrections of the table that ask less than the shipped row; asking more needs no sign-off."""
    overrides = snapshot["jurisdictions"]["overrides"]
    for place in overrides:
        if place not in table.ROWS:
            continue
        ours = table.variant_and_terms(table.row(place))[1]
        theirs = table.variant_and_terms(table.row(place, overrides))[1]
        for rule, what in _weaker(ours, theirs):
            yield Finding(
                rule, BLOCK, f"The correction of {place} {what}: {overrides[place]['reason']}", ours["law"],
                "Take the correction back, or have it signed off.", theirs["regime"], place,
            )  # fmt: skip
        if table.row(place, overrides).effective_date > table.row(place).effective_date:
            yield Finding(
                "L06", BLOCK, f"The correction of {place} puts off the day its law takes force.", ours["law"],
                "Take the correction back, or have it signed off.", theirs["regime"], f"{place} date",
            )  # fmt: skip


def _weaker(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if _MODELS.index(theirs["model"]) < _MODELS.index(ours["model"]):
        yield "L06", f"turns {ours['model']} into {theirs['model']}"
    elif any(
        _before(ours, fact) == "denied" and _before(theirs, fact) == "granted" for fact in ("default", *defaults.FACTS)
    ):
        yield "L06", "lets services run before a yes"
    if table.STRICTER.index(theirs["reject"]) < table.STRICTER.index(ours["reject"]):
        yield "L01", "asks less for a way to refuse"
    if table.STRICTER.index(theirs["equal"]) < table.STRICTER.index(ours["equal"]):
        yield "L03", "asks less for equal buttons"
    if ours["close_x"] and not theirs["close_x"]:
        yield "L07", "takes the closing X away"
    if theirs["reask_days"] < ours["reask_days"]:
        yield "L16", "asks again sooner"
    if theirs["consent_days"] > ours["consent_days"]:
        yield "L17", "keeps a yes for longer"
    if (ours["gpc"], theirs["gpc"]) == ("required", "honoured") or (ours["gpc_status"] and not theirs["gpc_status"]):
        yield "L22", "asks less for the Global Privacy Control"
    missing = set(ours["links"]) - set(theirs["links"])
    if missing and theirs["model"] != "opt_in":  # who asks first has nothing to opt out of
        yield "L23", f"drops {', '.join(sorted(missing))}"
    if set(theirs["exempt"]) - set(ours["exempt"]):
        yield "L08", "adds an exemption"
    if theirs["minors"]["ads_off_under"] < ours["minors"]["ads_off_under"]:
        yield "L25", "lowers the age under which advertising is off"


def _before(terms: Mapping[str, Any], fact: str) -> str:
    return str(terms["before"].get(fact, terms["before"]["default"]))


def lasting(snapshot: Snapshot) -> Iterator[Finding]:
    """How long cookies live, against the shortest limit of the table."""
    limits = [terms["tracker_max_days"] for terms in snapshot["variants"].values() if terms.get("tracker_max_days")]
    necessary = _necessary(snapshot)
    optional = [s for s in snapshot["services"] if s["category"] not in necessary]
    for service in optional:
        unknown = [c["name"] for c in service["cookies"] if c["lifetime_days"] is None and not c["lifetime"]]
        if unknown:
            yield Finding(
                "L18", WARN, f"{service['name']} has cookies without a lifetime: {', '.join(unknown)}.",
                "CJEU C-673/17 Planet49 §75", "Say how long each lives.", subject=service["key"],
            )  # fmt: skip
        long = [c["name"] for c in service["cookies"] if limits and (c["lifetime_days"] or 0) > min(limits)]
        if long:
            yield Finding(
                "L18", WARN,
                f"{service['name']} has cookies that live longer than {min(limits)} days: {', '.join(long)}.",
                "CNIL 2020-092 §50", "Shorten them where the service lets you.", subject=service["key"],
            )  # fmt: skip
    if len(optional) > MANY:
        yield Finding(
            "L20", WARN, f"{len(optional)} optional services are more than a visitor can weigh.",
            "EDPB Guidelines 03/2022, too many options", "Remove what you do not use.",
        )  # fmt: skip


# --- What would break or not work -----------------------------------------------------------------------------------


def workable(snapshot: Snapshot) -> Iterator[Finding]:
    hosts = snapshot["site"]["hosts"]
    owner: dict[str, str] = {}
    necessary = _necessary(snapshot)
    for host in hosts:
        try:
            site_host(f"[{host}]" if ":" in host else host)
        except ValueError as error:
            yield Finding(
                "F08", BLOCK, str(error), "publicsuffix.org", "Take it away in the site's settings.", subject=host
            )
    if not necessary:
        yield Finding(
            "F04", WARN, "No category is strictly necessary.", "configuration", "Mark one as always active.",
        )  # fmt: skip
    for service in snapshot["services"]:
        for pattern in service["rules"]:
            try:
                parsed = patterns.parse(pattern)
            except ValueError as error:
                yield Finding("F01", BLOCK, str(error), "configuration", "Correct the pattern.", subject=service["key"])
                continue
            if parsed.host and not parsed.path and not parsed.query and service["category"] not in necessary:
                own = [h for h in hosts if h == parsed.host or h.endswith("." + parsed.host)]
                if own:
                    yield Finding(
                        "F02", BLOCK, f"The pattern {pattern} of {service['name']} holds the site's own host {own[0]}.",
                        "configuration", "Add a path to it.", subject=service["key"],
                    )  # fmt: skip
            if owner.setdefault(pattern, service["name"]) != service["name"]:
                yield Finding(
                    "F05", WARN, f"{service['name']} and {owner[pattern]} share the pattern {pattern}.",
                    "configuration", "Keep it with one of them; the first by key has it.", subject=service["key"],
                )  # fmt: skip
        if service["category"] not in necessary and not service["rules"] and not service["inline"]:
            yield Finding(
                "L26", WARN, f"{service['name']} has no request pattern and no inline signature: nothing can be held.",
                "Directive 2002/58/EC art. 5(3)", "Add the host that it loads from.", subject=service["key"],
            )  # fmt: skip
        if service["category"] == "C0004" and not (service["sells_or_shares"] or service["targeted_ads"]):
            yield Finding(
                "L22", WARN, f"{service['name']} is advertising that neither sells nor targets: "
                "it runs on in the face of the Global Privacy Control.", "Cal. Civ. Code 1798.135; 11 CCR 7025",
                "Say that it sells or targets, unless you know that it does neither.", subject=service["key"],
            )  # fmt: skip
    yield from signals_governed(snapshot)
    if not snapshot["site"]["first_party_endpoint"]:
        yield Finding(
            "L22", WARN, "The site itself does not answer /.well-known/fairgate/ and /.well-known/gpc.json; "
            "Safari keeps an answer for seven days only.", "11 CCR 7025; WebKit",
            "Set up the reverse proxy rule of docs/first-party.md.",
        )  # fmt: skip


def signals_governed(snapshot: Snapshot) -> Iterator[Finding]:
    """Google's tags obey signals: each needs a category that governs one; a container, which may load any, all four."""
    governed = {category["key"]: GOOGLE_SIGNALS & {*category["consent_mode"]} for category in snapshot["categories"]}
    google = [service for service in snapshot["services"] if service["adapter"] == "google"]
    missing = GOOGLE_SIGNALS.difference(*governed.values())
    if missing and any(service["container"] for service in google):
        yield Finding(
            "L28", WARN, f"No category governs Google's {', '.join(sorted(missing))}.", "Google Consent Mode v2",
            "Assign them to a category; until then they stay denied.",
        )  # fmt: skip
    for service in google:
        if not service["container"] and not governed[service["category"]]:
            yield Finding(
                "L28", WARN, f"{service['name']} is in {service['category']}, which governs none of Google's signals.",
                "Google Consent Mode v2", "Assign a signal to that category; until then Google is told a no.",
                subject=service["key"],
            )  # fmt: skip


RULES: tuple[Callable[[Snapshot], Iterator[Finding]], ...] = (
    refusing, labels, pressure, translated, informed, readable, statutory, before_answer, exemptions, really_necessary,
    weakened, lasting, workable,
)  # fmt: skip
