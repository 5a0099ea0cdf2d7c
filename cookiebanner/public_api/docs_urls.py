from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from cookiebanner.public_api.reference import reference

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", reference, name="api_docs"),
]
