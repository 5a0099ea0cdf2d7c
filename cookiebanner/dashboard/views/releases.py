"""Preview, publish, roll back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, F, When
from django.db.models.functions import Length
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext

from consent.banners import reviews
from consent.common import InvalidChange
from consent.jobs.models import Job
from consent.publishing import actions, pictures, queries, rendered
from consent.publishing.differences import category_names, differences, in_words
from consent.publishing.lint import Finding
from consent.publishing.models import PublishRequest, Release
from consent.publishing.snapshot import Snapshot
from consent.sites.models import Site
from consent.sites.queries import person_of
from consent.sites.roles import May
from cookiebanner.dashboard import forms, mending
from cookiebanner.releases import pictures as taker
from cookiebanner.releases import publish as publisher
from cookiebanner.staff import preview as previews
from cookiebanner.staff.days import whole_day
from cookiebanner.staff.pages import actor, on_site, show

PAGE = 50


@on_site(May.VIEW, "GET")
def releases(request: HttpRequest, site: Site) -> HttpResponse:
    """What the draft would change, what stands in its way, and every release so far."""
    waivers = list(site.lint_waivers.filter(revoked_at=None))
    draft = queries.draft(site, just_read=True, sign_offs=waivers)
    rows = queries.releases(site)
    newest = list(rows[:PAGE])
    # Their numbers have no gap: nobody need count them.
    page = Paginator(range(newest[0].number if newest else 0), PAGE).get_page(request.GET.get("page"))
    last = site.publish_requests.order_by("-pk").first()
    wanted = json.loads(last.snapshot) if last and last.ended_at is None else None  # one at a time
    drawings, *of_wanted = rendered.jobs_of_each(site, [draft, *([wanted] if wanted else [])])
    signed = reviews.in_force(site)
    findings = rendered.check(site, draft, drawings=drawings, signed=signed)
    refused = rendered.check(site, wanted, draft["waivers"], of_wanted[0], signed) if wanted else []
    before = queries.snapshot_of(site)
    return show(
        request,
        "dashboard/releases.html",
        site,
        current=newest[0] if newest else None,
        rows=newest if page.number == 1 else rows[(page.number - 1) * PAGE : page.number * PAGE],
        page=page,
        groups=differences(before, draft) if before else [],
        changed=before is not None and before != draft,
        blocking=[(f, mending.address(site, f)) for f in findings if f.blocks],
        advice=[(f, mending.address(site, f)) for f in findings if not f.blocks],
        waivers=waivers,
        form=forms.Publish(),
        names=category_names(draft),
        **(_waiting(request, last, wanted, refused, before) if last else {}),
        **_drawn(drawings),
    )


def _waiting(
    request: HttpRequest,
    last: PublishRequest,
    wanted: Snapshot | None,
    findings: list[Finding],
    current: Snapshot | None,
) -> dict[str, Any]:
    """What was asked for last: it waits, or came to nothing."""
    if wanted is None:
        return {"failed": last if last.outcome in ("failed", "declined") else None}
    return {
        "wanted": last,
        "wanted_blocking": [finding for finding in findings if finding.blocks],
        "wanted_groups": differences(current, wanted) if current else [],
        "own": person_of(last.requested_by) == person_of(actor(request)),
        "decline": forms.Decline(),
    }


def _drawn(drawings: list[Job]) -> dict[str, Any]:
    """What the page says of the drawing of the draft: how far it is, or what it came to."""
    job = drawings[0] if drawings else None
    return {"drawing": job, "not_drawn": taker.unavailable() or (job.result.get("why", "") if job else "")}


@on_site(May.EDIT, "POST")
def draw(request: HttpRequest, site: Site) -> HttpResponse:
    """Has the draft drawn and judged."""
    rendered.ask(site, queries.draft(site))
    return redirect(reverse("dashboard:releases", kwargs={"uuid": site.uuid}) + "#drawn")


@on_site(May.VIEW, "GET")
def drawing_progress(request: HttpRequest, site: Site) -> HttpResponse:
    """How far the drawing of the draft is; the page asks again meanwhile, and anew for all of it at the end."""
    parts = _drawn(rendered.jobs(site, queries.draft(site)))
    response = show(request, "dashboard/drawn.html", site, **parts)
    if parts["drawing"] is None or parts["drawing"].state not in ("waiting", "running"):
        response["HX-Refresh"] = "true"
    return response


@on_site(May.PUBLISH, "POST")
def publish(request: HttpRequest, site: Site) -> HttpResponse:
    """Makes the draft the next release: at once, or as a request where it has a time or needs a second person."""
    form = forms.Publish(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(text) for texts in form.errors.values() for text in texts), "bad")
        return redirect("dashboard:releases", uuid=site.uuid)
    note, at = form.cleaned_data["note"], form.cleaned_data["at"]
    if not at and not site.publish_needs_approval:
        _attempt(request, site, lambda: publisher.publish(site, actor(request), note))
    else:
        done = ""
        if at and not site.publish_needs_approval:
            done = gettext("It goes live on %(day)s at %(time)s UTC.") % {"day": whole_day(at), "time": f"{at:%H:%M}"}
        _attempt(
            request,
            site,
            lambda: publisher.ask(site, actor(request), note, at),
            done or gettext("Asked. Another member has to approve it."),
        )
    return redirect("dashboard:releases", uuid=site.uuid)


@on_site(May.PUBLISH, "POST")
def approve(request: HttpRequest, site: Site, wanted: int) -> HttpResponse:
    """A second person's yes to what waits, or the end of it."""
    row = get_object_or_404(site.publish_requests, pk=wanted)
    if "end" in request.POST:
        form = forms.Decline(request.POST)
        why = form.cleaned_data["reason"] if form.is_valid() else ""
        _attempt(
            request, site, lambda: actions.end_request(row, actor(request), why), gettext("It will not be published.")
        )
    else:
        _attempt(
            request,
            site,
            lambda: publisher.approve(row, actor(request)),
            gettext("Approved. It goes live at its time."),
        )
    return redirect("dashboard:releases", uuid=site.uuid)


def _attempt(request: HttpRequest, site: Site, verb: Callable[[], Any], done: str = "") -> None:
    """Does it, and says what came of it; `done` unless a release did."""
    try:
        made = verb()
    except actions.Blocked as error:
        messages.error(request, gettext("Not published. %(why)s") % {"why": _why(site, error)}, "bad")
    except InvalidChange as error:
        messages.error(request, str(error).splitlines()[0], "bad")
    else:
        live = isinstance(made, Release)
        messages.success(
            request,
            gettext("Release %(number)s is live. Visitors get it within seconds.") % {"number": made.number}
            if live
            else done,
            "good",
        )


def _why(site: Site, error: actions.Blocked) -> str:
    """The first five reasons, in words."""
    names = category_names(queries.draft(site))
    why = [in_words(finding.message, names) for finding in error.findings if finding.blocks]
    if len(why) > 5:
        why[5:] = [gettext("And %(count)s more.") % {"count": len(why) - 5}]
    return " ".join(why)


@on_site(May.PUBLISH)
def rollback(request: HttpRequest, site: Site, number: int) -> HttpResponse:
    """What rolling back would change, and a button that publishes the content of an old release again, as a new one."""
    row = get_object_or_404(site.releases, number=number)
    if request.method == "GET":
        current = queries.current_release(site)
        now, then = queries.snapshot_of(site), queries.snapshot_of(site, number)
        assert current and now and then, "there is a release"
        groups = differences(now, then)
        form = forms.RollBack()
        findings = rendered.check(site, then, queries.sign_offs(site))
        judged: dict[str, Any] = {
            "blocking": [finding for finding in findings if finding.can_be_signed_off],
            "advice": [finding for finding in findings if not finding.blocks],
            "names": category_names(then),
        }
        return show(
            request, "dashboard/rollback.html", site, row=row, current=current, groups=groups, form=form, **judged
        )
    form = forms.RollBack(request.POST)
    note = form.cleaned_data["note"] if form.is_valid() else ""
    try:
        made = publisher.rollback(site, number, actor(request), note)
    except actions.Blocked as error:
        messages.error(
            request,
            gettext("Not rolled back: release %(number)s needs a sign-off today. %(why)s")
            % {"number": number, "why": _why(site, error)},
            "bad",
        )
    except InvalidChange as error:
        messages.error(request, str(error), "bad")
    else:
        text = gettext("Release %(number)s is live, with the content of release %(old)s. The draft is as it was.") % {
            "number": made.number,
            "old": number,
        }
        messages.success(request, text, "good")
    return redirect("dashboard:releases", uuid=site.uuid)


@on_site(May.WAIVE)
def waive(request: HttpRequest, site: Site) -> HttpResponse:
    """Signs off one rule by name, or takes a sign-off back."""
    if request.method == "POST" and "revoke" in request.POST:
        wanted = request.POST["revoke"]
        waiver = get_object_or_404(site.lint_waivers, pk=int(wanted) if wanted.isdecimal() else 0)
        actions.revoke_waiver(waiver, actor(request))
        return redirect("dashboard:releases", uuid=site.uuid)
    names = ("rule", "regime", "subject", "text")
    form = forms.Waive(request.POST or None, initial={name: request.GET.get(name, "") for name in names})
    if request.method == "POST" and form.is_valid():
        try:
            actions.waive(site, actor=actor(request), **form.cleaned_data)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            return redirect("dashboard:releases", uuid=site.uuid)
    rule, regime, subject, _ = (form[name].value() for name in names)
    draft = queries.draft(site)
    findings = [f for f in rendered.check(site, draft) if f.rule == rule]
    exact = [f for f in findings if (f.regime, f.subject) == (regime, subject)]
    return show(
        request,
        "dashboard/waive.html",
        site,
        form=form,
        finding=next(iter([*exact, *findings]), None),
        rule=rule,
        names=category_names(draft),
    )


@on_site(May.VIEW, "GET")
def release(request: HttpRequest, site: Site, number: int) -> HttpResponse:
    """One release: what it changed, its hash, its files, its banner."""
    row = get_object_or_404(site.releases, number=number)
    before = queries.snapshot_of(site, number - 1) if number > 1 else None
    after = queries.snapshot_of(site, number)
    assert after is not None, "the row is there"
    current = queries.current_release(site)
    return show(
        request,
        "dashboard/release.html",
        site,
        row=row,
        groups=differences(before, after) if before else [],
        first=before is None,
        is_current=current and current.number == number,
        files=_files(row),
        preview=previews.address(site, release=number, **_simulated(request)),
        services=len(after["services"]),
        languages=after["languages"],
        **_pictured(site, number),
    )


def _files(row: Release) -> list[dict[str, Any]]:
    """The release's files: name, sha256, and the bytes that a browser loads (None: compressed when one asks)."""
    size = Case(When(content__base=None, then=Length("content__brotli")))
    files = row.artifacts.order_by("name").annotate(bytes=size)
    return [dict(file) for file in files.values("name", "bytes", sha256=F("content"))]


def _pictured(site: Site, number: int) -> dict[str, Any]:
    """What the pages say of a release's pictures: the pictures by language and law, or how far they are."""
    logged = pictures.logged(site, number)
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in logged.get("pictures", ()):
        groups.setdefault((one["language"], one["variant"]), []).append(one)
    job = site.jobs.filter(kind=taker.KIND, params={"release": number}).first()
    names = forms.LANGUAGE_NAMES
    return {
        "pictures": [
            (names.get(language, language), variant, shown, _laws(shown))
            for (language, variant), shown in groups.items()
        ],
        "browser": logged.get("browser", ""),
        "unpictured": logged.get("missing", []),
        "job": None if logged else job,
        "no_pictures": "" if logged else (job.result.get("why") if job else None) or taker.unavailable(),
    }


def _laws(shown: list[dict[str, Any]]) -> list[str]:
    """The variants that pictures stand for."""
    return sorted({rendering["variant"] for one in shown for rendering in one["shows"]})


@on_site(May.VIEW, "GET")
def pictures_progress(request: HttpRequest, site: Site, number: int) -> HttpResponse:
    """How far a release's pictures are; the page asks again while they are taken."""
    row = get_object_or_404(site.releases, number=number)
    return show(request, "dashboard/pictures.html", site, row=row, **_pictured(site, number))


@on_site(May.VIEW, "GET")
def picture(request: HttpRequest, site: Site, number: int, sha256: str) -> FileResponse:
    """A picture that the log names."""
    named = {one["sha256"] for one in pictures.logged(site, number).get("pictures", ())}
    if sha256 not in named or not pictures.path(sha256).exists():
        raise Http404
    response = FileResponse(pictures.path(sha256).open("rb"), content_type="image/png")
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response


@on_site(May.VIEW, "GET")
def preview(request: HttpRequest, site: Site) -> HttpResponse:
    """The draft, or a release, as a visitor of a chosen place gets it."""
    simulated = _simulated(request)
    number = request.GET.get("release", "")
    chosen = int(number) if number.isdigit() and site.releases.filter(number=number).exists() else None
    return show(
        request,
        "dashboard/preview.html",
        site,
        address=previews.address(site, release=chosen, **simulated),
        places=previews.places(),
        simulated=simulated,
        languages=[(code, forms.LANGUAGE_NAMES.get(code, code)) for code in site.languages],
        releases=queries.releases(site).values_list("number", flat=True)[:30],
        chosen=chosen,
        decision=previews.decision(site, simulated["place"]),
    )


def _simulated(request: HttpRequest) -> dict[str, Any]:
    return {
        "place": request.GET.get("place", "DE"),
        "language": request.GET.get("language", ""),
        "gpc": request.GET.get("gpc") == "1",
    }
