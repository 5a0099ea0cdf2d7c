"""What publishing asks of the tables: the draft as a snapshot, the current release, what changed between them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from consent.banners import arms, css, texts, theme
from consent.banners.models import Banner, BannerContent, BannerFile, BannerTest
from consent.jurisdictions import table
from consent.policies.queries import asked_again
from consent.publishing.models import LintWaiver, Release
from consent.publishing.slots import Numbering
from consent.publishing.snapshot import Snapshot, build, waiver
from consent.sites.models import Site

MOST_OF_A_TEST = 50  # releases


def draft(
    site: Site,
    banner: BannerContent | None = None,
    *,
    just_read: bool = False,
    sign_offs: Iterable[LintWaiver] | None = None,
) -> Snapshot:
    """The site's draft as it would be published now, or with another draft of the banner. Reads the rows afresh; the
    site's own unless `just_read`, its sign-offs in force unless they are given."""
    return drafts(site, [banner], just_read=just_read, sign_offs=sign_offs)[0]


def drafts(
    site: Site,
    banners: Sequence[BannerContent | None],
    *,
    just_read: bool = False,
    sign_offs: Iterable[LintWaiver] | None = None,
) -> list[Snapshot]:
    """The draft with each of several drafts of the banner (None: the one in use)."""
    site = site if just_read else Site.objects.get(pk=site.pk)
    overrides = list(site.jurisdiction_overrides.all())
    categories = list(site.categories.all())
    hosts = list(site.hosts.values_list("name", flat=True))
    purposes = list(site.purposes.select_related("category"))
    services = list(site.services.select_related("category").prefetch_related("rules", "cookies", "overrides"))
    own = Banner.objects.select_related("site__banner_test").filter(site=site).first()
    test = getattr(own.site if own else site, "banner_test", None)
    test = test if test and test.ends >= timezone.now().date() else None
    variants = table.variants({o.jurisdiction: {"fields": o.fields, "reason": o.reason} for o in overrides})
    again = asked_again(site)
    waivers = list(site.lint_waivers.filter(revoked_at=None) if sign_offs is None else sign_offs)
    found = []
    for given in banners:
        banner = given or own or Banner(site=site)
        resolved = texts.of_draft(site, banner, categories)
        found.append(
            build(
                site,
                hosts=hosts,
                categories=categories,
                purposes=purposes,
                services=services,
                banner=banner,
                files=list(files_of(site, banner, test).order_by("sha256").defer("body")),
                **resolved,
                test=_test(site, banner, test, resolved) if test else None,
                variants=variants,
                jurisdictions_version=table.VERSION,
                overrides=overrides,
                waivers=waivers,
                asked_again=again,
            )
        )
    return found


def _test(site: Site, banner: BannerContent, test: BannerTest, of_a: dict[str, Any]) -> dict[str, Any]:
    """What the second banner has otherwise, as `consent.banners.arms` reads it."""
    words = {
        where: {**banner.texts.get(where, {}), **test.texts.get(where, {})} for where in {*banner.texts, *test.texts}
    }
    of_b = texts.of_draft(site, Banner(site=site, texts=words), [])
    return {
        "ends": test.ends.isoformat(),
        **{key: getattr(test, key) for key in arms.LOOK},
        **{part: arms.difference(of_a[part], of_b[part]) for part in ("texts", "regime_texts")},
    }


def tested_releases(site: Site) -> list[int]:
    """The releases of the test that visitors are part of now: the current one, and those before it with the same two
    banners; [] without one. Its numbers are compared over these."""
    found: list[int] = []
    banner: Any = None
    for number, text in site.releases.order_by("-number").values_list("number", "snapshot")[:MOST_OF_A_TEST]:
        shown = json.loads(text)["banner"]
        if "test" not in shown or (found and shown != banner):
            break
        banner = shown
        found.append(number)
    return found


def files_of(site: Site, banner: BannerContent, test: BannerTest | None = None) -> QuerySet[BannerFile]:
    """What a draft, and the second banner of its test, show of what was uploaded."""
    looks = [banner.theme, *([test.theme] if test else [])]
    chosen = Q(sha256__in={str(look[token]) for look in looks for token in theme.FILES if token in look})
    named = Q(name__in=css.names(banner.css), removed_at=None)
    return BannerFile.objects.filter(chosen | named, site=site)


def with_files(site: Site, snapshot: Snapshot) -> Snapshot:
    """The content with the bytes of its files, as a compiler takes it. A file is there as long as its site."""
    named = snapshot["banner"].get("files")
    if not named:
        return snapshot
    rows = BannerFile.objects.filter(site=site, sha256__in=list(named)).values_list("sha256", "body")
    return {**snapshot, "bodies": {sha256: bytes(body) for sha256, body in rows}}


def sign_offs(site: Site) -> list[dict[str, str]]:
    """The sign-offs in force, as `lint.check` reads them."""
    return [waiver(row) for row in site.lint_waivers.filter(revoked_at=None)]


def releases(site: Site) -> QuerySet[Release]:
    """The site's releases, newest first, without their contents."""
    return site.releases.order_by("-number").defer("snapshot", "numbering")


def current_release(site: Site) -> Release | None:
    """What visitors get now, without its content."""
    return releases(site).first()


def snapshot_of(site: Site, number: int | None = None) -> Snapshot | None:
    """The content of a release, the current one when no number is given."""
    rows = site.releases.order_by("-number")
    text = (rows if number is None else rows.filter(number=number)).values_list("snapshot", flat=True).first()
    return json.loads(text) if text is not None else None


def numbering(site: Site) -> Numbering:
    """The slots that the site's releases gave so far; {} when none did."""
    given = site.releases.exclude(numbering={}).order_by("-number").values_list("numbering", flat=True).first()
    return given or {}
