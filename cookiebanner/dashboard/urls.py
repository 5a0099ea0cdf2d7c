"""The dashboard's pages. All but the first two belong to one site."""

from django.urls import URLPattern, include, path

from cookiebanner.dashboard.views import (
    banner,
    catalogue,
    guide,
    installation,
    laws,
    overview,
    people,
    releases,
    scans,
    settings,
    sites,
)

app_name = "dashboard"

site_pages: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    # set up
    path("start/", guide.guide, name="guide"),
    path("scans/", scans.scans_page, name="scans"),
    path("scans/start/", scans.start, name="scan_start"),
    path("scans/notices/", scans.notices, name="scan_notices"),
    path("scans/<int:scan>/", scans.scan, name="scan"),
    path("scans/<int:scan>/progress/", scans.progress, name="scan_progress"),
    path("scans/<int:scan>/stop/", scans.stop, name="scan_stop"),
    path("scans/<int:scan>/file/", scans.file, name="scan_file"),
    path("scans/<int:scan>/undo/", scans.undo, name="scan_undo"),
    path("scans/<int:scan>/report.json", scans.report_file, name="scan_report"),
    path("scans/<int:scan>/pictures/<str:sha256>.jpg", scans.picture, name="scan_picture"),
    path("services/", catalogue.services, name="services"),
    path("services/new/", catalogue.service_new, name="service_new"),
    path("services/undo/", catalogue.service_undo, name="service_undo"),
    path("services/<slug:key>/", catalogue.service, name="service"),
    path("services/<slug:key>/delete/", catalogue.service_delete, name="service_delete"),
    path("categories/", catalogue.categories, name="categories"),
    path("categories/<str:key>/", catalogue.category, name="category"),
    path("purposes/<str:key>/", catalogue.purpose, name="purpose"),
    path("banner/", banner.edit, name="banner"),
    path("banner/draft/", banner.draft, name="banner_draft"),
    path("rules/", laws.rules, name="rules"),
    path("rules/<slug:key>/", laws.rule, name="rule"),
    path("jurisdictions/", laws.jurisdictions, name="jurisdictions"),
    path("jurisdictions.csv", laws.jurisdictions_csv, name="jurisdictions_csv"),
    path("jurisdictions.pdf", laws.jurisdictions_pdf, name="jurisdictions_pdf"),
    path("jurisdictions/notices/", laws.law_notices, name="law_notices"),
    path("jurisdictions/<str:place>/", laws.jurisdiction, name="jurisdiction"),
    # go live
    path("preview/", releases.preview, name="preview"),
    path("releases/", releases.releases, name="releases"),
    path("releases/publish/", releases.publish, name="publish"),
    path("releases/draw/", releases.draw, name="draw"),
    path("releases/drawing/", releases.drawing_progress, name="drawing"),
    path("releases/waive/", releases.waive, name="waive"),
    path("releases/<int:number>/", releases.release, name="release"),
    path("releases/<int:number>/pictures/", releases.pictures_progress, name="pictures"),
    path("releases/<int:number>/pictures/<str:sha256>.png", releases.picture, name="picture"),
    path("releases/<int:number>/rollback/", releases.rollback, name="rollback"),
    path("installation/", installation.installation, name="installation"),
    path("installation/reports/<int:report>/", installation.report, name="report"),
    # manage
    path("settings/", settings.settings, name="settings"),
    path("settings/webhook/", settings.webhook, name="webhook"),
    path("settings/kill/", settings.kill, name="kill"),
    path("settings/revive/", settings.revive, name="revive"),
    path("team/", people.team, name="team"),
    path("team/invitations/<int:invitation>/", people.invitation, name="invitation"),
    path("team/<int:user>/", people.member, name="member"),
    path("tokens/", people.tokens, name="tokens"),
    path("tokens/<int:token>/revoke/", people.revoke, name="revoke"),
    path("trail/", people.trail, name="trail"),
]

urlpatterns = [
    path("", sites.sites, name="sites"),
    path("new/", sites.new, name="site_new"),
    path("move/", sites.move, name="move"),
    path("<uuid:uuid>/", include(site_pages)),
]
