"""The dashboard's pages. All but the first two belong to one site."""

from django.urls import URLPattern, include, path

from cookiebanner.dashboard.views import (
    banner,
    catalogue,
    installation,
    laws,
    overview,
    people,
    releases,
    settings,
    sites,
)

app_name = "dashboard"

site_pages: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    # set up
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
    path("releases/requests/<int:wanted>/", releases.approve, name="approve"),
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
    path("words/", sites.glossary, name="glossary"),
    path("move/", sites.move, name="move"),
    path("<uuid:uuid>/", include(site_pages)),
]
