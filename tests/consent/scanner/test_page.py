import pytest

from consent.scanner.findings import examine
from consent.scanner.page import decode, read


def urls(html):
    return [(r.tag, r.url, r.line) for r in read(html).requests]


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<script src="//a.example/x.js"></script>', [("script", "//a.example/x.js")]),
        ("<SCRIPT SRC='https://a.example/x.js?a=1&amp;b=2'></SCRIPT>", [("script", "https://a.example/x.js?a=1&b=2")]),
        ("<script src=https://a.example/x.js src=https://b.example></script>", [("script", "https://a.example/x.js")]),
        ('<link rel="preload stylesheet" href="https://a.example/a.css">', [("link", "https://a.example/a.css")]),
        ('<link rel="canonical" href="https://a.example/">', []),
        ('<a href="https://a.example/">x</a>', []),
        ('<img src="https://a.example/1.gif" srcset="https://b.example/2.gif 2x, https://c.example/3.gif 3x">',
         [("img", "https://a.example/1.gif"), ("img", "https://b.example/2.gif"), ("img", "https://c.example/3.gif")]),
        ('<iframe data-src="https://a.example/e"></iframe>', [("iframe", "https://a.example/e")]),
        ('<object data="https://a.example/o"></object><embed src="https://b.example/e">',
         [("object", "https://a.example/o"), ("embed", "https://b.example/e")]),
        ('<div style="background:url(https://a.example/b.png)">', [("div", "https://a.example/b.png")]),
        ("<style>@import '//a.example/f.css'; b{background:url(\"https://b.example/x.png\")}</style>",
         [("style", "//a.example/f.css"), ("style", "https://b.example/x.png")]),
        ("<script>s.src = 'https://a.example/x.js'</script>", [("script", "https://a.example/x.js")]),
        ("<script>s.setAttribute('src', \"//a.example/x.js\")</script>", [("script", "https://a.example/x.js")]),
        ('<script>import("https://a.example/m.js")</script>', [("script", "https://a.example/m.js")]),
        ("<script>s.src='https:\\/\\/a.example\\/x.js'</script>", [("script", "https://a.example/x.js")]),
        ("<script>var ns='http://www.w3.org/2000/svg'</script>", []),
        ("<script type=application/json>{\"src\":\"https://a.example/x.js\"}</script>", []),
        ("<script type=text/template>s.src='https://a.example/x.js'</script>", []),
        ("<!-- <script src=https://a.example/x.js></script> -->", []),
        ("<script src=https://a.example/x.js>", [("script", "https://a.example/x.js")]),
        ("<p><b>no end <i", []),
        ("", []),
    ],
)  # fmt: skip
def test_what_a_page_loads(html, found):
    assert [(tag, url) for tag, url, _ in urls(html)] == found


def test_lines_are_those_of_the_file():
    html = "<html>\n<script>\nvar a;\ns.src='https://a.example/x.js';\n</script>\n<img src=https://b.example/y>"
    assert [line for _, _, line in urls(html)] == [4, 6]


@pytest.mark.parametrize(
    ("html", "parked"),
    [
        ('<script type="text/plain" class="optanon-category-C0004" src="https://a.example"></script>', "C0004"),
        ('<script type="text/plain" class="x optanon-category-C0002-C0004" src="https://a.example"></script>', "C0002"),
        ('<iframe class="optanon-category-SPD_BG" data-src="https://a.example"></iframe>', "SPD_BG"),
        ('<script type="text/plain" data-category="analytics" src="https://a.example"></script>', "C0002"),
        (
            '<script type="text/plain" data-cookieconsent="preferences,marketing" src="https://a.example"></script>',
            "C0003",
        ),
        ('<script data-category="analytics" src="https://a.example"></script>', ""),
        ('<script type="text/plain" data-category="shoes" src="https://a.example"></script>', ""),
        ('<img data-category="marketing" data-src="https://a.example">', ""),
    ],
)
def test_tags_that_wait_say_for_which_category(html, parked):
    assert [r.parked for r in read(html).requests] == [parked]


def test_what_a_page_says_about_itself():
    page = read(
        '<html lang="de-AT"><title>A &amp; B</title><script type="application/ld+json">'
        '{"@graph":[{"@type":"WebSite","name":"x"},{"@type":["Corporation"],"name":" Shop AG "}]}</script>'
        '<span class="btn optanon-show-settings">x</span><a href="/impressum">Impressum</a>'
    )
    assert (page.language, page.title, page.organization, page.settings_links) == ("de-AT", "A & B", "Shop AG", [1])
    found = examine(page, ["shop.example"])
    assert (found.imprint_url, found.policy_url) == ("https://shop.example/impressum", "")


def test_broken_json_ld_is_no_error():
    assert read('<script type="application/ld+json">{"@type":</script>').organization == ""


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'<meta charset="iso-8859-1">\xe4', '<meta charset="iso-8859-1">ä'),
        (b"\xef\xbb\xbf<p>\xc3\xa4", "<p>ä"),
        (b"<p>\xff", "<p>\ufffd"),
        (b'<meta charset="made-up">\xc3\xa4', '<meta charset="made-up">ä'),
        ("<p>ä".encode("utf-16"), "<p>ä"),
    ],
)
def test_a_file_is_decoded_by_what_it_says(body, text):
    assert decode(body).lstrip("\ufeff") == text


def found(html, *hosts):
    return examine(read(html), hosts or ("shop.example",))


def test_strangers_are_third_parties_that_nobody_knows():
    result = found(
        "<script src=https://new.example/x.js></script><script src=https://cdn.shop.example/x.js></script>"
        "<img src=/own.gif><script src=https://plausible.io/js/plausible.js></script><img src=data:image/gif;base64,x>"
    )
    assert list(result.strangers) == ["new.example"]
    assert list(result.sightings) == ["plausible"]


def test_a_mere_mention_is_evidence_for_a_known_service_only():
    result = found("<script>var a='https://static.hotjar.com/c/hotjar-'; var b='https://new.example/page'</script>")
    assert (list(result.sightings), list(result.strangers)) == (["hotjar"], [])


@pytest.mark.parametrize(
    ("html", "uuid"),
    [
        ('<script src="/otSDKStub.js" data-domain-script="DE507273-db36-4f1c-9575-6e6ea429f7c6-test"></script>', True),
        ('<script src="https://cdn.cookielaw.org/consent/de507273-db36-4f1c-9575-6e6ea429f7c6/OtAutoBlock.js"></script>', True),
        ('<script src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js?did=de507273-db36-4f1c-9575-6e6ea429f7c6"></script>', True),
        ('<script src="https://x.example/de507273-db36-4f1c-9575-6e6ea429f7c6.js"></script>', False),
        ('<script data-domain-script="mine"></script>', False),
    ],
)  # fmt: skip
def test_the_site_id_is_onetrusts(html, uuid):
    assert (str(found(html).site_id) == "de507273-db36-4f1c-9575-6e6ea429f7c6") is uuid


def test_another_banner_and_noscript_pixels_are_to_be_removed():
    result = found(
        "<script src=https://consent.cookiebot.com/uc.js></script>"
        '<noscript><img src="https://www.facebook.com/tr?id=1&noscript=1"></noscript>'
    )
    assert (list(result.banners), result.noscript) == (["cookiebot.com"], [(1, "img", "Meta Pixel")])


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("© 2022 Ribbon Example Operating Company, Inc. © 2022 Other Ltd. All rights reserved.",
         "Ribbon Example Operating Company, Inc."),
        ("Copyright © 2019–2026 Leaf & Kettle Ltd. All rights reserved", "Leaf & Kettle Ltd."),
        ("(c) 2026 by Müller GmbH | Impressum", "Müller GmbH"),
        ("© Tea Shop", "Tea Shop"),
        ("© 2026", ""),
        ("(b) by law, or (c) where copyright law asks for it", ""),
        ("We respect your privacy.", ""),
    ],
)  # fmt: skip
def test_who_a_page_s_rights_are_kept_by(text, who):
    assert read(f"<title>© 1999 Title Inc.</title><footer><p>{text}</p></footer>").rights == who
