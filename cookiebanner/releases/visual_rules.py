"""Rules for a banner as it was drawn: from what measures.py read to findings like those of the lint. Pure.

Only what the drawing itself decides is judged here: sizes, colours, reach, order. What runs is `running_rules.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext_noop

from consent.publishing.lint.finding import BLOCK, WARN, Finding

TASKFORCE = "EDPB Cookie Banner Taskforce §17"
NONE_ALIKE = 0.10  # sizes may differ by this much (CNIL 2020-092 §34 asks for the same, fonts round)
CONTRASTS_ALIKE = 0.20
SMALLEST, COMFORTABLE = 24, 44  # CSS pixels: WCAG 2.2, 2.5.8 and 2.5.5
TEXT_CONTRAST, EDGE_CONTRAST = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
ROUNDING = 0.5  # CSS pixels that zooming and fractions of a pixel may cost
Measured = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """Where something was measured: the layer, its words, the screen. `words` is as in `Finding.field`; `asks` says
    that the law wants a choice here, where a notice is not enough."""

    layer: str
    words: str
    width: int
    scheme: str
    regime: str = ""
    asks: bool = True

    def __str__(self) -> str:
        return f"{self.layer}, {self.words}, {self.width} px, {self.scheme}" if self.words else f"at {self.width} px"


def judge(measured: Measured, view: View) -> list[Finding]:
    """Every finding of one layer on one screen."""
    return [finding for rule in RULES for finding in rule(measured, view)]


def merged(findings: Iterable[tuple[Finding, View | None]]) -> list[Finding]:
    """One finding for what is the same on several screens, which names the first and counts the others; blocking ones
    first."""
    groups: dict[tuple[str, ...], list[tuple[Finding, View | None]]] = {}
    for finding, view in findings:
        groups.setdefault((finding.rule, finding.severity, finding.regime, finding.subject), []).append((finding, view))
    found = []
    for rows in groups.values():
        first, view = rows[0]
        places = {str(one) for _, one in rows if one}
        more = f"; the same in {len(places) - 1} more" if len(places) > 1 else ""
        where = f" ({view}{more})" if view else ""
        found.append(replace(first, message=first.message.rstrip(".") + where + "."))
    return sorted(found, key=lambda one: (one.severity, one.rule, one.regime, one.subject))


def _finding(view: View, rule: str, severity: str, message: str, law: str, fix: str, what: str, field: str) -> Finding:
    return Finding(rule, severity, message, law, fix, view.regime, f"{view.layer} {what}"[:200], field=field)


def _text_field(view: View, choice: str) -> str:
    return f"text {view.words} {choice}" if view.words else ""


def _longest(measured: Measured) -> str:
    choices = measured["choices"]
    names = [name for name in choices if name != "close"] or ["accept"]
    return max(names, key=lambda name: len(choices[name]["label"]) if name in choices else 0)


def refusing(measured: Measured, view: View) -> Iterator[Finding]:
    choices = measured["choices"]
    if view.asks and "accept" in choices and "reject" not in choices:
        yield _finding(
            view,
            "L01",
            BLOCK,
            "The visitor can accept but sees no way to refuse.",
            "GDPR 7(3); EDPB Cookie Banner Taskforce §8",
            gettext_noop("Show the reject button beside the accept button."),
            "reject",
            _text_field(view, "reject"),
        )


def reachable(measured: Measured, view: View) -> Iterator[Finding]:
    choices = measured["choices"]
    yes = choices.get("accept")
    for name, choice in choices.items():
        if choice["reachable"]:
            continue
        field = _text_field(view, _longest(measured))
        if not choice["by_scrolling"]:
            yield _finding(
                view,
                "L02",
                BLOCK,
                f"The {name} button can't be pressed: it is off the screen or something covers it.",
                "EDPB Cookie Banner Taskforce §15",
                gettext_noop("Make the banner's texts and labels shorter, or move what lies over it."),
                f"{name} reach",
                field,
            )
        elif name == "reject" and yes and yes["reachable"]:
            yield _finding(
                view,
                "L02",
                BLOCK,
                "The accept button is on the screen; the reject button must be scrolled to.",
                "EDPB Cookie Banner Taskforce §15",
                gettext_noop("Make the labels shorter, so that both are seen at once."),
                "reject reach",
                field,
            )
        else:
            yield _finding(
                view,
                "L02",
                WARN,
                f"The {name} button must be scrolled to.",
                "EDPB Cookie Banner Taskforce §15",
                gettext_noop("Make the labels shorter."),
                f"{name} scrolled",
                field,
            )


def alike(measured: Measured, view: View) -> Iterator[Finding]:
    """Accept and reject in size, weight and kind."""
    choices = measured["choices"]
    if "accept" not in choices or "reject" not in choices:
        return
    yes, no = choices["accept"], choices["reject"]
    differing = [
        f"{what} {_number(yes[what])} and {_number(no[what])}"
        for what in ("width", "height", "font", "weight", "border")
        if _differ(yes[what], no[what])
    ]
    if any(_differ(*pair) for pair in zip(yes["padding"], no["padding"], strict=True)):
        differing.append("padding")
    if yes["tag"] != no["tag"]:
        differing.append(f"element {yes['tag']} and {no['tag']}")
    if differing:
        yield _finding(
            view,
            "L03",
            BLOCK,
            f"Accept and reject are not alike: {', '.join(differing)}.",
            "CNIL 2020-092 §34; 11 CCR 7004; " + TASKFORCE,
            gettext_noop("Give both the same size and weight; a much longer label makes a button larger."),
            "accept reject alike",
            _text_field(view, "accept" if len(yes["label"]) > len(no["label"]) else "reject"),
        )


def large(measured: Measured, view: View) -> Iterator[Finding]:
    for name, choice in measured["choices"].items():
        least = min(choice["width"], choice["height"]) + ROUNDING
        size = f"{_number(choice['width'])} × {_number(choice['height'])} px"
        if least < SMALLEST:
            yield _finding(
                view,
                "L03",
                BLOCK,
                f"The {name} button is {size}; a finger needs {SMALLEST}.",
                "WCAG 2.2, 2.5.8",
                f"Make it at least {COMFORTABLE} px high.",
                f"{name} small",
                _text_field(view, name),
            )
        elif least < COMFORTABLE:
            yield _finding(
                view,
                "L03",
                WARN,
                f"The {name} button is {size}; {COMFORTABLE} px are comfortable.",
                "WCAG 2.2, 2.5.5",
                f"Make it at least {COMFORTABLE} px high.",
                f"{name} not large",
                _text_field(view, name),
            )
    if small := measured["small"]:
        named = ", ".join(f"{one['text']!r}" for one in small[:3])
        yield _finding(
            view,
            "L03",
            WARN,
            f"{len(small)} other controls are under {SMALLEST} px: {named}.",
            "WCAG 2.2, 2.5.8",
            gettext_noop("Make them larger."),
            "controls small",
            "",
        )


def coloured(measured: Measured, view: View) -> Iterator[Finding]:
    """Contrast of words and buttons; the fill of accept and reject."""
    choices = measured["choices"]
    for name, choice in choices.items():
        if choice["text_contrast"] < TEXT_CONTRAST - 0.01 and choice["label"] and name != "close":
            yield _finding(
                view,
                "L04",
                BLOCK,
                f"The words of the {name} button have a contrast of {choice['text_contrast']:.1f}:1.",
                "WCAG 2.2, 1.4.3; " + TASKFORCE,
                gettext_noop("Choose colours of at least 4.5:1."),
                f"{name} {view.scheme} contrast",
                "banner accent",
            )
        if max(choice["fill_contrast"], choice["edge_contrast"]) < EDGE_CONTRAST - 0.01 and name != "close":
            yield _finding(
                view,
                "L04",
                WARN,
                f"The {name} button hardly stands out from what it lies on.",
                "WCAG 2.2, 1.4.11; " + TASKFORCE,
                gettext_noop("Give it an edge or a fill of at least 3:1."),
                f"{name} {view.scheme} edge",
                "banner accent",
            )
    texts = [one for one in measured["unreadable"] if one["text"] not in {c["label"] for c in choices.values()}]
    if texts:
        worst = min(texts, key=lambda one: one["contrast"])
        yield _finding(
            view,
            "L04",
            BLOCK,
            f"{len(texts)} texts are hard to read; {worst['text']!r} has a contrast of {worst['contrast']:.1f}:1.",
            "WCAG 2.2, 1.4.3",
            gettext_noop("Choose colours of at least 4.5:1."),
            f"text {view.scheme} contrast",
            "banner accent",
        )
    if "accept" in choices and "reject" in choices:
        yield from _filled(choices["accept"], choices["reject"], view)


def _filled(yes: Measured, no: Measured, view: View) -> Iterator[Finding]:
    """The Taskforce: neither may stand out at the other's cost."""
    if yes["filled"] != no["filled"]:
        which = "accept" if yes["filled"] else "reject"
        yield _finding(
            view,
            "L04",
            BLOCK,
            f"Only the {which} button is filled.",
            f"{TASKFORCE}; CNIL 2020-092 §34",
            gettext_noop("Give both the same fill."),
            f"fill {view.scheme}",
            "banner accent",
        )
    elif _differ(yes["fill_contrast"], no["fill_contrast"], CONTRASTS_ALIKE):
        yield _finding(
            view,
            "L04",
            BLOCK,
            f"Accept stands out at {yes['fill_contrast']:.1f}:1, reject at {no['fill_contrast']:.1f}:1.",
            f"{TASKFORCE}; CNIL 2020-092 §34",
            gettext_noop("Give both the same fill."),
            f"fill {view.scheme}",
            "banner accent",
        )
    elif (yes["fill"], yes["picture"]) != (no["fill"], no["picture"]):
        yield _finding(
            view,
            "L32",
            WARN,
            f"Accept is {yes['fill']}, reject {no['fill']}.",
            "AEPD; Datatilsynet; " + TASKFORCE,
            gettext_noop("Give both the same colour."),
            f"colour {view.scheme}",
            "banner accent",
        )


def named(measured: Measured, view: View) -> Iterator[Finding]:
    if not measured["named"]:
        yield _finding(
            view,
            "L30",
            BLOCK,
            "The layer is no dialog with a name; a screen reader can't tell what it is.",
            "WCAG 2.2, 4.1.2",
            gettext_noop("Give it role=dialog and a title."),
            "named",
            _text_field(view, "title"),
        )


RULES: tuple[Callable[[Measured, View], Iterator[Finding]], ...] = (refusing, reachable, alike, large, coloured, named)


def keyboard(measured: Measured, met: list[dict[str, Any]], view: View) -> Iterator[Finding]:
    """What Tab met in the layer, held against what is to be seen there."""
    choices = measured["choices"]
    order = [one["name"] for one in met if one["name"]]
    for name in choices:
        if name not in order:
            yield _finding(
                view,
                "L30",
                BLOCK,
                f"The keyboard does not reach the {name} button.",
                "WCAG 2.2, 2.1.1",
                gettext_noop("Let Tab reach it; nothing of the page may take the focus away."),
                f"{name} keyboard",
                "",
            )
    for one in met:
        if one["name"] not in choices:
            continue
        if not _focus_shows(choices[one["name"]]["look"], one["look"]):
            yield _finding(
                view,
                "L30",
                BLOCK,
                f"The {one['name']} button does not show that it has the focus.",
                "WCAG 2.2, 2.4.7",
                gettext_noop("Let the focused button have an outline of at least 3:1."),
                f"{one['name']} {view.scheme} focus",
                "banner accent",
            )
        if not one["reachable"]:
            yield _finding(
                view,
                "L30",
                BLOCK,
                f"The {one['name']} button has the focus where it is not seen.",
                "WCAG 2.2, 2.4.11",
                gettext_noop("Let nothing lie over it."),
                f"{one['name']} focus covered",
                "",
            )
    pair = [name for name in dict.fromkeys(order) if name in ("accept", "reject", "manage", "save")]
    if {"accept", "reject"} <= set(pair) and abs(pair.index("accept") - pair.index("reject")) != 1:
        yield _finding(
            view,
            "L30",
            BLOCK,
            f"Tab goes {' → '.join(pair)}: accept and reject are apart.",
            "WCAG 2.2, 2.4.3; EDPB Cookie Banner Taskforce §15",
            gettext_noop("Put both beside each other."),
            "order",
            "",
        )


def _focus_shows(before: Measured, after: Measured) -> bool:
    if before["outline"] != after["outline"] or before["outline_contrast"] != after["outline_contrast"]:
        return bool(after["outline"] >= 1 and after["outline_contrast"] >= EDGE_CONTRAST - 0.01)
    return bool(before["rest"] != after["rest"])


def consistent(by_width: Mapping[int, Measured], view: View) -> Iterator[Finding]:
    """The same choices, in the same order, on every width."""
    orders = {width: _order(measured) for width, measured in by_width.items()}
    first = next(iter(orders.values()), [])
    for width, order in orders.items():
        if order != first:
            yield _finding(
                replace(view, width=width),
                "L31",
                BLOCK,
                f"The choices are {', '.join(order)} here and "
                f"{', '.join(first)} on a screen of {next(iter(orders))} px.",
                "EDPB Guidelines 03/2022, inconsistent interface",
                gettext_noop("Offer the same in the same order everywhere."),
                "order of choices",
                "",
            )
            return


def _order(measured: Measured) -> list[str]:
    """Choices as they are read: line by line, in the direction of the script. A close button has its corner."""
    side = -1 if measured["backwards"] else 1
    rows = [(round(choice["y"] / 8), side * choice["x"], name) for name, choice in measured["choices"].items()]
    return [name for *_, name in sorted(rows) if name != "close"]


def _differ(one: float, other: float, share: float = NONE_ALIKE) -> bool:
    return abs(one - other) > max(share * max(one, other), ROUNDING)


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value - round(value)) < 0.05 else f"{value:.1f}"
