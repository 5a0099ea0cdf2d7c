"""Rules of a site's own for its banner: parsed, held against lists of what may be said, written anew. Pure.

A rule reaches what lies in the banner and nothing else, since each selector is put behind the banner's own root. None
can tell Accept from Reject: what is on one of them only, and what counts places among siblings, is no selector here. No
property takes something away, moves it or lets it fade; no value loads anything but an uploaded file. What a banner
looks like with them is measured when it is drawn (docs/checks.md), and in each visitor's browser, where Accept and
Reject are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import tinycss2
from django.utils.translation import gettext
from tinycss2 import color4

LONGEST = 10_000  # characters
AT_RULES = ("media",)
PSEUDO = ("active", "checked", "disabled", "focus", "focus-visible", "hover")
PSEUDO_OF = ("is", "not", "where")
COMBINATORS = (">", "*", ".", ":")
# Names that only one of Accept and Reject has.
ONE_OF_TWO = (
    "onetrust-accept-btn-handler", "onetrust-reject-all-handler", "accept-recommended-btn-handler",
    "ot-pc-refuse-all-handler",
)  # fmt: skip
SIDES = ("top", "right", "bottom", "left", "block", "inline", "block-start", "block-end", "inline-start", "inline-end")
CORNERS = ("top-left", "top-right", "bottom-left", "bottom-right", "start-start", "start-end", "end-start", "end-end")
PROPERTIES = frozenset((
    "background", "background-color", "background-image", "background-position", "background-repeat", "background-size",
    "border", "border-color", "border-radius", "border-style", "border-width", "box-shadow", "color", "column-gap",
    "font-family", "font-size", "font-style", "font-variant", "font-weight", "gap", "letter-spacing", "line-height",
    "margin", "max-width", "padding", "row-gap", "text-align", "text-decoration", "text-decoration-color",
    "text-decoration-thickness", "text-transform", "text-underline-offset", "word-spacing",
    *(f"{name}-{side}" for name in ("border", "margin", "padding") for side in SIDES),
    *(f"border-{side}-{part}" for side in SIDES for part in ("color", "style", "width")),
    *(f"border-{corner}-radius" for corner in CORNERS),
))  # fmt: skip
FUNCTIONS = frozenset((
    "calc", "clamp", "color-mix", "conic-gradient", "hsl", "hsla", "hwb", "lab", "lch", "linear-gradient", "max", "min",
    "oklab", "oklch", "radial-gradient", "repeating-linear-gradient", "repeating-radial-gradient", "rgb", "rgba", "var",
))  # fmt: skip
# The least of what must stay readable, by unit; of nothing else can one know here how small it is.
LEAST = {
    "font-size": {"px": 12.0, "em": 0.8, "rem": 0.8, "%": 80.0},
    "line-height": {"": 1.0, "%": 100.0, "em": 1.0},
    "max-width": {"px": 280.0, "em": 20.0, "rem": 20.0, "%": 80.0},
}  # fmt: skip
WORDS = {"max-width": ("none",), "font-size": ("inherit", "medium", "large"), "line-height": ("inherit", "normal")}
INKS = ("inherit", "currentcolor")
Tokens = Sequence[Any]


class RejectedRules(ValueError):
    """Rules that may not be; `faults` says where and why, a line each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def faults(text: str, files: Collection[str] = ()) -> list[str]:
    """What is wrong with the rules, a sentence each that begins with its line; [] for rules that may be. `files` are
    the names of what was uploaded."""
    try:
        packed(text, dict.fromkeys(files, "x"))
    except RejectedRules as rejected:
        return rejected.faults
    return []


def packed(text: str, addresses: Mapping[str, str]) -> str:
    """The rules as a gate carries them, `~` before each selector; `addresses` = {name of a file: what stands for it in
    a url()}. Raises RejectedRules."""
    if len(text) > LONGEST:
        raise RejectedRules([gettext("The style sheet is longer than %(longest)s characters.") % {"longest": LONGEST}])
    reader = _Reader(addresses)
    rules = tinycss2.parse_stylesheet(text, skip_comments=True, skip_whitespace=True)
    written = "".join(reader.rules(rules))
    if reader.faults:
        raise RejectedRules(reader.faults)
    return written


def names(text: str) -> set[str]:
    """The files that the rules name."""
    found: set[str] = set()

    def walk(tokens: Iterable[Any]) -> None:
        for token in tokens:
            if (name := _address(token)) is not None:
                found.add(name)
            for part in ("prelude", "content", "arguments"):
                walk(getattr(token, part, None) or ())

    walk(tinycss2.parse_component_value_list(text))
    return found


def _address(token: Any) -> str | None:
    """What a url() names; None for anything else."""
    if token.type == "url":
        return str(token.value)
    if token.type == "function" and token.lower_name == "url":
        strings = [one.value for one in token.arguments if one.type == "string"]
        return str(strings[0]) if strings else ""
    return None


class _Reader:
    """Writes rules anew, and collects what is wrong with them."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self.addresses = addresses
        self.faults: list[str] = []

    def wrong(self, node: Any, says: str) -> None:
        """Keeps a fault with its line."""
        self.faults.append(gettext("Line %(line)s: %(says)s") % {"line": node.source_line, "says": says})

    def rules(self, nodes: Iterable[Any]) -> Iterator[str]:
        """Each rule, written anew."""
        for node in nodes:
            if node.type == "error":
                self.wrong(node, gettext("this can't be read as CSS."))
            elif node.type == "at-rule":
                yield self.at_rule(node)
            else:
                selectors = self.selectors(node)
                declarations = "".join(self.declarations(node.content))
                yield f"{selectors}{{{declarations}}}"

    def at_rule(self, node: Any) -> str:
        """A media query with its rules; no other, least of all one that loads something."""
        if node.lower_at_keyword not in AT_RULES or node.content is None:
            self.wrong(node, gettext("@%(rule)s is not allowed; there is @media.") % {"rule": node.at_keyword})
            return ""
        for token in _flat(node.prelude):
            if token.type in ("url", "string", "error", "function") or (
                token.type == "literal" and token.value in "`~"
            ):
                self.wrong(node, gettext("this media query can't be used."))
                return ""
        inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
        return f"@media {tinycss2.serialize(node.prelude).strip()}{{{''.join(self.rules(inner))}}}"

    def selectors(self, node: Any) -> str:
        """Each selector behind the banner's root."""
        written = []
        for part in _split([token for token in node.prelude if token.type != "comment"]):
            self.simple(node, part)
            text = tinycss2.serialize(part).strip()
            if not text or text.startswith(">") or text.endswith(">"):
                self.wrong(node, gettext("a selector is missing."))
            written.append(f"~{text}")
        return ",".join(written)

    def simple(self, node: Any, tokens: Tokens) -> None:
        """The parts of one selector."""
        before = ""
        for token in tokens:
            said = token.value.lower() if token.type in ("ident", "hash") else ""
            if said in ONE_OF_TWO:
                self.wrong(node, gettext("Accept and Reject look the same; .fg-b is both of them."))
            elif token.type == "ident" and before == ":" and said not in PSEUDO:
                self.wrong(
                    node,
                    gettext(":%(said)s is not allowed; there are :%(known)s.")
                    % {"said": said, "known": ", :".join(PSEUDO)},
                )
            elif token.type == "function" and before == ":" and token.lower_name in PSEUDO_OF:
                for part in _split(token.arguments):
                    self.simple(node, part)
            elif token.type == "literal" and token.value not in COMBINATORS:
                self.wrong(node, gettext("%(value)s is not allowed in a selector.") % {"value": token.value})
            elif token.type not in ("ident", "hash", "whitespace", "literal"):
                self.wrong(
                    node,
                    gettext("%(text)s is not allowed in a selector.") % {"text": tinycss2.serialize([token])},
                )
            before = token.value if token.type == "literal" else ""

    def declarations(self, content: Tokens) -> Iterator[str]:
        """Each declaration, written anew."""
        for node in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
            if node.type != "declaration":
                self.wrong(node, gettext("this is no property with a value, such as color: #123456;"))
                continue
            tokens = [token for token in node.value if token.type != "comment"]
            if node.lower_name not in PROPERTIES:
                self.wrong(
                    node, gettext("%(name)s is not a property that a banner's rules may set.") % {"name": node.name}
                )
            elif node.important:
                self.wrong(node, gettext("!important is not needed: these rules come last."))
            else:
                self.least(node, [token for token in tokens if token.type != "whitespace"])
                yield f"{node.lower_name}:{self.value(node, tokens)};"

    def value(self, node: Any, tokens: Tokens) -> str:
        """A value with the addresses of its files."""
        return "".join(self.token(node, token) for token in tokens).strip()

    def token(self, node: Any, token: Any) -> str:
        """One part of a value."""
        name = _address(token)
        if name is not None:
            if name not in self.addresses:
                self.wrong(
                    token,
                    gettext("%(name)s is no uploaded file; upload it under Files, and name it so.")
                    % {"name": name[:60] or "url()"},
                )
            return f"url({self.addresses.get(name, '')})"
        if token.type == "function":
            self.function(node, token)
            return f"{token.name}({self.value(node, token.arguments)})"
        if token.type == "string" and node.lower_name != "font-family":
            self.wrong(token, gettext("a text is no value of %(name)s.") % {"name": node.name})
        text = tinycss2.serialize([token])
        if token.type not in ("ident", "hash", "number", "percentage", "dimension", "whitespace", "string", "literal"):
            self.wrong(token, gettext("%(text)s can't be used.") % {"text": text[:60]})
        elif any(letter in text for letter in "`~\\<"):
            self.wrong(token, gettext("%(text)s holds a letter that can't be used.") % {"text": text[:60]})
        return text

    def function(self, node: Any, token: Any) -> None:
        """Functions that load nothing and read nothing but our own colours."""
        if token.lower_name not in FUNCTIONS:
            self.wrong(token, gettext("%(name)s() is not allowed.") % {"name": token.name})
        elif token.lower_name == "var":
            first = next((one for one in token.arguments if one.type == "ident"), None)
            if first is None or not first.value.startswith("--fg-"):
                self.wrong(token, gettext("var() names one of the banner's own colours, such as var(--fg-ac)."))

    def least(self, node: Any, tokens: Tokens) -> None:
        """What would make something too small, too faint, or lie over something else."""
        name = node.lower_name
        if name.startswith(("margin", "letter-spacing", "word-spacing")) and any(
            token.type == "function" or getattr(token, "value", 0) == "-" or _number(token) < 0 for token in tokens
        ):
            self.wrong(node, gettext("%(name)s can't be negative or computed.") % {"name": name})
        elif name == "color" and not _opaque(tokens):
            self.wrong(node, gettext("color is a whole colour: words that can be looked through are hard to read."))
        elif name in LEAST and not _large_enough(name, tokens):
            least = ", ".join(f"{number:g}{unit}" for unit, number in LEAST[name].items())
            self.wrong(node, gettext("%(name)s is at least %(least)s.") % {"name": name, "least": least})


def _flat(tokens: Iterable[Any]) -> Iterator[Any]:
    for token in tokens:
        yield token
        yield from _flat(getattr(token, "content", None) or ())


def _split(tokens: Iterable[Any]) -> list[list[Any]]:
    """The parts between commas."""
    parts: list[list[Any]] = [[]]
    for token in tokens:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _number(token: Any) -> float:
    return float(token.value) if token.type in ("number", "percentage", "dimension") else 0.0


def _opaque(tokens: Tokens) -> bool:
    if len(tokens) != 1:
        return False
    token = tokens[0]
    if token.type == "function" and token.lower_name == "var":
        return True
    if token.type == "ident" and token.lower_value in INKS:
        return True
    colour = color4.parse_color(token)
    return colour is not None and colour != "currentcolor" and colour.alpha == 1


def _large_enough(name: str, tokens: Tokens) -> bool:
    if len(tokens) != 1:
        return False
    token = tokens[0]
    if token.type == "ident":
        return token.lower_value in WORDS[name]
    unit = {"number": "", "percentage": "%"}.get(token.type) or getattr(token, "lower_unit", "")
    least = LEAST[name].get(str(unit))
    return token.type in ("number", "percentage", "dimension") and least is not None and _number(token) >= least
