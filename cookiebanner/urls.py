"""The table of contents: which face answers which path."""

from django.urls import include, path
from django.views.generic import RedirectView

from cookiebanner.staff.passwords import SetPasswordView

urlpatterns = [
    path("", RedirectView.as_view(url="/dashboard/")),
    path("", include("cookiebanner.health")),
    path("", include("cookiebanner.wellknown.views")),
    path("fairgate-preview/", include("cookiebanner.staff.preview")),
    path("", include("cookiebanner.artifacts.urls")),
    path("", include("cookiebanner.cookie_policy.urls")),
    path("", include("cookiebanner.choices.urls")),
    path("", include("cookiebanner.policies.urls")),
    path("", include("cookiebanner.requests.urls")),
    path("", include("cookiebanner.onetrust.urls")),
    path("", include("cookiebanner.public_api.log_urls")),
    path("api/admin/v1/", include("cookiebanner.admin_api.urls")),
    path("api/v1/", include("cookiebanner.public_api.urls")),
    path("api/", include("cookiebanner.public_api.docs_urls")),
    path(
        "accounts/set/<uidb64>/<token>/",
        SetPasswordView.as_view(),
        name="set_password",
    ),
    path("accounts/", include("cookiebanner.staff.urls")),
    path("accounts/", include("allauth.urls")),
    path("dashboard/", include("cookiebanner.dashboard.urls")),
    path("audit/", include("cookiebanner.audit.urls")),
    path("demo/", include("cookiebanner.demo.urls")),
]

handler404 = "cookiebanner.problems.not_found"
handler500 = "cookiebanner.problems.server_error"
