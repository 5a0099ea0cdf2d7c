"""What Python packs, the browser's sources unpack again: whatever a release holds, each value under its own name."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from consent.banners import packing, screen, theme
from cookiebanner.releases import compile as compiler
from tests import samples
from tests.cookiebanner.releases.test_compile import ROOT, config

VARIANT = "eu_opt_in"
KEYS = ("a", "b", "constructor", "true", "1", "null")
TEXT = st.sampled_from(["", "0", "A text", "null", "ü <&\u2028"])
SCRIPT = """
  import { unpack } from './cookiebanner/banner/src/core/vector.js';
  import { unpackLists } from './cookiebanner/banner/src/ui/screen.js';
  import * as packed from './cookiebanner/banner/src/packed.js';
  let text = ''; for await (const part of process.stdin) text += part;
  const named = (row, of) => Object.fromEntries(Object.keys(packed).filter((name) => name.startsWith(`${of}_`))
    .map((name) => [name.slice(of.length + 1).toLowerCase(), row[packed[name]]]));
  const keyed = (one) => ({ ...one, category: one.category?.key, group: one.group?.key });
  const lists = (services) => services.map(({ key }) => key);
  console.log(JSON.stringify(JSON.parse(text).map(({ config, texts, exempt }) => {
    const { categories, services, purposes, t } = unpackLists(texts, { terms: { regime: 'eu_opt_in', exempt }, cfg: {} });
    return {
      items: unpack(config).map(keyed),
      categories: categories.map((one) => ({ ...one, services: lists(one.services) })),
      purposes,
      t,
      services: services.map((one) => ({ ...keyed(one), cookies: one.cookies.map((row) => named(row, 'COOKIE')) })),
      // What the stub reads without ui.js, and the look.
      stub: texts[packed.SCREEN_SERVICES].map((row) => [row[packed.SERVICE_KEY], row[packed.SERVICE_COOKIES] || []]),
      stubCategories: texts[packed.SCREEN_CATEGORIES].map((row) => named(row, 'CATEGORY')),
      look: named(texts.look, 'LOOK'),
      screen: { ...named(texts, 'SCREEN'), policy: texts.policy, imprint: texts.imprint },
    };
  })));"""


@st.composite
def releases(draw: st.DrawFn) -> dict[str, Any]:
    booleans = st.booleans()
    services = [
        samples.service(
            key, name=draw(TEXT), company=draw(TEXT), policy_url=draw(st.sampled_from(["", "https://p.example", "/p"])),
            category=draw(st.sampled_from([*samples.CATEGORIES])), description=draw(TEXT), container=draw(booleans),
            sells_or_shares=draw(booleans), targeted_ads=draw(booleans), sensitive=draw(booleans),
            exemption_confirmed=draw(st.lists(st.sampled_from(["DE", "FR", "GB"]), unique=True)),
            inline=draw(st.lists(TEXT, max_size=2)), adapter=draw(st.sampled_from(["", "uet", "meta", "other"])),
            rules=draw(st.sampled_from([[], ["x.example"], ["x.example/p"]])),
            cookies=draw(st.lists(st.fixed_dictionaries({
                "name": st.sampled_from(["_a", "my own"]), "kind": st.sampled_from([*compiler.KINDS]), "purpose": TEXT,
                "lifetime": st.sampled_from(["", "13 months", "session", "until later"]),
                "lifetime_days": st.sampled_from([None, 0, 90, 730]),
            }), max_size=2)),
        )
        for key in draw(st.lists(st.sampled_from(KEYS), unique=True))
    ]  # fmt: skip
    named = {"en": {"name": "One", "description": "Of them"}}
    purposes = [
        {"key": f"p{n}", "category": category, "texts": draw(st.sampled_from([{}, named]))}
        for n, category in enumerate(draw(st.lists(st.sampled_from(["", None, *samples.CATEGORIES]), max_size=3)))
    ]
    look = {
        "layout": draw(st.sampled_from(["bar", "card", "center"])), "position": draw(st.sampled_from(["top", "bottom"])),
        "floating_button": draw(booleans),
        "theme": draw(st.sampled_from([
            {}, {"scheme": "dark", "radius": 0}, {"accent": "#aa0000", "radius": 32},
            {"link": "#0050a0", "order": "reject"},
        ])),
    }  # fmt: skip
    release = samples.snapshot(services=services, purposes=purposes, banner=look, variants=(VARIANT,))
    # The banner's own row is made, not packed from a service: tests/consent/banners/test_screen.py.
    return {name: value for name, value in release.items() if name != "own_cookies"}


def of_item(kind: str, key: str, group: str | None, flags: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An item as vector.js has it; what is 0 or false there is left out."""
    bits = {"container": 1, "sold": 2, "necessary": 4}
    item = {"kind": kind, "key": key, "cookies": [], "inline": []}
    item |= {"group": group} if group else {}
    return item | {name: bit * bool(flags.get(name)) for name, bit in bits.items()} | more


def expected_items(release: dict[str, Any]) -> list[dict[str, Any]]:
    necessary = {c["key"]: c["necessary"] for c in release["categories"]}
    items = [of_item("categories", key, None, {"necessary": value}) for key, value in necessary.items()]
    for p in release["purposes"]:
        group = p["category"]
        items.append(of_item("purposes", p["key"], group, {"necessary": necessary[group] if group else False}))
    for s in release["services"]:
        flags = {**s, "sold": s["sells_or_shares"] or s["targeted_ads"], "necessary": necessary[s["category"]]}
        item = of_item("services", s["key"], s["category"], flags)
        if not flags["necessary"]:
            item["cookies"] = compiler.names(s["cookies"])
            item["inline"] = [text for text in s["inline"] if text]
            item["adapter"] = s["adapter"] if s["adapter"] in compiler.ADAPTERS else ""
        items.append(item)
    # Behind the two bits of what is sold and of children, each category has one; purposes and services have its.
    bits = {key: 4 << place for place, key in enumerate(necessary)}
    # Nothing was published before: everything has its own place as its slot.
    return [
        {**item, "slots": [place], "bit": bits.get(item.get("group") or item["key"], False)}
        for place, item in enumerate(items)
    ]


def expected_service(release: dict[str, Any], s: dict[str, Any]) -> dict[str, Any]:
    category = next(c for c in release["categories"] if c["key"] == s["category"])
    facts = int(s["sells_or_shares"] or s["targeted_ads"]) + 2 * s["sensitive"]
    return {
        "key": s["key"], "name": s["name"], "company": s["company"] or s["name"], "policy": s["policy_url"],
        "category": s["category"], "text": s["description"], "legalFacts": facts, "exempt": not category["necessary"] and "FR" in s["exemption_confirmed"],
        "cookies": [
            {"name": c["name"], "lifetime": screen._lifetime(c), "purpose": c["purpose"]} for c in s["cookies"]
        ],
    }  # fmt: skip


def check(release: dict[str, Any], there: dict[str, Any]) -> None:
    """One release: `there` is what JavaScript unpacked."""
    # `before` and rules have tests of their own (test_compile.py).
    left_out = (("adapter", ""), ("adapter", None))
    items = [
        {k: v for k, v in item.items() if k not in ("before", "rules") and (k, v) not in left_out}
        for item in there["items"]
    ]
    wanted = [{k: v for k, v in item.items() if (k, v) not in left_out} for item in expected_items(release)]
    assert items == wanted
    assert [item.get("before") is None for item in there["items"]] == [
        item["kind"] == "purposes" and "group" not in item for item in wanted
    ]
    services = [
        {**s, "policy": s.get("policy", ""), "text": s.get("text", ""), "name": s.get("name", ""),
         "company": s.get("company", ""), "legalFacts": s.get("legalFacts", 0)}
        for s in there["services"]
    ]  # fmt: skip
    assert services == [expected_service(release, s) for s in release["services"]]
    assert there["stub"] == [
        [s["key"], [[c["name"], screen._lifetime(c), c["purpose"]] for c in s["cookies"]]] for s in release["services"]
    ]
    categories = [
        {"key": c["key"], "necessary": int(c["necessary"]), **screen._named(c, "en")} for c in release["categories"]
    ]
    assert there["stubCategories"] == categories
    assert [{**c, "text": c["description"]} for c in categories] == [
        {**{k: v for k, v in c.items() if k != "services"}, "description": c["text"]} for c in there["categories"]
    ]
    assert [c["services"] for c in there["categories"]] == [
        [s["key"] for s in release["services"] if s["category"] == c["key"]] for c in categories
    ]
    assert there["purposes"] == [
        {"key": p["key"], "name": named["name"], "text": named["description"], "services": []}
        for p, named in ((p, screen._named(p, "en")) for p in release["purposes"] if p["category"] is None)
    ]
    banner = release["banner"]
    light, dark = theme.palettes(banner["theme"])
    assert there["look"] == {
        "layout": banner["layout"], "position": banner["position"], "scheme": banner["theme"].get("scheme", "auto"),
        "radius": banner["theme"].get("radius", 12), "button": int(banner["floating_button"]),
        "light": " ".join(light.values()), "dark": " ".join(dark.values()),
        **({"order": 1} if banner["theme"].get("order") == "reject" else {}),
    }  # fmt: skip
    every = screen.FORMAT["palette"][: 13 if "link" in banner["theme"] else 8]
    assert (list(light), list(dark)) == (every, every)
    site = {name: there["screen"][name] for name in ("language", "direction", "controller", "policy", "imprint")}
    assert site == {
        "language": "en", "direction": "ltr", "controller": "Sample Ltd", "policy": "https://shop.example/privacy",
        "imprint": "https://shop.example/imprint",
    }  # fmt: skip


# Each example starts node: a failing one is not made smaller.
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
@given(st.lists(releases(), min_size=10, max_size=20))
def test_every_release_goes_round_trip(given_releases):
    packed = []
    for release in given_releases:
        made = {name: body for name, _, body in compiler.compile(release, 3, samples.sha256_of(release))}
        texts = json.loads(compiler.safe_json(screen.data(release, "en")))
        packed.append({"config": config(made[f"gate.{VARIANT}.js"]), "texts": texts, "exempt": ["FR"]})
    run = subprocess.run(
        ["node", "--input-type=module", "-e", SCRIPT], cwd=ROOT, input=json.dumps(packed), text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    for release, there in zip(given_releases, json.loads(run.stdout), strict=True):
        check(release, there)


def test_a_row_has_no_gap_and_no_value_without_a_field():
    fields = ["key", "flags", "...rest"]
    assert packing.row(fields, {"key": "a", "flags": 0, "rest": ["x", "y"]}) == ["a", 0, "x", "y"]
    assert packing.row(fields, {"key": "a", "flags": 0}) == ["a", 0]
    assert packing.row(fields, {"key": "a", "flags": 0, "rest": ["", False]}, empty=("", 0)) == ["a", 0, "", False]
    assert packing.row(fields, {"key": "a", "flags": 0, "rest": [""]}, empty=("", 0)) == ["a"]
    for values in ({"key": "a", "rest": []}, {"key": "a", "flags": 0, "other": 1}):
        with pytest.raises(ValueError, match=r"^(A field is missing before rest|No field for other)\.$"):
            packing.row(fields, values)
