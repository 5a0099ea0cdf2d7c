"""Ids, types and categories that nothing is called: held, warned of once, reported, never let through. Every public way
by which a page names one, and the whole public JavaScript API with hostile arguments."""

from __future__ import annotations

import re

import pytest

from tests import samples
from tests.browser.internet import comes_true
from tests.browser.stage import CMP
from tests.browser.test_core import ACCEPT, ADS, GA, context, cookie, page, ran, small, stage, until
from tests.browser.test_stub import AUTO, stub

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser

UNKNOWN = """[2, '2', 'C0OO4', 'c0004', 'C0004 C0002', 'C0004:1', '', ' ', ',', null, undefined, NaN, true, {}, [], ['C0004', 'TYPO'],
  [['C0004'], [7]], 'C0002,TYPO', 'constructor', '__proto__', 'toString', Symbol('C0004'), () => 'C0004', new Date(0),
  'https://shop.example/reset?token=5e3c', 'x'.repeat(3000)]"""
KNOWN = "['C0004', ' C0004 ', ['C0002', 'C0004'], 'C0002, C0003', 'google-ads']"
INSERTING = f"""<script>
const unknown = {UNKNOWN}, known = {KNOWN}, base = 'https://widgets.example.org/';
function OptanonWrapper() {{
  unknown.forEach((id, i) => {{
    Optanon.InsertScript(base + 'bad' + i + '.js', 'head', null, null, id);
    Optanon.InsertHtml('<img src="' + base + 'bad' + i + '.png">', 'body', null, null, id);
  }});
  known.forEach((id, i) => {{
    Optanon.InsertScript(base + 'good' + i + '.js', 'head', null, null, id);
    Optanon.InsertScript(base + 'good' + i + '.js', 'head', null, null, id);
  }});
  window.runs = (window.runs || 0) + 1;
}}
</script>"""


def reported(stage) -> list[tuple[str, str]]:
    return [(item["kind"], item["subject"]) for body in stage.posts("reports") for item in body["items"]]


def test_inserted_under_what_is_no_known_id(stage, context, page):
    said = []
    page.on("console", lambda message: said.append(message.text))
    stage.release(small(level="drop_in"))
    page.goto(stage.page(gate=AUTO + INSERTING + stub()))
    page.wait_for_selector(ACCEPT)
    comes_true(page, "window.runs")
    assert stage.world.requests_to("widgets.example.org") == []
    page.click(ACCEPT)
    comes_true(page, "window.runs > 1 && (window.__ran || []).length == 5")
    page.evaluate("OptanonWrapper(); OneTrust.UpdateConsent('Category', 'C0002:0'); OneTrust.AllowAll()")
    comes_true(page, "window.runs > 4")
    page.wait_for_timeout(300)
    assert sorted(stage.world.requests_to("widgets.example.org")) == [
        f"https://widgets.example.org/good{n}.js" for n in range(5)
    ]
    seen = until(lambda: [one for one in reported(stage) if one[0] == "unknown_id"], 9)
    assert {"2", "C0OO4", "c0004", "TYPO", "constructor", "__proto__", "toString", "NaN", "other"} <= {
        s for _, s in seen
    }
    assert [subject for _, subject in seen if not re.fullmatch(r"[\w-]{1,32}", subject)] == []
    assert len(seen) == len(set(seen))
    for text in ("2", "C0OO4", "TYPO", "c0004"):
        assert sum(line.startswith("fairgate: unknown id") and line.endswith(f" {text}") for line in said) == 1


def test_a_site_whose_own_ids_are_numbers(stage, context, page):
    snapshot = small(level="drop_in")
    for category in snapshot["categories"]:
        category["key"] = category["key"].removeprefix("C000")
    for service in snapshot["services"]:
        service["category"] = service["category"].removeprefix("C000")
    stage.release(snapshot)
    script = """<script>function OptanonWrapper() {
      Optanon.InsertScript('https://widgets.example.org/2.js', 'head', null, null, 2);
      Optanon.InsertScript('https://widgets.example.org/4.js', 'head', null, null, '4'); }</script>"""
    page.goto(stage.page(gate=AUTO + script + stub()))
    page.click(ACCEPT)
    comes_true(page, "(window.__ran || []).length == 2")
    page.evaluate("OptanonWrapper()")
    page.wait_for_timeout(200)
    assert sorted(ran(page)) == ["widgets.example.org/2.js", "widgets.example.org/4.js"]


def test_marked_up_under_what_is_no_known_id(stage, context, page):
    stage.release(small())
    src = "https://widgets.example.org"
    marks = [
        'class="optanon-category-"', 'class="optanon-category-C0OO4"', 'class="optanon-category-c0004"', 'class="optanon-category-C0004-9"',
        'class="x optanon-category-C0004 optanon-category-TYPO"', 'class="optanon-category-constructor"', 'class="ot-vscat-V1"',
        "data-consent", 'data-consent=" "', 'data-consent=","', 'data-consent="C0004 typo"', 'data-consent="__proto__"',
        'data-consent="toString"', 'data-consent="2"',
    ]  # fmt: skip
    good = [
        'class="optanon-category-C0004-"', 'class="optanon-category-C0004,C0002"', 'data-consent=" C0004 , google-ads "',
    ]  # fmt: skip

    def tags(kind: str, marks: list[str]) -> str:
        return "".join(
            f'<script {mark} src="{src}/{kind}{n}a.js"></script><img {mark} src="{src}/{kind}{n}b.png" alt="">'
            f'<script type=" Text/Plain" {mark} src="{src}/{kind}{n}c.js"></script><iframe {mark} data-src="{src}/{kind}{n}d"></iframe>'
            f'<script type="text/plan" {mark}>window.{kind}{n} = 1</script>'
            for n, mark in enumerate(marks)
        )

    page.goto(stage.page(tags("bad", marks) + tags("good", good)))
    page.click(ACCEPT)
    until(lambda: len(stage.world.requests_to("widgets.example.org")) >= 4 * len(good))
    page.evaluate("fairgate.accept()")
    page.wait_for_timeout(400)
    # The preload scanner reads what stands in the markup before any script; what ran is told by the scripts.
    assert sorted(ran(page)) == sorted(f"widgets.example.org/good{n}{x}.js" for n in range(len(good)) for x in "ac")
    left = [url for url in stage.world.requests_to("widgets.example.org") if re.search(r"/bad\d+[cd]", url)]
    assert left == []
    assert page.evaluate("[...document.images].filter((i) => /bad/.test(i.src) && i.naturalWidth).length") == 0
    assert page.evaluate("Object.keys(window).filter((k) => /^(bad|good)\\d/.test(k))") == []
    seen = reported(stage) or until(lambda: reported(stage), 9)
    assert {s for kind, s in seen if kind == "unknown_id"} == {
        "other", "C0OO4", "c0004", "9", "TYPO", "constructor", "V1", "typo", "__proto__", "toString", "2",
    }  # fmt: skip


def test_a_key_that_two_things_share_is_granted_when_both_are(stage, context, page):
    snapshot = small()
    next(s for s in snapshot["services"] if s["key"] == "google-ads")["key"] = "C0002"
    stage.release(snapshot)
    page.goto(stage.page())
    page.evaluate("fairgate.set({categories: {C0002: true, C0004: false}})")
    comes_true(page, "fairgate.consent().answered")
    assert page.evaluate("[fairgate.consent().categories.C0002, fairgate.allowed('C0002')]") == [True, False]


@pytest.mark.parametrize("key", ["constructor", "toString", "valueOf"])
def test_a_category_with_a_name_that_every_object_has(stage, context, page, key):
    """An answer that never spoke of it does not grant it."""
    snapshot = small()
    stage.release(snapshot)
    url = stage.page()
    page.goto(url)
    page.click(ACCEPT)
    until(lambda: cookie(context))
    category = {"key": key, "necessary": False, "texts": {"en": {"name": "n", "description": ""}}, "consent_mode": []}
    snapshot["categories"].append(category)
    stage.release(snapshot, number=4)
    page.goto(url)
    assert page.evaluate("(key) => [fairgate.allowed(key), fairgate.allowed('C0002')]", key) == [False, True]


def test_an_answer_that_names_nothing_known_is_none(stage, context, page):
    stage.release(small(level="drop_in"))
    page.goto(stage.page(GA + ADS, gate=AUTO + stub()))
    page.wait_for_selector(ACCEPT)
    comes_true(page, "window.OneTrust && OneTrust.UpdateConsent")
    assert (
        page.evaluate("""async () => {
      const said = [];
      for (const given of [undefined, null, 5, 'C0002', ['C0002'], {}, {categories: null}, {categories: {typo: true}}, {category: {C0002: true}},
        {categories: {C0001: false}}, {services: {C0002: true}}, {categories: ['C0002']}, new Event('click'), Symbol('x'),
        {get categories() { throw new Error('own'); }}]) said.push(await fairgate.set(given));
      for (const [type, list] of [['Category', 'typo:1'], ['category', 'C0002:1'], ['Nonsense', 'C0002:1'], ['Host', 'C0002:1'], ['constructor', 'C0002:1'],
        ['Category', {}], ['Category', ['C0002']], [Symbol('x'), 'C0002:1'], ['Category', Symbol('x')], [], ['', 'C0002:1'], ['Category', '__proto__:1']])
        OneTrust.UpdateConsent(type, list);
      for (const purposes of [undefined, null, 5, [5], [null], [{}], [{Id: 'typo', TransactionType: 'CONFIRMED'}], [{Id: 'C0002', TransactionType: 'constructor'}],
        [{Id: Symbol('x'), TransactionType: 'CONFIRMED'}], [{Id: 'C0002', TransactionType: Symbol('x')}]]) OneTrust.setConsentProfile({purposes});
      return said.filter((value) => value !== null).length + +fairgate.consent().answered;
    }""")
        == 0
    )
    page.wait_for_timeout(300)
    assert (stage.posts(), cookie(context), ran(page)) == ([], "", [])
    # What is known of a mixed one counts.
    page.evaluate("void fairgate.set({categories: {C0002: true, typo: true}, services: {nobody: true}, kinds: {}})")
    (body,) = until(stage.posts)
    assert [key for key, value in body["choices"]["categories"].items() if value == "granted"] == ["C0001", "C0002"]
    seen = until(lambda: reported(stage), 9)
    assert {("unknown_id", "typo"), ("unknown_id", "nobody"), ("unknown_id", "kinds")} <= set(seen)


def test_an_objection_is_never_lost(stage, context, page):
    stage.release(small(), variant="us_optout")
    page.goto(stage.page("<button id=b>x</button>"))
    page.evaluate("document.getElementById('b').addEventListener('click', fairgate.optOut)")
    assert page.evaluate("fairgate.allowed('google-ads')")
    page.click("#b")
    page.wait_for_function("!fairgate.allowed('google-ads')")
    assert until(stage.posts)[0]["action"] == "opt_out"


@pytest.mark.parametrize("age", ["NaN", "undefined", "'young'", "{}", "Symbol('x')", "'12'", "-1"])
def test_an_age_that_is_none_may_be_a_childs(stage, context, page, age):
    stage.release(small(), variant="us_optout")
    page.goto(stage.page(ADS))
    page.wait_for_function("window.__ran && __ran.length == 1")
    page.evaluate(f"void fairgate.setAge(12); void fairgate.setAge({age})")
    page.wait_for_function("!fairgate.allowed('google-ads')")
    page.evaluate("void fairgate.setAge(44)")
    page.wait_for_function("fairgate.allowed('google-ads')")


def test_listeners(stage, context, page):
    stage.release(small())
    page.goto(stage.page())
    page.wait_for_selector(ACCEPT)
    assert page.evaluate("""() => {
      const heard = [];
      for (const event of ['constructor', '__proto__', 'toString', Symbol('x'), {}, undefined, null, 'nothing', {toString() { throw new Error('own'); }}])
        for (const listener of [() => {}, undefined, 5, {}]) { const end = fairgate.on(event, listener); end(); end(); }
      fairgate.on('ready', 5);
      const end = fairgate.on('change', () => heard.push('a'));
      fairgate.on('change', () => heard.push('b'));
      end(); end();
      void fairgate.accept();
      return heard;
    }""") == ["b"]


def test_googles_tags_wait_in_advanced_mode_when_nobody_told_google(stage, context, page):
    stage.release(small(advanced=["eu_opt_in"]))
    gate = f'<script data-dLayer-ignore src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js"></script>'
    page.goto(stage.page(GA, gate=gate))
    page.wait_for_selector(ACCEPT)
    assert ran(page) == []


HOSTILE = """[undefined, null, '', ' ', 0, 1, 2, -1, NaN, true, 'C0002', 'c0002', 'constructor', '__proto__', 'toString', {}, [], ['C0002'], () => {},
  Symbol('s'), new Date(NaN), Object.create(null), {toString() { throw new Error('own'); }}, new Proxy({}, {get() { throw new Error('own'); }}),
  'https://x.example/?t=1', '<img src=x>', '\\ud800', 'x'.repeat(9999), document, window, 10n, /x/, new Map()]"""
# These are answers, whatever they are told; SetAlertBoxClosed is a page's word that OneTrust was answered.
ANSWERS = "accept reject withdraw optOut AllowAll RejectAll Close SetAlertBoxClosed".split()


@pytest.mark.parametrize("variant", ["eu_opt_in", "us_optout"])
def test_the_whole_api_with_hostile_arguments(stage, context, page, uncaught, variant):
    stage.release(small(level="drop_in"), variant=variant)
    page.goto(stage.page(GA + ADS, gate=AUTO + stub()))
    comes_true(page, "window.OneTrust && OneTrust.UpdateConsent && fairgate._.show")
    page.wait_for_timeout(300)
    before = ran(page)
    walk = """async (skip) => {
      const wrong = [];
      for (const [where, api] of [['fairgate', fairgate], ['OneTrust', OneTrust]])
        for (const name of Object.keys(api)) {
          if (typeof api[name] !== 'function' || skip.includes(name)) continue;
          for (const value of HOSTILE)
            for (const args of [[value], [value, value], [value, value, value, value, value, value], ['Category', value], ['https://w.example.org/w.js', 'head', value, value, value],
              ['https://w.example.org/w.js', value, null, {ignoreGroupCheck: false}, 'C0OO2']])
              try {
                const said = api[name](...args);
                if (said?.then) await Promise.race([said.catch((e) => wrong.push(`${where}.${name} rejected ${e}`)), new Promise((r) => setTimeout(r, 20))]);
              } catch (error) {
                wrong.push(`${where}.${name}(${args.length} × ${typeof value}) ${error}`);
              }
        }
      return wrong;
    }""".replace("HOSTILE", HOSTILE)
    assert page.evaluate(walk, ANSWERS) == []
    page.wait_for_timeout(500)
    # C0002 is known: what stands under it may run where nothing has to be asked, once.
    most = [] if variant == "eu_opt_in" else ["https://w.example.org/w.js"]
    assert stage.world.requests_to("w.example.org") in ([], most)
    assert [host for host in ran(page) if host not in before and host != "w.example.org/w.js"] == []
    assert (stage.posts(), page.evaluate("fairgate.consent().answered")) == ([], False)
    # And it still works.
    page.evaluate("void OneTrust.AllowAll()")
    until(stage.posts)
