"""Who has read the words of form, mails and page that we ship, per site and language. Until a named person has, they
are machine-made; when a word of them changes, they are again."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.common import InvalidChange, check
from consent.requests.models import RequestForm
from consent.requests.texts import LANGUAGES, digest
from consent.sites.models import Site
from consent.trail.actions import audit


def in_force(form: RequestForm) -> Mapping[str, Mapping[str, str]]:
    """{language: {"by", "on", "texts"}} of the reviews that hold: of the words as they are today."""
    return {code: one for code, one in form.reviews.items() if code in LANGUAGES and one["texts"] == digest(code)}


@transaction.atomic
def sign(site: Site, actor: str, language: str, signed_by: str) -> None:
    """A named person has read the words of a language, and answers for them; whoever signed before is replaced. Raises
    InvalidChange."""
    signed_by = signed_by.strip()
    if language not in LANGUAGES:
        raise InvalidChange(_("We ship no words in this language."))
    if not signed_by or len(signed_by) > 200:
        raise InvalidChange(_("Say who has read the words."))
    form = _locked(site)
    made = {"by": signed_by, "on": timezone.now().date().isoformat(), "texts": digest(language)}
    form.reviews = form.reviews | {language: made}
    check(form)
    form.save()
    audit(site, actor, "request.sign", language=language, signed_by=signed_by, texts=made["texts"])


@transaction.atomic
def unsign(site: Site, actor: str, language: str) -> None:
    """Takes a review back; the words are machine-made again. A second call changes nothing."""
    form = _locked(site)
    if language in form.reviews:
        form.reviews = {code: one for code, one in form.reviews.items() if code != language}
        form.save()
        audit(site, actor, "request.unsign", language=language)


def _locked(site: Site) -> RequestForm:
    return RequestForm.objects.select_for_update().filter(site=site).first() or RequestForm(site=site)
