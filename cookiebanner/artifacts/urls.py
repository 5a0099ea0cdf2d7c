from django.urls import re_path

from cookiebanner.artifacts.respond import PATH, respond
from cookiebanner.visitors.django import as_view

urlpatterns = [re_path(PATH.pattern, as_view(respond), name="artifact")]
