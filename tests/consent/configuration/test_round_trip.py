"""A site that was made by the actions, written to a file and applied on a server that has no such site, is that site."""

from __future__ import annotations

import inspect
import json
from uuid import uuid4

import jsonschema
import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from consent.banners import theme
from consent.banners.actions import LAYOUTS, add_file, edit_banner, edit_texts
from consent.banners.models import Banner
from consent.banners.texts import LOCKED, keys, placeholders
from consent.catalogue import actions as catalogue
from consent.configuration import actions, document, file
from consent.configuration.state import document_of
from consent.jurisdictions.actions import override
from consent.publishing import queries
from consent.sites import actions as sites
from consent.sites.models import Site
from tests import uploads

pytestmark = pytest.mark.django_db

# Anything that a form takes; `${env:X}` and what YAML takes for something else among it.
letters = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=30)
traps = st.sampled_from(["no", "on", "~", "null", "12:30", "012", "1e3", "0x1F", "2026-11-30", "<<", "${env:HOME}",
                         "$${env:X}", "- a", "a: b", "#c", "'", "&a", "*a", "!x", "%", "@", "true", ".5", "=", ""])  # fmt: skip
line = st.one_of(letters, traps).map(str.strip).map(lambda text: " ".join(text.split()))
named = line.filter(bool)
key = st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
languages = st.lists(st.sampled_from(["en", "de", "fr", "no", "pt-BR", "he"]), min_size=1, max_size=3, unique=True)
words = st.dictionaries(st.sampled_from(["en", "de", "no"]), st.fixed_dictionaries({"name": line, "description": line}))
regimes = st.sampled_from(["eu_opt_in", "us_optout", "notice"])
colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
texts = st.sampled_from(sorted(name for name in keys() if name not in LOCKED and not placeholders(name)))


@st.composite
def generated(draw) -> Site:
    """A site, made by the actions."""
    site = sites.create_site(f"h{uuid4().hex[:12]}.example", "x", name="Site", languages=draw(languages))
    sites.change_settings(site, "x", **draw(st.fixed_dictionaries({}, optional={
        "name": named.filter(lambda text: len(text) < 200), "level": st.sampled_from(["drop_in", "strict", "server"]),
        "record_path": st.booleans(), "controller": line, "tiles": st.sampled_from(["off", "public"]),
        "policy_url": st.just("https://shop.example/p"), "publish_needs_approval": st.booleans(),
        "ads_advanced_consent_mode": st.lists(regimes, unique=True),
        "moved_from": st.just({"manager": "klaro", "names": {"matomo": "C0002"}, "days": 30}),
    })))  # fmt: skip
    for name in draw(st.lists(st.sampled_from(["C0001", "C0002", "C0009", "SPD_BG", "no"]), unique=True)):
        catalogue.set_category(site, name, "x", texts=draw(words), position=draw(st.integers(0, 9)),
                               consent_mode=draw(st.lists(st.just("ad_storage"), max_size=1)),
                               used_by_page=draw(st.booleans()))  # fmt: skip
    for gone in draw(st.lists(st.sampled_from(["C0003", "C0004", "C0005"]), unique=True)):
        catalogue.delete_category(site.categories.get(key=gone), "x")
    for name in draw(st.lists(key, max_size=3, unique=True)):
        add_service(draw, site, name)
    for name in draw(st.lists(key, max_size=2, unique=True)):
        catalogue.set_purpose(site, name, "x", category=draw(st.sampled_from(["C0002", None])), texts=draw(words))
    layout = draw(st.sampled_from(sorted(LAYOUTS)))
    edit_banner(site, "x", layout=layout, position=draw(st.sampled_from(LAYOUTS[layout])), floating_button=draw(
        st.booleans()), theme=draw(st.fixed_dictionaries({}, optional={"accent": colours, "text": colours,
        "radius": st.integers(0, 32), "scheme": st.sampled_from(["auto", "dark"]), "dark_link": colours,
        "density": st.just("compact")})), css=draw(st.sampled_from(["", "#onetrust-policy { color: #123456 }"])))  # fmt: skip
    if draw(st.booleans()):
        logo = add_file(site, "x", "logo.png", uploads.png(3, 2))
        banner = Banner.objects.get(site=site)
        edit_banner(site, "x", theme={**banner.theme, "logo": logo.sha256})
    for where in draw(st.lists(st.tuples(st.sampled_from(["en", "no"]), st.just("") | regimes), max_size=2)):
        edit_texts(site, "x", where[0], draw(st.dictionaries(texts, line.filter(lambda t: "{" not in t), max_size=3)),
                   regime=where[1])  # fmt: skip
    if draw(st.booleans()):
        override(site, "x", "FR", {"reject_first_layer": "must", "child_age": draw(st.integers(1, 25))}, draw(named))
    return site


def add_service(draw, site: Site, name: str) -> None:
    facts = draw(st.fixed_dictionaries({}, optional={
        "company": line, "description": line, "container": st.booleans(), "targeted_ads": st.booleans(),
        "exempt_in": st.lists(st.sampled_from(["FR", "IT"]), unique=True), "inline": st.lists(st.just("fbq('init'")),
        "sensitive": st.booleans(), "adapter": st.sampled_from(["", "google"]),
    }))  # fmt: skip
    cookies = draw(st.lists(st.fixed_dictionaries({"name": named, "kind": st.sampled_from(["cookie", "local"])}, optional={
        "lifetime": line, "lifetime_days": st.none() | st.integers(0, 900), "purpose": line,
        "texts": st.dictionaries(st.sampled_from(["en", "no"]), line),
    }).filter(lambda one: bool(str(one["name"]).strip("* "))), max_size=3))  # fmt: skip
    patterns = draw(st.lists(st.sampled_from(["a.example", "b.example/x", "c.example/y?k=v"]), unique=True))
    category = draw(st.sampled_from(["C0001", "C0002"]))
    row = catalogue.add_service(site, "x", key=name, name=draw(named), category=category, patterns=patterns,
                                cookies=cookies, restored=True, **facts)  # fmt: skip
    for regime in draw(st.lists(regimes, unique=True)):
        catalogue.set_override(row, regime, draw(st.sampled_from(["hold", "allow"])), draw(named), "x")


def same(site: Site) -> dict:
    """The content that would be published, without the site's own id."""
    found = queries.draft(site)
    return json.loads(json.dumps(found).replace(str(site.uuid), "id"))


@settings(max_examples=15, phases=[Phase.explicit, Phase.generate])  # each makes two sites
@given(data=st.data())
def test_export_apply_on_an_empty_server_export_is_equal(data):
    with transaction.atomic():
        site = data.draw(generated())
        before, content, uuid = document_of(site), same(site), site.uuid
        text = file.written(file.literal(document.plain(before)))
        plain = file.resolved(file.read(text), {})
        jsonschema.validate(plain, document.schema())
        wanted = document.checked(plain)
        assert wanted == before
        sites.set_hosts(site, ["other.example"], "x")  # a host is one site's
        Site.objects.filter(pk=site.pk).update(uuid=uuid4())
        plan = actions.apply(wanted, "x")
        assert (plan.made, plan.otherwise, plan.site.uuid) == (True, [], uuid)
        assert document_of(plan.site) == before
        assert same(plan.site) == content
        again = actions.plan(wanted, "x")
        assert (again.empty, again.otherwise) == (True, [])
        transaction.set_rollback(True)


def test_the_definition_has_every_field_that_the_actions_take():
    assert document.Settings.__struct_fields__ == tuple(
        sorted(sites.SETTINGS, key=document.Settings.__struct_fields__.index)
    )
    assert set(document.Category.__struct_fields__) == set(catalogue.CATEGORY_FIELDS)
    assert set(document.Purpose.__struct_fields__) == {"category", *catalogue.PURPOSE_FIELDS}
    assert set(document.Cookie.__struct_fields__) == set(catalogue.COOKIE_FIELDS)
    own = {"category", "patterns", "cookies", "overrides"}
    assert set(document.Service.__struct_fields__) == {*own, *catalogue.FACTS}
    assert set(document.Theme.__struct_fields__) == set(theme.TOKENS)
    looks = set(inspect.signature(edit_banner).parameters) - {"site", "actor"}
    assert set(document.Banner.__struct_fields__) == {*looks, "files"}
