from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "consent"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from consent.exports import copies  # noqa: F401 - an erasure reaches them, in every process
        from consent.ledger import guards
        from consent.preferences import erasing, whose  # noqa: F401 - the same; and a request's address finds choices

        guards.connect(self)
