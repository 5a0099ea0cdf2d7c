"""Logos and fonts of a banner: uploaded, looked at, removed."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from consent.banners import actions
from consent.banners import files as kinds
from consent.banners.models import BannerFile
from consent.common import InvalidChange
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.staff.pages import actor, on_site, show


@on_site(May.VIEW)
def files(request: HttpRequest, site: Site) -> HttpResponse:
    """All that can be chosen; another is uploaded, one is removed."""
    error = ""
    if request.method == "POST":
        try:
            said = _done(request, site)
        except InvalidChange as refused:
            error = str(refused)
        else:
            messages.success(request, said, "good")
            return redirect("dashboard:banner_files", uuid=site.uuid)
    return show(
        request,
        "dashboard/files.html",
        site,
        tab="files",
        files=BannerFile.objects.filter(site=site, removed_at=None).order_by("name").defer("body"),
        error=error,
        largest={"png": kinds.LARGEST[kinds.PNG] // 1000, "woff2": kinds.LARGEST[kinds.WOFF2] // 1000},
    )


@on_site(May.VIEW, "GET")
def one(request: HttpRequest, site: Site, upload: int) -> HttpResponse:
    """A file as it is kept."""
    file = _file(site, str(upload))
    response = HttpResponse(bytes(file.body), content_type=file.content_type)
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _done(request: HttpRequest, site: Site) -> str:
    """What was done, in a sentence. Raises InvalidChange and Http404."""
    if "remove" in request.POST:
        file = _file(site, request.POST["remove"])
        actions.remove_file(site, actor(request), file)
        return gettext("%(name)s is removed. Releases that show it go on to.") % {"name": file.name}
    given = request.FILES.get("file")
    if given is None:
        raise InvalidChange(gettext("Choose a file."))
    if (given.size or 0) > max(kinds.LARGEST.values()):
        raise InvalidChange(
            gettext("The file has %(kilobytes)s kB, which is more than any may have.")
            % {"kilobytes": (given.size or 0) // 1000}
        )
    return gettext("%(name)s is there to choose.") % {
        "name": actions.add_file(site, actor(request), given.name or "", given.read()).name
    }


def _file(site: Site, key: str) -> BannerFile:
    """Raises Http404."""
    found = BannerFile.objects.filter(site=site, pk=key).first() if key.isdigit() else None
    if found is None:
        raise Http404
    return found
