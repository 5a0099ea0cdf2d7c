"""Pages of people who are not, or not yet, logged in; below /accounts/, before allauth's."""

from django.urls import path

from cookiebanner.staff import again, invitations, languages, law_notices, notices, passwords, sessions

urlpatterns = [
    path("again/", again.again, name="again"),
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("language/", languages.choose, name="language"),
    path("notices/law/<str:token>/", law_notices.unsubscribe, name="law_unsubscribe"),
    path("notices/<str:token>/", notices.unsubscribe, name="notices_unsubscribe"),
    path("sessions/", sessions.sessions, name="sessions"),
    path("password/reset/", passwords.ResetView.as_view(), name="account_reset_password"),
]
