"""What the first layer must say: who, why, where to read more, and how to change one's mind; in readable colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext, gettext_noop

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
            "L11",
            BLOCK,
            gettext("Nobody is named as responsible; the banner says %(name)r.")
            % {"name": site["controller"] or site["name"]},
            "GDPR 13(1)(a); EDPB Guidelines 05/2020 §64",
            gettext("Name the controller in the site's settings."),
            subject="controller",
            field="settings controller",
        )
    if not site["policy_url"]:
        yield Finding(
            "L11",
            BLOCK,
            gettext("The banner links to no privacy policy."),
            "GDPR 13; EDPB Guidelines 05/2020",
            gettext("Give the policy's address in the site's settings."),
            subject="policy",
            field="settings policy_url",
        )
    elif site["policy_url"] == site["imprint_url"] or not _is_a_page(site["policy_url"]):
        yield Finding(
            "L11",
            WARN,
            gettext("The privacy policy is said to be at %(address)s, which is another page.")
            % {"address": site["policy_url"]},
            "GDPR 13; EDPB Guidelines 05/2020",
            gettext("Give the address of the policy itself."),
            subject="policy page",
            field="settings policy_url",
        )


def telling(snapshot: Snapshot) -> Iterator[Finding]:
    """The first layer says who asks, and what for."""
    site = snapshot["site"]
    for where, language, own in worded(snapshot):
        said = {**snapshot["banner"]["texts"].get(language, {}), **own}
        if set(own) & {"title", "body"} and not any(_names(site, said.get(key, "")) for key in ("title", "body")):
            yield Finding(
                "L11",
                WARN,
                gettext("The first layer in %(where)s does not name who asks.") % {"where": where},
                "GDPR 13(1)(a); EDPB Guidelines 05/2020 §64",
                gettext("Put {controller} into the text."),
                subject=f"text {where} controller",
                text=said.get("body", ""),
                field=f"text {where} body",
            )
        if "{purposes}" not in own.get("body", "{purposes}"):
            field = f"text {where} body"
            yield Finding(
                "L11",
                BLOCK,
                gettext("The banner's text in %(where)s may not name the purposes.") % {"where": where},
                "EDPB Guidelines 05/2020 §64",
                gettext("Put {purposes} into the text; the names of the categories take its place."),
                subject=field,
                text=own["body"],
                field=field,
            )


def answerable(snapshot: Snapshot) -> Iterator[Finding]:
    """An imprint where a law wants one; a yes that is free; a way back."""
    site = snapshot["site"]
    if not site["imprint_url"]:
        for variant, terms in snapshot["variants"].items():
            if terms.get("imprint"):
                yield Finding(
                    "L21",
                    BLOCK if _addresses_germans(snapshot) else WARN,
                    gettext("The banner links to no imprint."),
                    terms["law"] + "; DDG s. 5",
                    gettext("Give the imprint's address in the site's settings."),
                    variant,
                    field="settings imprint_url",
                )
    if site.get("membership") and opt_in(snapshot):
        yield Finding(
            "L33",
            BLOCK,
            gettext("Subscribers are not asked: others pay with a yes, or pay."),
            "EDPB Opinion 08/2024; GDPR 4(11), 7(4)",
            gettext(
                "Have it signed off by whoever answers that a yes is still free: the price, what else is "
                "offered for nothing without behavioural advertising, and that a no to one purpose is no "
                "subscription."
            ),
            subject="membership",
            field="settings membership",
        )
    if not snapshot["banner"]["floating_button"]:
        yield Finding(
            "L10",
            BLOCK,
            gettext("Nothing of ours lets a visitor change the answer."),
            "GDPR 7(3); EDPB Cookie Banner Taskforce §32",
            gettext(
                "Switch the floating button on (it stays away where a page has a link of its own), or have "
                "it signed off that every page has a link with data-fairgate-open."
            ),
            field="banner floating_button",
        )


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
        for one, other, what in (
            ("fg", "bg", gettext_noop("text")),
            ("mut", "bg", gettext_noop("small text")),
            ("on", "ac", gettext_noop("buttons")),
        ):
            ratio = theme.contrast(palette[one], palette[other])
            if ratio < MINIMUM_CONTRAST:
                yield Finding(
                    "L04",
                    BLOCK,
                    gettext("The %(what)s of the %(name)s colours has a contrast of %(ratio).1f:1.")
                    % {"what": gettext(what), "name": gettext(name), "ratio": ratio},
                    "WCAG 2.2, 1.4.3; EDPB Cookie Banner Taskforce §17",
                    gettext("Choose colours of at least 4.5:1."),
                    subject=f"{name} {what}",
                    field="banner accent",
                )


RULES = (informed, telling, answerable, readable)
