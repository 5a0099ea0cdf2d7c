"""The text of a page that exists (HTML, Markdown or plain) → Markdown, with what could not be taken over. Pure.

Of an HTML page its main part is read: an article, what is called main, or all but the page's frame (navigation, header,
footer, forms).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

from consent.policies import markdown
from consent.policies.html_tree import BLOCKS, UNREAD, Element, read
from consent.policies.models import LONGEST_TEXT, LONGEST_TITLE

FRAME = {"nav", "aside", "form", "button", "dialog", "select", "textarea", "input", "footer"}
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TAG = re.compile(r"<(?:!doctype|html|body|div|p|h[1-6]|ul|ol|main|article|section|table|span|br)\b[^>]*>", re.I)
_MARKS = re.compile(r"([\\`*\[\]]|(?<!\w)_|_(?!\w)|<(?=[\w!/?])|&(?=#?\w+;))")
_START = re.compile(r"^(#{1,6}(?=\s)|[>+-](?=\s)|~{3,}|={2,}$|-{3,}$)")
_NUMBER = re.compile(r"^(\d{1,9})([.)])(?=\s)")
_BULLET = re.compile(r"^[-*\u2022\u00b7\u25cf]\s+")
# Bounded, so that a text of brackets that never close takes no longer than another.
_WHERE = r"(?:<([^<>\n]{0,2000}+)>|((?:[^()\s<>]|\([^()\s<>]{0,500}+\)){0,2000}+))(?:\s{1,9}+\"[^\"]{0,500}+\")?"
_LINK = re.compile(rf"(?<!!)\[([^\[\]]*+)\]\({_WHERE}\)")
_PICTURE = re.compile(rf"!\[([^\[\]]*+)\]\({_WHERE}\)")
LONGEST_HEADING = 80


@dataclass
class PageText:
    """What was read. `lost` counts, by kind, what is not in the text: picture, frame, form, table, link, html.
    `guessed` says that headings are a guess."""

    title: str = ""
    text: str = ""
    lost: Counter[str] = field(default_factory=Counter)
    guessed: bool = False


def page_text(source: str, address: str = "") -> PageText:
    """Reads what somebody pasted, uploaded or had fetched; `address` is where it is from, for links of the page."""
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").lstrip("\ufeff")
    if len(_TAG.findall(source[:200_000])) >= 2:
        found = _Html(address).page(read(source))
    elif re.search(r"^#{1,6} \S|^[^\n]+\n(?:=|-){3,}$", source, re.M):
        found = _markdown(source)
    else:
        found = _plain(source)
    found.title = " ".join(found.title.split())[:LONGEST_TITLE]
    found.text = found.text.strip()[:LONGEST_TEXT]
    return found


# --- Markdown and plain text ------------------------------------------------------------------------------------------


def _markdown(source: str) -> PageText:
    source = source[: LONGEST_TEXT + LONGEST_TITLE]  # what is looked for below costs the square of it
    found = PageText(text=source)
    heading = re.search(r"^#[ \t]+(\S.*)$", source, re.M)
    if heading:
        found.title = heading[1].rstrip(" \t#")
        found.text = source[: heading.start()] + source[heading.end() :]
    found.text, found.lost["picture"] = _PICTURE.subn(r"\1", found.text)
    found.lost["html"] = len(_TAG.findall(found.text))
    found.lost["link"] = sum(_is_lost(link) for link in _LINK.finditer(found.text))
    found.text = _LINK.sub(lambda link: link[1] if _is_lost(link) else link[0], found.text)
    return found


def _is_lost(link: re.Match[str]) -> bool:
    return not markdown.may_link(link[2] or link[3] or "")


def _plain(source: str) -> PageText:
    """Paragraphs are lines. A short line without a full stop is taken for a heading, when no other stands beside it
    (those are addresses and the like)."""
    lines = [line for one in source[: 2 * LONGEST_TEXT].split("\n") if (line := one.strip())]
    found = PageText(guessed=True)
    blocks: list[str] = []
    for place, line in enumerate(lines):
        above, below = (lines[other] if 0 <= other < len(lines) else "" for other in (place - 1, place + 1))
        if not found.title and _is_heading(line):
            if len(line) < 15 and " " not in line and _is_heading(below):
                continue  # the name of a part of the site above the title
            found.title = line
        elif _BULLET.match(line):
            item = "- " + _escaped(_BULLET.sub("", line))
            if blocks and blocks[-1].startswith("- "):
                blocks[-1] += "\n" + item
            else:
                blocks.append(item)
        else:
            alone = not _is_heading(below) and (not _is_heading(above) or above == found.title)
            blocks.append(("# " if below and alone and _is_heading(line) else "") + _escaped(line))
    found.text = "\n\n".join(blocks)
    return found


def _is_heading(line: str) -> bool:
    return (
        0 < len(line) <= LONGEST_HEADING
        and line[-1] not in ".,;:!?”\"'…"
        and not _BULLET.match(line)
        and (line[0].isupper() or line[0].isdigit())
        and len(line.split()) <= 12
        and "@" not in line
    )


def _escaped(text: str) -> str:
    """Text whose signs mean nothing to Markdown."""
    text = _MARKS.sub(r"\\\1", text)
    return _NUMBER.sub(r"\1\\\2", _START.sub(r"\\\1", text))


# --- HTML -------------------------------------------------------------------------------------------------------------


class _Html:
    def __init__(self, address: str) -> None:
        self.address = address
        self.found = PageText()
        self.names: dict[str, str] = {}

    def page(self, root: Element) -> PageText:
        main = _main_part(root)
        first = next((one for one in root.elements() if one.tag == "h1" and one.text()), None)
        title = next((one for one in root.elements() if one.tag == "title" and one.children), None)
        within = next((one for one in main.elements() if one.tag == "h1" and one.text()), first)
        if within:
            self.found.title = within.text()
            within.children, within.tag = [], "div"
        elif title:
            self.found.title = " ".join(str(title.children[0]).split())
        self.names = _names(main)
        self.found.text = "\n\n".join(self.blocks(main))
        return self.found

    # --- blocks

    def blocks(self, element: Element) -> list[str]:
        """The blocks of an element, each as Markdown."""
        made: list[str] = []
        words: list[Element | str] = []

        def flush() -> None:
            if text := self.inline(words):
                made.append(_START.sub(r"\\\1", _NUMBER.sub(r"\1\\\2", text)))
            words.clear()

        for child in element.children:
            if isinstance(child, str) or child.tag not in BLOCKS | UNREAD | FRAME and not _has_blocks(child):
                words.append(child)
                continue
            flush()
            if self.is_left_out(child):
                continue
            made += self.block(child)
        flush()
        return made

    def is_left_out(self, element: Element) -> bool:
        """Whether an element is none of the text; counts those that somebody would miss."""
        kind = {"iframe": "frame", "form": "form", "video": "frame", "audio": "frame", "object": "frame"}.get(
            element.tag
        )
        if kind:
            self.found.lost[kind] += 1
        return element.tag in UNREAD | FRAME

    def block(self, element: Element) -> list[str]:
        tag = element.tag
        if tag in HEADINGS:
            words = self.inline(element.children).replace("**", "").replace("\\\n", " ")
            return [f"{'#' * max(1, int(tag[1]) - 1)} {words}"] if words else []
        if tag in ("ul", "ol"):
            return self.items(element)
        if tag == "table":
            return self.table(element)
        if tag == "blockquote":
            return ["\n".join(f"> {line}".rstrip() for line in "\n\n".join(self.blocks(element)).split("\n"))]
        if tag == "pre":
            return ["```\n" + _raw(element).strip("\n").replace("```", "'''") + "\n```"]
        if tag == "hr":
            return ["---"]
        if tag in ("dt", "summary", "caption"):
            words = self.inline(element.children).replace("**", "")
            return [f"**{words}**"] if words else []
        return self.blocks(element)

    def items(self, element: Element) -> list[str]:
        rows = []
        number = 0
        for child in element.children:
            if not isinstance(child, Element) or child.tag in UNREAD:
                continue
            blocks = self.blocks(child) if child.tag == "li" else self.block(child)
            if not blocks:
                continue
            number += 1
            mark = f"{number}. " if element.tag == "ol" else "- "
            indent = "\n" + " " * len(mark)
            rows.append(mark + "\n\n".join(blocks).replace("\n", indent).replace(indent + "\n", "\n\n"))
        return ["\n".join(re.sub(r"\n +(?=\n)", "\n", row) for row in rows)] if rows else []

    def table(self, element: Element) -> list[str]:
        """A table whose cells are words; of any other, each row as a paragraph."""
        rows = list(_own_rows(element))
        cells = [
            [cell for cell in row.children if isinstance(cell, Element) and cell.tag in ("td", "th")] for row in rows
        ]
        cells = [row for row in cells if row]
        every = [cell for row in cells for cell in row]
        blocks = [[self.blocks(cell) for cell in row] for row in cells]
        words = [[" ".join(" ".join(own).split()).replace("|", "\\|") for own in row] for row in blocks]
        simple = len({len(row) for row in cells}) == 1 and len(cells[0]) > 1 if cells else False
        joined = any(
            {"colspan", "rowspan"} & {n for n, v in cell.attributes.items() if v not in ("", "1")} for cell in every
        )
        if simple and not joined and not any(_has_lists(cell) for cell in every):
            head, *rest = words
            return ["\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rest])]
        if len(cells) > 1 and max(map(len, cells)) > 1:
            self.found.lost["table"] += 1
        return [block for row in blocks for own in row for block in own]

    # --- inline

    def inline(self, children: list[Element | str]) -> str:
        """Words with their marks, blanks joined."""
        text = "".join(self.word(child) for child in children)
        text = re.sub(r"[ \t\n\f\u00a0]+", " ", text).replace(" \x01", "\x01").replace("\x01 ", "\x01")
        return text.strip(" \x01").replace("\x01", "\\\n")

    def word(self, child: Element | str) -> str:
        if isinstance(child, str):
            return _MARKS.sub(r"\\\1", child)
        tag = child.tag
        if tag == "br":
            return "\x01"
        if tag == "img":
            alt = child.attributes.get("alt", "").strip()
            self.found.lost["picture"] += 1
            return _MARKS.sub(r"\\\1", alt)
        if self.is_left_out(child):
            return ""
        inner = "".join(self.word(one) for one in child.children)
        if tag == "a":
            return self.link(child, inner)
        if tag in ("strong", "b") and inner.strip():
            return _marked(inner, "**")
        if tag in ("em", "i") and inner.strip():
            return _marked(inner, "*")
        if tag in ("code", "kbd", "samp") and "`" not in inner and inner.strip():
            return f"`{child.text()}`"
        return inner

    def link(self, element: Element, inner: str) -> str:
        href, words = element.attributes.get("href", "").strip(), inner.strip()
        if not href or not words:
            return inner
        if href.startswith("#"):
            named = self.names.get(href[1:])
            target = f"#{named}" if named else ""
        else:
            target = urljoin(self.address, href) if self.address else href
        if not target or not markdown.may_link(target):
            self.found.lost["link"] += 1
            return inner
        target = (
            target.replace(" ", "%20").replace("(", "%28").replace(")", "%29").replace("<", "%3C").replace(">", "%3E")
        )
        before, after = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
        return f"{before}[{words}]({target}){after}"


def _marked(inner: str, mark: str) -> str:
    """Emphasis around the words, blanks outside; none around a line's end or another emphasis of its kind."""
    words = inner.strip()
    if "\x01" in words or words.startswith("*") or words.endswith("*"):
        return inner
    before, after = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
    return f"{before}{mark}{words}{mark}{after}"


def _main_part(root: Element) -> Element:
    """Where the text is: the longest article when it is most of the page's text, what is called main, else the body."""
    body = next((one for one in root.elements() if one.tag == "body"), root)
    main = [one for one in body.elements() if one.tag == "main" or one.attributes.get("role") == "main"]
    whole = max(main, key=lambda one: len(one.text()), default=body)
    articles = [one for one in whole.elements() if one.tag == "article"]
    best = max(articles, key=lambda one: len(one.text()), default=whole)
    return best if len(best.text()) * 2 > len(whole.text()) else whole


def _names(main: Element) -> dict[str, str]:
    """Names that links of the page lead to → the heading that they stand in or before."""
    found: dict[str, str] = {}
    waiting: list[str] = []
    for one in main.elements():
        name = one.attributes.get("id") or (one.attributes.get("name", "") if one.tag == "a" else "")
        waiting += [name] if name else []
        if one.tag in HEADINGS and (heading := one.text()):
            inside = (other.attributes.get(key, "") for other in one.elements() for key in ("id", "name"))
            found = dict.fromkeys([*waiting, *filter(None, inside)], markdown.anchor_of(heading)) | found
            waiting = []
    return found


def _own_rows(table: Element) -> Iterator[Element]:
    """The rows of a table, without those of tables in its cells."""
    waiting = list(reversed(table.children))
    while waiting:
        one = waiting.pop()
        if isinstance(one, Element) and one.tag == "tr":
            yield one
        elif isinstance(one, Element) and one.tag != "table":
            waiting += reversed(one.children)


def _has_blocks(element: Element) -> bool:
    return any(one.tag in BLOCKS for one in element.elements())


def _has_lists(element: Element) -> bool:
    return any(one.tag in ("ul", "ol", "table", "pre") for one in element.elements() if one is not element)


def _raw(element: Element) -> str:
    return "".join(child if isinstance(child, str) else _raw(child) for child in element.children)
