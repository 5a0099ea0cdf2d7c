"""The form by which people ask a site about their data.

    /v1/<site>/requests/            a page
    /v1/<site>/requests/part.html   the same without a head, to put into a page of the site; it posts to the page

`?lang=` chooses the language, `?place=` where the person lives (without it: where the request comes from). Without
JavaScript and without a cookie. As with scripts, a path may precede `/v1/`.
"""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_exempt
from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.common import InvalidChange
from consent.jurisdictions.locate import decide
from consent.requests import actions
from consent.requests.deadlines import LAWS, UNVERIFIED, Kind, authority, kinds, law_of
from consent.requests.models import LARGEST_FILE, LONGEST_DETAILS, SubjectRequest
from consent.requests.queries import answered, form_of, places, with_form
from consent.requests.texts import LANGUAGES, direction, language_for, months, words
from consent.sites.models import Site
from cookiebanner.staff import links, request_mails
from cookiebanner.staff.request_mails import day
from cookiebanner.visitors import delivery, rate_limit
from cookiebanner.visitors.django import lower_headers
from cookiebanner.visitors.place import place_of
from cookiebanner.visitors.rate_limit import RateLimited

PATH = r"^(?!fairgate-preview/)(?:.*/)?v1/(?P<site>[^/]{1,80})/requests/(?P<part>part\.html)?$"
FASTEST = 2  # seconds between a form's being made and its being sent by a person
OLDEST = 86_400 * 7  # seconds that a form may lie open
_STAMP = signing.TimestampSigner(salt="fairgate.request-form")
OPEN = "#fairgate-open"


class BadFile(InvalidChange):
    """The file that came along can't be taken; the form says in the person's language which can."""


class Form(forms.Form):
    """What a person writes. `website` is seen by programs only."""

    kind = forms.ChoiceField(choices=())
    email = forms.EmailField(max_length=254)
    name = forms.CharField(max_length=200, required=False)
    details = forms.CharField(max_length=LONGEST_DETAILS, required=False, strip=True)
    reference = forms.CharField(max_length=100, required=False)
    agent = forms.CharField(max_length=200, required=False)
    file = forms.FileField(required=False, allow_empty_file=True)
    website = forms.CharField(required=False)
    stamp = forms.CharField(required=False)

    def __init__(self, text: Any, place: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.text = text
        choice: Any = self.fields["kind"]
        choice.choices = [(kind.value, text[kind.value]) for kind in kinds(place)]
        for name, key in (("kind", "choose"), ("email", "need_email")):
            self.fields[name].error_messages = dict.fromkeys(("required", "invalid", "invalid_choice"), text[key])
        for name in ("email", "name", "details", "reference", "agent"):
            longest = getattr(self.fields[name], "max_length", 0)
            self.fields[name].error_messages["max_length"] = text["too_long"].format(count=longest)

    def clean(self) -> dict[str, Any]:
        """What is one line stays one, whatever was pasted into it."""
        data = self.cleaned_data
        return data | {name: " ".join(data[name].split()) for name in ("name", "agent", "reference") if name in data}

    def clean_stamp(self) -> str:
        """When the form was made: a person needs longer than a program, and no form lies open for ever."""
        try:
            made = float(_STAMP.unsign(self.cleaned_data["stamp"], max_age=OLDEST))
        except (signing.BadSignature, ValueError):
            raise ValidationError(self.text["too_fast"]) from None
        if timezone.now().timestamp() - made < FASTEST:
            raise ValidationError(self.text["too_fast"])
        return ""


def stamp() -> str:
    """A signed "made now" for a form."""
    return _STAMP.sign(str(timezone.now().timestamp()))


@csrf_exempt  # nobody is logged in here, no cookie is read, and other people's pages post here
@require_http_methods(["GET", "HEAD", "POST"])
@csp_exempt()
@xframe_options_exempt
@cache_control(private=True, no_store=True)
def respond(request: HttpRequest, **parts: Any) -> HttpResponse:
    """The form, or what became of what was sent; 404 for a site that has none."""
    found, part = _site(parts["site"]), parts.get("part")
    language = _language(request, found)
    place = _place(request)
    text = words(language)
    if request.method == "POST":
        response = _post(request, found, language, place)
    else:
        number = request.GET.get("number", "")[:12]
        response = _show(request, found, language, place, Form(text, place, initial={"details": number}), bool(part))
    hosts = " ".join(f"{host} *.{host}" for host in sorted(found.hosts.values_list("name", flat=True)))
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors 'self' {hosts}"
    )
    response["Content-Language"] = language
    response["X-Robots-Tag"] = "noindex"
    return response


def address(site: Site) -> str:
    """The path of a site's form."""
    return f"/v1/{site.uuid}/requests/"


def _site(text: str) -> Site:
    uuid, _ = delivery.site_id(text)
    found = with_form(uuid) if uuid else None
    if found is None:
        raise Http404
    return found


def _language(request: HttpRequest, site: Site) -> str:
    asked = (request.GET.get("lang") or request.GET.get("l") or "")[:35]
    return language_for([asked] if asked else [*delivery.wishes(lower_headers(request), ""), *site.languages[:1]])


def _place(request: HttpRequest) -> str:
    asked = (request.POST.get("place") or request.GET.get("place") or "")[:10]
    known = {id for id, _ in places("en")}
    if asked in known or asked == "*":
        return asked
    if asked.partition("-")[0] in known:
        return asked.partition("-")[0]
    where = place_of(lower_headers(request), request.META.get("REMOTE_ADDR", ""))
    found = decide(where, timezone.now().date()).jurisdiction
    return found if found in known else (where.country or "*")


def _post(request: HttpRequest, site: Site, language: str, place: str) -> HttpResponse:
    text = words(language)
    try:
        rate_limit.admit(rate_limit.REQUESTS, lower_headers(request), request.META.get("REMOTE_ADDR", ""))
    except RateLimited as refused:
        form = Form(text, place, request.POST)
        form.add_error(None, text["too_many"])
        response = _show(request, site, language, place, form, status=429)
        response["Retry-After"] = str(refused.wait)
        return response
    form = Form(text, place, request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, site, language, place, form, status=400)
    data = form.cleaned_data
    if data["website"]:  # a program: it is told what a person would be told, and nothing is kept
        return _sent(request, site, language, SubjectRequest(site=site, status="unconfirmed", email=data["email"]))
    try:
        row = _file(site, language, place, data)
    except BadFile:
        form.add_error("file", text["file_hint"])
        return _show(request, site, language, place, form, status=400)
    except actions.TooManyWaiting:
        form.add_error("email", text["too_many"])
        return _show(request, site, language, place, form, status=429)
    except InvalidChange as error:
        form.add_error("details" if data["kind"] == Kind.APPEAL else None, str(error))
        return _show(request, site, language, place, form, status=400)
    return _sent(request, site, language, row)


def _file(site: Site, language: str, place: str, data: dict[str, Any]) -> SubjectRequest:
    fields = {name: data[name] for name in ("kind", "email", "name", "details", "reference", "agent")}
    against = None
    if data["kind"] == Kind.APPEAL:
        against = answered(site, data["email"], f"{data['details']} {data['reference']}")
        if against is None:
            raise InvalidChange(words(language)["unknown_number"])
    with transaction.atomic():
        row = actions.file_request(site, place=place, language=language, appeal_of=against, **fields)
        if data["file"]:
            try:
                actions.attach(row, data["file"].name, data["file"].read(LARGEST_FILE + 1))
            except InvalidChange as error:
                raise BadFile from error
        waits = row.status == SubjectRequest.Status.UNCONFIRMED
        request_mails.send_soon(row, request_mails.CONFIRM if waits else request_mails.RECEIPT)
    return row


def _sent(request: HttpRequest, site: Site, language: str, row: SubjectRequest) -> HttpResponse:
    text = words(language)
    values = {"email": row.email, "number": row.number}
    if row.status == SubjectRequest.Status.OPEN:
        lines = [text["sent_open"].format(due=day(row.due, language), **values)]
        if row.kind in UNVERIFIED and row.kind != Kind.COMPLAINT:
            lines.append(text["sent_effective"])
        name, where = authority(row.law, text)
        if row.kind == Kind.COMPLAINT and name:
            lines.append(text["complain_to"].format(authority=f"{name}{', ' if where else ''}{where}"))
    else:
        lines = [text["sent_confirm"].format(**values)]
    context = {"text": text, "language": language, "direction": direction(language), "site": site, "lines": lines}
    return render(request, "requests/sent.html", context)


def _show(
    request: HttpRequest, site: Site, language: str, place: str, form: Form, part: bool = False, status: int = 200
) -> HttpResponse:
    text, law = words(language), LAWS[law_of(place)]
    offered = kinds(place)
    if not form_of(site).sells:
        offered = {kind: cite for kind, cite in offered.items() if kind not in (Kind.OPT_OUT, Kind.SHINE_THE_LIGHT)}
    host = next((host for host in site.hosts.values_list("name", flat=True) if "." in host), "")
    chosen = form.data.get("kind", "") if form.is_bound else request.GET.get("kind", "")
    name, where = authority(law_of(place), text)
    context = {
        "text": text,
        "language": language,
        "direction": direction(language),
        "site": site,
        "form": form,
        "place": place,
        "places": [("*", text["place_other"]), *places(language)],
        "kinds": [
            (kind.value, text[kind], text[f"{kind}_hint"], cite, kind == chosen) for kind, cite in offered.items()
        ],
        "switch": text["switch"].format(host=host) if host and Kind.OPT_OUT in offered else "",
        "switch_url": f"https://{host}/{OPEN}",
        "address": f"{links.base(request)}{address(site)}" if part else address(site),
        "stamp": stamp(),
        "intro": text["intro"].format(site=site.controller or site.name),
        "privacy": text["privacy"].format(
            site=site.controller or site.name, time=months(law["log"]["months"], language)
        ),
        "authority": text["complain_to"].format(authority=name) if name else "",
        "authority_url": where,
        "law": law["name"],
        "languages": [(code, words(code)["language_name"], direction(code)) for code in LANGUAGES],
    }
    return render(request, "requests/part.html" if part else "requests/page.html", context, status=status)
