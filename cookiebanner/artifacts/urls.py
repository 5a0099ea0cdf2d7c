from django.urls import re_path

from cookiebanner.adapt import as_view
from cookiebanner.artifacts.respond import PATH, respond

urlpatterns = [re_path(PATH.pattern, as_view(respond), name="artifact")]
