from django.urls import path

from cookiebanner.public_api.answers import Consents
from cookiebanner.public_api.choices import Choices, ChoicesState
from cookiebanner.public_api.counts import Impressions, Reports
from cookiebanner.public_api.receipts import ReceiptView

urlpatterns = [
    path("choices", Choices.as_view(), name="choices"),
    path("choices/state", ChoicesState.as_view(), name="choices_state"),
    path("consents", Consents.as_view(), name="consents"),
    path("consents/<uuid:record_id>/receipt", ReceiptView.as_view(), name="receipt"),
    path("impressions", Impressions.as_view(), name="impressions"),
    path("reports", Reports.as_view(), name="reports"),
]
