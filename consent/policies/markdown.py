"""Markdown of a document → HTML that can do no harm, whatever it holds. Pure.

CommonMark with tables. HTML in the text stays text; a link goes to the web, to a mailbox, to a telephone or to a
heading; a picture becomes its description, so that a page of ours loads nothing from anywhere. Headings begin at the
second level, under the document's title.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml, unescapeAll
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

SCHEMES = ("https", "http", "mailto", "tel")
ANCHOR = "s-"  # before the name of a heading, so that no page's own names are met where a fragment is put in
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.I)
_HIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060\ufeff]")


def to_html(text: str) -> str:
    """The text as HTML, without a head."""
    made: str = _parser().render(text)
    return made


def refused_links(text: str) -> list[str]:
    """Addresses of links in the text that lead nowhere, each once: they are shown as they were written."""
    refused: dict[str, None] = {}

    def judge(url: str) -> bool:
        if may_link(url):
            return True
        refused[url] = None
        return False

    reader = _reader()
    reader.validateLink = judge  # type: ignore[method-assign]
    reader.parse(text)
    return list(refused)


def may_link(url: str) -> bool:
    """Whether a link may go there."""
    plain = _HIDDEN.sub("", unescapeAll(url))
    if plain.startswith("#"):
        return len(plain) > 1
    scheme = _SCHEME.match(plain)
    return scheme is not None and scheme[1].lower() in SCHEMES and len(plain) > len(scheme[0])


def anchor_of(heading: str) -> str:
    """The name of a heading, for links to it."""
    return ANCHOR + re.sub(r"[^\w]+", "-", heading.lower()).strip("-")[:80]


def file_of(title: str, text: str) -> str:
    """A text as one Markdown file with its title: what the ledger holds the hash of."""
    return f"# {title}\n\n{text.strip()}\n"


def digest(title: str, text: str) -> str:
    """SHA-256 of that file, hexadecimal."""
    return sha256(file_of(title, text).encode()).hexdigest()


@lru_cache(1)
def _parser() -> MarkdownIt:
    parser = _reader()
    parser.validateLink = may_link  # type: ignore[method-assign]
    parser.core.ruler.push("headings", _headings)
    parser.add_render_rule("image", _image)
    return parser


def _reader() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _headings(state: StateCore) -> None:
    """Moves headings one level down and names each; takes away what only a style would say."""
    taken: dict[str, int] = {}
    for place, token in enumerate(state.tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
        if token.type == "heading_open":
            name = anchor_of(_plain(state.tokens[place + 1].children or ()))
            taken[name] = taken.get(name, 0) + 1
            token.attrSet("id", name if taken[name] == 1 else f"{name}-{taken[name]}")
        if token.type in ("th_open", "td_open"):
            token.attrs.pop("style", None)


def _plain(tokens: Sequence[Token]) -> str:
    return "".join(_plain(one.children) if one.children else one.content for one in tokens)


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType) -> str:
    return escapeHtml(renderer.renderInlineAsText(tokens[index].children, options, env))


def paragraphs(text: str) -> list[str]:
    """The words of a text without its marks, a line a paragraph, heading, item or cell; links with where they lead."""
    lines = []
    for token in _parser().parse(text):
        if token.type in ("fence", "code_block"):
            lines.append(" ".join(token.content.split()))
        elif token.type == "inline":
            lines.append(" ".join(_with_addresses(token.children or ()).split()))
    return [line for line in lines if line]


def _with_addresses(tokens: Sequence[Token]) -> str:
    words, address, begun = "", "", 0
    for token in tokens:
        if token.type == "link_open":
            address, begun = str(token.attrs.get("href", "")), len(words)
        elif token.type == "link_close":
            said = address.removeprefix("mailto:").removeprefix("tel:")
            words += "" if said.startswith("#") or words[begun:] == said else f" ({said})"
        elif token.type in ("softbreak", "hardbreak"):
            words += " "
        else:
            words += _plain(token.children) if token.children else token.content
    return words
