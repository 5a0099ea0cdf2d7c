from django.urls import path, re_path

from cookiebanner.onetrust.receipts import take
from cookiebanner.onetrust.respond import PATH, respond
from cookiebanner.visitors.django import as_view

urlpatterns = [
    path("request/v1/consentreceipts", take, name="onetrust_receipts"),
    re_path(PATH.pattern, as_view(respond), name="onetrust"),
]
