"""Rules for what a page runs and keeps: from requests, cookies and storage of one visit to findings. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.utils.translation import gettext_noop

from consent.catalogue import known
from consent.publishing.lint.finding import BLOCK, WARN, Finding
from consent.publishing.own_cookies import ONETRUSTS
from consent.scanner.classify import is_at
from fairgate_enforce import patterns
from fairgate_enforce.defaults import before_answer

ARTICLE_5 = "Directive 2002/58/EC art. 5(3)"
KINDS = {"local": "local storage", "session": "session storage", "databases": "database"}
OURS = re.compile(r"fairgate_[0-9a-f]{8}\b.*")
SHOWN = 3  # examples that a finding names
Service = Mapping[str, Any]


@dataclass
class Visit:
    """What was heard of one page view: addresses asked, [(name, domain)] of cookies, names in storage by kind."""

    host: str
    requests: list[str] = field(default_factory=list)
    cookies: list[tuple[str, str]] = field(default_factory=list)
    storage: dict[str, list[str]] = field(default_factory=dict)


class Moment(NamedTuple):
    """When it was heard, and what that makes of it."""

    rule: str
    words: str  # "before an answer"
    severity: str
    regime: str = ""


@dataclass(frozen=True)
class Owners:
    """Whose requests, cookies and stored names are: a site's services, then those that we know."""

    services: Sequence[Service] = ()
    necessary: frozenset[str] = frozenset({"C0001"})
    hosts: tuple[str, ...] = ()  # of the site, and of the server that its gate comes from

    @cached_property
    def _table(self) -> patterns.Table:
        return patterns.compile([list(service["rules"]) for service in self.services])

    @cached_property
    def _kept(self) -> list[tuple[re.Pattern[str], str, Service]]:
        found = []
        for service in self.services:
            for cookie in service["cookies"]:
                name, _, elsewhere = cookie["name"].rstrip(")").partition(" (")
                found.append((re.compile(".*".join(map(re.escape, name.split("*")))), elsewhere, service))
        return found

    def of_url(self, url: str, page_host: str) -> Service | None:
        """The service that a request is for."""
        index = patterns.match(self._table, url, page_host)
        return self.services[index] if index >= 0 else known.of_url(url, page_host)

    def of_name(self, name: str, domain: str = "") -> Service | None:
        """The service that keeps something under this name. A cookie that is listed with a host in brackets is one of
        that host's only."""
        own = (s for pattern, host, s in self._kept if pattern.fullmatch(name) and (not host or is_at(domain, host)))
        return next(own, None) or next(iter(known.of_cookie(name)), None)

    def is_own(self, host: str) -> bool:
        """Whether a host is the site's, or our server."""
        return any(is_at(host, one) for one in self.hosts)

    def waits(self, service: Service, terms: Mapping[str, Any] | None) -> bool:
        """Whether a service must not run: before an answer under these `terms`, after a no under none."""
        necessary = service["category"] in self.necessary
        return not necessary if terms is None else before_answer(service, necessary, terms) == "denied"


def judge(visit: Visit, owners: Owners, terms: Mapping[str, Any] | None, moment: Moment) -> list[Finding]:
    """What ran and was kept in a visit and should not have been. `terms` as in `Owners.waits`."""
    return sorted(
        [*_of_services(visit, owners, terms, moment), *_of_strangers(visit, owners, moment)],
        key=lambda one: (one.severity, one.subject),
    )


def answered_by_itself(visit: Visit, moment: Moment) -> Iterator[Finding]:
    """An answer is there although nobody gave one: scrolling, Escape and waiting are none."""
    kept = [name for name, _ in visit.cookies if OURS.fullmatch(name)]
    kept += [name for name in visit.storage.get("local", ()) if OURS.fullmatch(name)]
    if kept:
        yield Finding(
            "L07",
            moment.severity,
            f"An answer is stored ({', '.join(kept)}) although the visitor gave none.",
            "GDPR 4(11); CJEU C-673/17 Planet49",
            gettext_noop("Let nothing on the page answer in the visitor's name."),
            moment.regime,
            "answer by itself",
        )


def _of_services(visit: Visit, owners: Owners, terms: Mapping[str, Any] | None, moment: Moment) -> Iterator[Finding]:
    seen: dict[str, tuple[Service, dict[str, list[str]]]] = {}

    def add(service: Service | None, kind: str, what: str) -> None:
        if service and owners.waits(service, terms):
            seen.setdefault(service["key"], (service, {}))[1].setdefault(kind, []).append(what)

    for url in visit.requests:
        add(owners.of_url(url, visit.host), "requests", _short(url))
    for name, domain in visit.cookies:
        add(None if ours(name) else owners.of_name(name, domain), "cookies", name)
    for kind, names in visit.storage.items():
        for name in names:
            add(None if ours(name) else owners.of_name(name), KINDS[kind], name)
    for key, (service, kinds) in seen.items():
        what = "; ".join(f"{kind} {_few(found)}" for kind, found in kinds.items())
        listed = any(service is one for one in owners.services)
        fix = (
            gettext_noop(
                "Give it all its patterns and cookies, and let the gate be the page's first script; what "
                "stands in the markup may need the strict level (docs/blocking.md)."
            )
            if listed
            else gettext_noop("Add it to the site's services, so that it is held.")
        )
        yield Finding(
            moment.rule,
            moment.severity,
            f"{service['name']} {'runs' if 'requests' in kinds else 'keeps something'} {moment.words}: {what}.",
            f"{ARTICLE_5}; EDPB Cookie Banner Taskforce §26",
            fix,
            moment.regime,
            f"{key} {moment.words}",
            field=f"service {key} patterns" if listed else "services",
        )


def _of_strangers(visit: Visit, owners: Owners, moment: Moment) -> Iterator[Finding]:
    """What no service names: it may be harmless, and nobody can tell."""
    hosts = {
        urlsplit(url).hostname or "" for url in visit.requests if owners.of_url(url, visit.host) is None
    }  # fmt: skip
    strange = sorted(host for host in hosts if host and not owners.is_own(host))
    if strange:
        yield Finding(
            moment.rule,
            WARN,
            f"Hosts that no service names are asked {moment.words}: {_few(strange)}.",
            ARTICLE_5,
            gettext_noop("Add the services that they belong to."),
            moment.regime,
            f"hosts {moment.words}",
            field="services",
        )
    names = visit.cookies + [(name, "") for found in visit.storage.values() for name in found]
    unnamed = sorted({name for name, domain in names if not ours(name) and owners.of_name(name, domain) is None})
    if unnamed:
        yield Finding(
            moment.rule,
            WARN,
            f"Cookies or stored names that no service has are there {moment.words}: {_few(unnamed)}.",
            ARTICLE_5,
            gettext_noop("Add them to the service that keeps them."),
            moment.regime,
            f"names {moment.words}",
            field="services",
        )


def ours(name: str) -> bool:
    """Whether a stored name is the banner's own (docs/data-protection.md)."""
    return bool(OURS.fullmatch(name)) or name in ONETRUSTS


def consent_mode(before: Sequence[Any], after: Sequence[Any], moment: Moment) -> Iterator[Finding]:
    """Google's queue (`dataLayer`) as it was `before` and `after` a yes: a default first, then one update."""
    law = "Google Consent Mode v2; " + ARTICLE_5
    kinds = [_kind(entry) for entry in after]
    starts = [place for place, kind in enumerate(kinds) if kind == "start"]
    if not starts:
        return
    if "default" not in kinds[: starts[0]]:
        yield Finding(
            "L28",
            BLOCK,
            gettext_noop("Google's tag starts without a consent default before it."),
            law,
            gettext_noop("Put the gate before Google's lines; it writes the default."),
            moment.regime,
            "consent default",
        )
    updates = [_kind(entry) for entry in after[len(before) :]].count("update")
    if updates != 1:
        yield Finding(
            "L28",
            BLOCK if not updates else WARN,
            f"Google was told of the answer {updates} times.",
            law,
            gettext_noop("Take other code out of the page that updates Google's consent; the gate does it once."),
            moment.regime,
            "consent update",
        )


def _kind(entry: Any) -> str:
    """start: a tag begins; default, update: of the consent; else ""."""
    if isinstance(entry, dict):
        return "start" if "gtm.start" in entry else ""
    if isinstance(entry, list) and entry:
        if entry[0] in ("js", "config"):
            return "start"
        if entry[0] == "consent" and len(entry) > 1:
            return str(entry[1])
    return ""


def _few(found: Iterable[str]) -> str:
    names = list(dict.fromkeys(found))
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _short(url: str) -> str:
    """An address without what may tell of a visitor."""
    return url.split("?", 1)[0].split("#", 1)[0][:120]
