from django.urls import path

from cookiebanner.choices import confirmation, page, unsubscribe

urlpatterns = [
    path("choices/<str:token>/", page.respond, name="choices_page"),
    path("choices/stop/<str:token>/", unsubscribe.respond, name="choices_stop"),
    path("choices/confirm/<str:token>/", confirmation.respond, name="choices_confirm"),
]
