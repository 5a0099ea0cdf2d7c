"""A page that exists becomes Markdown: its words are all there, and what is not is named."""

from __future__ import annotations

import time

from consent.policies import markdown
from consent.policies.page_text import page_text

PAGE = """<!doctype html><html><head><title>Tea &amp; Co | Privacy</title><style>p{}</style></head><body>
<header><a href="/">Home</a></header><nav><ul><li><a href="/shop">Shop</a></ul></nav>
<main><article><h1>How we use <em>data</em></h1>
<p>We keep logs for <strong>30 days</strong>.<br>Then they go. <a href="#rights">Your rights</a>, <a href="/terms">terms</a>,
<a href="javascript:alert(1)">a trick</a>, <a href="mailto:a@tea.example">write</a>.
<h2><a name="rights"></a>Your rights</h2>
<p>Ask for:<ul><li>a copy<ul><li>as a file</ul><li><b>erasure</b></ul>
<ol><li><p>First.</p><p>More of it.</p></li><li>Second *not marked* [nor this]</li></ol>
<blockquote><p>Quoted.</p><p>Twice.</p></blockquote>
<div>Loose words <span>in a box</span><div>and another</div></div>
<table><tr><th>What</th><th>How long</th></tr><tr><td>Logs | files</td><td>30 days</td></tr></table>
<table><tr><th colspan=2>Joined</th></tr><tr><td>a</td><td>b</td></tr></table>
<pre>one  two
  three</pre><hr><dl><dt>Logs</dt><dd>Lines of text</dd></dl>
<p>1. is no list, # no heading</p>
<img src="/x.png" alt="A chart"><script>alert(1)</script><iframe src="https://map.example"></iframe>
<form><input name="q">Search</form></article></main><footer>Imprint</footer></body></html>"""

TEXT = """We keep logs for **30 days**.\\
Then they go. [Your rights](#s-your-rights), [terms](https://tea.example/terms), a trick, [write](mailto:a@tea.example).

# Your rights

Ask for:

- a copy

  - as a file
- **erasure**

1. First.

   More of it.
2. Second \\*not marked\\* \\[nor this\\]

> Quoted.
>
> Twice.

Loose words in a box

and another

| What | How long |
| --- | --- |
| Logs \\| files | 30 days |

Joined

a

b

```
one  two
  three
```

---

**Logs**

Lines of text

1\\. is no list, # no heading

A chart"""


def test_a_page_becomes_markdown_and_what_is_lost_is_counted():
    found = page_text(PAGE, "https://tea.example/privacy")
    assert found.title == "How we use data"
    assert found.text == TEXT
    assert +found.lost == {"link": 1, "table": 1, "picture": 1, "frame": 1, "form": 1}
    assert markdown.refused_links(found.text) == []
    assert "<li>\n<p>First.</p>\n<p>More of it.</p>\n</li>" in markdown.to_html(found.text)


def test_links_of_the_page_are_lost_when_nobody_says_where_it_is_from():
    found = page_text(PAGE)
    assert (found.lost["link"], "terms, a trick" in found.text) == (2, True)


def test_a_page_without_a_main_part_is_read_whole_but_for_its_frame():
    found = page_text("<html><title>T</title><body><div><p>One<p>Two</div><nav><p>Menu</p></nav></body></html>")
    assert (found.title, found.text) == ("T", "One\n\nTwo")


def test_plain_text_has_a_title_guessed_headings_and_lists():
    source = (
        "Legal\nPrivacy Policy\n\nWe keep logs * for a while.\nWhat we keep\nLogs of visits, and:\n- names\n- dates\n\n"
        "Ask us by letter.\nTea Ltd\nHigh Street 1\nWe answer soon.\n"
    )
    found = page_text(source)
    assert (found.title, found.guessed, +found.lost) == ("Privacy Policy", True, {})
    assert found.text == (
        "We keep logs \\* for a while.\n\n# What we keep\n\nLogs of visits, and:\n\n- names\n- dates\n\n"
        "Ask us by letter.\n\nTea Ltd\n\nHigh Street 1\n\nWe answer soon."
    )


def test_markdown_stays_but_for_its_title_pictures_and_links_that_lead_nowhere():
    found = page_text(
        "intro\n\n# Terms\n\nBe *kind* ![logo](/x.png), see [us](/about) and [them](https://t.example).\n"
    )
    assert (found.title, found.text) == (
        "Terms", "intro\n\n\n\nBe *kind* logo, see us and [them](https://t.example).",
    )  # fmt: skip
    assert +found.lost == {"picture": 1, "link": 1}


def test_a_hostile_page_is_read_in_bounded_time_and_depth():
    begun = time.thread_time()
    found = page_text("<div><p>" + "<div><b>" * 20_000 + "deep" + "<p>x" * 5_000)
    assert found.text.replace("*", "").startswith("deep")
    assert time.thread_time() - begun < 5


def test_a_table_within_a_cell_comes_once():
    inner = "<table><tr><td>Logs</td><td>30 days</td></tr></table>"
    found = page_text(f"<p>a<table><tr><td>What</td><td>{inner}</td></tr><tr><td>b</td><td>c</td></tr></table>")
    assert (found.text.count("Logs"), found.text.count("30 days"), found.text.count("What")) == (1, 1, 1)


def test_what_a_script_writes_ends_no_text():
    found = page_text("<p>One.<script>write('<!-- ')</script><p>Two.<!-- out --><p>Three.<!doctype x><?x y?><p>Four.")
    assert found.text.split() == ["One.", "Two.", "Three.", "Four."]


def test_what_is_made_to_be_slow_is_read_in_bounded_time():
    begun = time.thread_time()
    for text in ("<p><p>" + "<!" * 300_000, "<p><p>" + "<![CDATA[" * 100_000, "<p>" + "<table><tr><td>" * 3_000,
                 "# a" + " #" * 100_000 + "x", "- a\n" * 200_000):  # fmt: skip
        page_text(text)
    assert time.thread_time() - begun < 10
