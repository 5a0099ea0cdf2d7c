"""The server level for servers that are no Python: one release as JavaScript, for nginx (njs) and edge workers.

The rewriter is deploy/edge/rewrite.js; here is only the data that it needs, with everything decided that can be decided
before a visitor comes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import pycountry

from consent.jurisdictions.locate import Place, decide
from consent.jurisdictions.table import ROWS
from cookiebanner import env
from fairgate_enforce import signals
from fairgate_enforce.enforcer import hostname
from fairgate_enforce.policy import Rules
from fairgate_enforce.source import STRICTEST

FOLDER = env.FILES / "deploy" / "edge"
KINDS = {
    "nginx": ("fairgate.js", "fairgate-http.conf", "fairgate-location.conf"),
    "worker": ("worker.js",),
}  # fmt: skip


def data(release: Mapping[str, Any], fairgate: str, places: Mapping[str, str]) -> dict[str, Any]:
    """The `DATA` of deploy/edge/rewrite.js. Strings that are compared with a page hold one byte a character.

    `release`: a snapshot with its number as "release", its "content" and its "cookie" as in enforce.json;
    `fairgate`: address or host of the consent server; `places`: {country or country-subdivision: variant}, "*" for the
    rest.
    """
    all_rules = {variant: Rules(release, variant) for variant in release["variants"]}
    rules = next(iter(all_rules.values()))
    return {
        "release": rules.release,
        "content": rules.content,
        "cookie": rules.cookie,
        "site": release["site"]["uuid"],
        "hosts": rules.hosts,
        "friends": [hostname(fairgate)],
        "fairgate": re.sub(r"^https?://|/.*$", "", fairgate),
        "unknown": release["site"]["unknown"],
        "child": rules.child,
        "table": {
            host: [[octets(part) if isinstance(part, str) else part for part in entry] for entry in entries]
            for host, entries in rules.table.items()
        },
        "steps": rules.steps,
        "categories": [[c["key"], c["necessary"], list(c.get("slots", ()))] for c in release["categories"]],
        "services": [
            {
                "key": service["key"],
                "category": service["category"],
                "container": service["container"],
                "sold": sold,
                "mark": mark,
                "slots": list(slots),
                "inline": [octets(part) for part in service["inline"]],
            }
            for service, sold, mark, slots in zip(rules.services, rules.sold, rules.marks, rules.slots, strict=True)
        ],
        "vary": signals.vary(),
        "variants": {variant: _terms(one, release) for variant, one in all_rules.items()},
        "places": {"*": STRICTEST, **places},
    }


def _terms(rules: Rules, release: Mapping[str, Any]) -> dict[str, Any]:
    """Flags are strings of 0 and 1, in the order of `categories` and `services`."""
    before = [category["necessary"] or rules.categories_before[category["key"]] for category in release["categories"]]
    return {
        "optIn": rules.terms["model"] == "opt_in",
        "nothing": rules.nothing,
        "consent": rules.terms.get("consent_days") or 0,
        "refusal": rules.terms.get("refusal_days") or 0,
        "categories": "".join(str(int(granted)) for granted in before),
        "services": "".join(str(int(granted)) for granted in rules.before),
        "signals": [
            [signal.header, meaning.header, meaning.denies(rules.category_keys)]
            for signal in signals.in_force()
            if signal.is_honoured(rules.terms["regime"])
            for meaning in signal.values
        ],
    }


def octets(text: str) -> str:
    """One character for each byte of the text's UTF-8."""
    return text.encode().decode("latin-1")


def places_of_the_world(today: date, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, str]:
    """{country or country-subdivision: variant} of every place on that day whose law is not the strictest."""
    places: list[tuple[str, str | None]] = [(country.alpha_2, None) for country in pycountry.countries]
    places += [(country, region) for country, _, region in (id.partition("-") for id in ROWS) if region]
    found = {}
    for country, region in places:
        variant = decide(Place(country, region, "header"), today, overrides).variant
        if variant != STRICTEST:
            found[f"{country}-{region}" if region else country] = variant
    return found


def files(kind: str, made: Mapping[str, Any] | None) -> dict[str, str]:
    """{name: text} of one kind ("nginx", "worker"). `made`: what `data` gives; None for a site that is switched off.

    Raises KeyError on another kind.
    """
    script = json.dumps(made, ensure_ascii=True, separators=(",", ":"), sort_keys=True)
    core = (FOLDER / "rewrite.js").read_text(encoding="utf-8")
    texts = {}
    for name in KINDS[kind]:
        text = (FOLDER / name).read_text(encoding="utf-8")
        if name.endswith(".js"):
            head = f"// Made by `manage.py edge`; make it again after every release.\nvar DATA = {script};\n"
            text = f"{head}\n{core}\n{text}"
        texts[name] = text
    return texts
