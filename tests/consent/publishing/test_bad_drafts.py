"""Drafts that deceive, each judged by what it does to a visitor; and the words we ship, which pass every rule."""

from __future__ import annotations

import json

import pytest

from consent.banners import texts
from consent.banners.actions import edit_banner, edit_texts
from consent.catalogue import known
from consent.catalogue.actions import add_service, set_category, set_override, set_purpose
from consent.jurisdictions import table
from consent.jurisdictions.actions import override
from consent.publishing import actions, lint, queries
from consent.publishing.lint import words
from consent.sites.actions import change_settings, create_site
from consent.sites.models import Site
from cookiebanner.releases.publish import publish, rollback
from tests import shared

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
WHY = "Keeps the basket that the visitor fills"
LONG_WHY = "Works like a charm for all of our visitors"


@pytest.fixture(scope="module")
def made(django_db_setup, django_db_blocker):
    with shared.rows(django_db_blocker):
        yield a_good_one().pk


@pytest.fixture
def site(made):
    return Site.objects.get(pk=made)


def a_good_one():
    site = create_site(
        "shop.example", "x", languages=sorted(texts.BEFORE_REVIEWS), controller="Shop Ltd",
        policy_url="https://shop.example/privacy", imprint_url="https://shop.example/imprint",
        first_party_endpoint=True,
    )  # fmt: skip
    cookie = {"name": "_ad", "lifetime": "90 days", "lifetime_days": 90}
    add_service(
        site, "x", name="Ad Net", category="C0004", patterns=["ads.example"], cookies=[cookie], targeted_ads=True
    )
    return site


def found(site):
    return [(f.rule, f.severity) for f in lint.check(queries.draft(site))]


def say(language, regime="", **own):
    return lambda site: edit_texts(site, "x", language, own, regime=regime)


def settings(**own):
    return lambda site: change_settings(site, "x", **own)


def service(name, category, reason="", **own):
    return lambda site: add_service(site, "x", name=name, category=category, necessary_reason=reason, **own)


def needed(name, reason=WHY, **own):
    return service(name, "C0001", reason, **own)


def category(key, **own):
    return lambda site: set_category(site, key, "x", **own)


def purpose(key, **own):
    return lambda site: set_purpose(site, key, "x", **own)


def law(place, **fields):
    return lambda site: override(site, "x", place, fields, "Our counsel reads it so")


def lax(regime):
    return lambda site: set_override(site.services.get(), regime, "allow", "The boss wants it", "x")


BAD = {
    # what is pressed
    "reject says later": (say("en", reject="Later"), ("L13", "block")),
    "reject says learn more": (say("en", reject="Learn more"), ("L13", "block")),
    "reject says not now in one law": (say("en", regime="eu_opt_in", reject="Not now"), ("L13", "block")),
    "reject says continue": (say("fr", reject="Continuer"), ("L13", "block")),
    "reject says settings": (say("en", reject="Manage choices"), ("L13", "block")),
    "accept says weiter": (say("de", accept="Weiter"), ("L13", "block")),
    "accept says save": (say("en", accept="Save my choices"), ("L13", "block")),
    "accept says close": (say("es", accept="Cerrar"), ("L13", "block")),
    "manage refuses": (say("en", manage="Reject all"), ("L13", "block")),
    "manage says perhaps": (say("en", manage="Perhaps"), ("L13", "block")),
    "save accepts": (say("en", save="Accept all"), ("L13", "block")),
    "save accepts in german": (say("de", save="Allen zustimmen"), ("L13", "block")),
    "save accepts in arabic": (say("ar", save="قبول الكل"), ("L13", "block")),
    "save accepts with invisible letters": (say("en", save="Acc\u200bept a\u00adll"), ("L13", "block")),
    "save agrees and goes on": (say("en", save="Save and agree to all"), ("L13", "block")),
    "close accepts": (say("en", close="Close and accept"), ("L13", "block")),
    "close accepts in french": (say("fr", close="Fermer et accepter"), ("L13", "block")),
    "close accepts in italian": (say("it", close="Chiudi e accetta"), ("L13", "block")),
    "close without accepting accepts": (say("nl", close_reject="Sluiten en akkoord"), ("L13", "block")),
    "objection agrees": (say("en", object="Agree"), ("L13", "block")),
    "objection agrees in german": (say("de", object="Einverstanden"), ("L13", "block")),
    "load once allows for ever": (say("en", hold_once="Always allow"), ("L13", "block")),
    "two buttons alike": (say("en", accept="OK", reject="OK"), ("L13", "block")),
    "accept and reject alike but for a space": (say("en", reject="Accept\u00a0all"), ("L13", "block")),
    "settings link accepts": (say("en", reopen="Accept all"), ("L13", "block")),
    # what is read
    "going on is a yes": (say("en", body="{purposes}. By continuing to browse you accept."), ("L07", "block")),
    "using is a yes": (say("en", body="{purposes}. Your continued use of the site means you agree."), ("L07", "block")),
    "going on is a yes in german": (
        say("de", body="{purposes}. Wenn Sie die Website weiter nutzen, stimmen Sie zu."), ("L07", "block"),
    ),
    "going on is a yes in french": (
        say("fr", body="{purposes}. En poursuivant votre navigation, vous acceptez."), ("L07", "block"),
    ),
    "going on is a yes in spanish": (
        say("es", body="{purposes}. Si continúa navegando, consideramos que acepta su uso."), ("L07", "block"),
    ),
    "going on is a yes in italian": (
        say("it", body="{purposes}. Proseguendo la navigazione acconsenti."), ("L07", "block"),
    ),
    "going on is a yes in dutch": (
        say("nl", body="{purposes}. Door verder te surfen gaat u akkoord."), ("L07", "block"),
    ),
    "going on is a yes in arabic": (say("ar", body="{purposes}. باستمرارك في التصفح فإنك توافق."), ("L07", "block")),
    "going on is a yes in a category": (
        category("C0004", texts={"en": {"name": "Ads", "description": "By using this site you consent to these."}}),
        ("L07", "block"),
    ),
    "a wall": (say("en", body="{purposes}. You must accept to continue."), ("L19", "block")),
    "a wall in german": (say("de", pc_body="Sie müssen zustimmen."), ("L19", "block")),
    "a countdown": (say("en", body="{purposes}. Choose within 10 seconds."), ("L14", "warn")),
    "a countdown in french": (say("fr", title="Plus que 30 secondes"), ("L14", "warn")),
    "a reward": (say("en", body="{purposes}. Get 10 % off when you say yes."), ("L14", "warn")),
    "a reward in spanish": (say("es", title="Un descuento para usted"), ("L14", "warn")),
    "a reproach": (say("en", title="Don't miss out on {purposes}"), ("L14", "warn")),
    "the purposes are not named": (say("en", body="We use cookies, for you."), ("L11", "block")),
    "says that only the necessary is used": (
        say("en", body="{purposes}: we use only strictly necessary cookies."), ("L11", "block"),
    ),
    "advertising is said to be always active": (
        category("C0004", texts={"en": {"name": "Advertising (always active)", "description": "Ads."}}), ("L06", "block"),
    ),
    "the first layer says that all is always active": (
        say("en", pc_body="Advertising is always active."), ("L06", "block"),
    ),
    "a language that nobody can judge": (settings(languages=["en", "fr", "eo"]), ("L13", "block")),
    "quebec without french": (settings(languages=["en"]), ("L15", "warn")),
    # who asks, and where one may change one's mind
    "nobody is responsible": (settings(controller=""), ("L11", "block")),
    "no policy": (settings(policy_url=""), ("L11", "block")),
    "no imprint in germany": (settings(imprint_url="", languages=["de", "fr"]), ("L21", "block")),
    "no imprint on an english site": (settings(imprint_url="", languages=["en", "de", "fr"]), ("L21", "warn")),
    "pay or consent": (settings(membership=True), ("L33", "block")),
    "no way back": (lambda site: edit_banner(site, "x", floating_button=False), ("L10", "block")),
    # what is said to be necessary
    "statistics always active": (category("C0002", necessary=True), ("L08", "block")),
    "advertising always active": (category("C0004", necessary=True), ("L08", "block")),
    "a category of one's own that advertises": (
        category("X1", necessary=True, used_by_page=True,
                 texts={"en": {"name": "Partners", "description": "Lets partners show you advertising."}}),
        ("L08", "block"),
    ),
    "an always active category that grants google": (
        category("C0001", necessary=True, consent_mode=["ad_storage"]), ("L06", "block"),
    ),
    "a tracker that is described as one": (
        needed("Insights", description="Tracks visitors for retargeting."), ("L08", "block"),
    ),
    "a tracker that is described as one in german": (
        needed("Besuche", description="Zählt Besuche und misst die Reichweite für Werbung."), ("L08", "block"),
    ),
    "a tracker that its reason gives away": (
        needed("Own counter", reason="Counts visits so that marketing works"), ("L08", "block"),
    ),
    "a tracker that its cookie's purpose gives away": (
        needed("Basket", cookies=[{"name": "b", "lifetime": "1 day", "purpose": "Ad conversion tracking"}]),
        ("L08", "block"),
    ),
    "proxied analytics with its usual cookie": (
        needed("Shop counter", patterns=["shop.example/m.js"], cookies=[{"name": "_pk_id.1.1fff", "lifetime": "1 y"}]),
        ("L08", "block"),
    ),
    "proxied analytics with its usual file": (
        needed("Shop counter", patterns=["shop.example/js/fbevents.js"]), ("L08", "block"),
    ),
    "analytics by its code": (needed("Shop counter", inline=["after:AppMeasurement"]), ("L08", "block")),
    "a tag manager": (needed("Tags", container=True, patterns=["shop.example/t.js"]), ("L08", "block")),
    "an unknown host": (needed("Helper", patterns=["helper.example"]), ("L08", "warn")),
    "no reason at all": (needed("Helper", reason=LONG_WHY, statistics=True), ("L08", "block")),
    "advertising that ignores the signal": (
        service("Kind ads", "C0004", patterns=["kind.example"]), ("L22", "block"),
    ),
    "known advertising without its facts": (
        service("Meta Pixel", "C0004", key="meta-pixel", patterns=["connect.facebook.net"], targeted_ads=True),
        ("L22", "warn"),
    ),
    "advertising filed under functional": (
        service("Friend finder", "C0003", patterns=["f.example"], description="Shows advertising of friends."),
        ("L11", "warn"),
    ),
    "cookies without a lifetime": (
        service("Old", "C0002", patterns=["old.example"], cookies=["_no_word"]), ("L18", "block"),
    ),
    "a site that asks for nothing": (lambda site: site.services.all().delete(), ("F09", "warn")),
    # legal bases, overrides, corrections
    "a legitimate interest in advertising": (
        purpose("personal-ads", category="C0004", legal_basis="legitimate_interest"), ("L09", "block"),
    ),
    "a contract about profiles": (
        purpose("recommendations", legal_basis="contract", texts={"en": {"name": "Profiling for offers"}}),
        ("L09", "block"),
    ),
    "runs before a yes": (lax("eu_opt_in"), ("L06", "block")),
    "france turned into california": (law("FR", preset="us_optout_gpc"), ("L06", "block")),
    "italy without its cross": (law("IT", close_x=""), ("L07", "block")),
    "italy asks again each month": (law("IT", reprompt_after_refusal_min_days="30"), ("L16", "block")),
    # the same kinds in other words
    "staying is a yes": (say("en", body="{purposes}. Staying on this page is taken as your consent."), ("L07", "block")),
    "a yes is assumed": (say("en", body="{purposes}. We'll assume you're ok with this."), ("L07", "block")),
    "silence is a yes": (say("en", body="{purposes}. If you do nothing, cookies are set."), ("L07", "block")),
    "a yes unless one objects": (
        say("en", body="{purposes}. Unless you opt out, all of them are used."), ("L07", "block"),
    ),
    "a yes is assumed in german": (
        say("de", body="{purposes}. Wir gehen davon aus, dass Sie damit einverstanden sind."), ("L07", "block"),
    ),
    "silence is a yes in french": (
        say("fr", body="{purposes}. Sans action de votre part, nous considérons que vous acceptez."), ("L07", "block"),
    ),
    "a yes is assumed in arabic": (say("ar", body="{purposes}. نفترض أنك توافق على ذلك."), ("L07", "block")),
    "accept or leave": (say("en", body="{purposes}. Accept cookies or leave the site."), ("L19", "block")),
    "no reading without a yes": (
        say("en", body="{purposes}. Without your consent you can't read our articles."), ("L19", "block"),
    ),
    "no using without a yes in german": (
        say("de", body="{purposes}. Ohne Ihre Zustimmung können Sie die Seite nicht nutzen."), ("L19", "block"),
    ),
    "no using without a yes in dutch": (
        say("nl", body="{purposes}. Zonder toestemming kunt u de site niet gebruiken."), ("L19", "block"),
    ),
    "no going on without a yes in italian": (
        say("it", body="{purposes}. Senza il tuo consenso non puoi continuare."), ("L19", "block"),
    ),
    "a threat": (say("en", body="{purposes}. If you refuse, parts of the site will break."), ("L14", "warn")),
    "what others do": (say("en", body="{purposes}. 97 percent of visitors accept."), ("L14", "warn")),
    "what others do in spanish": (say("es", body="{purposes}. La mayoría de los usuarios acepta."), ("L14", "warn")),
    "advice to accept": (say("en", body="{purposes}. We recommend to accept."), ("L14", "warn")),
    "sadness in german": (say("de", title="Schade, dass Sie gehen: {purposes}"), ("L14", "warn")),
    "a crying cat": (say("en", title="{purposes} 😿"), ("L14", "warn")),
    "a draw in french": (say("fr", body="{purposes}. Participez au tirage au sort en acceptant."), ("L14", "warn")),
    "a countdown in italian": (say("it", title="Hai 20 secondi"), ("L14", "warn")),
    "an hour at which it ends": (say("en", body="{purposes}. This closes at midnight."), ("L14", "warn")),
    "all that is optional is said to be needed": (
        say("en", body="{purposes}. These cookies are needed for the site to work."), ("L11", "block"),
    ),
    "reject in foreign letters": (say("en", reject="\u0410ccept all"), ("L13", "block")),
    "reject that shows nothing": (say("en", reject="."), ("L13", "block")),
    "proxied collection": (needed("Metrics", patterns=["shop.example/g/collect"]), ("L08", "block")),
    "a proxied tag": (needed("Loader", patterns=["shop.example/gtag/js"]), ("L08", "block")),
    "a proxied tag manager": (needed("Loader", patterns=["t.shop.example/gtm.js"]), ("L08", "block")),
    "records sessions": (
        needed("Variants", description="Runs A/B tests and records the sessions of visitors."), ("L08", "block"),
    ),
    "recordings by their cookie": (
        needed("Feedback", cookies=[{"name": "_hjSessionUser_123", "lifetime": "1 year"}]), ("L08", "block"),
    ),
    "a legitimate interest in sharing": (
        purpose("partners", legal_basis="legitimate_interest",
                texts={"en": {"name": "Partners", "description": "We share what you read with our partners."}}),
        ("L09", "block"),
    ),
    "a legitimate interest in other content": (
        purpose("picks", legal_basis="legitimate_interest", texts={"en": {"name": "Personalised content"}}),
        ("L09", "block"),
    ),
}  # fmt: skip


def test_the_draft_that_the_bad_ones_are_made_of_is_good(site):
    assert found(site) == []


@pytest.mark.parametrize("name", BAD)
def test_a_bad_draft(site, name):
    spoil, expected = BAD[name]
    spoil(site)
    assert expected in found(site)


def test_there_are_ninety_of_them():
    assert len(BAD) >= 90


@pytest.mark.parametrize("language", texts.shipped())
def test_the_words_we_ship_pass_every_rule_in_every_regime(site, language):
    change_settings(site, "x", languages=sorted({language, "fr"}))
    regimes = {where for where in queries.draft(site)["banner"]["regime_texts"] if where.startswith(f"{language}@")}
    assert {where.partition("@")[2] for where in regimes} <= {*table.REGIMES}
    assert found(site) == []


def test_the_catalogue_as_we_ship_it_blocks_nothing():
    site = create_site(
        "all.example", "x", languages=["en", "fr"], controller="All", policy_url="https://all.example/p",
        imprint_url="https://all.example/i", first_party_endpoint=True,
    )  # fmt: skip
    for entry in known.services():
        own = {
            name: value
            for name, value in entry.items()
            if name not in ("signs", "calls", "rules", "companions", "source", "kind")
        }
        add_service(site, "x", patterns=entry["rules"], **own)
    findings = lint.check(queries.draft(site))
    assert [str(finding) for finding in findings if finding.blocks] == []
    assert {finding.rule for finding in findings} <= {"F05", "L11", "L18", "L20", "L26", "L28"}


@pytest.mark.parametrize("entry", [e for e in known.services() if known.tracks(e)], ids=lambda entry: entry["key"])
def test_no_known_tracker_is_necessary_under_a_name_of_ones_own(site, entry):
    """By its rules alone: whoever files it renames it."""
    add_service(
        site, "x", name="Helper", key="helper", category="C0001", necessary_reason=WHY, patterns=entry["rules"],
        inline=entry["inline"],
    )  # fmt: skip
    blocked = [f.rule for f in lint.check(queries.draft(site)) if f.blocks]
    assert blocked == (["L08"] if entry["rules"] or entry["inline"] else [])


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Blocks advertising", ""),
        ("Works without tracking or advertising", ""),
        ("Ohne Werbung", ""),
        ("Ne fait pas de publicité", ""),
        ("No ads. Tracks visitors", "Tracks"),
        ("Takes payments", ""),
        ("Adds things to the basket", ""),
        ("Shows ads", "ads"),
    ],
)
def test_what_a_text_denies_it_does_not_claim(text, meant):
    assert words.claims("tracking", text) == meant


def test_every_language_that_we_ship_is_judged():
    assert sorted(words.languages()) == sorted(texts.shipped()) == sorted(texts.labels())
    assert {frozenset(own) for own in texts.labels().values()} == {frozenset(texts.labels()["en"])}


def test_what_is_wrong_once_is_told_once(site):
    edit_texts(site, "x", "en", {"save": "Accept all"})
    assert [(f.rule, f.subject) for f in lint.check(queries.draft(site))] == [
        ("L13", "en save"), ("L13", "en save accept"),
    ]  # fmt: skip


def test_a_sign_off_is_for_the_words_that_were_read(site):
    edit_texts(site, "x", "en", {"save": "Keep it", "close": "Go away"})
    save, close = sorted(
        (f for f in lint.check(queries.draft(site)) if f.rule == "L13"), key=lambda f: f.subject, reverse=True
    )
    assert (save.subject, save.text, close.subject) == ("en save", "Keep it", "en close")
    actions.waive(site, "L13", "", "Dr. Law", "A speaker read it", "x", subject=save.subject, text=save.text)
    assert found(site) == [("L13", "block"), ("L13", "warn")]
    edit_texts(site, "x", "en", {"save": "Keep all", "close": "Close"})
    assert found(site) == [("L13", "block")]


def test_a_sign_off_of_a_rule_as_a_whole_still_holds(site):
    edit_texts(site, "x", "en", {"save": "Keep it", "close": "Go away"})
    actions.waive(site, "L13", "", "Dr. Law", "Both read", "x")
    assert found(site) == [("L13", "warn"), ("L13", "warn")]


def test_a_sign_off_of_a_long_text_holds_for_it_alone(site):
    body = "{controller}: {purposes}. You must accept to continue. " + "Really. " * 100
    edit_texts(site, "x", "en", {"body": body})
    [finding] = [f for f in lint.check(queries.draft(site)) if f.rule == "L19"]
    assert finding.text.startswith("sha256:")
    actions.waive(site, "L19", "", "Dr. Law", "A lawful wall", "x", subject=finding.subject, text=finding.text)
    assert found(site) == [("L19", "warn")]
    edit_texts(site, "x", "en", {"body": body + "Now."})
    assert found(site) == [("L19", "block")]


def test_a_roll_back_is_judged_by_the_sign_offs_of_today(site):
    edit_texts(site, "x", "en", {"save": "Keep it"})
    waiver = actions.waive(site, "L13", "", "Dr. Law", "Read", "x", subject="en save", text="Keep it")
    publish(site, "x")
    edit_texts(site, "x", "en", {"save": ""})
    actions.revoke_waiver(waiver, "x")
    publish(site, "x")
    with pytest.raises(actions.Blocked, match="Release 1 may not be published again:\nL13") as refused:
        rollback(site, 1, "x")
    assert [(f.rule, f.severity) for f in refused.value.findings if f.blocks] == [("L13", "block")]
    assert site.releases.count() == 2
    actions.waive(site, "L13", "", "Dr. Law", "Read again", "x", subject="en save", text="Keep it")
    made = rollback(site, 1, "x")
    assert json.loads(made.snapshot)["banner"]["texts"]["en"]["save"] == "Keep it"
