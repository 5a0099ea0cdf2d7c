"""A site's documents: pages, parts for other pages, and data, all without JavaScript (docs/notices.md)."""

from django.urls import re_path

from cookiebanner.policies.views import PATH, respond

urlpatterns = [re_path(PATH, respond, name="document")]
