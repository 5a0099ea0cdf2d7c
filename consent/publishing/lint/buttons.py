"""What visitors press: a way to refuse, and labels that say what a press does."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext, gettext_noop

from consent.banners import texts
from consent.publishing.lint import words
from consent.publishing.lint.finding import BLOCK, Finding, Snapshot, asks, worded

LAW = "EDPB Cookie Banner Taskforce §14; 11 CCR 7004"
# What a press does. A label that says another thing is what regulators call deceptive.
DOES = {
    "accept": gettext_noop("allows everything"),
    "reject": gettext_noop("refuses everything"),
    "manage": gettext_noop("opens the choices"),
    "save": gettext_noop("stores the choices as they are shown"),
    "close": gettext_noop("closes without an answer, or refuses"),
    "close_reject": gettext_noop("refuses everything"),
    "object": gettext_noop("switches off what runs unasked"),
    "hold_once": gettext_noop("loads one thing once"),
    "hold_always": gettext_noop("allows one service"),
    "reopen": gettext_noop("opens the choices"),
}
GIVES = ("accept", "hold_always")  # whose labels may speak of a yes
KIN = {"manage": ("reopen",), "reopen": ("manage",), "close_reject": ("reject",), "close": ()}


def refusing(snapshot: Snapshot) -> Iterator[Finding]:
    for variant, terms in snapshot["variants"].items():
        if asks(terms) and "accept" in terms["buttons"] and "reject" not in terms["buttons"]:
            yield Finding(
                "L01",
                BLOCK,
                gettext("The first layer offers to accept but not to refuse."),
                "GDPR 7(3); EDPB Cookie Banner Taskforce §8",
                gettext("Add the reject button."),
                variant,
            )


def labels(snapshot: Snapshot) -> Iterator[Finding]:
    for where, language, own in worded(snapshot):
        judge = words.judged(language)
        if judge is None:
            continue  # `wording.unjudged` speaks of the whole language
        known = texts.labels()[judge]
        for button, does in DOES.items():
            if (label := own.get(button)) is None or label_allowed(language, button, label):
                continue
            other = next((name for name in DOES if name != button and _listed(label, known, name, kin=False)), None)
            yes = button not in GIVES and _says_yes(judge, label)
            if other or yes:
                what = (
                    gettext("which is what %(other)s says") % {"other": other}
                    if other
                    else gettext("which speaks of a yes (%(yes)r)") % {"yes": yes}
                )
                message = gettext("The %(button)s button in %(where)s says %(label)r, %(what)s; it %(does)s.") % {
                    "button": button,
                    "where": where,
                    "label": label,
                    "what": what,
                    "does": gettext(does),
                }
            elif button == "manage" and words.says("refusing", label, judge):
                message = gettext("The manage button in %(where)s says %(label)r, as if it refused; it %(does)s.") % {
                    "where": where,
                    "label": label,
                    "does": gettext(does),
                }
            else:
                message = gettext(
                    "The %(button)s button in %(where)s says %(label)r, which is on no list of ours; it %(does)s."
                ) % {"button": button, "where": where, "label": label, "does": gettext(does)}
            yield Finding(
                "L13",
                BLOCK,
                message,
                LAW,
                gettext("Say what it does, such as %(known)r, or have this label signed off by a speaker.")
                % {"known": known[button][0]},
                subject=f"{where} {button}",
                text=label,
                field=f"text {where} {button}",
            )
        yield from _alike({**snapshot["banner"]["texts"].get(language, {}), **own}, where, set(own))


def label_allowed(language: str, button: str, label: str) -> bool | None:
    """Does the label say plainly what the button does? None when we have no list for the language."""
    judge = words.judged(language)
    return None if judge is None else _listed(label, texts.labels()[judge], button)


def _listed(label: str, known: dict[str, list[str]], button: str, kin: bool = True) -> bool:
    names = (button, *KIN.get(button, ())) if kin else (button,)
    return any(words.same(label, one) for name in names for one in known[name])


def _says_yes(language: str, label: str) -> str:
    """ "Close and accept" speaks of a yes, "close without accepting" does not."""
    yes = words.says("accepting", label, language)
    return "" if words.says("refusing", label, language) else yes


def _alike(own: dict[str, str], where: str, said_here: set[str]) -> Iterator[Finding]:
    """Two buttons of one layer that read the same, one of which has its words in this place."""
    for one, other in (("accept", "reject"), ("accept", "manage"), ("accept", "save"), ("reject", "manage")):
        if said_here & {one, other} and own.get(one) and words.same(own[one], own.get(other, "")):
            yield Finding(
                "L13",
                BLOCK,
                gettext("%(one)s and %(other)s read the same in %(where)s.")
                % {"one": one.capitalize(), "other": other, "where": where},
                LAW,
                gettext("Tell them apart."),
                subject=f"{where} {other} {one}",
                text=own[one],
                field=f"text {where} {other}",
            )


RULES = (refusing, labels)
