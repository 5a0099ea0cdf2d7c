"""Choices beyond cookies: topics with their wordings and numbers, who said what, files to import, erasures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import chain
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from consent.common import InvalidChange
from consent.exports.verify.verify import csv_line
from consent.jobs.models import Job
from consent.preferences import actions, erasing, imports, queries, reviews, subject_tokens
from consent.preferences.models import ChoiceImport, SubjectKey, Topic, TopicWording
from consent.preferences.texts import LANGUAGES
from consent.preferences.texts import words as our_words
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard.choice_forms import (
    ChangeTopic,
    Erase,
    Filter,
    Find,
    NewTopic,
    NewWords,
    Upload,
    Words,
    languages_of,
)
from cookiebanner.dashboard.forms import LANGUAGE_NAMES
from cookiebanner.staff.downloads import in_pieces
from cookiebanner.staff.pages import actor, on_site, show

HISTORY = 100  # entries of one person that a page shows


@on_site(May.VIEW)
def choices(request: HttpRequest, site: Site) -> HttpResponse:
    """The topics, with how many said yes and no, and who has read our words around them; a POST signs those."""
    if request.method == "POST":
        _review(request, partial(reviews.sign_ours, site), partial(reviews.unsign_ours, site))
        return redirect("dashboard:choices", uuid=site.uuid)
    now = timezone.now()
    rows = [(topic, _notices_due(topic, now)) for topic in site.topics.all()]
    read = reviews.of_ours(site) if rows else {}
    languages = [(code, our_words(code)["language_name"], read.get(code)) for code in LANGUAGES]
    return show(request, "dashboard/choices.html", site, rows=rows, names=_names(site), languages=languages)


def _review(request: HttpRequest, sign: Callable[..., Any], unsign: Callable[..., Any]) -> None:
    """Somebody has read words in a language, or takes that back."""
    language = request.POST.get("language", "")
    try:
        if "undo" in request.POST:
            unsign(actor(request), language)
        else:
            sign(actor(request), language, request.POST.get("signed_by", ""))
    except InvalidChange as error:
        messages.error(request, str(error), "bad")
    else:
        messages.success(request, _("Saved."), "good")


@on_site(May.MANAGE)
def subject_keys(request: HttpRequest, site: Site) -> HttpResponse:
    """The keys by which the site's server says who is signed in; a new one's text is shown once."""
    made = ""
    if request.method == "POST" and "end" in request.POST:
        subject_tokens.end_key(site, actor(request), request.POST["end"])
        return redirect("dashboard:subject_keys", uuid=site.uuid)
    if request.method == "POST":
        try:
            _row, made = subject_tokens.make_key(site, actor(request))
        except InvalidChange as error:
            messages.error(request, str(error), "bad")
    rows = SubjectKey.objects.filter(site=site).order_by("-pk")[:50]
    return show(request, "dashboard/subject_keys.html", site, made=made, rows=rows)


def _names(site: Site) -> dict[str, str]:
    return queries.names_of(site, site.languages)


def _notices_due(topic: Topic, now: Any) -> int:
    return queries.notices_due(topic, now) if queries.has_notices(topic) else 0


@on_site(May.EDIT)
def topic_new(request: HttpRequest, site: Site) -> HttpResponse:
    """A new topic with its first wording."""
    given = request.POST or None
    form, words = NewTopic(given), Words(languages_of(site.languages, {}), {}, given)
    if request.method == "POST" and form.is_valid() and words.is_valid():
        try:
            topic = actions.add_topic(site, actor(request), **form.cleaned_data, texts=words.texts)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            return redirect("dashboard:topic", uuid=site.uuid, topic=topic.key)
    return show(request, "dashboard/topic_new.html", site, form=form, words=words)


@on_site(May.VIEW)
def topic(request: HttpRequest, site: Site, topic: str) -> HttpResponse:
    """One topic: its numbers, its wordings, and what of it may change."""
    row = get_object_or_404(Topic, site=site, key=topic)
    last = row.wordings.last()
    texts = last.texts if last else {}
    doing = request.POST.get("do", "")
    initial = {name: getattr(row, name) for name in actions.CHANGEABLE}
    form = ChangeTopic(request.POST if doing == "change" else None, initial=initial)
    words = NewWords(languages_of(site.languages, texts), texts, request.POST if doing == "words" else None)
    if request.method == "POST":
        try:
            if doing == "change" and form.is_valid():
                actions.change_topic(row, actor(request), **form.cleaned_data)
                messages.success(request, _("Saved."), "good")
            elif doing == "words" and words.is_valid():
                _refuse_unseen(last, words.cleaned_data["version"])
                made = actions.set_wording(
                    row, actor(request), words.texts, asks_again=words.cleaned_data["asks_again"]
                )
                _say_wording(request, last, made)
            elif doing == "end":
                actions.end_topic(row, actor(request))
                messages.success(request, _("The topic has ended."), "good")
            elif doing == "review":
                _review(request, partial(reviews.sign_topic, row), partial(reviews.unsign_topic, row))
        except InvalidChange as error:
            (words if doing == "words" else form).add_error(None, str(error))
        if form.errors or words.errors:
            return _topic(request, site, row, form, words, 400)
        return redirect("dashboard:topic", uuid=site.uuid, topic=row.key)
    return _topic(request, site, row, form, words)


def _refuse_unseen(last: TopicWording | None, seen: int | None) -> None:
    """Raises InvalidChange when somebody else has made the next version while this one was written."""
    if last and seen and seen != last.version:
        raise InvalidChange(
            _("Version %(number)d was published meanwhile: look at it first.") % {"number": last.version}
        )


def _say_wording(request: HttpRequest, last: TopicWording | None, made: TopicWording) -> None:
    if last and made.pk == last.pk:
        messages.info(request, _("Nothing differs from version %(number)d.") % {"number": last.version})
    else:
        text = _("From now on people are asked in the words of version %(number)d.") % {"number": made.version}
        messages.success(request, text, "good")


def _topic(
    request: HttpRequest, site: Site, row: Topic, form: ChangeTopic, words: Words, status: int = 200
) -> HttpResponse:
    wordings = list(row.wordings.order_by("-version")[:50])
    read = reviews.of_topic(row)
    codes = wordings[0].texts if wordings else {}
    languages = [(code, LANGUAGE_NAMES.get(code, code), read.get(code)) for code in codes]
    due = _notices_due(row, timezone.now())
    return show(
        request,
        "dashboard/topic.html",
        site,
        status=status,
        row=row,
        name=_names(site).get(row.key, row.key),
        form=form,
        words=words,
        wordings=wordings,
        due=due,
        languages=languages,
    )


@on_site(May.COLLECT)
def choice_people(request: HttpRequest, site: Site) -> HttpResponse:
    """Who said what, the latest change first; a POST looks somebody up, so that no address holds an id."""
    find = Find(request.POST or None)
    if request.method == "POST" and find.is_valid():
        try:
            subject = queries.find_subject(site, find.cleaned_data["who"])
        except InvalidChange as error:
            find.add_error("who", str(error))
        else:
            return redirect("dashboard:choice_person", uuid=site.uuid, subject=subject)
    topics = list(site.topics.all())
    names = _names(site)
    form = Filter({one.key: names.get(one.key, one.key) for one in topics}, request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    chosen = next((one for one in topics if one.key == data.get("topic")), None)
    rows = queries.states(site, topic=chosen, value=data.get("value", ""), before=data.get("before"))
    older = rows[queries.PAGE - 1].entry if len(rows) > queries.PAGE else None
    kept = urlencode({"topic": data.get("topic", ""), "value": data.get("value", ""), "before": older or ""})
    return show(
        request, "dashboard/choice_people.html", site, form=form, find=find, rows=rows[: queries.PAGE],
        names=names, older=kept if older is not None else "",
    )  # fmt: skip


@on_site(May.COLLECT, "GET")
def choice_person(request: HttpRequest, site: Site, subject: UUID) -> HttpResponse:
    """How all topics stand for one person, and what they said when."""
    stands = queries.standings(site, subject, timezone.now())
    return show(
        request, "dashboard/choice_person.html", site, subject=subject, stands=stands, names=_names(site),
        history=queries.history(site, subject, HISTORY), waiting=queries.pending(site, subject),
    )  # fmt: skip


@on_site(May.ERASE)
def choice_erase(request: HttpRequest, site: Site) -> HttpResponse:
    """Erases all choices of a person."""
    form = Erase(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            done = erasing.erase(site, data["who"], actor(request), data["reason"])
        except ValueError as error:  # InvalidChange is one
            form.add_error(None, str(error))
        else:
            text = _("%(records)d entries were erased. The person is kept out from now on.") % {"records": done.records}
            messages.success(request, text, "good")
            return redirect("dashboard:choices", uuid=site.uuid)
    return show(request, "dashboard/choice_erase.html", site, form=form)


@on_site(May.COLLECT)
def choice_imports(request: HttpRequest, site: Site) -> HttpResponse:
    """Files that were imported, and the next one."""
    form = Upload(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            with transaction.atomic():
                row = imports.start(
                    site, actor(request), data["file"], name=data["file"].name[:150], form=data["format"],
                    source=data["source"], evidence=data["evidence"], requested_by=request.user,
                )  # fmt: skip
        except InvalidChange as error:
            form.add_error("file", str(error))
        else:
            return redirect("dashboard:choice_import", uuid=site.uuid, imported=row.pk)
    return show(request, "dashboard/choice_imports.html", site, form=form, rows=queries.imports(site)[:50])


@on_site(May.COLLECT)
def choice_import(request: HttpRequest, site: Site, imported: int) -> HttpResponse:
    """How far an import is, and which rows were not taken; a POST stops it."""
    row = get_object_or_404(ChoiceImport, site=site, pk=imported)
    if request.method == "POST":
        imports.stop(row, actor(request))
        return redirect("dashboard:choice_import", uuid=site.uuid, imported=imported)
    job = Job.objects.filter(pk=row.job).first() if row.job else None
    return show(
        request, "dashboard/choice_import.html", site, row=row, job=job, refused=imports.first_refused(row),
        going_on=job is not None and job.state in (Job.Status.WAITING, Job.Status.RUNNING),
    )  # fmt: skip


@on_site(May.COLLECT, "GET")
def choice_refused(request: HttpRequest, site: Site, imported: int) -> HttpResponseBase:
    """All rows that were not taken, each with its line and why, as a file."""
    row = get_object_or_404(ChoiceImport, site=site, pk=imported)
    lines = (csv_line(cells, ",").encode() for cells in imports.refused_rows(row))
    return in_pieces(f"refused-{row.pk}.csv", chain([b"\xef\xbb\xbf"], lines), "text/csv; charset=utf-8")
