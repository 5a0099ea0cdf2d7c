from django.urls import re_path

from cookiebanner.cookie_policy.views import PATH, respond

urlpatterns = [re_path(PATH, respond, name="cookie_policy")]
