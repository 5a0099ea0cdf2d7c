"""What the first layer must say: who, why, where to read more, and how to change one's mind; in readable colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from consent.banners import theme
from consent.publishing.lint.finding import BLOCK, WARN, Finding, Snapshot, opt_in, worded
from consent.publishing.lint.readings import plain

NOBODY = frozenset(
    {"n/a", "na", "none", "nobody", "tbd", "todo", "test", "we", "us", "wir", "nous", "name", "company", "controller"}
)
MINIMUM_CONTRAST = 4.5  # WCAG 2.2, 1.4.3


def informed(snapshot: Snapshot) -> Iterator[Finding]:
    site = snapshot["site"]
    if not _names_somebody(site["controller"]):
        yield Finding(
            "L11", BLOCK, f"Nobody is named as responsible; the banner says {site['controller'] or site['name']!r}.",
            "GDPR 13(1)(a); EDPB Guidelines 05/2020 §64", "Name the controller in the site's settings.",
            subject="controller", field="settings controller",
        )  # fmt: skip
    if not site["policy_url"]:
        yield Finding(
            "L11", BLOCK, "The banner links to no privacy policy.", "GDPR 13; EDPB Guidelines 05/2020",
            "Give the policy's address in the site's settings.", subject="policy", field="settings policy_url",
        )  # fmt: skip
    elif site["policy_url"] == site["imprint_url"] or not _is_a_page(site["policy_url"]):
        yield Finding(
            "L11", WARN, f"The privacy policy is said to be at {site['policy_url']}, which is another page.",
            "GDPR 13; EDPB Guidelines 05/2020", "Give the address of the policy itself.", subject="policy page",
            field="settings policy_url",
        )  # fmt: skip
    for where, language, own in worded(snapshot):
        said = {**snapshot["banner"]["texts"].get(language, {}), **own}
        if set(own) & {"title", "body"} and not any(_names(site, said.get(key, "")) for key in ("title", "body")):
            yield Finding(
                "L11", WARN, f"The first layer in {where} does not name who asks.",
                "GDPR 13(1)(a); EDPB Guidelines 05/2020 §64", "Put {controller} into the text.",
                subject=f"text {where} controller", text=said.get("body", ""), field=f"text {where} body",
            )  # fmt: skip
        if "{purposes}" not in own.get("body", "{purposes}"):
            field = f"text {where} body"
            yield Finding(
                "L11", BLOCK, f"The banner's text in {where} may not name the purposes.", "EDPB Guidelines 05/2020 §64",
                "Put {purposes} into the text; the names of the categories take its place.",
                subject=field, text=own["body"], field=field,
            )  # fmt: skip
    if not site["imprint_url"]:
        for variant, terms in snapshot["variants"].items():
            if terms.get("imprint"):
                yield Finding(
                    "L21", BLOCK if _addresses_germans(snapshot) else WARN,
                    "The banner links to no imprint.", terms["law"] + "; DDG s. 5",
                    "Give the imprint's address in the site's settings.", variant, field="settings imprint_url",
                )  # fmt: skip
    if site.get("membership") and opt_in(snapshot):
        yield Finding(
            "L33", BLOCK, "Subscribers are not asked: others pay with a yes, or pay.",
            "EDPB Opinion 08/2024; GDPR 4(11), 7(4)",
            "Have it signed off by whoever answers that a yes is still free: the price, what else is offered for "
            "nothing without behavioural advertising, and that a no to one purpose is no subscription.",
            subject="membership", field="settings membership",
        )  # fmt: skip
    if not snapshot["banner"]["floating_button"]:
        yield Finding(
            "L10", BLOCK, "Nothing of ours lets a visitor change the answer.",
            "GDPR 7(3); EDPB Cookie Banner Taskforce §32",
            "Switch the floating button on (it stays away where a page has a link of its own), or have it signed off "
            "that every page has a link with data-fairgate-open.", field="banner floating_button",
        )  # fmt: skip


def _names_somebody(controller: str) -> bool:
    """A name has two letters or more that are seen, and is none of what people write into a field that they must
    fill."""
    name = plain(controller).strip(" .-–—_*?!").casefold()
    return sum(letter.isalnum() for letter in name) > 1 and name not in NOBODY


def _names(site: Mapping[str, Any], text: str) -> bool:
    known = (plain(site[key]).casefold() for key in ("controller", "name") if site[key])
    return "{controller}" in text or any(name in plain(text).casefold() for name in known)


def _is_a_page(address: str) -> bool:
    """A path, a query or an anchor: the front page of a site is no policy."""
    parts = urlsplit(address)
    return bool(parts.path.strip("/") or parts.query or parts.fragment)


def _addresses_germans(snapshot: Snapshot) -> bool:
    """Every site has visitors from Germany, and many offer German; the duty to have an imprint is that of who trades
    there."""
    german = any(language.lower().partition("-")[0] == "de" for language in snapshot["languages"][:1])
    return german or any(host.endswith(".de") for host in snapshot["site"]["hosts"])


def readable(snapshot: Snapshot) -> Iterator[Finding]:
    for name, palette in zip(("light", "dark"), theme.palettes(snapshot["banner"]["theme"]), strict=True):
        for one, other, what in (("fg", "bg", "text"), ("mut", "bg", "small text"), ("on", "ac", "buttons")):
            ratio = theme.contrast(palette[one], palette[other])
            if ratio < MINIMUM_CONTRAST:
                yield Finding(
                    "L04", BLOCK, f"The {what} of the {name} colours has a contrast of {ratio:.1f}:1.",
                    "WCAG 2.2, 1.4.3; EDPB Cookie Banner Taskforce §17", "Choose colours of at least 4.5:1.",
                    subject=f"{name} {what}", field="banner accent",
                )  # fmt: skip


RULES = (informed, readable)
