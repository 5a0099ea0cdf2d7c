"""Writes on the banner's draft. Each leaves an AuditEvent; visitors see nothing of it until the site is published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from consent.banners import css as rules
from consent.banners import files, reviews, texts, theme
from consent.banners.models import Banner, BannerContent, BannerDraft, BannerFile, BannerTest, TextReview
from consent.common import InvalidChange, check
from consent.jurisdictions import table
from consent.sites.models import Site
from consent.sites.queries import locked
from consent.trail.actions import audit

LAYOUTS = {
    "card": ("bottom-left", "bottom-right", "bottom-center", "top-left", "top-right"),
    "bar": ("bottom", "top"),
    "center": ("center",),
}
LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*")
LONGEST = 2000  # characters of one text
MOST_FILES = 30  # that can be chosen
MOST_DRAFTS = 20  # beside the one in use


@transaction.atomic
def edit_banner(
    site: Site,
    actor: str,
    *,
    layout: str | None = None,
    position: str | None = None,
    theme: Mapping[str, Any] | None = None,  # noqa: A002
    floating_button: bool | None = None,
    css: str | None = None,
) -> Banner:
    """Changes layout, position, theme (whole), the floating button or the style sheet; what is None stays. Raises
    InvalidChange."""
    banner = draft_of(site)
    before = _look(banner)
    if layout is not None:
        if layout not in LAYOUTS:
            raise InvalidChange(f"The layout is one of {', '.join(LAYOUTS)}.")
        banner.layout = layout
        if position is None and banner.position not in LAYOUTS[layout]:
            banner.position = LAYOUTS[layout][0]
    if position is not None:
        if position not in LAYOUTS[banner.layout]:
            raise InvalidChange(f"A {banner.layout} stands at {' or '.join(LAYOUTS[banner.layout])}.")
        banner.position = position
    if theme is not None:
        banner.theme = theme_of(site, theme)
    if floating_button is not None:
        banner.floating_button = floating_button
    if css is not None:
        banner.css = _css(site, css)
    after = _look(banner)
    if after != before:
        banner.save()
        changed = {key: [before[key], after[key]] for key in after if after[key] != before[key]}
        audit(site, actor, "edit_banner", **changed)
    return banner


@transaction.atomic
def edit_texts(site: Site, actor: str, language: str, changes: Mapping[str, str], *, regime: str = "") -> Banner:
    """Sets texts of one language, for one regime or (regime "") all; an empty text brings ours back. Raises
    InvalidChange."""
    check_texts(language, changes, regime)
    banner = draft_of(site)
    where = f"{language}@{regime}" if regime else language
    before = dict(banner.texts.get(where, {}))
    after = {**before, **{key: text.strip() for key, text in changes.items()}}
    after = {key: text for key, text in after.items() if text}
    if after != before:
        banner.texts = {**banner.texts, where: after}
        if not after:
            del banner.texts[where]
        banner.save()
        changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        audit(site, actor, "edit_texts", where=where, texts={key: [before.get(key), after.get(key)] for key in changed})
    return banner


def text_faults(changes: Mapping[str, str]) -> dict[str, str]:
    """{key: what is wrong with its text, in words}; {} for texts that may be stored."""
    found = {}
    known = texts.keys()
    for key, text in changes.items():
        unknown = set(texts.PLACEHOLDER.findall(text)) - set(texts.placeholders(key)) if key in known else set()
        if key in texts.LOCKED:
            found[key] = gettext("%(key)s is a statutory text; the law gives its words.") % {"key": key}
        elif key not in known:
            found[key] = gettext("There is no text %(key)r.") % {"key": key}
        elif len(text) > LONGEST:
            found[key] = gettext("%(key)s is longer than %(longest)s characters.") % {"key": key, "longest": LONGEST}
        elif unknown:
            found[key] = gettext("%(key)s has no placeholder {%(placeholder)s}.") % {
                "key": key,
                "placeholder": sorted(unknown)[0],
            }
    return found


@transaction.atomic
def copy_draft(site: Site, actor: str, name: str) -> BannerDraft:
    """Lays a copy of the draft in use beside it, under a name that no other has. Raises InvalidChange."""
    banner = draft_of(site)
    drafts = BannerDraft.objects.filter(site=site)
    name = name.strip()
    if not name:
        raise InvalidChange(gettext("Give the copy a name."))
    if name == banner.name or drafts.filter(name=name).exists():
        raise InvalidChange(gettext("There is a draft %(name)r already.") % {"name": name})
    if drafts.count() >= MOST_DRAFTS:
        raise InvalidChange(
            gettext("There are %(most)s drafts; delete one that is not needed.") % {"most": MOST_DRAFTS}
        )
    copy = BannerDraft(site=site, name=name, **_content(banner))
    check(copy)
    copy.save()
    audit(site, actor, "banner.copy", name=name)
    return copy


@transaction.atomic
def use_draft(site: Site, actor: str, draft: BannerDraft) -> Banner:
    """Takes a draft into use; the one that was lies beside it then, whole."""
    banner = draft_of(site)
    draft = BannerDraft.objects.get(site=site, pk=draft.pk)
    kept, now = {"name": banner.name, **_content(banner)}, {"name": draft.name, **_content(draft)}
    for row, values in ((draft, kept), (banner, now)):
        for field, value in values.items():
            setattr(row, field, value)
        row.save()
    audit(site, actor, "banner.use", name=[kept["name"], now["name"]])
    return banner


@transaction.atomic
def delete_draft(site: Site, actor: str, draft: BannerDraft) -> None:
    """Deletes a draft that is not in use; a second call changes nothing."""
    locked(site)
    if BannerDraft.objects.filter(site=site, pk=draft.pk).delete()[0]:
        audit(site, actor, "banner.delete", name=draft.name)


@transaction.atomic
def add_file(site: Site, actor: str, name: str, body: bytes) -> BannerFile:
    """Keeps a logo or a font that was uploaded; what is there already is given back. Raises InvalidChange."""
    try:
        found = files.clean(name, body)
    except files.Unusable as error:
        raise InvalidChange(str(error)) from None
    locked(site)
    rows = BannerFile.objects.filter(site=site)
    row = rows.filter(sha256=found.sha256).first()
    if row and row.removed_at is None:
        return row
    if rows.filter(removed_at=None).count() >= MOST_FILES:
        raise InvalidChange(gettext("There are %(most)s files; remove one that is not needed.") % {"most": MOST_FILES})
    row = row or BannerFile(
        site=site, sha256=found.sha256, content_type=found.content_type, body=found.body, width=found.width,
        height=found.height, uploaded_by=actor,
    )  # fmt: skip
    taken = set(rows.filter(removed_at=None).values_list("name", flat=True))
    row.name, row.removed_at = files.unused(found.name, taken), None
    row.save()
    audit(site, actor, "banner.file_add", name=row.name, sha256=row.sha256)
    return row


@transaction.atomic
def remove_file(site: Site, actor: str, file: BannerFile) -> None:
    """Takes a file out of what can be chosen; releases that show it go on to. A second call changes nothing. Raises
    InvalidChange while a draft shows it."""
    banner = draft_of(site)
    for draft in (banner, *BannerDraft.objects.filter(site=site)):
        if _shows(draft, file):
            raise InvalidChange(
                gettext("The draft “%(name)s” shows %(file)s; choose another there first.")
                % {"name": draft.name, "file": file.name}
            )
    if any(file.sha256 in test.theme.values() for test in BannerTest.objects.filter(site=site)):
        raise InvalidChange(
            gettext("The second banner of the test shows %(file)s; choose another there first.") % {"file": file.name}
        )
    if BannerFile.objects.filter(site=site, pk=file.pk, removed_at=None).update(removed_at=timezone.now()):
        audit(site, actor, "banner.file_remove", name=file.name, sha256=file.sha256)


@transaction.atomic
def sign_texts(site: Site, actor: str, language: str, signed_by: str) -> TextReview:
    """A named person has read the words that we ship in a language of the site, and answers for them; whoever signed
    before is replaced. Raises InvalidChange."""
    site = locked(site)
    if language not in site.languages or not texts.ours(language):
        raise InvalidChange(gettext("We ship no words in %(language)r for this site.") % {"language": language})
    return sign_words(site, actor, reviews.BANNER, language, texts.digest(language), signed_by)


@transaction.atomic
def sign_words(site: Site, actor: str, about: str, language: str, digest: str, signed_by: str) -> TextReview:
    """The same of words that a room above knows: `about` names them, `digest` is their SHA-256. Raises
    InvalidChange."""
    site = locked(site)
    if not signed_by.strip():
        raise InvalidChange(gettext("Say who has read the words."))
    review = TextReview(site=site, about=about, language=language, signed_by=signed_by.strip(), texts=digest)
    _revoke(site, about, language)
    check(review)
    review.save()
    named = {"about": about} if about else {}
    audit(site, actor, "texts.sign", **named, language=language, signed_by=review.signed_by, texts=review.texts)
    return review


@transaction.atomic
def unsign_texts(site: Site, actor: str, language: str) -> None:
    """Takes a review back; the words are machine-made again. A second call changes nothing."""
    unsign_words(site, actor, reviews.BANNER, language)


@transaction.atomic
def unsign_words(site: Site, actor: str, about: str, language: str) -> None:
    """The same of other words."""
    if _revoke(locked(site), about, language):
        audit(site, actor, "texts.unsign", **({"about": about} if about else {}), language=language)


def _revoke(site: Site, about: str, language: str) -> int:
    rows = TextReview.objects.filter(site=site, about=about, language=language, revoked_at=None)
    return rows.update(revoked_at=timezone.now())


def check_texts(language: str, changes: Mapping[str, str], regime: str = "") -> None:
    """Raises InvalidChange for a language, a law or a text that there is not, or words that may not stand in it."""
    if not LANGUAGE.fullmatch(language):
        raise InvalidChange(f"{language!r} is not a language code like de or pt-BR.")
    if regime and table.regime_of(regime) not in table.REGIMES:
        raise InvalidChange(f"There is no regime {regime!r}.")
    if wrong := text_faults(changes):
        raise InvalidChange(next(iter(wrong.values())))


def draft_of(site: Site) -> Banner:
    """The site's draft, made when it has none; its site's row is locked."""
    locked(site)
    return Banner.objects.get_or_create(site=site)[0]


def _content(draft: BannerContent) -> dict[str, Any]:
    return {field: getattr(draft, field) for field in BannerContent.CONTENT}


def _look(banner: Banner) -> dict[str, Any]:
    return {key: getattr(banner, key) for key in ("layout", "position", "theme", "floating_button", "css")}


def _css(site: Site, given: str) -> str:
    """As it was typed, with the line ends of a text file."""
    text = "\n".join(given.splitlines()).strip()
    if wrong := rules.faults(text, _file_names(site)):
        raise InvalidChange(" ".join(wrong))
    return text


def _file_names(site: Site) -> set[str]:
    return set(BannerFile.objects.filter(site=site, removed_at=None).values_list("name", flat=True))


def _shows(draft: BannerContent, file: BannerFile) -> bool:
    return file.sha256 in draft.theme.values() or file.name in rules.names(draft.css)


def theme_of(site: Site, given: Mapping[str, Any]) -> dict[str, Any]:
    """A theme as it is stored; its files are uploaded ones of the site. Raises InvalidChange."""
    try:
        cleaned = theme.clean(given)
    except ValueError as error:
        raise InvalidChange(str(error)) from None
    for token, kind in theme.FILES.items():
        if (
            token in cleaned
            and not BannerFile.objects.filter(site=site, sha256=cleaned[token], content_type=kind).exists()
        ):
            raise InvalidChange(gettext("The %(token)s is no uploaded file.") % {"token": token.replace("_", " ")})
    return cleaned
