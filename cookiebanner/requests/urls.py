from django.urls import path, re_path

from cookiebanner.requests import form, person

urlpatterns = [
    re_path(form.PATH, form.respond, name="request_form"),
    path("requests/<str:token>/", person.page, name="request_page"),
    path("requests/<str:token>/files/<int:file>/", person.file, name="request_file"),
]
