"""Pages of people who are not, or not yet, logged in; below /accounts/, before allauth's."""

from django.urls import path

from cookiebanner.staff import invitations, passwords

urlpatterns = [
    path("invitations/<str:token>/", invitations.accept, name="invitation"),
    path("password/reset/", passwords.ResetView.as_view(), name="account_reset_password"),
]
