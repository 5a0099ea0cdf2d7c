"""Hostile pages, made from a seed: what parsers, encodings and people who hate rewriters come up with."""

from __future__ import annotations

from html.entities import html5
from random import Random

BLANKS = [b" ", b"\t", b"\n", b"\f", b"\r", b"/", b"  ", b" / ", b"\r\n"]
ODD = [
    b"\x00",
    b"\x0b",
    b"\xa0",
    b"\x85",
    b"\x1c",
    b"\x1a",
    b"\x1b",
    b"\xff",
    b"\xc3",
    b"\xe4",
    b"\xe2\x82\xac",
    b"\x83\x5c",
]
ODD += [
    b"\xc2\xa0",
    b"\xef\xbf\xbd",
    b"\xf0\x9f\x92\xa9",
    b"\x80",
    b"\x7f",
    b"\xed\xa0\x80",
    b"&",
    b"<",
    b">",
    b"'",
    b'"',
    b"=",
    b"`",
]
NAMES = [
    b"script", b"iframe", b"frame", b"img", b"image", b"feImage", b"use", b"source", b"video", b"audio", b"track", b"embed",
    b"object", b"input", b"link", b"a", b"area", b"base", b"meta", b"style", b"textarea", b"title", b"xmp", b"noembed",
    b"noframes", b"noscript", b"template", b"svg", b"math", b"foreignObject", b"desc", b"mi", b"mtext",
    b"annotation-xml", b"p", b"div", b"b", b"table", b"td", b"select", b"body", b"br", b"x-y", b"nav", b"h1", b"g", b"plaintext",
]  # fmt: skip
KEYS = [
    b"src", b"srcset", b"href", b"xlink:href", b"data", b"poster", b"ping", b"imagesrcset", b"background", b"style",
    b"srcdoc", b"type", b"rel", b"class", b"data-consent", b"data-ot-ignore", b"async", b"id", b"data-fg", b"data-fg-src",
    b"charset", b"http-equiv", b"content", b"onload", b"__proto__", b"constructor", b"SRC", b"sr\x00c", b"=src", b'"', b"alt",
]  # fmt: skip
HOSTS = [
    b"t.test", b"T.Test", b"cdn.t.test", b"granted.test", b"agent.test", b"other.test", b"nott.test", b"t.test.", b"t.test..",
    b"shop.test", b"u@t.test", b"t.test:443", b"%74.test", b"t%2Etest", b"[::1]", b"a..t.test", b"\xff.t.test",
    b"xn--bcher-kva.test", b"1.2.3.4", b"%ff.t.test", b"%2f", b"_.t.test", b"",
]  # fmt: skip
PATHS = [
    b"",
    b"/",
    b"/a.js",
    b"/px/1",
    b"/a/../px/2",
    b"/%2e%2e/px/",
    b"?x=1&amp;y=2",
    b"#f",
    b"\\b",
    b"/a;b,c",
    b"/(x)",
    b"/p x",
]
REFERENCES = [
    b"&amp;", b"&amp", b"&lt;", b"&ltx", b"&lt=", b"&quot;", b"&#x2f;", b"&#47;", b"&#0000000047;", b"&#x00000000002F;",
    b"&#0;", b"&#26;", b"&#x1a;", b"&#13;", b"&#128;", b"&eacute;", b"&eacute", b"&sol;", b"&colon;", b"&Tab;", b"&NewLine;",
    b"&period;", b"&nosuch;", b"&", b"&#", b"&#x", b"&#xg;", b"&#99999999999999;", b"&fjlig;", b"&frac12;", b"&amp;amp;",
    b"&apos;", b"&#39", b"&commat;", b"&not", b"&notit;", b"&#x74;", b"&#116", *(f"&{name}".encode() for name in sorted(html5) if len(html5[name]) == 1 and html5[name] < "\x80"),
]  # fmt: skip
CODE = [
    b"NREUM", b"var a=1;", b"<!--", b"-->", b"<script>", b"<script ", b"</script", b"</scriptx", b"<!-->", b"<!--->",
    b"import 'https://t.test/m.js';", b"import x from\xa0'//t.test/m.js'", b"import('//t.test/')", b"from\n\"https://t.test/\"",
    b"frame.contentWindow.location='https://t.test/'", b"frames[0] . location . href = '//t.test/x'", b'{"urls":["https://t.test/"]}',
    b"contentDocument\xa0.location='//t.test/'", b"//t.test/a", b"\\/\\/t.test\\/a", b"</SCRIPT\x0b>", b"NRE", b"UM",
]  # fmt: skip
SHEETS = [
    b"a{b:url(//t.test/a)}", b"url( 'https://t.test/a' )", b"@import '//t.test/a'", b'@import "https://t.test/a";', b"url(/px/1)",
    b"URL(\x0b\"//T.TEST/\")", b"url(data:x)", b"a{}", b"'//t.test/'", b"<!--", b"/*", b"url(", b"@import\xa0'//t.test/b'", b"x<y",
]  # fmt: skip
LABELS = [
    b"utf-8",
    b"windows-1252",
    b"Shift_JIS",
    b"utf-16",
    b"iso-2022-jp",
    b" ISO-2022-JP ",
    b"hz-gb-2312",
    b"x",
    b"",
]
TYPES = [b"module", b"text/javascript", b" Text/JavaScript\n", b"", b"text/plain", b"speculationrules", b"\xa0module", b"\x1cmodule", b"module\x85", b"application/ld+json"]  # fmt: skip
CONSENT = [
    b"C0004", b"C0001", b"C0002,C0004", b"C0001 C0002", b"constructor", b"__proto__", b"x\xffy", b"a\xa0b", b"C0001\x1cC0002",
    b"<b>'\"", b"tracker", b",", b"&lt;x&gt;", b"&eacute;", b"\x1a&", b"toString", b"C0001\x85", b"\xe4",
]  # fmt: skip
STARTS = [
    b"<!doctype html>",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
    b"<\x00?\x00x\x00",
    b"\xef\xbb",
    b"\xff",
    b"\x00\x00\xfe\xff",
    b"\x00",
]
WHOLE = [
    b"<script src='https://t.test/a.js'></script>", b"<img src=//t.test/a>", b"<script>NREUM</script>", b"<link rel=icon href=//t.test/>",
    b'<img srcset="//granted.test/a, //t.test/b 2x">', b"<style>a{b:url(//t.test/a)}</style>", b"<p style='a:url(&quot;//t.test/&quot;)'>",
    b"<iframe srcdoc='<img src=//t.test/>'></iframe>", b"<noscript><img src=//t.test/></noscript>", b"<svg><script href=//t.test/ /></svg>",
]  # fmt: skip


def url(random: Random) -> bytes:
    """An address, often a tracker's."""
    scheme = random.choice(
        [
            b"https://",
            b"//",
            b"http:",
            b"HTTPS:\\\\",
            b"",
            b"/",
            b"wss://",
            b"data:",
            b" javascript:",
            b"\x01//",
            b"java\tscript://",
            b"https:/",
        ]
    )
    made = scheme + random.choice(HOSTS) + random.choice(PATHS)
    if random.random() < 0.25:
        at = random.randrange(len(made) + 1)
        made = made[:at] + random.choice(REFERENCES + ODD) + made[at:]
    return made


def sheet(random: Random) -> bytes:
    """Something like CSS."""
    return b"".join(
        random.choice(SHEETS) if random.random() < 0.8 else random.choice(ODD + REFERENCES)
        for _ in range(random.randint(0, 4))
    )


def value(random: Random, key: bytes, depth: int) -> bytes:
    """What an attribute may hold."""
    key = key.lower()
    if random.random() < 0.06:
        return random.choice(REFERENCES + ODD) * random.choice([1, 2, 40])
    if key == b"style":
        made = sheet(random)
    elif key == b"srcdoc":
        made = page(random, depth + 1) if depth < 4 else b"x"
        if random.random() < 0.8:
            made = made.replace(b"&", b"&amp;").replace(b'"', b"&quot;")
    elif key in (b"srcset", b"imagesrcset", b"ping"):
        made = random.choice([b", ", b" ", b",", b"\xa0", b"\x1c", b" 2x,"]).join(
            url(random) for _ in range(random.randint(0, 3))
        )
    elif key == b"type":
        made = random.choice(TYPES)
    elif key == b"class":
        made = random.choice(
            [b"optanon-category-C0004", b"x optanon-category-C0001-C0002", b"optanon-category-\xe4", b"plain"]
        )
    elif key == b"data-consent":
        made = random.choice(CONSENT)
    elif key == b"rel":
        made = random.choice([b"stylesheet", b"PRELOAD", b"icon", b"next", b"manifest"])
    elif key == b"charset":
        made = random.choice(LABELS)
    elif key == b"content":
        made = b"text/html; charset=" + random.choice(LABELS)
    else:
        made = url(random)
    return made


def attribute(random: Random, depth: int) -> bytes:
    """One attribute, quoted in some way or none."""
    key = random.choice(KEYS)
    made = value(random, key, depth)
    if random.random() < 0.02:
        made += b"x" * random.choice([60, 200, 5000])
    equals = random.choice([b"=", b"=", b"=", b" = ", b"\n=", b"=\t", b"==", b""])
    quote = random.choice([b'"', b'"', b'"', b"'", b"", b"`"])
    if quote and random.random() < 0.9:
        made = made.replace(quote, b"&quot;" if quote == b'"' else b"&#39;")
    return key + equals + quote + made + (quote if random.random() < 0.97 else b"")


def tag(random: Random, name: bytes, depth: int) -> bytes:
    """A start tag, mostly in full."""
    made = b"<" + (name if random.random() < 0.8 else name.upper())
    for _ in range(random.choice([0, 1, 1, 2, 2, 3, 5])):
        made += random.choice(BLANKS) + attribute(random, depth)
    made += random.choice([b"", b"", b"", b" ", b"/", b" /", b"\x00"])
    return made + (b">" if random.random() < 0.96 else b"")


def element(random: Random, depth: int) -> bytes:
    """A tag and what belongs to it."""
    if random.random() < 0.15:
        # One that is as it should be, so that there is something to hold.
        return random.choice(WHOLE)
    name = random.choice(NAMES if random.random() < 0.1 else NAMES[:-1])
    made = tag(random, name, depth)
    name = name.lower()
    if name == b"script":
        made += b"".join(
            random.choice(CODE if random.random() < 0.85 else ODD + SHEETS) for _ in range(random.randint(0, 4))
        )
    elif name == b"style":
        made += sheet(random)
    elif name in (b"svg", b"math"):
        made += b"".join(piece(random, depth) for _ in range(random.randint(0, 3)))
    elif name in (b"p", b"div", b"template", b"noscript", b"textarea", b"title", b"iframe", b"select"):
        made += piece(random, depth) if random.random() < 0.6 else b""
    elif random.random() < 0.6:
        return made
    end = (
        b"</"
        + (name if random.random() < 0.9 else name.upper())
        + random.choice([b">", b">", b">", b" >", b"\n x='>'>", b"/>", b"", b"x>"])
    )
    return made + (end if random.random() < 0.9 else b"")


def piece(random: Random, depth: int) -> bytes:
    """One piece of a page."""
    dice = random.random()
    if dice < 0.62:
        return element(random, depth)
    if dice < 0.72:
        return random.choice(
            [b"words ", b"more &amp; more", b"a < b", b"</", b"<", b"<!", b"<?x ?>", b"</>", b"< script>", b"x" * 70]
        )
    if dice < 0.78:
        inside = random.choice(CODE + SHEETS + [b"", b">", b"->", b"--", b"-", b"!", b"<img src=//t.test/>"])
        return b"<!--" + inside + random.choice([b"-->", b"--!>", b"->", b"--", b"--->", b""])
    if dice < 0.82:
        return random.choice([b"<![CDATA[", b"<![cdata["]) + sheet(random) + random.choice([b"]]>", b"]>", b"]]", b""])
    if dice < 0.86:
        made = element(random, depth)
        return made[: random.randrange(len(made) + 1)]
    if dice < 0.9:
        return b"</" + random.choice(NAMES) + random.choice([b">", b" a='>'>", b""])
    if dice < 0.95:
        return (
            b"<svg><style>"
            + sheet(random)
            + random.choice([b"<![CDATA[" + sheet(random) + b"]]>", b"<g/>", b"", b"<!-- -->"])
            + b"</style></svg>"
        )
    return random.choice(ODD)


def page(random: Random, depth: int = 0) -> bytes:
    """A page, or at a depth of 1 and more the document of a srcdoc."""
    made = b"".join(
        piece(random, depth) for _ in range(random.choice([1, 2, 3, 4, 6]) if depth == 0 else random.randint(1, 2))
    )
    if depth:
        return made
    if random.random() < 0.1 and made:
        # Bytes that belong nowhere.
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(made) + 1)
            made = made[:at] + random.choice(ODD) + made[at:]
    return (random.choice(STARTS) if random.random() < 0.08 else b"") + made


def cuts(random: Random, length: int) -> list[int]:
    """Sizes of the pieces in which a page may come; what they leave comes last."""
    if random.random() < 0.1:
        return [1] * length
    largest = random.choice([2, 3, 7, 20, 100])
    sizes: list[int] = []
    while sum(sizes[-1:]) >= 0 and length > 0:
        size = random.randint(0 if random.random() < 0.05 else 1, largest)
        sizes.append(size)
        length -= size
    return sizes
