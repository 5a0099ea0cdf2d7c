"""Documents by a seeded generator: all that loads something, and all that frameworks and editors put around it."""

from __future__ import annotations

import random
from collections.abc import Callable

TRACKER = "https://trk.test"
ALLOWED = "https://cdn.test"  # a third party that no service of the release names
WORDS = ("river", "stone", "letter", "window", "garden", "paper", "winter", "bread")


class Writer:
    """Writes one document; the same seed writes the same."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0
        self.kinds: tuple[Callable[[int], str], ...] = (
            self.script, self.script, self.code, self.code, self.data, self.frame, self.frame, self.frame, self.image,
            self.image, self.picture, self.link, self.media, self.plugin, self.form, self.svg, self.template, self.shadow,
            self.dialog, self.editor, self.table, self.comment, self.custom, self.style, self.box, self.box, self.noscript,
        )  # fmt: skip

    def document(self) -> tuple[str, str]:
        """What stands in its head, and in its body."""
        head = "".join(self.random.choice((self.script, self.code, self.link, self.style))(0) for _ in range(2))
        return head, self.some(0, self.random.randint(4, 9))

    def some(self, depth: int, count: int) -> str:
        return "\n".join(self.random.choice(self.kinds)(depth) for _ in range(count))

    def inside(self, depth: int) -> str:
        return self.text() if depth > 2 else self.some(depth + 1, self.random.randint(1, 3))

    def text(self) -> str:
        return f"<p>{' '.join(self.random.choices(WORDS, k=4))}</p>"

    def address(self, ending: str) -> str:
        """Of the tracker two times of three, so that both kinds stand side by side."""
        self.number += 1
        host = self.random.choice((TRACKER, TRACKER, ALLOWED))
        return f"{host}/{self.random.choice(WORDS)}{self.number}.{ending}"

    def maybe(self, *attributes: str) -> str:
        """Some of these attributes, in any order: the order can be read too."""
        chosen = self.random.sample(attributes, self.random.randint(0, len(attributes)))
        return "".join(f" {attribute}" for attribute in chosen)

    def around(self, attribute: str, *others: str) -> str:
        """The address among other attributes: first, last or between them."""
        rest = self.random.sample(others, self.random.randint(0, len(others)))
        rest.insert(self.random.randint(0, len(rest)), attribute)
        return " ".join(rest)

    def at(self, attribute: str, ending: str, *others: str) -> str:
        """An attribute with an address, among others."""
        return self.around(f'{attribute}="{self.address(ending)}"', *others)

    def script(self, depth: int) -> str:
        more = ("async", "defer", 'type="module"', 'type="text/javascript"', 'class="tag"', 'data-x="1"')
        return f"<script {self.at('src', 'js', *more)}></script>" + self.text()

    def code(self, depth: int) -> str:
        mark = self.random.choice(
            ("window.trkAgent = 1;", "window.trkAgent = 1;", "window.own = (window.own || 0) + 1;")
        )
        attributes = self.maybe('type="text/javascript"', 'id="code"', 'data-y=""')
        return f"<script{attributes}>{mark} // {self.random.choice(WORDS)}</script>" + self.text()

    def data(self, depth: int) -> str:
        return f'<script type="application/json"{self.maybe("data-z")}>{{"src": "{self.address("js")}"}}</script>'

    def frame(self, depth: int) -> str:
        more = (
            'width="200"', 'height="50"', 'sandbox="allow-scripts"', 'loading="eager"', 'title="A film"', 'class="film"',
            'allow="fullscreen"', f'name="f{self.number}"', 'style="border: 0px;"', "allowfullscreen",
        )  # fmt: skip
        if self.random.random() < 0.1:
            inner = f'srcdoc="<img src={self.address("gif")}>"'
            return f"<iframe {self.around(inner, *more)}></iframe>"
        return f"<iframe {self.at('src', 'html', *more)}></iframe>"

    def image(self, depth: int) -> str:
        more = (
            'alt=""',
            'width="20"',
            'height="10"',
            'loading="eager"',
            'decoding="async"',
            'sizes="50vw"',
            'class="i"',
        )
        source = self.random.choice(("src", "src", "srcset"))
        value = self.address("gif") + (" 1x" if source == "srcset" else "")
        attribute = f'{source}="{value}"'
        return f"<img {self.around(attribute, *more)}>{self.text()}"

    def picture(self, depth: int) -> str:
        return (
            f'<picture><source srcset="{self.address("webp")} 1x, {self.address("webp")} 2x" media="(min-width: 1px)">'
            f'<img src="{self.address("gif")}" alt=""></picture>{self.text()}'
        )

    def link(self, depth: int) -> str:
        kinds = ('rel="stylesheet"', 'rel="preload" as="image"', 'rel="prefetch"', 'rel="icon"', 'rel="dns-prefetch"')
        return f'<link {self.random.choice(kinds)} href="{self.address("css")}">'

    def media(self, depth: int) -> str:
        tag = self.random.choice(("video", "audio"))
        poster = f' poster="{self.address("gif")}"' if tag == "video" and self.random.random() < 0.5 else ""
        if self.random.random() < 0.5:
            return f'<{tag} src="{self.address("mp4")}"{poster} preload="auto"></{tag}>'
        return f'<{tag}{poster} controls><source src="{self.address("mp4")}" type="video/mp4">Text</{tag}>'

    def plugin(self, depth: int) -> str:
        if self.random.random() < 0.5:
            return (
                f'<object data="{self.address("html")}" type="text/html" width="50" height="20">{self.text()}</object>'
            )
        return f'<embed src="{self.address("html")}" width="50" height="20">'

    def form(self, depth: int) -> str:
        return (
            f'<form action="/own" method="post"><input name="a" value="{self.random.choice(WORDS)}">'
            f'<input type="image" src="{self.address("gif")}" alt="Go"><button>Go</button></form>'
        )

    def svg(self, depth: int) -> str:
        return f'<svg width="20" height="20"><image href="{self.address("gif")}" width="10" height="10"/><path d="M0 0h1"/></svg>'

    def template(self, depth: int) -> str:
        more = self.maybe('id="t"', "data-t")
        return f"<template{more}>{self.inside(depth)}</template>"

    def shadow(self, depth: int) -> str:
        return f'<div class="host"><template shadowrootmode="open">{self.inside(depth)}</template>{self.text()}</div>'

    def dialog(self, depth: int) -> str:
        more = self.maybe("open", 'class="d"')
        return f"<dialog{more}>{self.inside(depth)}</dialog>"

    def editor(self, depth: int) -> str:
        return f'<div contenteditable="true">{self.text()}{self.frame(depth)}{self.image(depth)}</div>'

    def table(self, depth: int) -> str:
        return f"<table><tbody><tr><td>{self.image(depth)}</td><td>{self.inside(depth)}</td></tr></tbody></table>"

    def comment(self, depth: int) -> str:
        return f"<!-- {self.random.choice(WORDS)} {self.address('js')} -->"

    def custom(self, depth: int) -> str:
        return f'<x-{self.random.choice(WORDS)} data-src="{self.address("js")}">{self.inside(depth)}</x-{WORDS[0]}>'

    def style(self, depth: int) -> str:
        return f"<style>.{self.random.choice(WORDS)} {{ background: url({self.address('gif')}); }}</style>"

    def box(self, depth: int) -> str:
        more = self.maybe('class="box"', "hidden", 'lang="en"', f'style="background: url({self.address("gif")})"')
        return f"<div{more}>{self.inside(depth)}</div>"

    def noscript(self, depth: int) -> str:
        return f'<noscript><img src="{self.address("gif")}"></noscript>'
