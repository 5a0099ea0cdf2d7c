from django.apps import AppConfig


class CookiebannerConfig(AppConfig):
    name = "cookiebanner"

    def ready(self) -> None:
        from cookiebanner import checks  # noqa: F401 - both register themselves
        from cookiebanner.visitors import cors  # noqa: F401 - both register themselves
