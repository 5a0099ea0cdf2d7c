from django.urls import path

from cookiebanner.public_api.answers import Consents
from cookiebanner.public_api.counts import Impressions, Reports

urlpatterns = [
    path("consents", Consents.as_view(), name="consents"),
    path("impressions", Impressions.as_view(), name="impressions"),
    path("reports", Reports.as_view(), name="reports"),
]
