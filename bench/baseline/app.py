"""One file: settings, model, serializer, view, WSGI application. Served by gunicorn gthread.

It has the columns and indexes of a consent record, validates what a serializer validates by itself, and does none of
the ledger's work: no release check, no Merkle tree, no day totals, no idempotent replays.
"""

import os

import dj_database_url
import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

settings.configure(
    SECRET_KEY="bench",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="bench.baseline.app",
    INSTALLED_APPS=["rest_framework"],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={"default": dj_database_url.parse(os.environ["DATABASE_URL"], conn_max_age=600)},
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
)
django.setup()

from django.db import connection, models  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework import generics, serializers  # noqa: E402


class Answer(models.Model):
    received_at = models.DateTimeField(auto_now_add=True)
    record_id = models.UUIDField(unique=True)
    site = models.UUIDField()
    release = models.PositiveIntegerField()
    regime = models.CharField(max_length=40)
    language = models.CharField(max_length=20)
    action = models.CharField(max_length=12)
    visitor = models.UUIDField(null=True)
    replaces = models.UUIDField(null=True)
    payload = models.JSONField()

    class Meta:
        app_label = "bench"
        db_table = "bench_answer"
        indexes = [
            models.Index(fields=("site", "visitor"), name="bench_by_visitor"),
            models.Index(fields=("site", "replaces"), name="bench_by_replaces"),
            models.Index(fields=("site", "received_at"), name="bench_by_time"),
        ]


class AnswerSerializer(serializers.ModelSerializer):
    id = serializers.UUIDField(source="record_id")
    choices = serializers.JSONField(source="payload")

    class Meta:
        model = Answer
        fields = (
            "id",
            "site",
            "release",
            "regime",
            "language",
            "action",
            "visitor",
            "replaces",
            "choices",
            "received_at",
        )


class Answers(generics.CreateAPIView):
    queryset = Answer._default_manager.all()
    serializer_class = AnswerSerializer


urlpatterns = [path("api/v1/consents", Answers.as_view())]
application = get_wsgi_application()


def make_table() -> None:
    """Called once before the servers start."""
    with connection.schema_editor() as editor:
        editor.create_model(Answer)


if __name__ == "__main__":
    make_table()
