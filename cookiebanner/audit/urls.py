"""What a regulator or an auditor sees: records, proofs, exports. All but the first page belong to one site."""

from django.urls import include, path

from cookiebanner.audit import exports, person, verifiers, views

app_name = "audit"

site_pages = [
    path("", views.search, name="search"),
    path("records/<int:index>/", views.record, name="record"),
    path("records/<uuid:key>/", views.by_id, name="record_by_id"),
    path("person/", person.person, name="person"),
    path("person/file/", person.export, name="person_file"),
    path("person/erase/", person.erase, name="person_erase"),
    path("person/refuse/", person.refuse, name="person_refuse"),
    path("erasures/<int:job>/", person.erasure_progress, name="erasure"),
    path("ledger/", views.ledger, name="ledger"),
    path("exports/", exports.exports, name="exports"),
    path("exports/<int:job>/", exports.progress, name="export_progress"),
    path("exports/<int:job>/cancel/", exports.cancel, name="export_cancel"),
    path("exports/<int:job>/file/", exports.download, name="export_file"),
]

urlpatterns = [
    path("", views.sites, name="sites"),
    path("verifiers/", verifiers.verifiers, name="verifiers"),
    path("verifiers/<str:name>", verifiers.verifier, name="verifier"),
    path("<uuid:uuid>/", include(site_pages)),
]
