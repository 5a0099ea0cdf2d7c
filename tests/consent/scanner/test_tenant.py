"""Files of a tenant of our own making, in the forms that docs/reference/onetrust.md names; and hostile ones."""

from __future__ import annotations

import io
import json
import random
import re
import time
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from consent.banners.models import Banner
from consent.common import InvalidChange
from consent.models import Service, Site
from consent.publishing.queries import draft
from consent.scanner import onetrust_code, tables, tenant
from consent.scanner.actions import adopt, adopt_reported
from tests.consent.scanner.test_adopt import PAGE, UUID

DOMAIN = {
    "Domain": "shop.example",
    "RuleSet": [
        {"Id": "1", "Name": "Europe", "Countries": ["de", "fr"], "States": {}, "Default": False, "Global": False, "Type": "GDPR"},
        {"Id": "2", "Name": "US", "Countries": [], "States": {"us": ["ca", "va"]}, "Type": "USNATIONAL"},
        {"Id": "3", "Name": "Rest", "Countries": [], "States": {}, "Default": True, "Global": True, "Type": "GENERIC"},
    ],
}  # fmt: skip
GERMAN = {
    "DomainData": {
        "cctId": UUID,
        "Domain": "shop.example",
        "Language": {"Culture": "de"},
        "BannerTitle": "Wir &amp; Ihre Daten",
        "AlertNoticeText": '<p>Die Shop AG nutzt Cookies. <a href="/d">Mehr</a></p><script>alert(1)</script>',
        "AlertAllowCookiesText": "Alles zulassen",
        "BannerRejectAllButtonText": "Alles ablehnen",
        "CookieSettingButtonText": "Datenschutz",
        "GoogleConsent": {"GCEnable": True, "GCAnalyticsStorage": "C0002", "GCAdStorage": "C0009", "GCAdUserData": "DNAC"},
        "Groups": [
            {"CustomGroupId": "C0001", "GroupName": "Nötig", "GroupDescription": "Ohne sie geht es nicht.", "Status": "always active",
             "FirstPartyCookies": [{"Name": "cart", "Host": "shop.example", "IsSession": True, "Length": "0", "description": "from the database"}], "Hosts": []},
            {"CustomGroupId": "C0002", "GroupName": "Messung {alle}", "GroupDescription": "", "Status": "inactive",
             "FirstPartyCookies": [{"Name": "_ga", "Host": ".shop.example", "IsSession": False, "Length": "730", "DurationType": 1, "description": "from the database"},
                                   {"Name": "ab_xxxxxxxx", "Host": "shop.example", "Length": "30"}, {"Name": "=HYPERLINK(1)"}, {"Name": "a b"}, 7, None],
             "Hosts": [{"HostId": "H1", "DisplayName": "Counter", "HostName": "counter.example", "Description": "from the database", "PrivacyPolicy": "https://counter.example/p",
                        "Cookies": [{"Name": "cid", "Host": "counter.example", "Length": "90"}]}]},
            {"CustomGroupId": "C0009", "GroupName": "Werbung", "Status": "inactive", "SubGroups": [{"CustomGroupId": "C0010", "GroupName": "Video", "FirstPartyCookies": "?"}],
             "FirstPartyCookies": [], "Hosts": [{"HostName": "doubleclick.net", "DisplayName": "doubleclick.net", "Cookies": [{"Name": "IDE", "Host": "doubleclick.net", "Length": "390"}]}]},
            {"CustomGroupId": "<script>", "GroupName": "x"},
        ],
    }
}  # fmt: skip
ENGLISH = {**GERMAN["DomainData"], "Language": {"Culture": "en-GB"}, "BannerTitle": "You and your data",
           "Groups": [{"CustomGroupId": "C0009", "GroupName": "Ads"}]}  # fmt: skip
EXPORT = "\ufeffCookie Name;Host;Category;Lifespan\n_gid;shop.example;Messung (alle);1 day\ncart;shop.example;Strictly Necessary Cookies;Session\n=cmd|' /C calc'!A0;x.example;C0009;1\nodd;x.example;Unheard of;1 year\npx;t.px.example;Werbung;365\n;;;\n"
FILES = [
    (f"{UUID}.json", json.dumps(DOMAIN).encode()),
    ("de.json", json.dumps(GERMAN).encode()),
    ("en.json", json.dumps(ENGLISH).encode("utf-8-sig")),
    ("cookies.csv", EXPORT.encode()),
]


def workbook(rows: list[list[str]], more: dict[str, bytes] | None = None, sheet: str = "") -> bytes:
    """An XLSX of our own making: texts by number, a formula with what it came to, a text in the cell."""
    cells = "".join(
        "<row>" + "".join(f'<c r="{chr(65 + i)}{n + 1}" t="s"><v>{n * 10 + i}</v></c>' for i in range(len(row))) + "</row>"
        for n, row in enumerate(rows)
    )  # fmt: skip
    texts = [""] * (len(rows) * 10)
    for n, row in enumerate(rows):
        for i, cell in enumerate(row):
            texts[n * 10 + i] = cell
    ns = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(tables.SHEET, sheet or f"<worksheet {ns}><sheetData>{cells}</sheetData></worksheet>")
        strings = "".join(f"<si><r><t>{t[:1]}</t></r><r><t>{t[1:]}</t></r></si>" for t in texts)
        packed.writestr(tables.STRINGS, f"<sst {ns}>{strings}</sst>")
        for name, body in (more or {}).items():
            packed.writestr(name, body)
    return out.getvalue()


def test_all_files_together_say_one_thing():
    found = tenant.read(FILES)
    assert (str(found.site_id), found.domain) == (UUID, "shop.example")
    assert {key: (group.texts, group.necessary) for key, group in found.groups.items()} == {
        "C0001": ({"de": {"name": "Nötig", "description": "Ohne sie geht es nicht."}}, True),
        "C0002": ({"de": {"name": "Messung (alle)"}}, False),
        "C0009": ({"de": {"name": "Werbung"}, "en-GB": {"name": "Ads"}}, False),
        "C0010": ({"de": {"name": "Video"}}, False),
    }
    assert found.texts["de"] == {
        "title": "Wir & Ihre Daten", "body": "Die Shop AG nutzt Cookies. Mehr", "accept": "Alles zulassen",
        "reject": "Alles ablehnen", "reopen": "Datenschutz",
    }  # fmt: skip
    assert found.texts["en-GB"]["title"] == "You and your data"
    assert found.signals == {"C0002": ["analytics_storage"], "C0009": ["ad_storage"]}
    assert found.hosts == {
        "counter.example": ("Counter", "C0002", "https://counter.example/p"),
        "doubleclick.net": ("doubleclick.net", "C0009", ""),
    }
    assert sorted((c.name, c.host, c.category, c.lifetime, c.lifetime_days) for c in found.cookies.values()) == [
        ("IDE", "doubleclick.net", "C0009", "390 days", 390), ("_ga", "shop.example", "C0002", "730 days", 730),
        ("_gid", "shop.example", "C0002", "1 day", 1), ("ab_*", "shop.example", "C0002", "30 days", 30),
        ("cart", "shop.example", "C0001", "session", 0), ("cid", "counter.example", "C0002", "90 days", 90),
        ("px", "t.px.example", "C0009", "365 days", 365),
    ]  # fmt: skip
    assert found.rules == [
        "Europe: GDPR, 2 countries, 0 states", "US: USNATIONAL, 0 countries, 2 states", "Rest: GENERIC, everywhere else",
    ]  # fmt: skip
    assert {what: count for what, count in found.left_out.items() if count} == {
        "cookies whose name is none": 3, "categories without an id": 1, "descriptions of the vendor's database": 3,
        "cookies of categories that no file explains": 1,
    }  # fmt: skip
    assert "from the database" not in repr(found)


@pytest.mark.django_db
def test_everything_comes_along():
    adoption = adopt(PAGE, ["shop.example"], "alice", files=FILES)
    site = adoption.site
    categories = {category.key: category for category in site.categories.all()}
    assert categories["C0009"].texts == {"de": {"name": "Werbung"}, "en": {"name": "Ads"}}
    assert categories["C0009"].consent_mode == ["ad_storage"]
    assert categories["C0002"].consent_mode == ["analytics_storage"]
    assert Banner.objects.get(site=site).texts["de"]["accept"] == "Alles zulassen"
    assert Banner.objects.get(site=site).texts["en"]["title"] == "You and your data"
    assert site.languages[0] == "de"
    services = {s.key: s for s in Service.objects.filter(site=site).select_related("category")}
    assert {key: services[key].category.key for key in ("counter-example", "google-analytics", "own-c0001", "own-c0002", "t-px-example")} == {
        "counter-example": "C0002", "google-analytics": "C0002", "own-c0001": "C0001", "own-c0002": "C0002", "t-px-example": "C0009",
    }  # fmt: skip
    assert [rule.pattern for rule in services["counter-example"].rules.all()] == ["counter.example"]
    assert services["counter-example"].policy_url == "https://counter.example/p"
    kept = {(c.name, c.lifetime_days, c.purpose) for c in services["own-c0002"].cookies.all()}
    assert kept == {("ab_*", 30, "")}
    assert services["counter-example"].cookies.get().name == "cid (counter.example)"
    assert "Left out: 3 descriptions of the vendor's database." in adoption.taken
    assert any("Europe: GDPR, 2 countries" in line for line in adoption.taken)


@pytest.mark.django_db
def test_files_do_without_a_page_and_a_host():
    adoption = adopt("", [], "alice", files=FILES)
    assert (str(adoption.site.uuid), adoption.site.level) == (UUID, "drop_in")
    assert list(adoption.site.hosts.values_list("name", flat=True)) == ["shop.example"]


@pytest.mark.django_db
def test_what_the_owner_decided_stays():
    site = adopt(PAGE, ["shop.example"], "alice", files=FILES).site
    banner = Banner.objects.get(site=site)
    banner.texts["de"]["title"] = "Ihre Wahl"
    banner.save()
    site.categories.filter(key="C0009").update(texts={"de": {"name": "Reklame"}}, consent_mode=["ad_user_data"])
    before = [list(Service.objects.values_list("key", "category__key").order_by("key"))]
    again = adopt(PAGE, ["shop.example"], "alice", files=FILES)
    assert (again.added, again.updated) == ([], [])
    assert [list(Service.objects.values_list("key", "category__key").order_by("key"))] == before
    assert Banner.objects.get(site=site).texts["de"]["title"] == "Ihre Wahl"
    category = site.categories.get(key="C0009")
    assert (category.texts["de"], category.consent_mode) == ({"name": "Reklame"}, ["ad_user_data"])


@pytest.mark.django_db
def test_a_rehearsal_leaves_nothing():
    report = adopt_reported(PAGE, ["shop.example"], "alice", lambda site: True, rehearsal=True, files=FILES)
    assert report.taken[0] == "Categories: C0001, C0002, C0009, C0010."
    assert (Site.objects.count(), Banner.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_files_of_another_domain_are_refused():
    other = json.dumps(GERMAN).replace(UUID, "0" * 8 + UUID[8:]).encode()
    with pytest.raises(InvalidChange, match="The files are of 00000000-.*, the page is of de507273-"):
        adopt(PAGE, ["shop.example"], "alice", files=[("de.json", other)])
    with pytest.raises(
        InvalidChange, match=r"x\.json can't be read: it is of 00000000-.*, the files before it of de50"
    ):
        adopt("", [], "alice", files=[*FILES, ("x.json", other)])
    assert Site.objects.count() == 0


def test_a_workbook_says_what_its_csv_says():
    rows = [line.split(";") for line in EXPORT.removeprefix("\ufeff").splitlines()]
    assert tables.rows(workbook(rows))[:6] == tables.rows(EXPORT.encode())[:6]


def test_formulas_are_never_evaluated():
    sheet = (
        '<worksheet><sheetData><row><c t="inlineStr"><is><t>Cookie</t></is></c><c t="inlineStr"><is><t>Category</t></is></c></row>'
        '<row><c t="str"><f>CONCAT("a","b")</f><v>ab</v></c><c t="str"><v>C0002</v></c></row></sheetData></worksheet>'
    )
    assert tables.rows(workbook([], sheet=sheet)) == [["Cookie", "Category"], ["ab", "C0002"]]


BOMB = "<!DOCTYPE x [<!ENTITY a '" + "b" * 1000 + "'>]><worksheet><row><c><v>&a;</v></c></row></worksheet>"
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
MANY = json.dumps({"DomainData": {"Groups": [{"CustomGroupId": f"G{n}"} for n in range(300)]}}).encode()
NESTED: dict[str, object] = {"CustomGroupId": "C0002"}
for _ in range(200):
    NESTED = {"CustomGroupId": "C0002", "SubGroups": [NESTED]}
HOSTILE = {
    "deep": (DEEP, "x can't be read: it is nested too deep."),
    "no JSON": (b"{", "x can't be read: it is no JSON (Expecting property name"),
    "other JSON": (b'{"a": 1}', "x can't be read: it is neither a domain's JSON (with RuleSet) nor that of a language"),
    "not UTF-8": (b'{"\xff": 1}', "x can't be read: it is not in UTF-8."),
    "large": (b" " * (tenant.LARGEST + 1), "x can't be read: it is larger than 10 MB."),
    "many categories": (MANY, "x can't be read: it has more than 200 categories."),
    "a long number": (b'{"RuleSet": ' + b"9" * 5000 + b"}", "x can't be read: it is no JSON"),
    "no columns": (b"a,b\n1,2\n", "x can't be read: it has no columns for a cookie's name and category in its first row."),
    "empty": (b"", "x can't be read: it has no columns"),
    "a picture": (random.Random(1).randbytes(5000), "x can't be read: it has no columns"),
    "many rows": (b"cookie,category\n" + b"a,C0002\n" * 20_001, "x can't be read: it has more than 20000 rows."),
    "many cookies": (b"cookie,category\n" + b"".join(b"c%d,C0002\n" % n for n in range(6000)), "x can't be read: there are more than 5000 cookies."),
    "a long field": (b'cookie,category\n"' + b"a" * 200_000 + b'",C0002', "x can't be read: it is no CSV: field larger"),
    "a broken archive": (b"PK\x03\x04" + b"\0" * 50, "x can't be read: it is no workbook: "),
    "no workbook": (workbook([]).replace(b"sheet1", b"sheet7"), "x can't be read: it is no workbook: it has no first sheet."),
    "a bomb": (workbook([], sheet="<worksheet>" + " " * (tables.LARGEST + 1)), "x can't be read: unpacked it is larger than 20 MB."),
    "entities": (workbook([], sheet=BOMB), "x can't be read: it has a document type, which no workbook has."),
    "broken XML": (workbook([], sheet="<worksheet>"), "x can't be read: it is no workbook: no element found."),
    "many parts": (workbook([], {f"p{n}": b"" for n in range(600)}), "x can't be read: it has more than 500 parts."),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused_in_words_soon_and_in_little_room(case):
    body, words = HOSTILE[case]
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(ValueError, match=re.escape(words)):
        tenant.read([("../../x", body)])
    assert time.process_time() - began < 5
    assert tracemalloc.get_traced_memory()[1] < 120_000_000
    tracemalloc.stop()


def test_groups_in_groups_end_somewhere():
    found = tenant.read([("x", json.dumps({"DomainData": {"Groups": [NESTED]}}).encode())])
    assert list(found.groups) == ["C0002"]


def test_texts_of_nothing_but_brackets_are_read_in_no_time():
    began = time.process_time()
    data = {"Groups": [{"CustomGroupId": f"G{n}", "GroupDescription": "<a" * 10_000} for n in range(150)]}
    tenant.read([("x", json.dumps(data).encode())])
    assert time.process_time() - began < 8


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("if (OnetrustActiveGroups.includes('C0004')) go()", {"C0004"}),
        ("OptanonActiveGroups.indexOf(',2,') > -1", {"2"}),
        ('window.OnetrustActiveGroups.indexOf(",snc,")', {"snc"}),
        ('OneTrust.UpdateConsent("Category","C0004:1, SPD_BG:0")', {"C0004", "SPD_BG"}),
        ("Optanon.InsertScript('https://a.example/x.js', 'head', null, null, 3);", {"3"}),
        ("Optanon.InsertHtml('<b>', 'box', null, {ignoreGroupCheck: true}, 'C0002');", {"C0002"}),
        ("OneTrust.InsertScript(u, 'head', cb);", set()),
        ("el.className = 'optanon-category-C0002-BG71'", {"C0002", "BG71"}),
        ("var part = 'C0042'; list.indexOf(',2,')", set()),
    ],
)
def test_ids_that_code_names(code, found):
    assert onetrust_code.ids(code) == found


def test_the_methods_are_those_that_we_have():
    source = (Path(__file__).parents[3] / "cookiebanner/banner/src/onetrust/api.js").read_text(encoding="utf-8")
    body = source[source.index("\n  return {\n") :]
    ours = set(re.findall(r"^    (?:async )?(\w+)[:(]", body, re.MULTILINE))
    assert ours - onetrust_code.METHODS == {"syncConsentProfile", "getPingRequest", "getVendorConsentsRequestV2"}
    assert onetrust_code.METHODS - ours == set()


@pytest.mark.django_db
def test_ids_joined_in_one_class_and_in_code_become_categories_and_what_is_missing_is_listed():
    page = (
        f'<script src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js" data-domain-script="{UUID}"></script>'
        '<div class="optanon-category-C0007-C0008"></div><script type="text/plain" class="optanon-category-C0002-C0011">x()</script>'
        "<script>if (OnetrustActiveGroups.includes('C0006')) OneTrust.Frobnicate(); window.__tcfapi && 1</script>"
    )
    adoption = adopt(page, ["shop.example"], "alice")
    keys = set(adoption.site.categories.filter(used_by_page=True).values_list("key", flat=True))
    assert keys == {"C0002", "C0006", "C0007", "C0008", "C0011"}
    assert any("asks for what is not here: OneTrust.Frobnicate, __tcfapi." in line for line in adoption.advice)


@pytest.mark.parametrize(
    ("before", "attributes", "words"),
    [
        ("", "", "keep line 1: the stub alone may come too late"),
        ("<script>early()</script>\n", "", "keep line 2, but as the first script of the page"),
        ("", " async", "keep line 1, but as the first script of the page and without async or defer"),
    ],
)
@pytest.mark.django_db
def test_the_block_line_is_kept_where_it_holds(before, attributes, words):
    page = (
        f'{before}<script{attributes} src="https://cdn.cookielaw.org/consent/{UUID}/OtAutoBlock.js"></script>'
        f'<script src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js" data-domain-script="{UUID}"></script>'
    )
    assert words in adopt(page, ["shop.example"], "alice").advice[0]


@pytest.mark.django_db
def test_the_files_say_what_the_earlier_banner_had_and_where():
    """They are its own word: what the page loads and they do not name was not asked about there."""
    groups = [{"CustomGroupId": "C0003", "GroupName": "Help", "Hosts": [{"HostName": "js.hs-scripts.com"}]}]
    files = [("en.json", json.dumps({"DomainData": {"cctId": UUID, "Groups": groups}}).encode())]
    site = adopt(PAGE, ["shop.example"], "x", files=files).site
    found = {s.key: (s.category.key, s.earlier_category) for s in site.services.select_related("category")}
    assert found == {
        "google-fonts": ("C0001", ""), "unpkg": ("C0001", ""), "new-relic": ("C0002", ""),
        "google-tag-manager": ("C0002", ""), "hubspot": ("C0003", "C0003"), "plausible": ("C0005", "C0005"),
        "t-parked-example": ("SPD_BG", "SPD_BG"),
    }  # fmt: skip
    content = draft(site)
    assert [s["key"] for s in content["services"] if s.get("added_since")] == ["new-relic"]


ODD = "Cookie Name,Host,Category,Lifespan\n_gid,shop.example,C0002,2 days\ncart,shop.example,C0001,Session\npx,t.px.example,C0004,365\n"
READ = [
    ("_gid", "shop.example", "C0002", 2),
    ("cart", "shop.example", "C0001", 0),
    ("px", "t.px.example", "C0004", 365),
]
# A list of cookies as programs of many makes write it: they all say the same.
VARIANTS = {
    "commas": ODD.encode(),
    "a byte order mark": ODD.encode("utf-8-sig"),
    "UTF-16 of Excel": ODD.replace(",", "\t").encode("utf-16"),
    "UTF-16 without a mark": ODD.encode("utf-16-le"),
    "UTF-16, big end first": ODD.encode("utf-16-be"),
    "semicolons": ODD.replace(",", ";").encode(),
    "tabs": ODD.replace(",", "\t").encode(),
    "bars": ODD.replace(",", "|").encode(),
    "Excel's own line": ("sep=;\r\n" + ODD.replace(",", ";").replace("\n", "\r\n")).encode(),
    "lines of old Macs": ODD.replace("\n", "\r").encode(),
    "all in quotes": "".join(",".join(f'"{c}"' for c in line.split(",")) + "\r\n" for line in ODD.splitlines()).encode(),
    "the delimiter in a quoted head": ODD.replace("Cookie Name", '"Cookie; Name"').encode(),
    "a line's end in a quoted head": ODD.replace("Cookie Name", '"Cookie\nName"').encode(),
    "a line's end in a cell that nobody reads": ODD.replace("Lifespan\n", "Lifespan,Note\n").replace("2 days", '2 days,"a\nb, c"').encode(),
    "a title and an empty row above": ("Cookies of shop.example\n\n" + ODD).encode(),
    "other columns between": "".join(line.replace(",", ",x,", 1) + "\n" for line in ODD.splitlines()).encode(),
    "Windows' own letters": (ODD.replace("Lifespan\n", "Lifespan,Größe\n")).encode("cp1252"),
    "German": ODD.replace("Cookie Name,Host,Category,Lifespan", "Cookie-Name,Domäne,Kategorie,Speicherdauer").replace("2 days", "2 Tage").replace("Session", "Sitzung").encode(),
    "French": ODD.replace("Cookie Name,Host,Category,Lifespan", "Nom du cookie,Hôte,Catégorie,Durée de vie").replace("2 days", "2 jours").encode(),
    "Spanish": ODD.replace("Cookie Name,Host,Category,Lifespan", "Nombre de la cookie,Dominio,Categoría,Duración").replace("2 days", "2 días").replace("Session", "Sesión").encode(),
    "accents apart": ODD.replace("Category", "Cate\u0301gorie").encode(),
    "names by category, ids beside": ODD.replace("Category,", "Category,Category ID,").replace(",C0", ",Whatever,C0").encode(),
    "two names in a cell": (ODD + '"_gid, cart\n",shop.example,C0002,9 days\n').encode(),
    "a workbook": workbook([line.split(",") for line in ODD.splitlines()]),
}  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_list_of_cookies_says_the_same_whatever_wrote_it(variant):
    found = tenant.read([("cookies", VARIANTS[variant])])
    assert [(c.name, c.host, c.category, c.lifetime_days) for c in found.cookies.values()] == READ


def test_numbers_and_dates_of_a_workbook_are_what_excel_shows():
    """A whole number without a point; a date, also in a format of the workbook's own, as its day, which is no lifetime."""
    head = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in ("Cookie", "Category", "Expiry"))
    rows = "".join(
        f'<row><c t="inlineStr"><is><r><t>c</t></r><r><t>{n}</t></r></is></c><c t="str"><v>C0002</v></c>{cell}</row>'
        for n, cell in enumerate((
            "<c><v>365.0</v></c>", "<c><v>3.65E2</v></c>", '<c s="1"><v>45000.5</v></c>', '<c s="2"><v>45000</v></c>',
            '<c s="3"><v>730</v></c>', '<c t="d"><v>2026-11-21T00:00:00</v></c>', '<c s="x"><v>30</v></c>',
        ))
    )  # fmt: skip
    styles = (
        '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/><numFmt numFmtId="165" formatCode="0&quot; days&quot;"/></numFmts>'
        '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'
    )
    body = workbook(
        [],
        {tables.STYLES: styles.encode()},
        sheet=f"<worksheet><sheetData><row>{head}</row>{rows}</sheetData></worksheet>",
    )
    assert [row[2] for row in tables.rows(body)][1:] == [
        "365",
        "365",
        "2023-03-15",
        "2023-03-15",
        "730",
        "2026-11-21",
        "30",
    ]
    found = tenant.read([("cookies.xlsx", body)])
    assert [(c.name, c.lifetime_days) for c in found.cookies.values()] == [
        ("c0", 365), ("c1", 365), ("c2", None), ("c3", None), ("c4", 730), ("c5", None), ("c6", 30),
    ]  # fmt: skip


def test_a_file_of_an_old_excel_says_what_to_do():
    with pytest.raises(ValueError, match="save it as XLSX or CSV"):
        tenant.read([("cookies.xls", tables.OLD_EXCEL + b"\0" * 500)])


def test_json_in_utf_16_is_read():
    assert list(tenant.read([("en.json", json.dumps(GERMAN).encode("utf-16"))]).groups)[:1] == ["C0001"]
