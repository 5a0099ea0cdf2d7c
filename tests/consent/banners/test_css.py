"""Rules of the site's own: what may be said is written anew behind the banner's root; everything else is refused, with its
line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.banners import css

FILES = {"paper.png": "`abc/paper.png"}


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("", ""),
        ("h2 { color: #102030 }", "~h2{color:#102030;}"),
        ("/* ours */ .fg-b , .fg-q { border-radius: 22px }", "~.fg-b,~.fg-q{border-radius:22px;}"),
        ("#onetrust-banner-sdk > .fg-in{padding:8PX}", "~#onetrust-banner-sdk > .fg-in{padding:8PX;}"),
        ("@media (min-width: 600px) { p { line-height: 1.6 } }", "@media (min-width: 600px){~p{line-height:1.6;}}"),
        ("p{background:url('paper.png') no-repeat}", "~p{background:url(`abc/paper.png) no-repeat;}"),
        ("p{background:url(paper.png)}", "~p{background:url(`abc/paper.png);}"),
        ("a:hover{color:var(--fg-ac)}", "~a:hover{color:var(--fg-ac);}"),
        (":is(h2, h3){font-family:'Brand Sans', serif}", '~:is(h2, h3){font-family:"Brand Sans", serif;}'),
        ("h2{font-size:1.2em;margin:0 0 4px}", "~h2{font-size:1.2em;margin:0 0 4px;}"),
    ],
)
def test_what_may_be_said_stands_behind_the_banners_root(text, packed):
    assert css.packed(text, FILES) == packed


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("@import 'https://evil.example/x.css';", "@import is not allowed"),
        ("@IMPORT url(paper.png);", "@IMPORT is not allowed"),
        ("@font-face{font-family:x;src:url(paper.png)}", "@font-face is not allowed"),
        ("@media print{@import 'x';}", "@import is not allowed"),
        ("@media screen", "@media is not allowed"),
        ("p{background:url(https://evil.example/a.png)}", "is no uploaded file"),
        ("p{background:u\\72l(//evil.example/a)}", "is no uploaded file"),
        ("p{background:url('data:image/png;base64,AA')}", "is no uploaded file"),
        ("p{background:url(../paper.png)}", "is no uploaded file"),
        ("p{background:image-set('a.png' 1x)}", "image-set() is not allowed"),
        ("p{background:src('a.png')}", "src() is not allowed"),
        ("p{background:'a.png'}", "a text is no value"),
        ("p{background:var(--evil)}", "banner's own colours"),
        ("p{--fg-bg:red}", "--fg-bg is not a property"),
        (".fg-b{display:none}", "display is not a property"),
        (".fg-b{opacity:0}", "opacity is not a property"),
        (".fg-b{visibility:hidden}", "visibility is not a property"),
        ("p{position:fixed}", "position is not a property"),
        ("p{transform:scale(0)}", "transform is not a property"),
        ("p{content:'x'}", "content is not a property"),
        ("p{height:0}", "height is not a property"),
        ("p{DISPLAY:none}", "DISPLAY is not a property"),
        ("p{animation:x 1s}", "animation is not a property"),
        ("p{color:transparent}", "color is a whole colour"),
        ("p{color:rgb(0 0 0 / 10%)}", "color is a whole colour"),
        ("p{font-size:1px}", "font-size is at least"),
        ("p{font-size:0}", "font-size is at least"),
        ("p{font-size:calc(1px)}", "font-size is at least"),
        ("p{line-height:0}", "line-height is at least"),
        ("p{max-width:1px}", "max-width is at least"),
        ("p{margin-left:-9999px}", "margin-left can't be negative"),
        ("p{margin:calc(-1 * 99px)}", "margin can't be negative or computed"),
        ("p{letter-spacing:-2em}", "letter-spacing can't be negative"),
        ("p{color:#123456 !important}", "!important is not needed"),
        ("#onetrust-reject-all-handler{color:#fff}", "Accept and Reject look the same"),
        ("#ONETRUST-accept-btn-handler{color:#fff}", "Accept and Reject look the same"),
        ("#onetrust-reject\\-all-handler{color:#fff}", "Accept and Reject look the same"),
        (".fg-b:not(#onetrust-accept-btn-handler){color:#fff}", "Accept and Reject look the same"),
        (".fg-b:is(.ot-pc-refuse-all-handler){color:#fff}", "Accept and Reject look the same"),
        (".fg-b:first-child{color:#fff}", ":first-child is not allowed"),
        (".fg-b:nth-child(2){color:#fff}", "is not allowed in a selector"),
        (".fg-b:has(+ .fg-b){color:#fff}", "is not allowed in a selector"),
        (".fg-b + .fg-b{color:#fff}", "+ is not allowed in a selector"),
        (".fg-b ~ .fg-b{color:#fff}", "~ is not allowed in a selector"),
        ("~ div{color:#fff}", "~ is not allowed in a selector"),
        ("> div{color:#fff}", "a selector is missing"),
        ("p, {color:#fff}", "a selector is missing"),
        ("[id$=reject]{color:#fff}", "is not allowed in a selector"),
        ("p::before{color:#fff}", "is not allowed"),
        ("p{color:#fff", None),
        ("p{color}", "no property with a value"),
        ("p{h2{color:#fff}}", "no property with a value"),
        ("}", "can't be read"),
        ("p{font-family:'a~b'}", "holds a letter"),
        ("p{font-family:'a`b'}", "holds a letter"),
        ("p{font-family:'</style>'}", "holds a letter"),
    ],
)
def test_what_may_not_be_is_refused_with_its_line(text, says):
    if says is None:
        assert css.faults(text, FILES) == []
        return
    found = css.faults(f"h2 {{ color: #000 }}\n\n{text}", FILES)
    assert [line[:8] for line in found] == ["Line 3: "] * len(found)
    assert [line for line in found if says in line] != []


def test_every_fault_is_told_and_long_sheets_are_not_read():
    text = "p{display:none}\n.fg-b{opacity:0;color:#fff}\n@import 'x';"
    assert [line.partition(":")[0] for line in css.faults(text)] == ["Line 1", "Line 2", "Line 3"]
    assert css.faults("p{}" * 4000) == ["The style sheet is longer than 10000 characters."]


def test_the_files_that_rules_name_are_known():
    text = "p{background:url(a.png)} @media print{h2{background:url('b.png'), linear-gradient(red, url(\"c.png\"))}}"
    assert css.names(text) == {"a.png", "b.png", "c.png"}


@given(st.text(alphabet="{}()[]:;,.#>~+*@'\"\\/<`- aurl()p0%!\n", max_size=60))
def test_whatever_is_typed_nothing_gets_out(text):
    """Either it is refused, or each rule stands behind the root and loads nothing."""
    try:
        written = css.packed(text, FILES)
    except css.RejectedRules:
        return
    assert "`" not in written.replace("`abc/paper.png", "")
    assert ("<" in written, "@import" in written.lower()) == (False, False)
    assert written.count("{") == written.count("}")
